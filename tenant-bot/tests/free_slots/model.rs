//! Free slots so plainly that it can be believed: every minute is looked at, every way of having a visit is tried.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use tenant_bot::booking::{
    Doer, ResourceId, Service, SessionId,
    availability::{Assigned, Chain, Slot},
    schedule::{Block, Rota},
};

use crate::case::Case;

/// Days of minutes before the first and after the last date that is asked about.
const AROUND: i64 = 5;

/// The minutes around the days that are asked about, and what each resource does in them.
pub(crate) struct Model<'a> {
    case: &'a Case,
    zero: DateTime<Utc>,
    local: Vec<NaiveDateTime>,
    resources: HashMap<ResourceId, Minutes>,
}

/// One resource, minute by minute.
struct Minutes {
    intervals: Vec<(usize, usize)>,
    worked: Vec<bool>,
    taken: Vec<bool>,
    blocked: Vec<bool>,
}

/// A part that is tried with a doer.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) doer: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) session: Option<SessionId>,
    pub(crate) seats_left: Option<u16>,
}

pub(crate) fn length(d: TimeDelta) -> usize {
    usize::try_from(d.num_minutes()).unwrap()
}

impl<'a> Model<'a> {
    pub(crate) fn of(case: &'a Case) -> Self {
        let zero = Utc.from_utc_datetime(&case.first.and_time(NaiveTime::MIN)) - TimeDelta::days(AROUND);
        let count = (i64::from(case.days) + 2 * AROUND) * 1440;
        let local =
            (0..count).map(|m| (zero + TimeDelta::minutes(m)).with_timezone(&case.zone).naive_local()).collect();
        let mut model = Self { case, zero, local, resources: HashMap::new() };
        let house = model.intervals(&case.house, None);
        for (id, calendar) in &case.calendars {
            let own = model.intervals(&calendar.rota, Some(&case.house));
            let both = house.iter().flat_map(|h| own.iter().map(|o| (h.0.max(o.0), h.1.min(o.1))));
            let intervals: Vec<_> = both.filter(|(from, to)| from < to).collect();
            let mut minutes = Minutes {
                worked: model.marked(&intervals),
                intervals,
                taken: model.marked(&calendar.taken.iter().map(|t| model.minutes(t.start, t.end)).collect::<Vec<_>>()),
                blocked: vec![false; model.local.len()],
            };
            for block in &calendar.blocks {
                for (from, to) in model.block(block) {
                    minutes.blocked[from..to].fill(true);
                }
            }
            model.resources.insert(*id, minutes);
        }
        model
    }

    pub(crate) fn at(&self, minute: usize) -> DateTime<Utc> {
        self.zero + TimeDelta::minutes(minute as i64)
    }

    /// The minute of a moment; the first or the last if it lies outside.
    fn minute(&self, at: DateTime<Utc>) -> usize {
        usize::try_from((at - self.zero).num_minutes().max(0)).unwrap().min(self.local.len())
    }

    fn minutes(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> (usize, usize) {
        (self.minute(start), self.minute(end))
    }

    /// The first minute at which the clock shows at least this.
    fn first(&self, local: NaiveDateTime) -> usize {
        self.local.iter().position(|l| *l >= local).unwrap_or(self.local.len())
    }

    fn marked(&self, stretches: &[(usize, usize)]) -> Vec<bool> {
        let mut marked = vec![false; self.local.len()];
        for (from, to) in stretches {
            marked[*from..*to].fill(true);
        }
        marked
    }

    /// All intervals of a rota; where it says nothing, of the one that it follows.
    fn intervals(&self, rota: &Rota, follows: Option<&Rota>) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let (first, last) = (self.case.first - TimeDelta::days(1), self.case.last() + TimeDelta::days(3));
        for date in first.iter_days().take_while(|d| *d <= last) {
            let excepts = |r: &Rota| r.exceptions.iter().any(|e| (e.first_day..=e.last_day).contains(&date));
            let rota = match follows {
                Some(house) if rota.week.is_empty() && !excepts(rota) => house,
                _ => rota,
            };
            let mut hours = Vec::new();
            if excepts(rota) {
                let of_today = rota.exceptions.iter().filter(|e| (e.first_day..=e.last_day).contains(&date));
                let of_today: Vec<_> = of_today.map(|e| e.hours).collect();
                if !of_today.contains(&None) {
                    hours.extend(of_today.into_iter().flatten());
                }
            } else {
                let today = rota.week.iter().filter(|h| date.format("%u").to_string() == h.weekday.to_string());
                hours.extend(today.map(|h| (h.opens, h.closes)));
            }
            for (opens, closes) in hours {
                let minute = |m: u16| self.first(date.and_time(NaiveTime::MIN) + TimeDelta::minutes(m.into()));
                if minute(opens) < minute(closes) {
                    found.push((minute(opens), minute(closes)));
                }
            }
        }
        found
    }

