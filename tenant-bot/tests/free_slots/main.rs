//! Free slots against a model so plain that it can be believed, over random rules of every kind at once.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

mod case;
mod fine_points;
mod model;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use tenant_bot::booking::{
    ResourceId,
    availability::{session_span, stretches},
    hours::Span,
};

use crate::{
    case::{Case, some_case},
    model::{Model, length},
};

/// So many ways of having one visit are compared.
const MOST: usize = 7;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn free_slots_are_those_of_the_plain_model(case in some_case()) {
        prop_assert_eq!(case.free(), Model::of(&case).slots());
    }

    /// What is shown for days must be what is found for one time when the button is pressed, and the best of it first.
    #[test]
    fn a_visit_can_be_had_exactly_at_the_times_that_are_shown(case in some_case()) {
        let model = Model::of(&case);
        let shown: HashSet<DateTime<Utc>> = case.free().iter().map(|s| s.starts_at).collect();
        // The rest of a long list only repeats what the first three dozen say.
        for (start, first) in model.beginnings().iter().take(36) {
            let found = case.chains(model.at(*start), MOST);
            let mut all = model.chains(*start, first);
            all.truncate(MOST);
            prop_assert_eq!(&found, &all);
            prop_assert_eq!(shown.contains(&model.at(*start)), !found.is_empty());
            // Nothing begins between the steps.
            let between = model.at(*start) + chrono::TimeDelta::minutes(1);
            prop_assert!(shown.contains(&between) || case.chains(between, MOST).is_empty());
        }
    }

    /// What a visit takes is free, is all that the visit needs, and never twice the same.
    #[test]
    fn what_a_visit_takes_is_free_and_is_what_it_needs(case in some_case()) {
        let model = Model::of(&case);
        for slot in case.free().iter().take(12) {
            for chain in case.chains(slot.starts_at, MOST) {
                let visit = model.tried(&chain);
                let mut needed: BTreeMap<ResourceId, BTreeSet<usize>> = BTreeMap::new();
                for (p, part) in case.parts.iter().enumerate().filter(|(_, p)| !p.service.is_group()) {
                    for id in &part.doers[chain[p].doer].resources {
                        let (from, to) = model.takes(&visit, p, *id);
                        needed.entry(*id).or_default().extend(from..to);
                    }
                }
                let taken = stretches(&case.parts(), &chain);
                let mut minutes: BTreeMap<ResourceId, BTreeSet<usize>> = BTreeMap::new();
                for (id, span) in &taken {
                    prop_assert!(!model.is_taken_or_blocked(*id, span.start, span.end));
                    let from = length(span.start - model.at(0));
                    minutes.entry(*id).or_default().extend(from..from + length(span.end - span.start));
                }
                prop_assert_eq!(minutes, needed);
                let apart = |pair: &[(ResourceId, Span)]| pair[0].0 < pair[1].0 || pair[0].1.end < pair[1].1.start;
                prop_assert!(taken.windows(2).all(|pair| pair[0] < pair[1] && apart(pair)));
                for (part, assigned) in case.parts.iter().zip(&chain).filter(|(p, _)| p.service.is_group()) {
                    let seat = session_span(&part.service, assigned.starts_at, assigned.duration);
                    let resource = part.doers[assigned.doer].resources[0];
                    prop_assert!(taken.iter().all(|(id, span)| *id != resource || !span.overlaps(seat)));
                }
            }
        }
    }

    /// Which dates are asked about changes nothing of what is found for one of them.
    #[test]
    fn a_date_has_the_same_times_whatever_dates_are_asked_about(case in some_case()) {
        let dates = case.first.iter_days().take(case.days.into());
        let one_by_one: Vec<_> = dates.flat_map(|date| case.free_on((date, date))).collect();
        prop_assert_eq!(one_by_one, case.free());
    }
}

/// Random rules are worth little if they leave nothing to find: a good part of the cases must have free times, groups with
/// seats, and visits of several parts.
#[test]
fn random_rules_leave_something_to_find() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [0; 6];
    for _ in 0..300 {
        let case: Case = proptest::strategy::ValueTree::current(&some_case().new_tree(&mut runner).unwrap());
        let free = case.free();
        let chains: Vec<_> = free.iter().take(20).flat_map(|s| case.chains(s.starts_at, MOST)).collect();
        let joined = |chain: &tenant_bot::booking::availability::Chain| {
            chain.iter().zip(&case.parts).any(|(a, p)| p.doers[a.doer].resources.len() > 1)
        };
        let found = [
            !free.is_empty(),
            !free.is_empty() && case.parts.len() > 1,
            !free.is_empty() && case.parts.len() > 1 && case.parts.iter().any(|p| p.service.is_group()),
            chains.iter().flatten().any(|a| a.session.is_some()),
            chains.iter().any(joined),
            free.is_empty(),
        ];
        for (n, found) in seen.iter_mut().zip(found) {
            *n += u32::from(found);
        }
    }
    assert!(seen.iter().all(|n| *n >= 10), "{seen:?}");
}
