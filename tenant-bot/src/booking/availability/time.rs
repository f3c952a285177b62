//! When resources work and what is taken of them, made ready to be asked often.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{Calendar, Calendars, Part, Session, session_span};
use crate::booking::{
    hours::{Span, common, joined, moment},
    model::{Doer, ResourceId, Service, ServiceId, SessionId},
    schedule::House,
};

/// The time of everybody who may do a part, for visits that begin on some dates.
pub(super) struct Times {
    /// For each part its doers, in their order; none for one of whose time nothing is known.
    pub(super) parts: Vec<Vec<Option<Hand>>>,
}

/// One doer's time.
pub(super) struct Hand {
    worked: Rc<Worked>,
    diaries: Vec<(ResourceId, Rc<Diary>)>,
}

/// When a doer works.
struct Worked {
    /// Interval by interval, for the beginnings.
    intervals: Vec<Span>,
    /// The same with what touches or overlaps made one.
    whole: Vec<Span>,
}

/// What is taken of a resource.
struct Diary {
    /// Taken or blocked, made one where it touches.
    shut: Vec<Span>,
    /// What of it is blocked.
    blocked: Vec<Span>,
    sessions: HashMap<(ServiceId, DateTime<Utc>), Session>,
}

/// That a doer is free for a part.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    /// The resources that have no room for the buffer before it.
    pub(super) tight_before: Vec<ResourceId>,
    /// The same for the buffer after it.
    pub(super) tight_after: Vec<ResourceId>,
    /// The group to join.
    pub(super) session: Option<SessionId>,
    /// Seats that nobody has, if it is a group.
    pub(super) seats_left: Option<u16>,
}

impl Times {
    pub(super) fn new(
        house: &House,
        parts: &[Part<'_>],
        calendars: &Calendars,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Self {
        let longest = parts.iter().map(|p| p.doers.iter().map(|d| d.duration).max().unwrap_or_default());
        let days = longest.sum::<TimeDelta>().num_days();
        // So a visit ends a day after that at the latest; and where a zone skips a day (Samoa in 2011), two.
        let until = to.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0) + 2)).unwrap_or(to);
        let business = house.intervals(from, until);
        let buffer =
            parts.iter().map(|p| p.service.buffer_before.max(p.service.buffer_after)).max().unwrap_or_default();
        let range = Span {
            start: moment(house.zone, from.pred_opt().unwrap_or(from), 0) - buffer,
            end: moment(house.zone, until.succ_opt().unwrap_or(until), 0) + buffer,
        };
        let mut known: BTreeMap<ResourceId, (Rc<Worked>, Rc<Diary>)> = BTreeMap::new();
        for id in parts.iter().flat_map(|p| &p.doers).flat_map(|d| &d.resources) {
            let Some(calendar) = calendars.get(id).filter(|_| !known.contains_key(id)) else { continue };
            let work = house.work(&business, &calendar.rota, from, until);
            known.insert(*id, (Rc::new(Worked::new(work)), Rc::new(Diary::new(house, calendar, range))));
        }
        let mut together: HashMap<&[ResourceId], Rc<Worked>> = HashMap::new();
        let mut hand = |doer| Hand::new(doer, &known, &mut together);
        Self { parts: parts.iter().map(|p| p.doers.iter().map(&mut hand).collect()).collect() }
    }
}

impl Worked {
    fn new(intervals: Vec<Span>) -> Self {
        Self { whole: joined(&intervals), intervals }
    }
}

impl Diary {
    fn new(house: &House, calendar: &Calendar, range: Span) -> Self {
        let mut blocked: Vec<Span> = calendar.blocks.iter().flat_map(|b| b.spans(house.zone, range)).collect();
        blocked.sort_unstable();
        let blocked = joined(&blocked);
        let mut shut: Vec<Span> =
            calendar.taken.iter().filter(|t| t.overlaps(range)).chain(&blocked).copied().collect();
        shut.sort_unstable();
        let sessions = calendar.sessions.iter().map(|s| ((s.service, s.starts_at), *s)).collect();
        Self { shut: joined(&shut), blocked, sessions }
    }
}

