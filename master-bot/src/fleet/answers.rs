//! Answering what is asked of the engine: this process has its socket, whoever asks need not.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::slug::Slug;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{scrub::scrub, steps::Yard};
use crate::registry::{
    Result,
    asks::{self, Question, Taken},
    bots, leases,
    signals::{self, Bell},
    tenants,
};
use crate::runtime::{RuntimeError, Usage};

/// Even if nothing rings.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// The engine needs two seconds to measure; past this it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a log that are handed out: what a phone takes in a moment, and a row without complaint.
const LONGEST_LOG: usize = 512 * 1024;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Log(String),
    Usage(Usage),
    /// There is no container now.
    NoContainer,
    /// The engine did not do it, and why.
    Failed(String),
}

impl Answer {
    /// As it was written by a fleet process; none if that was of another version.
    pub(crate) fn read(value: serde_json::Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }
}

/// A fleet process says that it lives for longer than three of its looks.
const LIFE_LASTS: TimeDelta = TimeDelta::seconds(100);

/// Answers until `stop`.
pub(crate) async fn run(yard: Arc<Yard>, stop: CancellationToken) {
    let bell = Arc::new(Notify::new());
    let rung = bell.clone();
    let listening = signals::listen(yard.pool.clone(), Bell::Asks, move || rung.notify_one());
    let holder = Uuid::new_v4();
    let answering = async {
        loop {
            if let Err(error) = answer_all(&yard, holder).await {
                tracing::warn!(%error, "questions to the engine stay open");
                sleep(Duration::from_secs(2)).await;
            }
            tokio::select! { () = bell.notified() => {}, () = sleep(SLOW_LOOK) => {} }
        }
    };
    tokio::select! { () = stop.cancelled() => {}, () = listening => {}, () = answering => {} }
}

async fn answer_all(yard: &Yard, holder: Uuid) -> Result<()> {
    let clock = yard.clock.machine();
    leases::show_life(&yard.pool, leases::FLEET_LIFE, holder, clock.now(), LIFE_LASTS).await?;
    while let Some(asked) = asks::take(&yard.pool, clock.now()).await? {
        let answer = match timeout(PATIENCE, answer(yard, &asked)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(RuntimeError::NotFound(_))) => Answer::NoContainer,
            Ok(Err(error)) => Answer::Failed(error.to_string()),
            Err(_) => Answer::Failed("the engine does not answer".into()),
        };
        let mut tx = yard.pool.begin().await?;
        asks::answer(&mut *tx, asked.id, &json!(answer), clock.now()).await?;
        signals::ring(&mut *tx, Bell::Front).await?;
        tx.commit().await?;
    }
    asks::forget_old(&yard.pool, clock.now()).await
}

async fn answer(yard: &Yard, asked: &Taken) -> Result<Answer, RuntimeError> {
    let name = asked.slug.as_str();
    match yard.runtime.inspect(name).await? {
        Some(seen) if seen.ours => {}
        _ => return Ok(Answer::NoContainer),
    }
    match asked.question {
        Question::Log { lines } => {
            let log = yard.runtime.logs(name, lines.unsigned_abs()).await?;
            // Postgres takes no NUL, and a terminal no escapes of a tenant's.
            let log: String = log.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            Ok(Answer::Log(tail(&scrub(&log, &secrets_of(yard, &asked.slug).await), LONGEST_LOG).to_owned()))
        }
        Question::Usage => yard.runtime.usage(name).await.map(Answer::Usage),
    }
}

/// What a tenant knows and nobody who reads its log needs to.
async fn secrets_of(yard: &Yard, slug: &Slug) -> Vec<SecretString> {
    let Ok(Some(tenant)) = tenants::find(&yard.pool, slug).await else { return Vec::new() };
    let open = |row: String, sealed: &[u8]| yard.sealer.open(&row, sealed).ok();
    let sealed = [
        tenant.token_sealed.as_ref().and_then(|sealed| open(bots::seal_row(tenant.bot_id), sealed)),
        open(tenants::seal_row(slug, "pg"), &tenant.pg_password_sealed),
        open(tenants::seal_row(slug, "redis"), &tenant.redis_password_sealed),
    ];
    sealed.into_iter().flatten().collect()
}

/// The last whole lines of a text, in no more bytes than these.
fn tail(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut from = text.len() - most;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let end = &text[from..];
    // Of one endless line its end is better than nothing.
    end.split_once('\n').map_or(end, |(_, whole)| if whole.is_empty() { end } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_log_the_last_whole_lines_are_left() {
        for (text, most, left) in [
            ("one\ntwo\nthree\n", 100, "one\ntwo\nthree\n"),
            ("one\ntwo\nthree\n", 11, "two\nthree\n"),
            ("one\ntwo\nthree\n", 10, "three\n"),
            ("яяяя", 5, "яя"),
            ("one\n", 3, "ne\n"),
            ("", 0, ""),
        ] {
            assert_eq!(tail(text, most), left, "{text:?} in {most}");
        }
    }
}
