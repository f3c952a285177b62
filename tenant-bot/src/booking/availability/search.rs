//! The search for whole visits: each part with somebody who is free when the part before ends.
//!
//! For every part at every moment the search knows who can take over so that the rest of the visit can be had; what was
//! asked once is not computed again. That leaves one thing which a part and the next cannot settle between them: a group
//! that another part of the visit would reach into. See [`Ways`].

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    Chain, Part, Rules, Slot,
    time::{Fit, Hand, Times},
    ways::Ways,
};
use crate::booking::{
    hours::Span,
    model::{Doer, ResourceId},
};

/// The doers of a part who can take it over; none for those who cannot.
type Able = Rc<[Option<Fit>]>;

/// A moment at which the visit may begin.
pub(super) struct Beginning {
    pub(super) at: DateTime<Utc>,
    /// The doers who can do the first part then, in the business's order.
    first: Vec<(usize, Fit)>,
}

/// Questions about one visit.
pub(super) struct Search<'a> {
    rules: &'a Rules<'a>,
    pub(super) parts: &'a [Part<'a>],
    times: &'a Times,
    pub(super) party: u16,
    /// Resources that give a group in one part and may be wanted in another.
    pub(super) contested: HashSet<ResourceId>,
    /// The date of the visit's beginning, which its caps are about.
    date: NaiveDate,
    /// What is known of parts and moments, on that date.
    able: HashMap<(usize, DateTime<Utc>), Able>,
}

