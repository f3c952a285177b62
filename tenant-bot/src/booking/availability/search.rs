//! The search for whole visits: each part with somebody who is free when the part before ends.
//!
//! From every part at every moment the search knows who can take over so that the rest of the visit can be had
//! ([`Search::able`]); what is asked again is not computed again. That leaves one thing which two parts cannot settle
//! between themselves: a group that an earlier or later part of the same resource would reach into. So a search for whole
//! visits carries along how far such resources are in use; it is bounded, see [`ENOUGH`].

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    Assigned, Chain, Part, Rules, Slot,
    time::{Fit, Hand, Times},
};
use crate::booking::{
    hours::Span,
    model::{Doer, ResourceId},
};

/// After so many looks at one beginning the search goes on with the first way it finds instead of all of them.
const ENOUGH: u32 = 20_000;
/// And after so many it gives the beginning up. Without groups it never comes to that: then no way leads nowhere.
const TOO_MUCH: u32 = 200_000;

/// The doers of a part who can take it over; none for those who cannot.
type Able = Rc<[Option<Fit>]>;

/// A part's place, a moment, the doer of it, what is in use.
type Place = (usize, DateTime<Utc>, usize, InUse);

/// Until when resources are in use by earlier parts of the visit, by groups (`true`) and otherwise; in order.
type InUse = Vec<(ResourceId, bool, DateTime<Utc>)>;

/// How good a way is: less is better, and the first that differs decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    empty_seats: u32,
    put_together: usize,
    load: i64,
    changes: u32,
}

/// A way through the rest of the visit. Of two that cost the same the one that the business's order puts first is less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    cost: Cost,
    doers: Vec<usize>,
}

