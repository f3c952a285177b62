//! Presses whose answer is still being waited for. Whoever taps once more meanwhile, or has a program tap for them, asks
//! nobody else again: one person's one button is one question to the provider at a time.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// A person's Telegram id and what their button carries.
type Question = (i64, String);

/// See the module; clones share everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<Mutex<HashSet<Question>>>);

/// A question that is being asked; over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    asked: Asked,
    question: Question,
}

impl Asked {
    /// None: just this is being asked already.
    pub(super) fn begin(&self, person: i64, data: &str) -> Option<Turn> {
        let question = (person, data.to_owned());
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question.clone());
        new.then(|| Turn { asked: self.clone(), question })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.asked.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.question);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_at_a_time_and_again_when_it_is_over() {
        let asked = Asked::default();
        let turn = asked.begin(5, "b:check:1");
        assert!(turn.is_some());
        assert!(asked.begin(5, "b:check:1").is_none());
        assert!(asked.begin(5, "b:check:2").is_some() && asked.begin(6, "b:check:1").is_some());
        drop(turn);
        assert!(asked.begin(5, "b:check:1").is_some());
    }
}
