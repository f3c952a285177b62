//! From what is to what should be: a pure function.

use std::fmt;

use super::desired::Desired;

/// A part of a tenant, in the order in which parts are made. They are undone in reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    Token,
    Schema,
    Role,
    Migrations,
    RedisUser,
    Network,
    Container,
    Ready,
}

impl Part {
    pub(crate) const ALL: [Self; 8] = [
        Self::Token,
        Self::Schema,
        Self::Role,
        Self::Migrations,
        Self::RedisUser,
        Self::Network,
        Self::Container,
        Self::Ready,
    ];

    /// As it is called in the registry.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Schema => "schema",
            Self::Role => "role",
            Self::Migrations => "migrations",
            Self::RedisUser => "redis_user",
            Self::Network => "network",
            Self::Container => "container",
            Self::Ready => "ready",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes the part as it should be, whatever is there.
    Ensure(Part),
    /// Ends the container's run and writes *suspended* into the schema; everything stays.
    Stop,
    /// Takes the part away, whatever is there.
    Undo(Part),
    /// Nothing is left: the tenant is history.
    Finish,
}

/// What is known of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not there, or not as it should be.
    #[default]
    Amiss,
    /// A call was in flight when somebody last wrote about it, or that was long ago, or something was done to it since:
    /// nothing is known.
    Unknown,
    /// As it should be.
    Good,
}

/// What was seen of one tenant, compared with what should be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    parts: [Standing; 8],
    /// The container is up.
    pub(crate) running: bool,
    /// Something of this part may be left to take away.
    remains: [bool; 8],
}

impl Observed {
    /// Nothing seen but whether the container is up.
    pub(crate) fn nothing_but(running: bool) -> Self {
        Self { running, ..Self::default() }
    }

    pub(crate) fn set(&mut self, part: Part, standing: Standing) {
        self.parts[part.place()] = standing;
    }

    pub(crate) fn set_remains(&mut self, part: Part, remains: bool) {
        self.remains[part.place()] = remains;
    }

    pub(crate) fn remains(&self, part: Part) -> bool {
        self.remains[part.place()]
    }

    pub(crate) fn part(&self, part: Part) -> Standing {
        self.parts[part.place()]
    }
}

/// The steps from `observed` to `desired`, in order; none when it is so already.
pub(crate) fn plan(desired: Desired, observed: &Observed) -> Vec<Step> {
    match desired {
        Desired::Running => {
            let wrong = |part: &Part| observed.part(*part) != Standing::Good;
            Part::ALL.into_iter().filter(wrong).map(Step::Ensure).collect()
        }
        // Also when it fell by itself: that it was ready once, and that its schema says *running*, must be forgotten.
        Desired::Suspended | Desired::Stopped => {
            let served = observed.running || [Part::Ready, Part::Migrations].iter().any(|part| observed.remains(*part));
            if served { vec![Step::Stop] } else { Vec::new() }
        }
        Desired::Removed => {
            let left = |part: &Part| observed.remains(*part);
            let undo = Part::ALL.into_iter().rev().filter(left).map(Step::Undo);
            undo.chain([Step::Finish]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(good: &[Part], running: bool) -> Observed {
        let mut observed = Observed::nothing_but(running);
        for part in good {
            observed.set(*part, Standing::Good);
        }
        observed
    }

    #[test]
    fn a_new_tenant_takes_every_step_in_order() {
        let steps: Vec<Step> = Part::ALL.into_iter().map(Step::Ensure).collect();
        assert_eq!(plan(Desired::Running, &Observed::default()), steps);
    }

    #[test]
    fn what_is_good_is_left_alone_whatever_is_wanted() {
        let all = seen(&Part::ALL, true);
        assert_eq!(plan(Desired::Running, &all), []);
        assert_eq!(plan(Desired::Stopped, &seen(&Part::ALL, false)), []);
        assert_eq!(plan(Desired::Suspended, &Observed::default()), []);
    }

    #[test]
    fn only_what_is_amiss_is_mended() {
        let cases: [(Part, Standing); 3] =
            [(Part::RedisUser, Standing::Amiss), (Part::Container, Standing::Unknown), (Part::Ready, Standing::Amiss)];
        for (part, standing) in cases {
            let mut observed = seen(&Part::ALL, true);
            observed.set(part, standing);
            assert_eq!(plan(Desired::Running, &observed), [Step::Ensure(part)]);
        }
    }

    #[test]
    fn what_runs_unwanted_is_stopped_and_nothing_else() {
        for wanted in [Desired::Stopped, Desired::Suspended] {
            assert_eq!(plan(wanted, &seen(&[], true)), [Step::Stop]);
        }
    }

    #[test]
    fn what_fell_before_it_was_held_is_stopped_all_the_same() {
        for trace in [Part::Ready, Part::Migrations] {
            let mut observed = seen(&[], false);
            observed.set_remains(trace, true);
            assert_eq!(plan(Desired::Stopped, &observed), [Step::Stop], "{trace}");
        }
    }

    #[test]
    fn removal_undoes_what_remains_in_reverse_and_then_ends() {
        let mut observed = seen(&Part::ALL, true);
        for part in [Part::Schema, Part::Role, Part::Container] {
            observed.set_remains(part, true);
        }
        assert_eq!(
            plan(Desired::Removed, &observed),
            [Step::Undo(Part::Container), Step::Undo(Part::Role), Step::Undo(Part::Schema), Step::Finish]
        );
        assert_eq!(plan(Desired::Removed, &Observed::default()), [Step::Finish]);
    }
}
