//! Tells in the chats what the engine has answered, or that nobody with its socket did.

use std::time::Duration;

use anyhow::Result;
use shared::{
    outbox::{Letter, Outbox},
    texts::Lang,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Front, operator};
use crate::{
    fleet::answers::Answer,
    registry::asks::{self, ToTell},
};

/// Even if nothing rings.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// After a look that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Tells until `stop`.
pub(crate) async fn run(front: &Front, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let rung = front.fleet.rung.notified();
        tokio::pin!(rung);
        // Registered before the look, so that a ring between looking and sleeping is not lost.
        rung.as_mut().enable();
        let pause = tell_all(front).await.unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "answers are not told yet");
            AFTER_FAILURE
        });
        tokio::select! { () = stop.cancelled() => break, () = rung => {}, () = sleep(pause) => {} }
    }
}

/// Gives the time until the next question will have been waited for in vain.
async fn tell_all(front: &Front) -> Result<Duration> {
    let (pool, clock) = (&front.fleet.pool, front.clock.machine());
    for told in asks::to_tell(pool, clock.now()).await? {
        tell(front, told).await?;
    }
    let next = asks::next_to_tell(pool).await?;
    let wait = next.map_or(SLOW_LOOK, |at| (at - clock.now()).to_std().unwrap_or_default());
    Ok(wait.clamp(Duration::from_millis(50), SLOW_LOOK))
}

/// The letter and the note that it was written are one transaction; the letter's key keeps a second process from both.
async fn tell(front: &Front, told: ToTell) -> Result<()> {
    let lang = Lang::from_code(Some(&told.language));
    let now = front.clock.now();
    let answer = told.answer.and_then(Answer::read);
    let (screen, file) = operator::told(front, lang, &told.slug, answer.as_ref());
    let letter = Letter { key: format!("ask:{}", told.id), chat_id: told.chat_id, screen, due_at: now };
    let mut tx = front.fleet.pool.begin().await?;
    match &file {
        Some(file) => Outbox::enqueue_document(&mut tx, now, &letter, file).await?,
        None => Outbox::enqueue(&mut tx, now, &letter).await?,
    };
    asks::told(&mut *tx, told.id, front.clock.machine().now()).await?;
    tx.commit().await?;
    front.outbox.wake();
    Ok(())
}
