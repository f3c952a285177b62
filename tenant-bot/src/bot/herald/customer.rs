//! What a customer is told.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::telegram::{Button, Screen};

use super::{super::words::Words, fitting};
use crate::{
    booking::{
        Booking, Business, Word,
        hours::local_date,
        policy::{Act, Person, may},
    },
    bot::choice::Choice,
};

/// Up to this a distance in hours says more than a date.
const HOURS_SAY_MORE: TimeDelta = TimeDelta::hours(12);

pub(super) fn screen(words: Words<'_>, business: &Business, word: Word<'_>, now: DateTime<Utc>) -> Screen {
    let zone = business.zone;
    let head = match word {
        Word::Reminder(b, _) => words.say("letter.reminder", &[("soon", &soon(words, zone, b.starts_at, now))]),
        Word::Approved(_) => words.say("letter.approved", &[]),
        Word::Declined(_) => words.say("letter.declined", &[]),
        Word::CalledOff(_) => words.say("letter.called_off", &[]),
        Word::BookedFor(_) => words.say("letter.booked_for", &[]),
        Word::Rebooked { from, to } if from.starts_at != to.starts_at => words.say("letter.rebooked", &[]),
        Word::Rebooked { .. } => words.say("letter.changed", &[]),
        Word::NewTimes(_, []) => words.say("letter.no_new_times", &[]),
        Word::NewTimes(..) => words.say("letter.new_times", &[]),
        Word::Lapsed(_) => words.say("letter.lapsed", &[]),
        Word::Unanswered(_) => words.say("letter.unanswered", &[]),
        Word::Offer(..) => words.say("letter.offer", &[]),
        Word::HowWasIt(_) => words.say("letter.how", &[]),
    };
    let foot = match word {
        Word::Reminder(b, _) => reminder_foot(words, business, b, now),
        Word::Declined(b) | Word::CalledOff(b) => {
            b.cancel_reason.as_ref().map(|why| words.say("letter.reason", &[("reason", why)]))
        }
        Word::Offer(_, until) => {
            let (until, offset) = (words.time(zone, until), words.offset(zone, until));
            Some(words.say("letter.offer_until", &[("until", &until), ("offset", &offset)]))
        }
        Word::Rebooked { from, .. } => Some(was(words, zone, from)),
        Word::Approved(_)
        | Word::BookedFor(_)
        | Word::NewTimes(..)
        | Word::Lapsed(_)
        | Word::Unanswered(_)
        | Word::HowWasIt(_) => None,
    };
    let screen = fitting(words, word.booking(), |booking| {
        let parts = [Some(head.clone()), Some(words.summary(zone, booking)), foot.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    });
    screen.inline(buttons(words, business, word, now))
}

fn buttons(words: Words<'_>, business: &Business, word: Word<'_>, now: DateTime<Utc>) -> Vec<Vec<Button>> {
    let id = word.booking().id;
    match word {
        Word::Reminder(b, _) | Word::Rebooked { to: b, .. } => {
            let (may_move, may_cancel) = still(business, b, now);
            let come = b.coming_at.is_none().then(|| words.button("letter.come", Choice::Come(id)));
            let mut change = Vec::new();
            change.extend(may_move.then(|| words.button("letter.move", Choice::Move(id))));
            change.extend(may_cancel.then(|| words.button("letter.cancel", Choice::AskCancel(id))));
            let rows = [come.into_iter().collect(), change, vec![words.button("letter.card", Choice::Card(id))]];
            rows.into_iter().filter(|row: &Vec<Button>| !row.is_empty()).collect()
        }
        Word::Approved(_) | Word::BookedFor(_) => vec![vec![words.button("letter.card", Choice::Card(id))]],
        Word::Declined(_) | Word::CalledOff(_) | Word::Lapsed(_) | Word::Unanswered(_) => {
            vec![vec![words.button("letter.again", Choice::Again(id))]]
        }
        Word::NewTimes(b, times) => {
            let time = |at: &DateTime<Utc>| {
                let label =
                    format!("{} {}", words.short_date(local_date(business.zone, *at)), words.time(business.zone, *at));
                Button::press(label, Choice::MoveTo(b.id, *at).to_string())
            };
            let buttons: Vec<Button> = times.iter().map(time).collect();
            let mut rows: Vec<Vec<Button>> = buttons.chunks(2).map(<[Button]>::to_vec).collect();
            rows.push(vec![words.button("letter.other_times", Choice::Move(id))]);
            rows.push(vec![words.button("letter.cancel", Choice::AskCancel(id))]);
            rows
        }
        Word::Offer(..) => vec![
            vec![words.button("letter.take", Choice::TakeOffer(id))],
            vec![words.button("letter.pass", Choice::PassOffer(id))],
        ],
        Word::HowWasIt(_) => {
            let star =
                |stars: u8| Button::press(format!("{stars} ⭐"), Choice::Rate { booking: id, stars }.to_string());
            vec![(1..=5).map(star).collect()]
        }
    }
}

/// What a booking was before the business made something else of it.
fn was(words: Words<'_>, zone: Tz, from: &Booking) -> String {
    // Whoever was there knows the rest.
    let short = |text: String| text.chars().take(200).collect::<String>();
    let (what, who, when) = (short(from.what()), short(from.who()), words.moment(zone, from.starts_at));
    words.say("letter.was", &[("what", &what), ("who", &who), ("when", &when)])
}

/// Whether the customer may move and may cancel the booking by themselves now.
fn still(business: &Business, booking: &Booking, now: DateTime<Utc>) -> (bool, bool) {
    // What else the policy asks of a person is asked when they press.
    let who = Person { known: true, ..Person::stranger(booking.user) };
    let ask = |act| may(&who, act, &business.policy, business.zone, now).is_ok();
    (ask(Act::Move { booking, to: None }), ask(Act::Cancel(booking)))
}

/// Where to come, and whom to call when it is too late for buttons.
fn reminder_foot(words: Words<'_>, business: &Business, booking: &Booking, now: DateTime<Utc>) -> Option<String> {
    let address = business.place.address.as_ref().map(|address| words.say("letter.where", &[("address", address)]));
    let (_, may_cancel) = still(business, booking, now);
    let phone = business.place.phone.as_ref().filter(|_| !may_cancel);
    let call = phone.map(|phone| words.say("letter.call", &[("phone", phone)]));
    let lines: Vec<String> = [address, call].into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// How far off a moment that is ahead really is: `через 2 часа`, `завтра в 12:00`.
pub(super) fn soon(words: Words<'_>, zone: Tz, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = at - now;
    // To the nearest minute: who writes some seconds late still means what was planned.
    let minutes = (left.num_seconds() + 30).max(0) / 60;
    if left <= HOURS_SAY_MORE {
        // Odd minutes of a distance in hours help nobody: the time itself stands below.
        return match (minutes / 60, minutes % 60) {
            (0, m) => words.count("letter.soon.minutes", m.max(1), &[]),
            (h, 0..=4) => words.count("letter.soon.hours", h, &[]),
            (h, 55..) => words.count("letter.soon.hours", h + 1, &[]),
            (h, m) => {
                let length = words.duration(TimeDelta::minutes(h * 60 + m / 5 * 5));
                words.say("letter.soon.length", &[("length", &length)])
            }
        };
    }
    let time = words.time(zone, at);
    let date = local_date(zone, at);
    match (date - local_date(zone, now)).num_days() {
        ..=0 => words.say("letter.soon.today", &[("time", &time)]),
        1 => words.say("letter.soon.tomorrow", &[("time", &time)]),
        2 => words.say("letter.soon.after_tomorrow", &[("time", &time)]),
        _ => words.say("letter.soon.date", &[("date", &words.date(date)), ("time", &time)]),
    }
}
