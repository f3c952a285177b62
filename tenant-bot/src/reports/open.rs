//! When resources are open, and how time falls into the hours of a clock.

use std::collections::BTreeMap;

use chrono::{Datelike, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::range::Range;
use crate::{
    booking::{
        ResourceId,
        hours::{Span, joined},
        schedule::{House, Rota},
    },
    store::schedule::Rotas,
};

/// Every clock's hour begins at a whole quarter of an hour of every other clock's, and is set forward or back at one.
const QUARTER: i64 = 15 * 60;

/// The time in which each of these resources could have been booked within the range: its hours by today's rules (the
/// business's, exceptions included) without what is blocked. In order, nothing overlaps.
pub fn open_time(
    zone: Tz,
    rules: &Rotas,
    resources: impl Iterator<Item = ResourceId>,
    range: Range,
) -> BTreeMap<ResourceId, Vec<Span>> {
    let house = House { zone, rota: rules.house.clone() };
    let within = range.span(zone);
    let business = house.intervals(range.first, range.last);
    let none = Rota::default();
    let everybodys: Vec<Span> = rules.blocks.iter().flat_map(|block| block.spans(zone, within)).collect();
    let of = |id: ResourceId| {
        let own = rules.own.get(&id).unwrap_or(&none);
        let work = house.work(&business, own, range.first, range.last);
        let mut blocked = everybodys.clone();
        blocked.extend(rules.own_blocks.get(&id).into_iter().flatten().flat_map(|block| block.spans(zone, within)));
        blocked.sort_unstable();
        let work: Vec<Span> = work.into_iter().filter_map(|span| clipped(span, within)).collect();
        (id, without(&joined(&work), &joined(&blocked)))
    };
    resources.map(of).collect()
}

/// What of a span lies within another.
pub fn clipped(span: Span, within: Span) -> Option<Span> {
    let (start, end) = (span.start.max(within.start), span.end.min(within.end));
    (start < end).then_some(Span { start, end })
}

/// What is left of `spans` without `holes`; in both nothing overlaps, and both are in order.
pub fn without(spans: &[Span], holes: &[Span]) -> Vec<Span> {
    let mut left = Vec::with_capacity(spans.len());
    let mut next = 0;
    for span in spans {
        while next < holes.len() && holes[next].end <= span.start {
            next += 1;
        }
        let mut start = span.start;
        for hole in holes[next..].iter().take_while(|hole| hole.start < span.end) {
            if start < hole.start {
                left.push(Span { start, end: hole.start });
            }
            start = start.max(hole.end);
        }
        if start < span.end {
            left.push(Span { start, end: span.end });
        }
    }
    left
}

/// What two lists have in common; in both nothing overlaps, and both are in order.
pub fn both(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        out.extend(clipped(*x, *y));
        if x.end <= y.end { i += 1 } else { j += 1 }
    }
    out
}

/// Cuts a span at the hours of the clock, and tells of each piece the day of the week from Monday (0–6), the hour (0–23),
/// and its minutes. An hour that the clock shows twice has up to 120.
pub fn by_hour(zone: Tz, span: Span, mut tell: impl FnMut(usize, usize, u32)) {
    let mut start = span.start;
    while start < span.end {
        let next = TimeDelta::seconds(QUARTER - start.timestamp().rem_euclid(QUARTER));
        let end = (start + next).min(span.end);
        let local = start.with_timezone(&zone);
        let weekday = local.weekday().num_days_from_monday() as usize;
        tell(weekday, local.hour() as usize, u32::try_from((end - start).num_minutes()).unwrap_or(0));
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        let at = |text: &str| format!("2026-11-20T{text}:00Z").parse().unwrap();
        Span { start: at(start), end: at(end) }
    }

    #[test]
    fn holes_are_cut_out_wherever_they_lie() {
        let work = [span("09:00", "13:00"), span("14:00", "18:00")];
        let holes = [span("08:00", "09:30"), span("10:00", "10:30"), span("12:30", "15:00"), span("17:00", "20:00")];
        assert_eq!(without(&work, &holes), [span("09:30", "10:00"), span("10:30", "12:30"), span("15:00", "17:00")]);
        assert_eq!(without(&work, &[span("08:00", "20:00")]), []);
        assert_eq!(
            both(&work, &[span("12:00", "14:30"), span("17:00", "20:00")]),
            [span("12:00", "13:00"), span("14:00", "14:30"), span("17:00", "18:00")]
        );
    }

    #[test]
    fn an_hour_that_comes_twice_has_both_and_one_that_is_jumped_over_none() {
        // Berlin, 2026-10-25: 03:00 becomes 02:00; 2027-03-28: 02:00 becomes 03:00.
        let hours = |start: &str, end: &str| {
            let mut hours = [0; 24];
            let span = Span { start: start.parse().unwrap(), end: end.parse().unwrap() };
            by_hour(Tz::Europe__Berlin, span, |_, hour, minutes| hours[hour] += minutes);
            hours[1..5].to_vec()
        };
        assert_eq!(hours("2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z"), [60, 120, 60, 0]);
        assert_eq!(hours("2027-03-28T00:00:00Z", "2027-03-28T03:00:00Z"), [60, 0, 60, 60]);
    }
}
