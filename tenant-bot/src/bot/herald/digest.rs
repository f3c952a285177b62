//! A digest of the day, in words.

use chrono_tz::Tz;
use shared::telegram::Screen;

use crate::{
    booking::{Booking, Business, Digest, DigestKind, Status, hours::Span},
    bot::{choice::Choice, words::Words},
    reports::headline::{money, percent},
};

/// More lines than these nobody reads in one message.
const MOST_BOOKINGS: usize = 25;
const MOST_NAMES: usize = 8;
const MOST_GAPS: usize = 4;

/// The digest, with a button to the day.
pub(in crate::bot) fn screen(words: Words<'_>, business: &Business, digest: &Digest) -> Screen {
    let days_ahead = match digest.kind {
        DigestKind::Morning => 0,
        DigestKind::Evening => 1,
    };
    let text = text(words, business, digest);
    Screen::text(text).inline(vec![vec![words.button("menu.plan", Choice::Plan { days_ahead, page: 0 })]])
}

/// What it says.
pub(in crate::bot) fn text(words: Words<'_>, business: &Business, digest: &Digest) -> String {
    let date = words.date(digest.date);
    let mut parts = match digest.kind {
        DigestKind::Morning => {
            let mut parts = vec![words.say("digest.morning", &[("date", &date)])];
            parts.extend(day(words, business.zone, digest));
            parts.extend(gaps(words, business.zone, digest));
            parts
        }
        DigestKind::Evening => {
            let mut parts = vec![words.say("digest.evening", &[("date", &date)])];
            parts.push(was(words, digest));
            parts.push(tomorrow(words, business.zone, digest));
            parts
        }
    };
    if digest.requests > 0 {
        parts.push(words.count("digest.requests", long(digest.requests), &[]));
    }
    parts.join("\n\n")
}

fn long(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn day(words: Words<'_>, zone: Tz, digest: &Digest) -> Vec<String> {
    let Some((first, last)) = digest.bookings.first().zip(digest.bookings.iter().map(|b| b.ends_at).max()) else {
        return vec![words.say(if digest.open { "digest.no_bookings" } else { "digest.closed" }, &[])];
    };
    let (from, to) = (words.time(zone, first.starts_at), words.time(zone, last));
    let head = words.count("digest.bookings", long(digest.bookings.len()), &[("from", &from), ("to", &to)]);
    let mut lines: Vec<String> =
        digest.bookings.iter().take(MOST_BOOKINGS).map(|booking| line(words, zone, booking)).collect();
    if let Some(more) = digest.bookings.len().checked_sub(MOST_BOOKINGS).filter(|more| *more > 0) {
        lines.push(words.say("digest.more", &[("n", &more)]));
    }
    vec![head, lines.join("\n")]
}

fn line(words: Words<'_>, zone: Tz, booking: &Booking) -> String {
    let cut = |text: String| -> String { text.chars().take(40).collect() };
    let sign = if booking.status == Status::Requested { "⏳ " } else { "" };
    words.say(
        "digest.line",
        &[
            ("sign", &sign),
            ("time", &words.time(zone, booking.starts_at)),
            ("service", &cut(booking.what())),
            ("who", &cut(booking.who())),
            ("customer", &super::owners::customer(words, booking)),
        ],
    )
}

fn gaps(words: Words<'_>, zone: Tz, digest: &Digest) -> Option<String> {
    if digest.gaps.is_empty() {
        return (!digest.bookings.is_empty()).then(|| words.say("digest.full", &[]));
    }
    let span = |span: &Span| format!("{}–{}", words.time(zone, span.start), words.time(zone, span.end));
    let mut lines = vec![words.say("digest.gaps", &[])];
    for (name, spans) in digest.gaps.iter().take(MOST_NAMES) {
        let mut told: Vec<String> = spans.iter().take(MOST_GAPS).map(span).collect();
        if spans.len() > MOST_GAPS {
            told.push("…".to_owned());
        }
        lines.push(words.say("digest.gap", &[("name", name), ("spans", &told.join(", "))]));
    }
    if let Some(more) = digest.gaps.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        lines.push(words.say("digest.more", &[("n", &more)]));
    }
    Some(lines.join("\n"))
}

fn was(words: Words<'_>, digest: &Digest) -> String {
    let of = |status: Status| digest.bookings.iter().filter(|booking| booking.status == status).count();
    let (completed, missed) = (of(Status::Completed), of(Status::NoShow));
    let left = digest.bookings.iter().filter(|booking| booking.status.is_ahead()).count();
    let mut lines = vec![words.count("digest.completed", long(completed), &[])];
    if missed > 0 {
        lines.push(words.count("digest.missed", long(missed), &[]));
    }
    if left > 0 {
        lines.push(words.count("digest.left", long(left), &[]));
    }
    if let Some(figures) = &digest.figures {
        let cancelled = figures.cancelled_in_all();
        if cancelled > 0 {
            lines.push(words.count("digest.cancelled", i64::from(cancelled), &[]));
        }
        let revenue = money(figures.revenue);
        lines.push(match figures.average_bill() {
            Some(bill) => words.say("digest.money", &[("revenue", &revenue), ("bill", &money(bill))]),
            None => words.say("digest.no_money", &[]),
        });
        if let Some(share) = figures.total().share() {
            lines.push(words.say("digest.occupancy", &[("share", &percent(share))]));
        }
    }
    lines.join("\n")
}

fn tomorrow(words: Words<'_>, zone: Tz, digest: &Digest) -> String {
    match digest.tomorrow.first() {
        None => words.say("digest.tomorrow_free", &[]),
        Some(first) => {
            let from = words.time(zone, first.starts_at);
            words.count("digest.tomorrow", long(digest.tomorrow.len()), &[("from", &from)])
        }
    }
}
