//! What to do about a row whose time has come, by what is true then.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    booking::{
        Booking, Status,
        policy::{Policy, RATED_WITHIN},
    },
    store::reminders::{Kind, Row},
};

/// With less than this left (or a quarter of its lead, if that is less) a reminder reaches nobody in time.
const LEAST_LEFT: TimeDelta = TimeDelta::minutes(10);
/// Whoever is asked has at least so long to answer (or as long as was planned, if that is less).
const LEAST_TO_ANSWER: TimeDelta = TimeDelta::minutes(30);
/// So long after its time it is no longer asked how a visit was.
const ASKED_WITHIN: TimeDelta = TimeDelta::days(3);

/// A row whose time has come, and what is true now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matter<'a> {
    /// What fell due.
    pub(super) kind: Kind,
    /// And when.
    pub(super) due_at: DateTime<Utc>,
    /// The booking as it is.
    pub(super) booking: &'a Booking,
    /// All rows of the booking, this one too.
    pub(super) rows: &'a [Row],
    /// Whether the customer wants to be written to.
    pub(super) welcome: bool,
    /// Whether the visit is rated already.
    pub(super) rated: bool,
    /// What the business allows.
    pub(super) policy: &'a Policy,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To say that the visit is near.
    Remind,
    /// To free the time of somebody who was asked and did not answer.
    Free,
    /// To end a request that nobody answered.
    Lapse,
    /// The visit is over: to mark it, to ask how it was, or both; and why that is not asked which should have been.
    Finish {
        /// It is to be marked completed.
        complete: bool,
        /// How it was is to be asked.
        ask: Result<(), Option<&'static str>>,
    },
    /// Nothing, because of this.
    Drop(&'static str),
}

/// What to do about a row whose time has come.
pub(super) fn verdict(matter: &Matter<'_>, now: DateTime<Utc>) -> Verdict {
    match matter.kind {
        Kind::Before(lead) => before(matter, lead, now),
        Kind::Unanswered => unanswered(matter, now),
        Kind::Lapse if matter.booking.status == Status::Requested => Verdict::Lapse,
        Kind::Lapse => Verdict::Drop("it is no request any more"),
        Kind::Finish => finish(matter, now),
    }
}

fn before(matter: &Matter<'_>, lead: TimeDelta, now: DateTime<Utc>) -> Verdict {
    let booking = matter.booking;
    let nearer = |row: &&Row| matches!(row.kind, Kind::Before(other) if other < lead);
    if booking.status != Status::Confirmed {
        Verdict::Drop("the booking does not stand")
    } else if booking.starts_at <= now {
        Verdict::Drop("the visit has begun")
    } else if booking.starts_at - now < LEAST_LEFT.min(lead / 4) {
        Verdict::Drop("too late to be of use")
    } else if matter.rows.iter().filter(nearer).any(|row| row.due_at <= now) {
        Verdict::Drop("superseded by a nearer one")
    } else if !matter.welcome {
        Verdict::Drop("the customer wants none")
    } else if booking.coming_at.is_some() && matter.rows.iter().any(|row| nearer(&row)) {
        // Who said that they come need not be asked again; the last one is no question but a help.
        Verdict::Drop("the customer said that they come")
    } else {
        Verdict::Remind
    }
}

fn unanswered(matter: &Matter<'_>, now: DateTime<Utc>) -> Verdict {
    let booking = matter.booking;
    let Some(left) = matter.policy.free_unanswered else { return Verdict::Drop("the business does not wish it") };
    // Long enough ago to have been answered: a reminder that came late gives more time, not less.
    let answerable = |row: &Row| {
        let planned = (matter.due_at - row.due_at).max(TimeDelta::zero());
        matches!(row.kind, Kind::Before(_)) && row.sent_at.is_some_and(|at| at + planned.min(LEAST_TO_ANSWER) <= now)
    };
    if booking.status != Status::Confirmed {
        Verdict::Drop("the booking does not stand")
    } else if booking.coming_at.is_some() {
        Verdict::Drop("the customer said that they come")
    } else if booking.starts_at <= now {
        Verdict::Drop("the visit has begun")
    } else if booking.starts_at - now < left / 2 {
        Verdict::Drop("too late: they may be on their way")
    } else if !matter.rows.iter().any(answerable) {
        Verdict::Drop("no reminder is known to have arrived in time")
    } else {
        Verdict::Free
    }
}

