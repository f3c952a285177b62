//! What the engine hints at: containers that something was done to which no list of containers shows.
//!
//! A hint is no evidence. It makes what is known of a container doubtful until it has been inspected anew; one that is
//! lost, or forgotten with this process, only means that the fact must grow old first (`look.rs`).

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Shared by whoever hears the engine and whoever looks.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Ids of our containers, as of the last look. An engine may run others, which are nobody's business here.
    ours: HashSet<String>,
    at: HashMap<String, DateTime<Utc>>,
}

/// A hint about a container that no look has shown yet may be about one that was made just now.
const NOT_SEEN_YET: TimeDelta = TimeDelta::minutes(1);

impl Doubts {
    /// Something was done to this container. `false`: it is none of ours, as far as the last look knew.
    pub(crate) fn raise(&self, id: &str, now: DateTime<Utc>) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.at.insert(id.to_owned(), now);
        kept.ours.contains(id)
    }

    /// The doubts about these containers, which are all of ours at `now`; others are soon forgotten.
    pub(crate) fn about(&self, ours: HashSet<String>, now: DateTime<Utc>) -> HashMap<String, DateTime<Utc>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.at.retain(|id, at| ours.contains(id) || now - *at < NOT_SEEN_YET);
        let doubts = kept.at.iter().filter(|(id, _)| ours.contains(*id)).map(|(id, at)| (id.clone(), *at)).collect();
        kept.ours = ours;
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_containers_are_doubted_and_only_while_they_are_there() {
        let (doubts, now) = (Doubts::default(), DateTime::UNIX_EPOCH);
        let set = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<HashSet<_>>();
        assert!(!doubts.raise("new", now), "no look has shown it");
        assert!(!doubts.raise("stranger", now));
        assert_eq!(doubts.about(set(&["new", "b"]), now), HashMap::from([("new".to_owned(), now)]));
        assert!(doubts.raise("b", now) && !doubts.raise("stranger", now));
        assert_eq!(doubts.about(set(&["b"]), now + NOT_SEEN_YET), HashMap::from([("b".to_owned(), now)]));
        assert!(doubts.about(set(&["new", "stranger"]), now).is_empty(), "not forgotten");
    }
}