    fn block(&self, block: &Block) -> Vec<(usize, usize)> {
        let Some(repeats) = &block.repeats else { return vec![self.minutes(block.span.start, block.span.end)] };
        let local = |at: DateTime<Utc>| at.with_timezone(&repeats.zone).naive_local();
        let (begins, ends) = (local(block.span.start), local(block.span.end));
        let monday = |date: NaiveDate| date - TimeDelta::days(date.weekday().num_days_from_monday().into());
        let mut found = Vec::new();
        for date in self.local[0].date().iter_days().take_while(|d| *d <= self.local.last().unwrap().date()) {
            let weeks = (monday(date) - monday(begins.date())).num_days() / 7;
            let comes = date >= begins.date()
                && repeats.until.is_none_or(|until| date <= until)
                && weeks % i64::from(repeats.every_weeks) == 0
                && repeats.weekdays.contains(&u8::try_from(date.weekday().number_from_monday()).unwrap());
            if comes && date == begins.date() && repeats.zone == self.case.zone {
                found.push(self.minutes(block.span.start, block.span.end));
            } else if comes {
                let later = date - begins.date();
                found.push((self.first(begins + later), self.first(ends + later)));
            }
        }
        found.retain(|(from, to)| from < to);
        found
    }

    fn intervals_of(&self, doer: &Doer) -> Vec<(usize, usize)> {
        let mut all = vec![(0, self.local.len())];
        for id in &doer.resources {
            let own = &self.resources[id].intervals;
            all = all.iter().flat_map(|a| own.iter().map(|o| (a.0.max(o.0), a.1.min(o.1)))).collect();
            all.retain(|(from, to)| from < to);
        }
        all
    }

