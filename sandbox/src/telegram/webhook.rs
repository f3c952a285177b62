//! Webhooks: set, asked about, taken away; and updates brought to them, each chat in its order, until they are taken.

use super::{Call, Outcome, Refusal, Reply, check, request::Params};
use crate::{
    state::{State, World, clock, webhooks::Webhook},
    wire::What,
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const PORTS: [u16; 4] = [443, 80, 88, 8443];
/// Certificates are no greater.
const CERTIFICATE: usize = 3 * 1024 * 1024;
/// A webhook that has said 410 for so long is taken away.
const GONE: TimeDelta = TimeDelta::hours(23);
/// What a receiver may ask to be left alone for.
const LONGEST_REST: i64 = 3600;

fn unauthorized() -> Refusal {
    Refusal::new(401, "Unauthorized")
}

fn bad(text: &str) -> Refusal {
    Refusal::bad(format_args!("bad webhook: {text}"))
}

/// `setWebhook`.
pub(crate) fn set(world: &World, state: &mut State, call: &Call<'_>) -> Outcome {
    let url = call.params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete(state, call);
    }
    let now = state.now();
    let anywhere = state.webhooks_anywhere;
    may_be(&url, anywhere)?;
    let secret = call.params.text("secret_token");
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if secret.as_ref().is_some_and(|secret| !secret.bytes().all(allowed)) {
        return Err(Refusal::bad("secret token contains unallowed characters"));
    }
    if secret.as_ref().is_some_and(|secret| secret.len() > 256) {
        return Err(Refusal::bad("secret token is too long"));
    }
    let certificate = call.params.files.get("certificate").map(|file| Arc::<[u8]>::from(file.bytes.as_ref()));
    if certificate.as_ref().is_some_and(|bytes| bytes.len() > CERTIFICATE) {
        return Err(bad("certificate size is too big"));
    }
    let wishes = super::updates::wishes(state, call);
    let most = call.params.integer("max_connections").unwrap_or(40).clamp(1, 100);
    let drop_all = call.params.flag("drop_pending_updates");
    let bot = state.bots.get_mut(&call.bot).ok_or_else(unauthorized)?;
    if bot.webhooks.set_at.is_some_and(|at| (now - at).abs() < TimeDelta::seconds(1)) {
        return Err(Refusal { retry_after: Some(1), ..Refusal::new(429, "Too Many Requests: retry after 1") });
    }
    bot.webhooks.set_at = Some(now);
    if let Some(kinds) = wishes {
        bot.queue.allow(kinds);
    }
    if drop_all {
        bot.queue.drop_all();
    }
    let same = bot.webhooks.now.as_ref().is_some_and(|old| old.url == url && old.secret == secret);
    if let Some(old) = bot.webhooks.now.take() {
        old.stop.cancel();
    }
    let webhook = Webhook {
        url,
        secret,
        max_connections: usize::try_from(most).unwrap_or(40),
        certificate,
        last_error: None,
        gone_since: None,
        stop: world.stop().child_token(),
    };
    let stop = webhook.stop.clone();
    bot.webhooks.now = Some(webhook);
    bot.webhooks.busy.clear();
    // A poll that waits is ended.
    bot.poll.ended_by = Some("Conflict: terminated by setWebhook request");
    bot.queue.wake.notify_waiters();
    tokio::spawn(deliver(world.clone(), call.bot, stop));
    Ok(Reply::Told(true.into(), if same { "Webhook is already set" } else { "Webhook was set" }))
}

/// Whether Telegram would bring updates to this address.
fn may_be(url: &str, anywhere: bool) -> Result<(), Refusal> {
    let url = url::Url::parse(url).map_err(|_| bad("invalid webhook URL specified"))?;
    if anywhere {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(bad("An HTTPS URL must be provided for webhook"));
    }
    if !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
        return Err(bad("Webhook can be set up only on ports 80, 88, 443 or 8443"));
    }
    Ok(())
}