impl<'a> Search<'a> {
    pub(super) fn new(rules: &'a Rules<'a>, parts: &'a [Part<'a>], times: &'a Times, party: u16) -> Self {
        let (contested, date) = (contested(parts), NaiveDate::MIN);
        Self { rules, parts, times, party, contested, date, able: HashMap::new() }
    }

    /// Every moment at which somebody can do the first part, in order, and who; caps and the other parts apart.
    pub(super) fn beginnings(&self) -> Vec<Beginning> {
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
        found.sort_by_key(|(at, ..)| *at);
        let mut beginnings: Vec<Beginning> = Vec::new();
        for (at, d, fit) in found {
            match beginnings.last_mut() {
                Some(last) if last.at == at => last.first.push((d, fit)),
                _ => beginnings.push(Beginning { at, first: vec![(d, fit)] }),
            }
        }
        beginnings
    }

    /// What is shown of a beginning on this date; none if the visit cannot be had then.
    pub(super) fn slot(&mut self, beginning: Beginning, date: NaiveDate) -> Option<Slot> {
        let starts_at = beginning.at;
        let mut first = self.begin(beginning, date);
        if self.parts.len() > 1 && !self.contested.is_empty() {
            let load = HashMap::new();
            let mut ways = Ways::new(self, &load, 1);
            first.retain(|(d, _)| ways.lead_on(starts_at, *d));
        }
        let seats_left = first.iter().filter_map(|(_, fit)| fit.seats_left).max();
        let doers: Vec<usize> = first.iter().map(|(d, _)| *d).collect();
        (!doers.is_empty()).then_some(Slot { starts_at, doers, seats_left })
    }

    /// The best ways to have the visit, at most so many.
    pub(super) fn chains(
        &mut self,
        beginning: Beginning,
        date: NaiveDate,
        load: &HashMap<ResourceId, i64>,
        most: usize,
    ) -> Vec<Chain> {
        let starts_at = beginning.at;
        let first: Vec<usize> = self.begin(beginning, date).into_iter().map(|(d, _)| d).collect();
        Ways::new(self, load, most).chains(starts_at, &first)
    }

    /// Those who can begin the visit so that the rest can be had, groups that the visit itself reaches into apart.
    fn begin(&mut self, beginning: Beginning, date: NaiveDate) -> Vec<(usize, Fit)> {
        if date != self.date {
            self.date = date;
            self.able.clear();
        }
        if self.rules.is_full(date) {
            return Vec::new();
        }
        let Beginning { at, first } = beginning;
        first.into_iter().filter(|(d, fit)| !self.is_full(0, *d) && self.goes_on(0, at, *d, fit)).collect()
    }

    /// Whether the rest of the visit can be had after the part `p` with doer `d`.
    fn goes_on(&mut self, p: usize, start: DateTime<Utc>, d: usize, fit: &Fit) -> bool {
        let Some(doer) = self.doer(p, d) else { return false };
        if p + 1 == self.parts.len() {
            return fit.tight_after.is_empty();
        }
        let able = self.able(p + 1, start + doer.duration);
        let mut next = able.iter().enumerate().filter_map(|(n, next)| Some((n, next.as_ref()?)));
        next.any(|(n, next)| self.joins(p, (d, fit), (n, next)))
    }

    /// Who can take the visit over with the part `p` at this moment.
    pub(super) fn able(&mut self, p: usize, start: DateTime<Utc>) -> Able {
        if let Some(able) = self.able.get(&(p, start)) {
            return Rc::clone(able);
        }
        let mut able: Vec<Option<Fit>> = vec![None; self.parts.get(p).map_or(0, |part| part.doers.len())];
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

    /// Whether the doer `n` may follow the doer `d` of the part `p`: each has room for the buffer between them where one is
    /// needed.
    pub(super) fn joins(&self, p: usize, (d, fit): (usize, &Fit), (n, next): (usize, &Fit)) -> bool {
        let (Some(doer), Some(next_doer)) = (self.doer(p, d), self.doer(p + 1, n)) else { return false };
        let mut tight = fit.tight_after.iter().chain(&next.tight_before);
        tight.all(|r| self.is_one_stretch(p, *r, doer, next_doer))
    }

    /// Whether the part `p` and the one after it are one stretch of this resource.
    pub(super) fn is_one_stretch(&self, p: usize, resource: ResourceId, doer: &Doer, next: &Doer) -> bool {
        let both = doer.resources.contains(&resource) && next.resources.contains(&resource);
        both && !self.is_group(p) && !self.is_group(p + 1)
    }

    /// Whether the doer `d` can do the part `p` then; none if not.
    pub(super) fn fit_of(&self, p: usize, d: usize, start: DateTime<Utc>) -> Option<Fit> {
        let times = self.times;
        self.fit(p, self.doer(p, d)?, times.parts.get(p)?.get(d)?.as_ref()?, start)
    }

    fn fit(&self, p: usize, doer: &Doer, hand: &Hand, start: DateTime<Utc>) -> Option<Fit> {
        let visit = Span { start, end: start + doer.duration };
        hand.fit(self.parts.get(p)?.service, visit, self.party)
    }

    pub(super) fn is_group(&self, p: usize) -> bool {
        self.parts.get(p).is_some_and(|part| part.service.is_group())
    }

    /// Whether one of the doer's resources has as many visits on the date as it may have.
    fn is_full(&self, p: usize, d: usize) -> bool {
        self.doer(p, d).is_some_and(|doer| doer.resources.iter().any(|r| self.rules.is_full_of(*r, self.date)))
    }

    pub(super) fn doer(&self, p: usize, d: usize) -> Option<&'a Doer> {
        let parts = self.parts;
        parts.get(p)?.doers.get(d)
    }

    /// The doers of a part of whose time something is known, with their places.
    fn hands(&self, p: usize) -> impl Iterator<Item = (usize, &'a Doer, &'a Hand)> + use<'a> {
        let (parts, times) = (self.parts, self.times);
        let doers = parts.get(p).map_or(&[][..], |part| &part.doers);
        let hands = times.parts.get(p).map_or(&[][..], |hands| hands);
        doers.iter().zip(hands).enumerate().filter_map(|(d, (doer, hand))| Some((d, doer, hand.as_ref()?)))
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