    /// Every minute at which the visit may begin as far as hours, steps, limits and dates go, with each first doer.
    pub(crate) fn beginnings(&self) -> Vec<(usize, Vec<usize>)> {
        let Case { first, now, limits, policy, zone, .. } = self.case;
        let part = &self.case.parts[0];
        let last_allowed = now.with_timezone(zone).date_naive() + TimeDelta::days(limits.horizon_days.into());
        let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
        for (d, doer) in part.doers.iter().enumerate() {
            for (from, to) in self.intervals_of(doer) {
                let step = length(part.service.step.unwrap_or(policy.step));
                for start in (from + length(part.service.offset)..to).step_by(step) {
                    let date = self.local[start].date();
                    let wanted = *first <= date && date <= self.case.last();
                    if wanted && self.at(start) >= *now + limits.notice && date <= last_allowed {
                        found.entry(start).or_default().push(d);
                    }
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        for (_, doers) in &mut found {
            doers.sort_unstable();
            doers.dedup();
        }
        found.sort_unstable();
        found
    }

    /// Every way of having the visit that one of these doers begins at this minute, in no order that matters.
    pub(crate) fn visits(&self, start: usize, first: &[usize]) -> Vec<Vec<Tried>> {
        let Case { policy, counts, party, parts, .. } = self.case;
        let date = self.local[start].date();
        let reached = |cap: Option<u16>, count: Option<&u32>| cap.is_some_and(|c| *count.unwrap_or(&0) >= u32::from(c));
        if reached(policy.daily_cap, counts.all.get(&date))
            || reached(policy.customer_daily_cap, counts.customer.get(&date))
        {
            return Vec::new();
        }
        let mut visits = vec![Vec::new()];
        for (p, part) in parts.iter().enumerate() {
            let mut longer = Vec::new();
            for visit in &visits {
                let begins = visit.last().map_or(start, |before: &Tried| before.end);
                for (doer, d) in part.doers.iter().zip(0..).filter(|(_, d)| p > 0 || first.contains(d)) {
                    let full = |r: &ResourceId| reached(policy.resource_daily_cap, counts.resource.get(&(*r, date)));
                    let end = begins + length(doer.duration);
                    let works = |r: &ResourceId| self.resources[r].worked[begins..end].iter().all(|w| *w);
                    if doer.resources.iter().any(full) || !doer.resources.iter().all(works) {
                        continue;
                    }
                    if let Some((session, seats_left)) = self.seats(&part.service, doer, begins, end, *party) {
                        let mut visit: Vec<Tried> = visit.clone();
                        visit.push(Tried { doer: d, start: begins, end, session, seats_left });
                        longer.push(visit);
                    }
                }
            }
            visits = longer;
        }
        visits.retain(|visit| self.is_free(visit));
        visits
    }

    /// The group and its free seats; `(None, None)` if it is no group; none if too few seats are left.
    fn seats(
        &self,
        service: &Service,
        doer: &Doer,
        start: usize,
        end: usize,
        party: u16,
    ) -> Option<(Option<SessionId>, Option<u16>)> {
        if service.capacity == 1 {
            return Some((None, None));
        }
        if doer.resources.len() != 1 {
            return None;
        }
        let there = self.case.calendars[&doer.resources[0]]
            .sessions
            .iter()
            .find(|s| s.service == service.id && s.starts_at == self.at(start) && s.ends_at == self.at(end));
        let (id, left) = there.map_or((None, service.capacity), |s| (Some(s.id), s.seats_left));
        (left >= party).then_some((id, Some(left)))
    }

    /// The minutes that a part of a visit takes of a resource of its doer.
    pub(crate) fn takes(&self, visit: &[Tried], p: usize, resource: ResourceId) -> (usize, usize) {
        let parts = &self.case.parts;
        let alone = |p: usize| parts[p].service.capacity == 1;
        let same = |other: usize| {
            alone(p) && alone(other) && parts[other].doers[visit[other].doer].resources.contains(&resource)
        };
        let (mut from, mut to) = (visit[p].start, visit[p].end);
        if p == 0 || !same(p - 1) {
            from -= length(parts[p].service.buffer_before);
        }
        if p + 1 == visit.len() || !same(p + 1) {
            to += length(parts[p].service.buffer_after);
        }
        (from, to)
    }

    pub(crate) fn resources_of(&self, visit: &[Tried], p: usize) -> &[ResourceId] {
        &self.case.parts[p].doers[visit[p].doer].resources
    }

    fn is_free(&self, visit: &[Tried]) -> bool {
        for p in 0..visit.len() {
            for id in self.resources_of(visit, p) {
                let (from, to) = self.takes(visit, p, *id);
                let of = &self.resources[id];
                if of.blocked[from..to].contains(&true) {
                    return false;
                }
                if visit[p].session.is_none() && of.taken[from..to].contains(&true) {
                    return false;
                }
                let group = self.case.parts[p].service.capacity > 1;
                for other in (0..visit.len()).filter(|o| group && *o != p) {
                    if self.resources_of(visit, other).contains(id) {
                        let (other_from, other_to) = self.takes(visit, other, *id);
                        if from < other_to && other_from < to {
                            return false;
                        }
                    }
                }
            }
        }
        true
    }

    pub(crate) fn is_taken_or_blocked(&self, resource: ResourceId, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let of = &self.resources[&resource];
        let (from, to) = self.minutes(from, to);
        of.taken[from..to].contains(&true) || of.blocked[from..to].contains(&true)
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (start, first) in self.beginnings() {
            let visits = self.visits(start, &first);
            let mut doers: Vec<usize> = visits.iter().map(|v| v[0].doer).collect();
            doers.sort_unstable();
            doers.dedup();
            if !doers.is_empty() {
                let seats_left = visits.iter().filter_map(|v| v[0].seats_left).max();
                slots.push(Slot { starts_at: self.at(start), doers, seats_left });
            }
        }
        slots
    }

    /// Every way of having the visit that begins at this minute, the best first.
    pub(crate) fn chains(&self, start: usize, first: &[usize]) -> Vec<Chain> {
        let mut visits = self.visits(start, first);
        visits.sort_by_key(|visit| {
            let doers: Vec<&Doer> = visit.iter().zip(&self.case.parts).map(|(t, p)| &p.doers[t.doer]).collect();
            let empty: u16 = doers.iter().filter_map(|d| d.seats).map(|s| s.saturating_sub(self.case.party)).sum();
            let tables: usize = doers.iter().map(|d| d.resources.len()).sum();
            let mut load = 0;
            let mut changes = 0;
            for (p, doer) in doers.iter().enumerate() {
                let before: &[ResourceId] = if p > 0 { &doers[p - 1].resources } else { &[] };
                let new = doer.resources.iter().filter(|r| !before.contains(r));
                load += new.map(|r| self.case.load.get(r).copied().unwrap_or(0)).sum::<i64>();
                changes += usize::from(p > 0 && doer.resources != before);
            }
            let order: Vec<usize> = visit.iter().map(|t| t.doer).collect();
            (empty, tables, load, changes, order)
        });
        visits.iter().map(|visit| self.written_out(visit)).collect()
    }

    fn written_out(&self, visit: &[Tried]) -> Chain {
        let part = |t: &Tried| Assigned {
            doer: t.doer,
            starts_at: self.at(t.start),
            duration: self.at(t.end) - self.at(t.start),
            session: t.session,
        };
        visit.iter().map(part).collect()
    }

    /// A chain as a visit of this model.
    pub(crate) fn tried(&self, chain: &Chain) -> Vec<Tried> {
        let tried = |a: &Assigned| Tried {
            doer: a.doer,
            start: self.minute(a.starts_at),
            end: self.minute(a.starts_at + a.duration),
            session: a.session,
            seats_left: None,
        };
        chain.iter().map(tried).collect()
    }
}