/// `deleteWebhook`.
pub(crate) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let drop_all = call.params.flag("drop_pending_updates");
    let bot = state.bots.get_mut(&call.bot).ok_or_else(unauthorized)?;
    if drop_all {
        bot.queue.drop_all();
    }
    let Some(old) = bot.webhooks.now.take() else {
        return Ok(Reply::Told(true.into(), "Webhook is already deleted"));
    };
    old.stop.cancel();
    bot.webhooks.busy.clear();
    Ok(Reply::Told(true.into(), "Webhook was deleted"))
}

/// `getWebhookInfo`.
pub(crate) fn info(state: &State, call: &Call<'_>) -> Outcome {
    let bot = state.bots.get(&call.bot).ok_or_else(unauthorized)?;
    let mut info = json!({"url": "", "has_custom_certificate": false, "pending_update_count": bot.queue.pending()});
    if let Some(webhook) = &bot.webhooks.now {
        info["url"] = webhook.url.as_str().into();
        info["has_custom_certificate"] = webhook.certificate.is_some().into();
        info["max_connections"] = webhook.max_connections.into();
        if let Some((at, error)) = &webhook.last_error {
            info["last_error_date"] = at.timestamp().into();
            info["last_error_message"] = error.as_str().into();
        }
    }
    if let Some(allowed) = bot.queue.allowed() {
        let mut allowed: Vec<_> = allowed.iter().cloned().collect();
        allowed.sort();
        info["allowed_updates"] = allowed.into();
    }
    Ok(Reply::Value(info))
}

/// An update on its way, and where to.
struct Parcel {
    id: i64,
    lane: i64,
    json: Arc<str>,
    webhook: Webhook,
}

/// Brings a bot's updates to its webhook until that is taken away. Updates of a chat keep their order; those of
/// different chats do not wait for one another.
async fn deliver(world: World, bot: i64, stop: CancellationToken) {
    let work = async {
        loop {
            let Some(wake) = world.lock().bots.get(&bot).map(|bot| Arc::clone(&bot.queue.wake)) else { return };
            let woken = wake.notified();
            tokio::pin!(woken);
            // Registered before looking, so that an update that comes in between is not missed.
            woken.as_mut().enable();
            while let Some(parcel) = next(&mut world.lock(), bot) {
                let (world, stop) = (world.clone(), stop.clone());
                tokio::spawn(async move {
                    let lane = parcel.lane;
                    let _ = stop.run_until_cancelled(carry(&world, bot, parcel)).await;
                    if !stop.is_cancelled()
                        && let Some(bot) = world.lock().bots.get_mut(&bot)
                    {
                        bot.webhooks.busy.remove(&lane);
                        bot.queue.wake.notify_waiters();
                    }
                });
            }
            woken.await;
        }
    };
    let _ = stop.run_until_cancelled(work).await;
}

fn next(state: &mut State, bot: i64) -> Option<Parcel> {
    let bot = state.bots.get_mut(&bot).filter(|bot| !bot.deleted)?;
    let webhook = bot.webhooks.now.clone().filter(|webhook| bot.webhooks.busy.len() < webhook.max_connections)?;
    let busy: &HashSet<i64> = &bot.webhooks.busy;
    let (id, lane, json) = bot.queue.next_for(busy)?;
    bot.webhooks.busy.insert(lane);
    Some(Parcel { id, lane, json, webhook })
}

/// Tries until the update is taken, or too old, or the webhook is another.
async fn carry(world: &World, bot: i64, parcel: Parcel) {
    let mut pause = TimeDelta::seconds(1);
    loop {
        let (status, rest, answer, error) = attempt(world, &parcel).await;
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        let Some((touches, again)) = noted(world, bot, parcel.id, (status, error), rest.unwrap_or(pause)) else {
            if let Some(answer) = answer.filter(|_| taken) {
                carry_out(world, bot, answer).await;
            }
            return;
        };
        clock::reaches(touches, again).await;
        let most = TimeDelta::seconds(world.lock().random.random_range(60..=120));
        pause = (pause * 2).min(most);
    }
}

