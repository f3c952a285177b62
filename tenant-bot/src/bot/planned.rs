//! What becomes of many bookings at once, in lines: on the console before it is done, in the team's letter after it.

use shared::telegram::Screen;

use super::words::Words;
use crate::booking::{After, Booking, Business, Fate, Hindrance, MassPlan, Planned, hours::local_date};

/// A letter names so many bookings, and counts the others.
const MOST_LINES: usize = 20;

/// What becomes of one booking: what it is, and below it what changes.
pub(super) fn line(words: Words<'_>, business: &Business, planned: &Planned) -> String {
    let Planned { old, fate } = planned;
    let below = match fate {
        Fate::Becomes(after) => words.say("planned.becomes", &[("what", &changes(words, business, old, after))]),
        Fate::Cancelled => words.say("planned.cancelled", &[]),
        Fate::Stays(why) => words.say("planned.stays", &[("why", &hindrance(words, *why))]),
    };
    format!("{}\n{below}", subject(words, business, old))
}

/// A booking in one line.
pub(super) fn subject(words: Words<'_>, business: &Business, booking: &Booking) -> String {
    let when = moment(words, business, booking.starts_at);
    let name = match booking.customer_name.as_str() {
        "" => words.plain("owner.nobody", &[]),
        name => name.to_owned(),
    };
    words
        .say("planned.subject", &[("when", &when), ("name", &name), ("what", &booking.what()), ("who", &booking.who())])
}

fn moment(words: Words<'_>, business: &Business, at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{} {}", words.short_date(local_date(business.zone, at)), words.time(business.zone, at))
}

/// What is another than it was, each said once.
fn changes(words: Words<'_>, business: &Business, old: &Booking, after: &After) -> String {
    let zone = business.zone;
    let becomes = Booking { lines: after.lines.clone(), ..old.clone() };
    let mut all = Vec::new();
    if after.starts_at != old.starts_at {
        let same_day = local_date(zone, after.starts_at) == local_date(zone, old.starts_at);
        let time = words.time(zone, after.starts_at);
        all.push(if same_day { time } else { moment(words, business, after.starts_at) });
    }
    if becomes.what() != old.what() {
        all.push(becomes.what());
    }
    if becomes.who() != old.who() {
        all.push(becomes.who());
    }
    if after.longer(old) != chrono::TimeDelta::zero() {
        let (was, is) = (old.ends_at - old.starts_at, after.ends_at - after.starts_at);
        let (was, is) = (words.duration(was), words.duration(is));
        all.push(words.say("planned.another", &[("was", &was), ("is", &is)]));
    }
    if after.price != old.price {
        let (was, is) = (words.price(old.price), words.price(after.price));
        all.push(words.say("planned.another", &[("was", &was), ("is", &is)]));
    }
    all.join(" · ")
}

fn hindrance(words: Words<'_>, why: Hindrance) -> String {
    match why {
        Hindrance::Past => words.say("planned.why.past", &[]),
        Hindrance::Closed => words.say("planned.why.closed", &[]),
        Hindrance::Blocked => words.say("planned.why.blocked", &[]),
        Hindrance::Taken => words.say("planned.why.taken", &[]),
        Hindrance::InTheWay(id) => words.say("planned.why.in_the_way", &[("id", &id.0)]),
        Hindrance::Cannot => words.say("planned.why.cannot", &[]),
        Hindrance::TooSmall => words.say("planned.why.too_small", &[]),
        Hindrance::TooLong => words.say("planned.why.too_long", &[]),
    }
}

/// What the rest of the team is told.
pub(super) fn letter(words: Words<'_>, plan: &MassPlan) -> Screen {
    let n = plan.goes().count();
    let head = words.count("planned.letter", i64::try_from(n).unwrap_or(i64::MAX), &[]);
    let mut parts = vec![head];
    parts.extend(plan.goes().take(MOST_LINES).map(|planned| line(words, &plan.business, planned)));
    if let Some(more) = n.checked_sub(MOST_LINES).filter(|more| *more > 0) {
        parts.push(words.count("planned.more", i64::try_from(more).unwrap_or(i64::MAX), &[]));
    }
    // Names are long at worst; a letter that Telegram does not take tells nobody anything.
    while parts.join("\n\n").chars().count() > 4000 && parts.len() > 2 {
        parts.pop();
    }
    Screen::text(parts.join("\n\n"))
}