fn finish(matter: &Matter<'_>, now: DateTime<Utc>) -> Verdict {
    let booking = matter.booking;
    let complete = match booking.status {
        Status::Confirmed | Status::Arrived => true,
        Status::Completed => false,
        Status::Held | Status::Requested | Status::NoShow | Status::Cancelled | Status::Moved => {
            return Verdict::Drop("the visit did not take place");
        }
    };
    let ask = if matter.policy.feedback_after.is_none() || matter.rated || !matter.welcome {
        Err(None)
    } else if now - matter.due_at >= ASKED_WITHIN || now >= booking.ends_at + RATED_WITHIN {
        Err(Some("too late to ask"))
    } else {
        Ok(())
    };
    Verdict::Finish { complete, ask }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        booking::Actor,
        reminders::plan::{self, tests::booking},
    };

    const HOUR: i64 = 60;
    const START: i64 = 3 * 24 * HOUR;

    fn at(minute: i64) -> DateTime<Utc> {
        plan::tests::at(minute)
    }

    /// A visit of an hour that begins at `START`, made at zero, and its rows; none sent yet.
    struct Case {
        booking: Booking,
        rows: Vec<Row>,
        policy: Policy,
        welcome: bool,
    }

    impl Case {
        fn new(policy: Policy) -> Self {
            let booking = booking(Status::Confirmed, START, HOUR);
            let rows = plan::rows(&booking, &policy, at(0))
                .into_iter()
                .map(|(kind, due_at)| Row { kind, due_at, sent_at: None })
                .collect();
            Self { booking, rows, policy, welcome: true }
        }

        fn judged(&self, kind: Kind, minute: i64) -> Verdict {
            let row = self.rows.iter().find(|row| row.kind == kind).unwrap();
            let matter = Matter {
                kind,
                due_at: row.due_at,
                booking: &self.booking,
                rows: &self.rows,
                welcome: self.welcome,
                rated: false,
                policy: &self.policy,
            };
            verdict(&matter, at(minute))
        }

        fn sent(&mut self, kind: Kind, minute: i64) {
            self.rows.iter_mut().find(|row| row.kind == kind).unwrap().sent_at = Some(at(minute));
        }
    }

    fn hours(n: i64) -> Kind {
        Kind::Before(TimeDelta::hours(n))
    }

    fn freeing() -> Policy {
        Policy { free_unanswered: Some(TimeDelta::hours(3)), ..Policy::default() }
    }

    #[test]
    fn a_reminder_is_said_in_time_and_late_while_it_helps() {
        let case = Case::new(Policy::default());
        assert_eq!(case.judged(hours(24), START - 24 * HOUR), Verdict::Remind);
        assert_eq!(case.judged(hours(24), START - 3 * HOUR), Verdict::Remind);
        assert_eq!(case.judged(hours(1), START - 10), Verdict::Remind);
    }

    #[test]
    fn a_reminder_that_is_too_late_is_dropped_and_says_so() {
        let case =
            Case::new(Policy { reminders: vec![TimeDelta::minutes(20), TimeDelta::hours(1)], ..Policy::default() });
        let quarter = Kind::Before(TimeDelta::minutes(20));
        assert_eq!(case.judged(quarter, START - 5), Verdict::Remind, "a quarter of its lead is left");
        assert_eq!(case.judged(quarter, START - 4), Verdict::Drop("too late to be of use"));
        assert_eq!(case.judged(hours(1), START - 9), Verdict::Drop("too late to be of use"));
        assert_eq!(case.judged(hours(1), START), Verdict::Drop("the visit has begun"));
    }

    #[test]
    fn of_several_that_are_due_at_once_only_the_nearest_is_said() {
        let case = Case::new(Policy::default());
        let said: Vec<Kind> = [hours(24), hours(2), hours(1)]
            .into_iter()
            .filter(|kind| case.judged(*kind, START - 50) == Verdict::Remind)
            .collect();
        assert_eq!(said, [hours(1)]);
        assert_eq!(case.judged(hours(24), START - 50), Verdict::Drop("superseded by a nearer one"));
    }

    #[test]
    fn who_said_that_they_come_is_reminded_once_more_and_who_wants_nothing_never() {
        let mut case = Case::new(Policy::default());
        case.booking.coming_at = Some(at(10));
        assert_eq!(case.judged(hours(2), START - 2 * HOUR), Verdict::Drop("the customer said that they come"));
        assert_eq!(case.judged(hours(1), START - HOUR), Verdict::Remind);
        case.welcome = false;
        assert_eq!(case.judged(hours(1), START - HOUR), Verdict::Drop("the customer wants none"));
    }

    #[test]
    fn only_a_visit_that_stands_is_spoken_of() {
        let mut case = Case::new(freeing());
        case.sent(hours(24), START - 24 * HOUR);
        for status in Status::ALL.into_iter().filter(|s| *s != Status::Confirmed) {
            case.booking.status = status;
            for kind in [hours(24), Kind::Unanswered] {
                assert!(matches!(case.judged(kind, START - 3 * HOUR), Verdict::Drop(_)), "{status:?} {kind:?}");
            }
            let finish = case.judged(Kind::Finish, START + 2 * HOUR);
            let took_place = matches!(status, Status::Arrived | Status::Completed);
            assert_eq!(matches!(finish, Verdict::Finish { .. }), took_place, "{status:?}");
        }
    }

    #[test]
    fn a_time_is_freed_only_if_its_owner_was_asked_in_time_and_was_silent() {
        let due = START - 3 * HOUR;
        let mut case = Case::new(freeing());
        assert_eq!(
            case.judged(Kind::Unanswered, due),
            Verdict::Drop("no reminder is known to have arrived in time"),
            "the letter is unknown, failed or still on its way"
        );
        case.sent(hours(24), due - 20);
        assert!(matches!(case.judged(Kind::Unanswered, due), Verdict::Drop(_)), "it came late: twenty minutes ago");
        case.sent(hours(24), START - 24 * HOUR);
        assert_eq!(case.judged(Kind::Unanswered, due), Verdict::Free);
        assert_eq!(case.judged(Kind::Unanswered, due + HOUR), Verdict::Free, "an hour late");
        assert_eq!(case.judged(Kind::Unanswered, START - HOUR), Verdict::Drop("too late: they may be on their way"));
        assert_eq!(case.judged(Kind::Unanswered, START), Verdict::Drop("the visit has begun"));
        case.booking.coming_at = Some(at(1));
        assert_eq!(case.judged(Kind::Unanswered, due), Verdict::Drop("the customer said that they come"));
        case.booking.coming_at = None;
        case.policy.free_unanswered = None;
        assert_eq!(case.judged(Kind::Unanswered, due), Verdict::Drop("the business does not wish it"));
    }

    #[test]
    fn a_request_lapses_and_what_was_answered_does_not() {
        let mut case = Case::new(Policy::default());
        case.booking.status = Status::Requested;
        case.rows = vec![Row { kind: Kind::Lapse, due_at: at(START), sent_at: None }];
        assert_eq!(case.judged(Kind::Lapse, START), Verdict::Lapse);
        assert_eq!(case.judged(Kind::Lapse, START + 10 * 24 * HOUR), Verdict::Lapse, "however late");
        for status in Status::ALL.into_iter().filter(|s| *s != Status::Requested) {
            case.booking.status = status;
            assert!(matches!(case.judged(Kind::Lapse, START), Verdict::Drop(_)), "{status:?}");
        }
    }

    #[test]
    fn a_visit_is_completed_however_late_and_asked_about_for_three_days() {
        let mut case = Case::new(Policy::default());
        let due = START + 2 * HOUR;
        let asked = Verdict::Finish { complete: true, ask: Ok(()) };
        assert_eq!(case.judged(Kind::Finish, due), asked);
        assert_eq!(case.judged(Kind::Finish, due + 3 * 24 * HOUR - 1), asked);
        let late = Verdict::Finish { complete: true, ask: Err(Some("too late to ask")) };
        assert_eq!(case.judged(Kind::Finish, due + 3 * 24 * HOUR), late);
        case.booking.status = Status::Completed;
        assert_eq!(case.judged(Kind::Finish, due), Verdict::Finish { complete: false, ask: Ok(()) });
        case.welcome = false;
        assert_eq!(case.judged(Kind::Finish, due), Verdict::Finish { complete: false, ask: Err(None) });
    }

    #[test]
    fn what_is_done_by_itself_is_legal() {
        for (from, to) in [
            (Status::Confirmed, Status::Completed),
            (Status::Arrived, Status::Completed),
            (Status::Confirmed, Status::Cancelled),
            (Status::Requested, Status::Cancelled),
            (Status::Held, Status::Cancelled),
        ] {
            assert!(from.may_become(to, Actor::System), "{from:?} → {to:?}");
        }
    }
}
