//! Which rows a booking has.

use chrono::{DateTime, Utc};

use crate::{
    booking::{Booking, Status, policy::Policy},
    store::reminders::Kind,
};

/// What will fall due about a booking that was made, agreed to or moved just now, in order of time; each kind and lead once.
///
/// A reminder whose time has passed already is not made. That nobody answered can only be said of somebody who was asked
/// before, so without a reminder before it there is no such row.
pub fn rows(booking: &Booking, policy: &Policy, now: DateTime<Utc>) -> Vec<(Kind, DateTime<Utc>)> {
    match booking.status {
        Status::Confirmed => of_confirmed(booking, policy, now),
        Status::Requested => vec![(Kind::Lapse, booking.starts_at)],
        Status::Held | Status::Arrived | Status::Completed | Status::NoShow | Status::Cancelled | Status::Moved => {
            Vec::new()
        }
    }
}

fn of_confirmed(booking: &Booking, policy: &Policy, now: DateTime<Utc>) -> Vec<(Kind, DateTime<Utc>)> {
    let finish = (Kind::Finish, booking.ends_at + policy.feedback_after.unwrap_or_default());
    // Whoever called or walked in has no chat to be reminded in.
    if booking.user.0 <= 0 {
        return vec![finish];
    }
    let mut leads = policy.reminders.clone();
    leads.sort_unstable();
    leads.dedup();
    let mut rows: Vec<_> = leads
        .into_iter()
        .rev()
        .map(|lead| (Kind::Before(lead), booking.starts_at - lead))
        .filter(|(_, due)| *due > now)
        .collect();
    if let Some(left) = policy.free_unanswered {
        let due = booking.starts_at - left;
        let asked = rows.iter().take_while(|(_, asked)| *asked < due).count();
        if asked > 0 {
            rows.insert(asked, (Kind::Unanswered, due));
        }
    }
    rows.push(finish);
    rows
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use chrono::TimeDelta;
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::booking::{BookingId, Price, UserId};

    pub(in crate::reminders) fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    pub(in crate::reminders) fn booking(status: Status, starts: i64, length: i64) -> Booking {
        Booking {
            id: BookingId(1),
            user: UserId(1),
            status,
            lines: Vec::new(),
            starts_at: at(starts),
            ends_at: at(starts + length),
            price: Price::exactly(0),
            party: 1,
            customer_name: String::new(),
            phone: String::new(),
            comment: None,
            answers: Vec::new(),
            held_until: None,
            series: None,
            moved_from: None,
            cancelled_by: None,
            cancel_reason: None,
            coming_at: None,
            office: crate::booking::Office::default(),
        }
    }

    #[test]
    fn a_visit_tomorrow_evening_has_every_reminder_and_one_in_ninety_minutes_only_the_last() {
        let policy = Policy::default();
        let hours = |rows: &[(Kind, DateTime<Utc>)]| -> Vec<(Kind, i64)> {
            rows.iter().map(|(kind, due)| (*kind, (*due - at(0)).num_minutes())).collect()
        };
        let before = |h| Kind::Before(TimeDelta::hours(h));
        assert_eq!(
            hours(&rows(&booking(Status::Confirmed, 1800, 60), &policy, at(0))),
            [(before(24), 360), (before(2), 1680), (before(1), 1740), (Kind::Finish, 1920)]
        );
        assert_eq!(
            hours(&rows(&booking(Status::Confirmed, 90, 60), &policy, at(0))),
            [(before(1), 30), (Kind::Finish, 210)]
        );
        assert_eq!(hours(&rows(&booking(Status::Requested, 90, 60), &policy, at(0))), [(Kind::Lapse, 90)]);
    }

    #[test]
    fn somebody_without_a_chat_is_not_reminded_and_their_visit_ends_by_itself() {
        let caller = Booking { user: UserId(-1), ..booking(Status::Confirmed, 1800, 60) };
        let policy = Policy { free_unanswered: Some(TimeDelta::hours(3)), ..Policy::default() };
        assert_eq!(rows(&caller, &policy, at(0)), [(Kind::Finish, at(1920))]);
    }

    #[test]
    fn nobody_loses_a_visit_over_a_question_that_was_not_asked() {
        let policy = Policy { free_unanswered: Some(TimeDelta::minutes(90)), ..Policy::default() };
        let kinds = |starts| -> Vec<Kind> {
            rows(&booking(Status::Confirmed, starts, 60), &policy, at(0)).into_iter().map(|(kind, _)| kind).collect()
        };
        assert!(kinds(1800).contains(&Kind::Unanswered));
        assert!(!kinds(100).contains(&Kind::Unanswered), "the first reminder comes only after that");
    }

    proptest! {
        #[test]
        fn rows_are_ahead_ordered_single_and_complete(
            status in (0..Status::ALL.len()).prop_map(|n| Status::ALL[n]),
            starts in 0..60_000_i64,
            length in 5..1440_i64,
            leads in vec(5..43_200_i64, 0..10),
            unanswered in option::of(5..43_200_i64),
            feedback in option::of(0..2_880_i64),
        ) {
            let policy = Policy {
                reminders: leads.iter().copied().map(TimeDelta::minutes).collect(),
                free_unanswered: unanswered.map(TimeDelta::minutes),
                feedback_after: feedback.map(TimeDelta::minutes),
                ..Policy::default()
            };
            let booking = booking(status, starts, length);
            let rows = rows(&booking, &policy, at(0));
            prop_assert!(rows.windows(2).all(|w| w[0].1 <= w[1].1), "in order: {rows:?}");
            let kinds: HashSet<Kind> = rows.iter().map(|(kind, _)| *kind).collect();
            prop_assert_eq!(kinds.len(), rows.len(), "each once");
            let mut expected: HashSet<(Kind, DateTime<Utc>)> = HashSet::new();
            match status {
                Status::Confirmed => {
                    let asked: Vec<i64> = leads.iter().copied().filter(|lead| starts - lead > 0).collect();
                    expected.extend(asked.iter().map(|m| (Kind::Before(TimeDelta::minutes(*m)), at(starts - m))));
                    if let Some(m) = unanswered && asked.iter().any(|lead| *lead > m) {
                        expected.insert((Kind::Unanswered, at(starts - m)));
                    }
                    expected.insert((Kind::Finish, at(starts + length + feedback.unwrap_or(0))));
                }
                Status::Requested => {
                    expected.insert((Kind::Lapse, at(starts)));
                }
                _ => {}
            }
            prop_assert_eq!(rows.into_iter().collect::<HashSet<_>>(), expected);
        }
    }
}
