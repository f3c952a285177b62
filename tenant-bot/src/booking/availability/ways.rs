//! Ways through a whole visit from one beginning, the best first.
//!
//! Whatever costs is added up from one part to the next, so the best ways from a part on are found from the best ways of
//! what follows it. A group must not be reached into by another part of the same visit, which may be any part before or
//! after it: so a way carries along until when the resources that this is about are in use.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Assigned, Chain, search::Search, time::Fit};
use crate::booking::model::{Doer, ResourceId};

/// After so many looks the search goes on with the first way it finds from a place instead of all of them.
const ENOUGH: u32 = 5_000;
/// After so many it gives the first doer up. Without groups it never comes to that, because no way leads nowhere then.
const TOO_MUCH: u32 = 20_000;

/// Until when resources are in use by earlier parts of the visit, by groups (`true`) and otherwise; in order.
type InUse = Vec<(ResourceId, bool, DateTime<Utc>)>;

/// A part's place, the moment it begins, its doer, and what is in use then.
type Place = (usize, DateTime<Utc>, usize, InUse);

/// How good a way is: less is better, and the first that differs decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    empty_seats: u32,
    put_together: usize,
    load: i64,
    changes: u32,
}

/// A way through the rest of a visit. Of two that cost the same the one that the business's order puts first is less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    cost: Cost,
    doers: Vec<usize>,
}

/// The search for ways from one beginning. How far it looks does not depend on how many of them are wanted.
pub(super) struct Ways<'s, 'a> {
    search: &'s mut Search<'a>,
    load: &'s HashMap<ResourceId, i64>,
    most: usize,
    /// The longest buffer before any part: what ended longer ago is in nobody's way.
    reach: TimeDelta,
    known: HashMap<Place, Rc<Vec<Way>>>,
    looks: u32,
}

impl<'s, 'a> Ways<'s, 'a> {
    pub(super) fn new(search: &'s mut Search<'a>, load: &'s HashMap<ResourceId, i64>, most: usize) -> Self {
        let reach = search.parts.iter().map(|p| p.service.buffer_before).max().unwrap_or_default();
        Self { search, load, most, reach, known: HashMap::new(), looks: 0 }
    }

    /// Whether the visit can be had that the doer `d` begins then.
    pub(super) fn lead_on(&mut self, starts_at: DateTime<Utc>, d: usize) -> bool {
        !self.begun_by(starts_at, d).is_empty()
    }

    /// The best ways that one of these doers begins then, written out.
    pub(super) fn chains(&mut self, starts_at: DateTime<Utc>, first: &[usize]) -> Vec<Chain> {
        let mut ways = Vec::new();
        for d in first {
            let Some(doer) = self.search.doer(0, *d) else { continue };
            let cost = self.coming_to(None, doer);
            ways.extend(self.begun_by(starts_at, *d).iter().map(|way| way.after(cost)));
        }
        ways.sort_unstable();
        ways.truncate(self.most);
        ways.iter().map(|way| self.written_out(starts_at, way)).collect()
    }

    fn begun_by(&mut self, starts_at: DateTime<Utc>, d: usize) -> Rc<Vec<Way>> {
        self.looks = 0;
        self.from((0, starts_at, d, InUse::new()))
    }

    /// The best ways from a place on, without what it costs to come to it.
    fn from(&mut self, place: Place) -> Rc<Vec<Way>> {
        if let Some(ways) = self.known.get(&place) {
            return Rc::clone(ways);
        }
        let (p, _, d, _) = place;
        let mut ways = Vec::new();
        if let Some(doer) = self.search.doer(p, d) {
            if p + 1 == self.search.parts.len() {
                ways.push(Way { cost: Cost::default(), doers: vec![d] });
            } else {
                self.go_on(&place, doer, &mut ways);
            }
            let own = self.doing(doer);
            ways.iter_mut().for_each(|way| way.cost = way.cost.plus(own));
            ways.sort_unstable();
            ways.truncate(self.most);
        }
        let ways = Rc::new(ways);
        self.known.insert(place, Rc::clone(&ways));
        ways
    }