/// One question about one visit.
pub(super) struct Search<'a> {
    rules: &'a Rules<'a>,
    parts: &'a [Part<'a>],
    times: &'a Times,
    party: u16,
    /// Resources that give a group in one part and may be wanted in another.
    contested: HashSet<ResourceId>,
    /// The longest buffer before any part: what ended longer ago is in nobody's way.
    reach: TimeDelta,
    /// The date of the visit's beginning, which its caps are about.
    date: NaiveDate,
    able: HashMap<(usize, DateTime<Utc>), Able>,
    ways: HashMap<Place, Rc<Vec<Way>>>,
    load: HashMap<ResourceId, i64>,
    most: usize,
    looks: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(rules: &'a Rules<'a>, parts: &'a [Part<'a>], times: &'a Times, party: u16) -> Self {
        Self {
            rules,
            parts,
            times,
            party,
            contested: contested(parts),
            reach: parts.iter().map(|p| p.service.buffer_before).max().unwrap_or_default(),
            date: NaiveDate::MIN,
            able: HashMap::new(),
            ways: HashMap::new(),
            load: HashMap::new(),
            most: 1,
            looks: 0,
        }
    }

    /// Every moment at which somebody can do the first part, in order, and who; caps and the other parts apart.
    pub(super) fn beginnings(&self) -> Vec<(DateTime<Utc>, Vec<(usize, Fit)>)> {
        let Some(part) = self.parts.first() else { return Vec::new() };
        let service = part.service;
        // Tables and settings hold no step below five minutes.
        let step = service.step.unwrap_or(self.rules.policy.step).max(TimeDelta::minutes(1));
        let mut found: Vec<(DateTime<Utc>, usize, Fit)> = Vec::new();
        for (d, doer, hand) in self.hands(0) {
            let fits = hand.beginnings(doer.duration, step, service.offset).into_iter().filter_map(|start| {
                let fit = self.fit(0, doer, hand, start)?;
                fit.tight_before.is_empty().then_some((start, d, fit))
            });
            found.extend(fits);
        }
        // Equal moments keep the business's order.
        found.sort_by_key(|(start, ..)| *start);
        let mut beginnings: Vec<(DateTime<Utc>, Vec<(usize, Fit)>)> = Vec::new();
        for (start, d, fit) in found {
            match beginnings.last_mut() {
                Some((last, all)) if *last == start => all.push((d, fit)),
                _ => beginnings.push((start, vec![(d, fit)])),
            }
        }
        beginnings
    }

    /// What is shown of a beginning; none if the visit cannot be had then.
    pub(super) fn slot(&mut self, starts_at: DateTime<Utc>, date: NaiveDate, first: Vec<(usize, Fit)>) -> Option<Slot> {
        let first = self.begin(starts_at, date, first);
        let certain = self.parts.len() == 1 || self.contested.is_empty();
        let able: Vec<&(usize, Fit)> =
            first.iter().filter(|(d, _)| certain || !self.ways(0, starts_at, *d, Vec::new()).is_empty()).collect();
        let seats_left = able.iter().filter_map(|(_, fit)| fit.seats_left).max();
        let doers: Vec<usize> = able.iter().map(|(d, _)| *d).collect();
        (!doers.is_empty()).then_some(Slot { starts_at, doers, seats_left })
    }

    /// The best ways to have the visit that begins then.
    pub(super) fn chains(
        &mut self,
        starts_at: DateTime<Utc>,
        date: NaiveDate,
        first: Vec<(usize, Fit)>,
        load: &HashMap<ResourceId, i64>,
        most: usize,
    ) -> Vec<Chain> {
        (self.load, self.most) = (load.clone(), most);
        let mut ways = Vec::new();
        for (d, _) in self.begin(starts_at, date, first) {
            let Some(doer) = self.doer(0, d) else { continue };
            let cost = self.coming_to(None, doer);
            ways.extend(self.ways(0, starts_at, d, Vec::new()).iter().map(|way| way.after(cost)));
        }
        ways.sort_unstable();
        ways.truncate(most);
        ways.iter().map(|way| self.chain(starts_at, way)).collect()
    }

    /// Those who can begin the visit then so that the rest can be had, groups that the visit itself reaches into apart.
    fn begin(&mut self, starts_at: DateTime<Utc>, date: NaiveDate, first: Vec<(usize, Fit)>) -> Vec<(usize, Fit)> {
        if date != self.date {
            self.date = date;
            self.able.clear();
        }
        self.ways.clear();
        self.looks = 0;
        if self.rules.is_full(date) {
            return Vec::new();
        }
        first.into_iter().filter(|(d, fit)| !self.is_full(0, *d) && self.goes_on(0, starts_at, *d, fit)).collect()
    }

    /// Whether the rest of the visit can be had after the part `p` with doer `d`.
    fn goes_on(&mut self, p: usize, start: DateTime<Utc>, d: usize, fit: &Fit) -> bool {
        let Some(doer) = self.doer(p, d) else { return false };
        if p + 1 == self.parts.len() {
            return fit.tight_after.is_empty();
        }
        let able = self.able(p + 1, start + doer.duration);
        let mut next = (0..).zip(able.iter()).filter_map(|(n, next)| Some((n, next.as_ref()?)));
        next.any(|(n, next)| self.joins(p, (d, fit), (n, next)))
    }

    /// Who can take the visit over with the part `p` at this moment.
    fn able(&mut self, p: usize, start: DateTime<Utc>) -> Able {
        if let Some(able) = self.able.get(&(p, start)) {
            return Rc::clone(able);
        }
        let times = self.times;
        let mut able: Vec<Option<Fit>> = vec![None; times.parts.get(p).map_or(0, Vec::len)];
        for (d, doer, hand) in self.hands(p) {
            let fit = if self.is_full(p, d) { None } else { self.fit(p, doer, hand, start) };
            if let (Some(place), Some(fit)) = (able.get_mut(d), fit) {
                *place = self.goes_on(p, start, d, &fit).then_some(fit);
            }
        }
        let able: Able = able.into();
        self.able.insert((p, start), Rc::clone(&able));
        able
    }

    /// The best ways through the visit from the part `p` on, which doer `d` begins then; they do not count what it costs to
    /// come to `d`.
    fn ways(&mut self, p: usize, start: DateTime<Utc>, d: usize, in_use: InUse) -> Rc<Vec<Way>> {
        let place = (p, start, d, in_use);
        if let Some(ways) = self.ways.get(&place) {
            return Rc::clone(ways);
        }
        let mut ways = Vec::new();
        if let Some(doer) = self.doer(p, d) {
            if p + 1 == self.parts.len() {
                ways.push(Way { cost: Cost::default(), doers: vec![d] });
            } else {
                self.ways_after(&place, doer, &mut ways);
            }
            let own = self.doing(doer);
            ways.iter_mut().for_each(|way| way.cost = way.cost.plus(own));
            ways.sort_unstable();
            ways.truncate(self.most);
        }
        let ways = Rc::new(ways);
        self.ways.insert(place, Rc::clone(&ways));
        ways
    }

    fn ways_after(&mut self, (p, start, d, in_use): &Place, doer: &Doer, ways: &mut Vec<Way>) {
        let (next_part, end) = (p + 1, *start + doer.duration);
        let Some(fit) = self.hand(*p, *d).and_then(|hand| self.fit(*p, doer, hand, *start)) else { return };
        for (n, next) in (0..).zip(self.able(next_part, end).iter()) {
            let (Some(next), Some(next_doer)) = (next, self.doer(next_part, n)) else { continue };
            self.looks += 1;
            if self.looks > TOO_MUCH || self.looks > ENOUGH && !ways.is_empty() {
                return;
            }
            if !self.joins(*p, (*d, &fit), (n, next)) {
                continue;
            }
            let Some(in_use) = self.handed_over(*p, end, in_use, doer, next_doer) else { continue };
            let cost = self.coming_to(Some(doer), next_doer);
            for way in self.ways(next_part, end, n, in_use).iter() {
                let mut way = way.after(cost);
                way.doers.insert(0, *d);
                ways.push(way);
            }
        }
    }

    /// Whether the doer `n` may follow the doer `d` of the part `p`: each has room for the buffer between them where one is
    /// needed.
    fn joins(&self, p: usize, (d, fit): (usize, &Fit), (n, next): (usize, &Fit)) -> bool {
        let (Some(doer), Some(next_doer)) = (self.doer(p, d), self.doer(p + 1, n)) else { return false };
        fit.tight_after.iter().all(|r| self.is_one_stretch(p, *r, doer, next_doer))
            && next.tight_before.iter().all(|r| self.is_one_stretch(p, *r, doer, next_doer))
    }

    /// Whether the part `p` and the one after it are one stretch of this resource.
    fn is_one_stretch(&self, p: usize, resource: ResourceId, doer: &Doer, next: &Doer) -> bool {
        !self.is_group(p)
            && !self.is_group(p + 1)
            && doer.resources.contains(&resource)
            && next.resources.contains(&resource)
    }

    /// What is in use when the part `p` ends and the next begins, for whoever comes later; none if that one reaches into a
    /// group of this visit, or is a group that the visit reaches into.
    fn handed_over(&self, p: usize, at: DateTime<Utc>, in_use: &InUse, doer: &Doer, next: &Doer) -> Option<InUse> {
        if self.contested.is_empty() {
            return Some(Vec::new());
        }
        let mut until: BTreeMap<(ResourceId, bool), DateTime<Utc>> =
            in_use.iter().map(|(r, g, at)| ((*r, *g), *at)).collect();
        let end = at + self.parts.get(p)?.service.buffer_after;
        for r in doer.resources.iter().filter(|r| self.contested.contains(r)) {
            if !self.is_one_stretch(p, *r, doer, next) {
                let so_far = until.entry((*r, self.is_group(p))).or_insert(end);
                *so_far = end.max(*so_far);
            }
        }
        for r in &next.resources {
            let buffer = self.parts.get(p + 1)?.service.buffer_before;
            let begins = if self.is_one_stretch(p, *r, doer, next) { at } else { at - buffer };
            let late = |group: bool| until.get(&(*r, group)).is_some_and(|until| *until > begins);
            // What the visit does alone with a resource may overlap: it is one stretch then.
            if late(true) || self.is_group(p + 1) && late(false) {
                return None;
            }
        }
        Some(
            until
                .into_iter()
                .filter(|(_, until)| *until > at - self.reach)
                .map(|((r, g), until)| (r, g, until))
                .collect(),
        )
    }

    /// What one part costs in seats and tables.
    fn doing(&self, doer: &Doer) -> Cost {
        let empty_seats = doer.seats.map_or(0, |seats| u32::from(seats.saturating_sub(self.party)));
        Cost { empty_seats, put_together: doer.resources.len().saturating_sub(1), ..Cost::default() }
    }

    /// What it costs that the visit comes from one doer to the next.
    fn coming_to(&self, from: Option<&Doer>, to: &Doer) -> Cost {
        let new = to.resources.iter().filter(|r| from.is_none_or(|from| !from.resources.contains(r)));
        let load = new.fold(0, |sum: i64, r| sum.saturating_add(self.load.get(r).copied().unwrap_or(0)));
        Cost { load, changes: u32::from(from.is_some_and(|from| from.resources != to.resources)), ..Cost::default() }
    }

    /// The way, written out with moments and groups.
    fn chain(&self, starts_at: DateTime<Utc>, way: &Way) -> Chain {
        let mut at = starts_at;
        let mut chain = Chain::new();
        for (p, d) in way.doers.iter().copied().enumerate() {
            let (Some(doer), Some(hand)) = (self.doer(p, d), self.hand(p, d)) else { continue };
            let session = self.fit(p, doer, hand, at).and_then(|fit| fit.session);
            chain.push(Assigned { doer: d, starts_at: at, duration: doer.duration, session });
            at += doer.duration;
        }
        chain
    }

    fn fit(&self, p: usize, doer: &Doer, hand: &Hand, start: DateTime<Utc>) -> Option<Fit> {
        let visit = Span { start, end: start + doer.duration };
        hand.fit(self.parts.get(p)?.service, visit, self.party)
    }

    fn is_group(&self, p: usize) -> bool {
        self.parts.get(p).is_some_and(|part| part.service.is_group())
    }

    fn is_full(&self, p: usize, d: usize) -> bool {
        self.doer(p, d).is_some_and(|doer| doer.resources.iter().any(|r| self.rules.is_full_of(*r, self.date)))
    }

    fn doer(&self, p: usize, d: usize) -> Option<&'a Doer> {
        let parts = self.parts;
        parts.get(p)?.doers.get(d)
    }

    fn hand(&self, p: usize, d: usize) -> Option<&'a Hand> {
        let times = self.times;
        times.parts.get(p)?.get(d)?.as_ref()
    }

    /// The doers of a part of whose time something is known, with their places.
    fn hands(&self, p: usize) -> impl Iterator<Item = (usize, &'a Doer, &'a Hand)> + use<'a> {
        let (parts, times) = (self.parts, self.times);
        let doers = parts.get(p).map_or(&[][..], |part| &part.doers);
        let hands = times.parts.get(p).map_or(&[][..], |hands| hands);
        doers.iter().zip(hands).enumerate().filter_map(|(d, (doer, hand))| Some((d, doer, hand.as_ref()?)))
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

fn contested(parts: &[Part<'_>]) -> HashSet<ResourceId> {
    let mut wanted_by: HashMap<ResourceId, (HashSet<usize>, bool)> = HashMap::new();
    for (p, part) in parts.iter().enumerate() {
        for r in part.doers.iter().flat_map(|d| &d.resources) {
            let (places, group) = wanted_by.entry(*r).or_default();
            places.insert(p);
            *group |= part.service.is_group();
        }
    }
    wanted_by.into_iter().filter(|(_, (places, group))| *group && places.len() > 1).map(|(r, _)| r).collect()
}
