//! What the engine hints at: containers that something was done to which no list of containers shows.
//!
//! A hint is no evidence. It makes what is known of a container doubtful until it has been inspected anew; one that is
//! lost, or forgotten with this process, only means that the fact must grow old first (`look.rs`).

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

/// Shared by whoever hears the engine and whoever looks.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Ids of our containers, as of the last look. An engine may run others, which are nobody's business here.
    ours: HashSet<String>,
    at: HashMap<String, DateTime<Utc>>,
}

impl Doubts {
    /// Something was done to this container. `false`: it is none of ours, or so new that no look has seen it.
    pub(crate) fn raise(&self, id: &str, now: DateTime<Utc>) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = kept.ours.contains(id);
        if ours {
            kept.at.insert(id.to_owned(), now);
        }
        ours
    }

    /// The doubts about these containers, which are all of ours; others are forgotten.
    pub(crate) fn about(&self, ours: HashSet<String>) -> HashMap<String, DateTime<Utc>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.at.retain(|id, _| ours.contains(id));
        kept.ours = ours;
        kept.at.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_containers_are_doubted_and_only_while_they_are_there() {
        let (doubts, now) = (Doubts::default(), DateTime::UNIX_EPOCH);
        let set = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<HashSet<_>>();
        assert!(!doubts.raise("a", now), "not seen yet");
        assert!(doubts.about(set(&["a", "b"])).is_empty());
        assert!(doubts.raise("a", now) && !doubts.raise("stranger", now));
        assert_eq!(doubts.about(set(&["a", "b"])), HashMap::from([("a".to_owned(), now)]));
        assert!(doubts.about(set(&["b"])).is_empty() && doubts.about(set(&["a", "b"])).is_empty());
    }
}
