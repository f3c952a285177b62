//! Faults that were ordered, used up one by one.

use super::State;
use crate::wire::{Fault, FaultKind, Target, What};

impl State {
    /// The first fault in force for this request; it is used up by one.
    pub(crate) fn strike(&mut self, target: Target, what: &str, bot: Option<i64>) -> Option<FaultKind> {
        let place = self.faults.iter().position(|fault| self.hits(fault, target, what, bot))?;
        let fault = self.faults.get_mut(place)?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.faults.remove(place);
        }
        self.happened(What::FaultStruck { target, what: what.to_owned(), fault: kind.clone() });
        Some(kind)
    }

    fn hits(&self, fault: &Fault, target: Target, what: &str, bot: Option<i64>) -> bool {
        fault.target == target
            && fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(what))
            && fault.path.as_ref().is_none_or(|path| what.contains(path.as_str()))
            && fault.bot.as_ref().is_none_or(|name| bot.is_some() && self.find_bot(name) == bot)
    }
}