    /// Finds the ways over everybody who can take over from `doer`, who is at this place.
    fn go_on(&mut self, (p, start, d, in_use): &Place, doer: &Doer, ways: &mut Vec<Way>) {
        let (next_part, end) = (p + 1, *start + doer.duration);
        let Some(fit) = self.search.fit_of(*p, *d, *start) else { return };
        let able = self.search.able(next_part, end);
        let mut next: Vec<(usize, &Fit, &Doer)> = Vec::new();
        for (n, fit) in able.iter().enumerate() {
            next.extend(fit.as_ref().zip(self.search.doer(next_part, n)).map(|(fit, doer)| (n, fit, doer)));
        }
        // Those whom no group can stand in the way of lead on for certain.
        next.sort_by_key(|(.., doer)| doer.resources.iter().any(|r| self.search.contested.contains(r)));
        for (n, next, next_doer) in next {
            self.looks += 1;
            if self.looks > TOO_MUCH || self.looks > ENOUGH && !ways.is_empty() {
                return;
            }
            if !self.search.joins(*p, (*d, &fit), (n, next)) {
                continue;
            }
            let Some(in_use) = self.handed_over(*p, end, in_use, doer, next_doer) else { continue };
            let cost = self.coming_to(Some(doer), next_doer);
            for way in self.from((next_part, end, n, in_use)).iter() {
                let mut way = way.after(cost);
                way.doers.insert(0, *d);
                ways.push(way);
            }
        }
    }

    /// What is in use when the part `p` ends and the next begins; none if that one reaches into a group of this visit, or
    /// is a group that the visit reaches into.
    fn handed_over(&self, p: usize, at: DateTime<Utc>, in_use: &InUse, doer: &Doer, next: &Doer) -> Option<InUse> {
        let search = &self.search;
        if search.contested.is_empty() {
            return Some(InUse::new());
        }
        let mut until: BTreeMap<(ResourceId, bool), DateTime<Utc>> =
            in_use.iter().map(|(r, group, until)| ((*r, *group), *until)).collect();
        let end = at + search.parts.get(p)?.service.buffer_after;
        for r in doer.resources.iter().filter(|r| search.contested.contains(r)) {
            if !search.is_one_stretch(p, *r, doer, next) {
                let so_far = until.entry((*r, search.is_group(p))).or_insert(end);
                *so_far = end.max(*so_far);
            }
        }
        let buffer = search.parts.get(p + 1)?.service.buffer_before;
        for r in &next.resources {
            let begins = if search.is_one_stretch(p, *r, doer, next) { at } else { at - buffer };
            let late = |group: bool| until.get(&(*r, group)).is_some_and(|until| *until > begins);
            // What the visit alone does with a resource may overlap: it is one stretch then.
            if late(true) || search.is_group(p + 1) && late(false) {
                return None;
            }
        }
        let still = until.into_iter().filter(|(_, until)| *until > at - self.reach);
        Some(still.map(|((r, group), until)| (r, group, until)).collect())
    }

    /// What one part costs in seats and tables.
    fn doing(&self, doer: &Doer) -> Cost {
        let empty_seats = doer.seats.map_or(0, |seats| u32::from(seats.saturating_sub(self.search.party)));
        Cost { empty_seats, put_together: doer.resources.len().saturating_sub(1), ..Cost::default() }
    }

    /// What it costs that the visit comes from one doer to the next.
    fn coming_to(&self, from: Option<&Doer>, to: &Doer) -> Cost {
        let new = to.resources.iter().filter(|r| from.is_none_or(|from| !from.resources.contains(r)));
        let load = new.fold(0, |sum: i64, r| sum.saturating_add(self.load.get(r).copied().unwrap_or(0)));
        Cost { load, changes: u32::from(from.is_some_and(|from| from.resources != to.resources)), ..Cost::default() }
    }

    /// The way with its moments and groups.
    fn written_out(&self, starts_at: DateTime<Utc>, way: &Way) -> Chain {
        let mut at = starts_at;
        let mut chain = Chain::new();
        for (p, d) in way.doers.iter().copied().enumerate() {
            let Some(doer) = self.search.doer(p, d) else { continue };
            let session = self.search.fit_of(p, d, at).and_then(|fit| fit.session);
            chain.push(Assigned { doer: d, starts_at: at, duration: doer.duration, session });
            at += doer.duration;
        }
        chain
    }
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self {
            empty_seats: self.empty_seats.saturating_add(other.empty_seats),
            put_together: self.put_together + other.put_together,
            load: self.load.saturating_add(other.load),
            changes: self.changes + other.changes,
        }
    }
}

impl Way {
    fn after(&self, cost: Cost) -> Self {
        Self { cost: self.cost.plus(cost), doers: self.doers.clone() }
    }
}