impl Hand {
    fn new<'d>(
        doer: &'d Doer,
        known: &BTreeMap<ResourceId, (Rc<Worked>, Rc<Diary>)>,
        together: &mut HashMap<&'d [ResourceId], Rc<Worked>>,
    ) -> Option<Self> {
        let all: Vec<_> = doer.resources.iter().map(|id| Some((*id, known.get(id)?))).collect::<Option<_>>()?;
        let worked = match all[..] {
            [] => return None,
            [(_, (worked, _))] => Rc::clone(worked),
            [(_, (first, _)), ref others @ ..] => Rc::clone(together.entry(&doer.resources).or_insert_with(|| {
                let both = |so_far: Vec<Span>, (_, (next, _)): &(_, &(Rc<Worked>, _))| common(&so_far, &next.intervals);
                Rc::new(Worked::new(others.iter().fold(first.intervals.clone(), both)))
            })),
        };
        Some(Self { worked, diaries: all.into_iter().map(|(id, (_, diary))| (id, Rc::clone(diary))).collect() })
    }

    /// Every moment at which something that lasts so long can begin as far as hours go, in order.
    pub(super) fn beginnings(&self, duration: TimeDelta, step: TimeDelta, offset: TimeDelta) -> Vec<DateTime<Utc>> {
        let mut starts = Vec::new();
        let mut wholes = self.worked.whole.iter().peekable();
        for interval in &self.worked.intervals {
            // `interval` is part of one of them, the last that begins no later.
            while wholes.next_if(|w| w.end < interval.end).is_some() {}
            let Some(whole) = wholes.peek() else { break };
            let mut start = interval.start + offset;
            while start < interval.end && start + duration <= whole.end {
                starts.push(start);
                start += step;
            }
        }
        // Intervals that overlap give some starts twice.
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Whether it can do this service then; none if not.
    pub(super) fn fit(&self, service: &Service, visit: Span, party: u16) -> Option<Fit> {
        let whole = &self.worked.whole;
        if whole.get(whole.partition_point(|w| w.end < visit.end)).is_none_or(|w| visit.start < w.start) {
            return None;
        }
        if service.is_group() {
            return self.seat(service, visit, party);
        }
        let mut fit = Fit::default();
        for (id, diary) in &self.diaries {
            let free = gap(&diary.shut, visit)?;
            if free.from.is_some_and(|from| visit.start - service.buffer_before < from) {
                fit.tight_before.push(*id);
            }
            if free.until.is_some_and(|until| until < visit.end + service.buffer_after) {
                fit.tight_after.push(*id);
            }
        }
        Some(fit)
    }

    fn seat(&self, service: &Service, visit: Span, party: u16) -> Option<Fit> {
        let [(_, diary)] = &self.diaries[..] else { return None };
        let span = session_span(service, visit.start, visit.end - visit.start);
        let there = diary.sessions.get(&(service.id, visit.start)).filter(|s| s.ends_at == visit.end);
        let (shut, session, left) = match there {
            // Its time is taken already, and by nobody else.
            Some(session) => (&diary.blocked, Some(session.id), session.seats_left),
            None => (&diary.shut, None, service.capacity),
        };
        let free = left >= party && gap(shut, span).is_some();
        free.then(|| Fit { session, seats_left: Some(left), ..Fit::default() })
    }
}

/// Where the free time around something begins and ends; none: nowhere near.
struct Gap {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// The free time around `span`; none if `span` is not free. `shut` is in order, without overlaps.
fn gap(shut: &[Span], span: Span) -> Option<Gap> {
    let next = shut.partition_point(|s| s.end <= span.start);
    let until = shut.get(next).map(|s| s.start);
    if until.is_some_and(|until| until < span.end) {
        return None;
    }
    Some(Gap { from: next.checked_sub(1).and_then(|last| shut.get(last)).map(|s| s.end), until })
}