/// Writes down what came of an attempt; gives the moment of the next one, if there is to be one.
fn noted(
    world: &World,
    bot: i64,
    update_id: i64,
    (status, error): (Option<u16>, Option<String>),
    pause: TimeDelta,
) -> Option<(watch::Receiver<clock::Anchor>, DateTime<Utc>)> {
    let mut state = world.lock();
    let now = state.now();
    let taken = status.is_some_and(|status| (200..300).contains(&status));
    let account = state.bots.get_mut(&bot)?;
    if taken {
        account.queue.delivered(update_id);
    }
    let holds = account.queue.holds(update_id);
    if note(account, now, status, error.clone()) {
        account.webhooks.now = None;
    }
    let name = account.name();
    state.happened(What::WebhookCalled { bot: name, update_id, status, error });
    (!taken && holds).then(|| (state.clock.touches(), now + pause))
}

/// Notes what came of an attempt; true when the webhook has been gone for too long.
fn note(bot: &mut crate::state::bots::Bot, now: DateTime<Utc>, status: Option<u16>, error: Option<String>) -> bool {
    let Some(webhook) = &mut bot.webhooks.now else { return false };
    webhook.gone_since = if status == Some(410) { webhook.gone_since.or(Some(now)) } else { None };
    let words = match status {
        Some(200..300) => return false,
        Some(status) => format!("Wrong response from the webhook: {status}"),
        None => error.unwrap_or_default(),
    };
    webhook.last_error = Some((now, words));
    webhook.gone_since.is_some_and(|since| now - since >= GONE)
}

/// One request: its status, how long the receiver wants to be left alone, what it wants done, and why it failed.
async fn attempt(world: &World, parcel: &Parcel) -> (Option<u16>, Option<TimeDelta>, Option<Value>, Option<String>) {
    let http = match &parcel.webhook.certificate {
        None => world.http().clone(),
        Some(pem) => {
            let built = reqwest::Certificate::from_pem(pem)
                .and_then(|root| reqwest::Client::builder().no_proxy().add_root_certificate(root).build());
            match built {
                Ok(http) => http,
                Err(error) => return (None, None, None, Some(error.to_string())),
            }
        }
    };
    let mut request = http
        .post(&parcel.webhook.url)
        .header("Content-Type", "application/json")
        .timeout(Duration::from_secs(60))
        .body(parcel.json.to_string());
    if let Some(secret) = &parcel.webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    match request.send().await {
        Err(error) => (None, None, None, Some(error.without_url().to_string())),
        Ok(answer) => {
            let status = answer.status().as_u16();
            let rest = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
            let rest = rest.map(|seconds: i64| TimeDelta::seconds(seconds.clamp(1, LONGEST_REST)));
            let body = answer.json::<Value>().await.ok().filter(|body| body.get("method").is_some());
            (Some(status), rest, body, None)
        }
    }
}

/// The method that an answer asks for; what comes of it nobody hears.
async fn carry_out(world: &World, bot: i64, answer: Value) {
    let Value::Object(mut values) = answer else { return };
    let name = values.remove("method").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let Some(method) = check::method(&name) else { return };
    let ignored = method.starts_with("get")
        || matches!(method, "setWebhook" | "deleteWebhook" | "close" | "logOut" | "answerWebAppQuery");
    if ignored {
        return;
    }
    let params = Params { values, ..Params::default() };
    let token = {
        let mut state = world.lock();
        for what in check::check(method, &params) {
            state.note(bot, method, what);
        }
        state.bots.get(&bot).map(|bot| bot.token.clone()).unwrap_or_default()
    };
    let call = Call { bot, token: &token, method, params };
    let outcome = Box::pin(super::call_method(world, &call)).await;
    if let Err(refusal) = outcome {
        world.lock().refused(bot, method, &refusal);
    }
}
