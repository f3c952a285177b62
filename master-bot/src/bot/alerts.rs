//! The words of alerts: to the operators, always Russian like all that they are told unasked, and to a bot's owner.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::{telegram::Screen, texts::Lang};

use super::words::BotWords;
use crate::watchtower::{AlertWords, judge::Trouble};

/// Names of tenants that are listed one by one.
const NAMED: usize = 20;
/// Characters of an error that a message on a phone has room for.
const ERROR: usize = 300;

impl AlertWords for BotWords {
    fn alert(&self, trouble: &Trouble, subject: &str, since: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Screen {
        let lang = Lang::Ru;
        let say = |key: &str, args: &[(&str, &dyn Display)]| self.texts.say(lang, key, args);
        let (what, to_do) = match trouble {
            Trouble::Failing { name, bot, part, error } => {
                let part = part.as_deref().map_or_else(
                    || say("alert.no_step", &[]),
                    |part| self.texts.plain(lang, &format!("progress.part.{part}"), &[]),
                );
                let error = short(error);
                let args: [(&str, &dyn Display); 5] =
                    [("slug", &subject), ("name", name), ("bot", bot), ("part", &part), ("error", &error)];
                (say("alert.failing", &args), say("alert.failing_do", &[]))
            }
            Trouble::Crashing { name, bot, times, error } => {
                let error = short(error);
                let args: [(&str, &dyn Display); 5] =
                    [("slug", &subject), ("name", name), ("bot", bot), ("times", times), ("error", &error)];
                (say("alert.crashing", &args), say("alert.crashing_do", &[]))
            }
            Trouble::TokenDead { name, bot, why } => {
                let why = say(&format!("alert.why.{}", why.name()), &[]);
                let args: [(&str, &dyn Display); 4] = [("slug", &subject), ("name", name), ("bot", bot), ("why", &why)];
                (say("alert.token_dead", &args), say("alert.token_dead_do", &[]))
            }
            Trouble::Step { part, tenants, error } => {
                let part = self.texts.plain(lang, &format!("progress.part.{part}"), &[]);
                let mut names = tenants.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                if tenants.len() > NAMED {
                    names.push('…');
                }
                let (n, error) = (tenants.len(), short(error));
                let args: [(&str, &dyn Display); 4] =
                    [("part", &part), ("n", &n), ("names", &names), ("error", &error)];
                (say("alert.step", &args), say("alert.step_do", &[]))
            }
            Trouble::Away { peer, error } => {
                let (peer, error) = (say(&format!("alert.peer.{}", peer.name()), &[]), short(error));
                (say("alert.away", &[("peer", &peer), ("error", &error)]), say("alert.away_do", &[]))
            }
            Trouble::Disk { folder, free_percent } => {
                (say("alert.disk", &[("folder", folder), ("free", free_percent)]), say("alert.disk_do", &[]))
            }
            Trouble::Memory { free_percent } => {
                (say("alert.memory", &[("free", free_percent)]), say("alert.memory_do", &[]))
            }
            Trouble::Letters { unknown, failed } => {
                (say("alert.letters", &[("unknown", unknown), ("failed", failed)]), say("alert.letters_do", &[]))
            }
            Trouble::Refunds { count, sum } => {
                (say("alert.refunds", &[("n", count), ("sum", sum)]), say("alert.refunds_do", &[]))
            }
        };
        let from = moment(since);
        Screen::text(match until {
            None => say("alert.open", &[("what", &what), ("since", &from), ("do", &to_do)]),
            Some(until) => {
                let minutes = (until - since).num_minutes().max(1);
                let to = moment(until);
                say("alert.over", &[("what", &what), ("since", &from), ("until", &to), ("minutes", &minutes)])
            }
        })
    }

    fn for_owner(&self, lang: Lang, trouble: &Trouble, over: bool) -> Option<Screen> {
        let key = match trouble {
            // Whatever it was last: its owner had been told, and it works again.
            Trouble::TokenDead { .. } | Trouble::Failing { .. } | Trouble::Crashing { .. } if over => {
                "alert.owner.over"
            }
            Trouble::TokenDead { why, .. } => match why.name() {
                "token_refused" => "alert.owner.token_refused",
                "bot_deleted" => "alert.owner.bot_deleted",
                _ => "alert.owner.bot_not_ours",
            },
            _ => return None,
        };
        let (Trouble::TokenDead { bot, .. } | Trouble::Failing { bot, .. } | Trouble::Crashing { bot, .. }) = trouble
        else {
            return None;
        };
        Some(Screen::text(self.texts.say(lang, key, &[("bot", bot)])))
    }
}

fn short(error: &str) -> String {
    error.chars().take(ERROR).collect()
}

/// Operators live by Moscow's time.
fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&Tz::Europe__Moscow).format("%d.%m %H:%M:%S").to_string()
}
