//! Faults that were ordered, used up one by one.

use super::State;
use crate::wire::{Fault, FaultKind, Target, What};

/// Whose request it is, and what it says.
#[derive(Clone, Copy, Default)]
pub(crate) struct By<'a> {
    pub(crate) bot: Option<i64>,
    pub(crate) text: Option<&'a str>,
}

impl State {
    /// The first fault in force for this request; it is used up by one.
    pub(crate) fn strike(&mut self, target: Target, what: &str, by: By<'_>) -> Option<FaultKind> {
        let place = self.faults.iter().position(|fault| self.hits(fault, target, what, by))?;
        let fault = self.faults.get_mut(place)?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.faults.remove(place);
        }
        self.happened(What::FaultStruck { target, what: what.to_owned(), fault: kind.clone() });
        Some(kind)
    }

    fn hits(&self, fault: &Fault, target: Target, what: &str, by: By<'_>) -> bool {
        fault.target == target
            && fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(what))
            && fault.path.as_ref().is_none_or(|path| what.contains(path.as_str()))
            && fault.bot.as_ref().is_none_or(|name| by.bot.is_some() && self.find_bot(name) == by.bot)
            && fault.text.as_ref().is_none_or(|text| by.text.is_some_and(|said| said.contains(text.as_str())))
    }
}
