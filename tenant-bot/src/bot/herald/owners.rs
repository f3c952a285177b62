//! What the owners are told.

use std::fmt::Display;

use chrono_tz::Tz;
use shared::telegram::{Button, Screen};

use super::{
    super::{planned, words::Words},
    fitting,
};
use crate::{
    booking::{Actor, Booking, News, Status},
    bot::choice::Choice,
};

/// Repeats beyond these are counted, not listed.
const MOST_DATES: usize = 30;

pub(super) fn screen(words: Words<'_>, zone: Tz, news: News<'_>, booking: &Booking) -> Screen {
    if let News::Mass(plan, _) = news {
        return planned::letter(words, plan);
    }
    let screen = fitting(words, booking, |booking| {
        let mut parts = vec![format!("{}: {}", head(words, news), customer(words, booking))];
        match news {
            News::Booked(_) | News::Requested(_) | News::Mass(..) => {}
            News::Series(all) => parts.push(dates(words, zone, all)),
            News::Cancelled(_) => parts.extend(reason(words, booking)),
            News::Moved { from, .. } => {
                parts.push(words.say("owner.was", &[("when", &words.moment(zone, from.starts_at))]));
            }
            News::Rated(_, _, said) => parts.extend(said.map(|said| words.say("owner.said", &[("words", &said)]))),
        }
        parts.push(words.summary(zone, booking));
        parts.join("\n\n")
    });
    let waits = match news {
        News::Requested(_) | News::Moved { .. } => booking.status == Status::Requested,
        News::Booked(_) | News::Series(_) | News::Cancelled(_) | News::Mass(..) | News::Rated(..) => false,
    };
    if waits { screen.inline(vec![answers(words, booking)]) } else { screen }
}

fn head(words: Words<'_>, news: News<'_>) -> String {
    match news {
        News::Booked(_) | News::Mass(..) => words.say("owner.booked", &[]),
        News::Series(all) => words.count("owner.series", i64::try_from(all.len()).unwrap_or(i64::MAX), &[]),
        News::Requested(_) => words.say("owner.requested", &[]),
        News::Cancelled(b) => match b.cancelled_by {
            Some(Actor::Customer) | None => words.say("owner.cancelled", &[]),
            Some(Actor::Staff) => words.say("owner.cancelled_by_staff", &[]),
            Some(Actor::System) => words.say("owner.cancelled_by_itself", &[]),
        },
        News::Moved { to, .. } if to.status == Status::Requested => words.say("owner.wants_to_move", &[]),
        News::Moved { .. } => words.say("owner.moved", &[]),
        News::Rated(_, stars, None) => words.say("owner.rated", &[("stars", &"⭐".repeat(usize::from(stars)))]),
        News::Rated(_, stars, Some(_)) => words.say("owner.commented", &[("stars", &"⭐".repeat(usize::from(stars)))]),
    }
}

/// Who it is, and a way to write to them.
pub(in crate::bot) fn customer(words: Words<'_>, booking: &Booking) -> String {
    // What is left of somebody who asked to be forgotten is a number that means nobody.
    if booking.customer_name.is_empty() {
        return words.say("owner.nobody", &[]);
    }
    // Whoever called or walked in has no chat.
    if booking.user.0 <= 0 {
        let args: [(&str, &dyn Display); 2] = [("name", &booking.customer_name), ("phone", &booking.phone)];
        return words.say("owner.caller", &args).trim_end().to_owned();
    }
    let args: [(&str, &dyn Display); 3] =
        [("user", &booking.user.0), ("name", &booking.customer_name), ("phone", &booking.phone)];
    words.say("owner.customer", &args)
}

fn dates(words: Words<'_>, zone: Tz, all: &[Booking]) -> String {
    let mut lines: Vec<String> = all.iter().take(MOST_DATES).map(|b| words.moment(zone, b.starts_at)).collect();
    if let Some(more) = all.len().checked_sub(MOST_DATES).filter(|more| *more > 0) {
        lines.push(words.count("owner.more_dates", i64::try_from(more).unwrap_or(i64::MAX), &[]));
    }
    lines.join("\n")
}

fn reason(words: Words<'_>, booking: &Booking) -> Option<String> {
    let reason = booking.cancel_reason.as_ref()?;
    Some(words.say("letter.reason", &[("reason", reason)]))
}

fn answers(words: Words<'_>, booking: &Booking) -> Vec<Button> {
    vec![
        words.button("owner.approve", Choice::Approve(booking.id)),
        words.button("owner.decline", Choice::Decline(booking.id)),
    ]
}
