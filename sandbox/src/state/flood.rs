//! Flood limits: what Telegram says of them, held to by the world's clock.
//!
//! One message a second in a chat, with a short burst; twenty a minute in a group; thirty a second over all. Telegram
//! publishes no more than that, so how long a burst is, and that edits cost nothing, are guesses.

use super::State;
use crate::wire::FloodSettings;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, VecDeque};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const SECOND: TimeDelta = TimeDelta::seconds(1);

#[derive(Default)]
pub(crate) struct Flood {
    pub(crate) settings: FloodSettings,
    /// Bot and chat → when it may next be written to if nothing is left of the burst.
    chats: HashMap<(i64, i64), DateTime<Utc>>,
    /// Bot and group → the messages of the last minute.
    groups: HashMap<(i64, i64), VecDeque<DateTime<Utc>>>,
    /// Bot → its messages of the last second.
    bots: HashMap<i64, VecDeque<DateTime<Utc>>>,
}

/// How many of these were within the last `span`; older ones are forgotten.
fn recent(times: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>, span: TimeDelta) -> usize {
    // One from the future was written before the clock was put back.
    times.retain(|at| now - *at < span && *at <= now);
    times.len()
}

/// Until so many more fit into a window, in whole seconds.
fn wait(times: &VecDeque<DateTime<Utc>>, now: DateTime<Utc>, span: TimeDelta, surplus: usize) -> u64 {
    let leaves = times.get(surplus.saturating_sub(1)).or(times.back()).map_or(now, |at| *at + span);
    seconds(leaves - now)
}

fn seconds(pause: TimeDelta) -> u64 {
    u64::try_from((pause.num_milliseconds() + 999) / 1000).unwrap_or(0).max(1)
}

impl State {
    /// A bot is about to send so many messages to a chat. `Err`: the seconds that it has to wait; then none counts.
    pub(crate) fn flood(&mut self, bot: i64, chat: i64, messages: usize) -> Result<(), u64> {
        let now = self.now();
        let Flood { settings, chats, groups, bots } = &mut self.flood;
        if !settings.on {
            return Ok(());
        }
        let count = i32::try_from(messages).unwrap_or(i32::MAX);
        // The burst is a debt: it may grow to so many seconds, and a second pays off one message.
        let debt = chats.entry((bot, chat)).or_insert(now);
        let most = SECOND * i32::try_from(settings.burst).unwrap_or(1);
        // No debt that was made by this clock is so great: the clock was put back.
        if *debt - now > most * 10 {
            *debt = now;
        }
        let owed = (*debt).max(now) + SECOND * count;
        if owed - now > most && *debt > now {
            return Err(seconds(owed - now - most));
        }
        let minute = groups.entry((bot, chat)).or_default();
        if chat < 0 {
            let surplus = (recent(minute, now, MINUTE) + messages).saturating_sub(settings.group_minute);
            if surplus > 0 && !minute.is_empty() {
                return Err(wait(minute, now, MINUTE, surplus));
            }
        }
        let second = bots.entry(bot).or_default();
        let surplus = (recent(second, now, SECOND) + messages).saturating_sub(settings.second);
        if surplus > 0 && !second.is_empty() {
            return Err(wait(second, now, SECOND, surplus));
        }
        *debt = owed;
        for _ in 0..messages {
            second.push_back(now);
            if chat < 0 {
                minute.push_back(now);
            }
        }
        Ok(())
    }
}
