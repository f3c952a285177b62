//! `getUpdates`: long polls that wait for real, one at a time per bot, and none beside a webhook.

use super::{Call, Outcome, Refusal, Reply, check};
use crate::{
    state::{State, World, bots::Bot},
    wire::What,
};
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout_at};

const LONGEST: i64 = 50;
/// A pause after which the next poll is told as a new start.
const PAUSE: Duration = Duration::from_secs(5);
/// A poll that repeats an offset so soon is held back, to slow down bots that turn in circles.
const SAME_OFFSET: Duration = Duration::from_secs(3);
const CONFLICT_PAUSE: Duration = Duration::from_secs(3);
const CONFLICT: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

const WEBHOOK: &str =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/// A poll that is under way.
struct Waiting {
    generation: u64,
    wake: Arc<Notify>,
    limit: usize,
    until: Instant,
}

enum Look {
    Found(String),
    Nothing,
    Dead,
    Replaced(Duration),
    Ended(&'static str),
}

fn unauthorized() -> Refusal {
    Refusal::new(401, "Unauthorized")
}

pub(crate) async fn get_updates(world: &World, call: &Call<'_>) -> Outcome {
    let waiting = begin(&mut world.lock(), call)?;
    // Leaves no trace of a poll whose asker went away.
    let _end = End { world, bot: call.bot, generation: waiting.generation };
    loop {
        let woken = waiting.wake.notified();
        tokio::pin!(woken);
        // Registered before looking, so that an update that comes in between is not missed.
        woken.as_mut().enable();
        let seen = look(&mut world.lock(), call, &waiting);
        match seen {
            Look::Found(batch) => return Ok(Reply::Raw(batch)),
            Look::Dead => return Err(unauthorized()),
            Look::Replaced(pause) => {
                tokio::time::sleep(pause).await;
                return Err(Refusal::new(409, CONFLICT));
            }
            Look::Ended(why) => return Err(Refusal::new(409, why)),
            Look::Nothing => {}
        }
        if waiting.until <= Instant::now() {
            return Ok(Reply::Raw("[]".into()));
        }
        tokio::select! {
            _ = timeout_at(waiting.until.into(), woken) => {}
            () = world.stop().cancelled() => return Ok(Reply::Raw("[]".into())),
        }
    }
}

/// Takes the offset and the wishes of the request, and ends an older poll.
fn begin(state: &mut State, call: &Call<'_>) -> Result<Waiting, Refusal> {
    let now = Instant::now();
    let offset = call.params.integer("offset").unwrap_or(0);
    let mut limit = usize::try_from(call.params.integer("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let mut timeout = u64::try_from(call.params.integer("timeout").unwrap_or(0).clamp(0, LONGEST)).unwrap_or(0);
    let wishes = wishes(state, call);
    let bot = state.bots.get_mut(&call.bot).ok_or_else(unauthorized)?;
    if bot.webhooks.now.is_some() {
        return Err(Refusal::new(409, WEBHOOK));
    }
    bot.poll.ended_by = None;
    if let Some(kinds) = wishes {
        bot.queue.allow(kinds);
    }
    let first = bot.poll.count == 0;
    let starts = starts(bot, offset, timeout, now);
    let poll = &mut bot.poll;
    if poll.offset == Some(offset) {
        let since = poll.started.map_or(Duration::MAX, |started| now.duration_since(started));
        if timeout < 3 && since < SAME_OFFSET {
            timeout = 3;
        }
        if since < Duration::from_millis(500) {
            limit = 1;
        }
    }
    poll.generation += 1;
    poll.count += 1;
    poll.offset = Some(offset);
    poll.timeout = timeout;
    poll.started = Some(now);
    poll.waiting = true;
    let generation = poll.generation;
    if offset != 0 {
        bot.queue.confirm(offset);
    }
    let wake = Arc::clone(&bot.queue.wake);
    wake.notify_waiters();
    if starts {
        let bot = bot.name();
        state.happened(What::PollingStarted { bot, first });
    }
    Ok(Waiting { generation, wake, limit, until: now + Duration::from_secs(timeout) })
}

/// Whether this poll looks like that of a program that has just started: the first with this token, after a pause,
/// or one that has forgotten its offset or asks without waiting again.
fn starts(bot: &Bot, offset: i64, timeout: u64, now: Instant) -> bool {
    let poll = &bot.poll;
    let Some(previous) = poll.offset else { return true };
    let paused = !poll.waiting && poll.ended.is_some_and(|ended| now.duration_since(ended) > PAUSE);
    paused || (offset <= 0 && previous > 0) || (timeout == 0 && poll.timeout > 3)
}

/// The kinds of update asked for, if the request says. Only a list counts; an empty one asks for the default set.
pub(super) fn wishes(state: &mut State, call: &Call<'_>) -> Option<HashSet<String>> {
    let Some(Value::Array(list)) = call.params.object("allowed_updates") else { return None };
    let names: HashSet<String> = list.iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
    let (known, unknown): (HashSet<_>, HashSet<_>) = names.into_iter().partition(|name| check::is_update(name));
    for name in unknown {
        state.note(call.bot, call.method, format!("allowed_updates: there is no update of kind {name}"));
    }
    Some(known)
}

fn look(state: &mut State, call: &Call<'_>, waiting: &Waiting) -> Look {
    let Some(bot) = state.bots.get_mut(&call.bot) else { return Look::Dead };
    if bot.token != call.token || bot.deleted {
        return Look::Dead;
    }
    if let Some(why) = bot.poll.ended_by {
        return Look::Ended(why);
    }
    if bot.poll.generation != waiting.generation {
        let now = Instant::now();
        return match bot.poll.next_conflict {
            Some(next) if now < next => Look::Replaced(CONFLICT_PAUSE),
            _ => {
                bot.poll.next_conflict = Some(now + CONFLICT_PAUSE);
                Look::Replaced(Duration::ZERO)
            }
        };
    }
    bot.queue.batch(waiting.limit).map_or(Look::Nothing, Look::Found)
}

/// Writes down that a poll has ended, also when its future is dropped.
struct End<'a> {
    world: &'a World,
    bot: i64,
    generation: u64,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        if let Some(poll) = state.bots.get_mut(&self.bot).map(|bot| &mut bot.poll)
            && poll.generation == self.generation
        {
            poll.waiting = false;
            poll.ended = Some(Instant::now());
        }
    }
}
