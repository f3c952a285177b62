//! The count: visit by visit, so that a year of them need not be held at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono_tz::Tz;

use super::{
    figures::{Day, Figures, Opens, Use, Visit, VisitLine},
    open::{both, by_hour, clipped},
    range::Range,
};
use crate::booking::{
    Actor, ResourceId, Status,
    hours::{Span, joined, local_date},
};

/// A count that goes on.
pub struct Tally {
    zone: Tz,
    within: Span,
    figures: Figures,
    customers: HashSet<i64>,
    booked: HashMap<ResourceId, Vec<Span>>,
}

impl Tally {
    /// Nothing yet.
    pub fn new(zone: Tz, range: Range) -> Self {
        let figures = Figures {
            range,
            bookings: 0,
            ahead: 0,
            completed: 0,
            missed: 0,
            cancelled: [0; 3],
            revenue: 0,
            expected: 0,
            customers: 0,
            new: 0,
            stars: [0; 5],
            days: range.dates().map(|date| (date, Day::default())).collect(),
            services: BTreeMap::new(),
            resources: BTreeMap::new(),
            week: [[Use::default(); 24]; 7],
            sources: BTreeMap::new(),
        };
        Self { zone, within: range.span(zone), figures, customers: HashSet::new(), booked: HashMap::new() }
    }

    /// The dates that are counted.
    pub fn range(&self) -> Range {
        self.figures.range
    }

    /// Counts a visit. One that begins before the range counts only with the minutes that reach into it; a hold, or what
    /// was moved, does not count.
    pub fn visit(&mut self, visit: &Visit) {
        match visit.status {
            Status::Held | Status::Moved => return,
            Status::Cancelled => {}
            _ => self.takes(&visit.lines),
        }
        let date = local_date(self.zone, visit.starts_at);
        let Some(day) = self.figures.days.get_mut(&date) else { return };
        if visit.status == Status::Cancelled {
            let by = match visit.cancelled_by {
                Some(Actor::Customer) | None => 0,
                Some(Actor::Staff) => 1,
                Some(Actor::System) => 2,
            };
            self.figures.cancelled[by] += 1;
            day.cancelled += 1;
            return;
        }
        let revenue = if visit.status == Status::Completed { visit.money } else { 0 };
        day.bookings += 1;
        day.revenue += revenue;
        self.figures.bookings += 1;
        self.figures.revenue += revenue;
        match visit.status {
            Status::Completed => {
                self.figures.completed += 1;
                self.figures.new += u32::from(visit.first);
                self.customers.insert(visit.user.0);
            }
            Status::NoShow => self.figures.missed += 1,
            _ => {
                self.figures.ahead += 1;
                self.figures.expected += visit.money;
            }
        }
        if let Some(stars) = visit.rating.and_then(|n| self.figures.stars.get_mut(usize::from(n).wrapping_sub(1))) {
            *stars += 1;
        }
        let source = self.figures.sources.entry(visit.source.clone()).or_default();
        source.bookings += 1;
        source.revenue += revenue;
        self.parts(visit, revenue);
    }

    /// What its services and resources have of it.
    fn parts(&mut self, visit: &Visit, revenue: i64) {
        let prices: Vec<i64> = visit.lines.iter().map(|line| line.price).collect();
        let mut met = HashSet::new();
        for (line, revenue) in visit.lines.iter().zip(shared_out(revenue, &prices)) {
            let service = self.figures.services.entry(line.service).or_default();
            service.bookings += 1;
            service.completed += u32::from(visit.status == Status::Completed);
            service.revenue += revenue;
            for (id, revenue) in line.resources.iter().zip(shared_out(revenue, &vec![1; line.resources.len()])) {
                let resource = self.figures.resources.entry(*id).or_default();
                resource.revenue += revenue;
                if met.insert(*id) {
                    resource.bookings += 1;
                    if let Some(stars) = visit.rating {
                        resource.stars = (resource.stars.0 + u32::from(stars), resource.stars.1 + 1);
                    }
                }
            }
        }
    }

    fn takes(&mut self, lines: &[VisitLine]) {
        for line in lines {
            let end = line.starts_at + chrono::TimeDelta::minutes(i64::from(line.minutes));
            let Some(span) = clipped(Span { start: line.starts_at, end }, self.within) else { continue };
            for id in &line.resources {
                self.booked.entry(*id).or_default().push(span);
            }
        }
    }

    /// Counts people that a link (empty: none) has brought.
    pub fn opens(&mut self, source: &str, opens: &Opens) {
        let sum = &mut self.figures.sources.entry(source.to_owned()).or_default().opens;
        sum.opened += opens.opened;
        sum.new += opens.new;
        sum.began += opens.began;
    }

    /// The figures, when all is counted. `open` is the time in which each active resource could have been booked.
    pub fn done(mut self, open: &BTreeMap<ResourceId, Vec<Span>>) -> Figures {
        self.figures.customers = u32::try_from(self.customers.len()).unwrap_or(u32::MAX);
        for (id, open) in open {
            let mut booked = self.booked.remove(id).unwrap_or_default();
            booked.sort_unstable();
            let figures = &mut self.figures;
            let hours = &mut figures.resources.entry(*id).or_default().hours;
            for span in open {
                by_hour(self.zone, *span, |weekday, hour, minutes| {
                    hours[hour].open += minutes;
                    figures.week[weekday][hour].open += minutes;
                });
            }
            for span in both(open, &joined(&booked)) {
                by_hour(self.zone, span, |weekday, hour, minutes| {
                    hours[hour].booked += minutes;
                    figures.week[weekday][hour].booked += minutes;
                });
            }
        }
        self.figures
    }
}

/// Shares a sum out by weight, whole and to the last kopeck; equally if nothing weighs anything.
pub fn shared_out(sum: i64, weights: &[i64]) -> Vec<i64> {
    let all: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    let count = i128::try_from(weights.len()).unwrap_or(i128::MAX);
    let (mut weighed, mut given) = (0_i128, 0_i128);
    let up_to = |weighed: i128, nth: i128| match all {
        0 => i128::from(sum) * nth / count,
        all => i128::from(sum) * weighed / all,
    };
    weights
        .iter()
        .zip(1_i128..)
        .map(|(weight, nth)| {
            weighed += i128::from(*weight);
            let until = up_to(weighed, nth);
            let part = until - given;
            given = until;
            i64::try_from(part).unwrap_or(0)
        })
        .collect()
}
