//! Where a booking stands, and which moves are legal, by whom: one table.

/// Where a booking stands. Nothing is deleted: the last two stay for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Its time is kept for a while for somebody who has not yet said yes.
    Held,
    /// It keeps its time and waits for the business to agree.
    Requested,
    /// It stands.
    Confirmed,
    /// The customer is here.
    Arrived,
    /// The visit took place.
    Completed,
    /// The customer did not come.
    NoShow,
    /// It keeps nothing any more; by whom and why stands in it.
    Cancelled,
    /// It keeps nothing any more; another booking took its place.
    Moved,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The person whose booking it is.
    Customer,
    /// Those who run the business.
    Staff,
    /// Time, or a rule.
    System,
}

use Actor::{Customer, Staff, System};
use Status::{Arrived, Cancelled, Completed, Confirmed, Held, Moved, NoShow, Requested};

/// Every legal move. What is not here is not done by anybody.
const MOVES: &[(Status, Status, &[Actor])] = &[
    (Held, Requested, &[Customer]),
    (Held, Confirmed, &[Customer]),
    (Held, Cancelled, &[Customer, Staff, System]),
    (Requested, Confirmed, &[Staff]),
    (Requested, Cancelled, &[Customer, Staff, System]),
    (Requested, Moved, &[Customer, Staff]),
    (Confirmed, Arrived, &[Staff]),
    (Confirmed, Completed, &[Staff, System]),
    (Confirmed, NoShow, &[Staff]),
    (Confirmed, Cancelled, &[Customer, Staff, System]),
    (Confirmed, Moved, &[Customer, Staff]),
    (Arrived, Completed, &[Staff, System]),
    // A tap on the wrong line is taken back.
    (Arrived, Confirmed, &[Staff]),
    (Arrived, NoShow, &[Staff]),
    (Completed, NoShow, &[Staff]),
    (Completed, Arrived, &[Staff]),
    (NoShow, Confirmed, &[Staff]),
    (NoShow, Arrived, &[Staff]),
    (NoShow, Completed, &[Staff]),
];

impl Status {
    /// Every state.
    pub const ALL: [Self; 8] = [Held, Requested, Confirmed, Arrived, Completed, NoShow, Cancelled, Moved];

    /// Whether `actor` may bring a booking from here to `to`.
    pub fn may_become(self, to: Self, actor: Actor) -> bool {
        MOVES.iter().any(|(from, into, who)| *from == self && *into == to && who.contains(&actor))
    }

    /// Whether it still is to take place: it counts among a customer's bookings ahead.
    pub fn is_ahead(self) -> bool {
        matches!(self, Requested | Confirmed | Arrived)
    }

    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Held => "held",
            Requested => "requested",
            Confirmed => "confirmed",
            Arrived => "arrived",
            Completed => "completed",
            NoShow => "no_show",
            Cancelled => "cancelled",
            Moved => "moved",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

impl Actor {
    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Customer => "customer",
            Staff => "staff",
            System => "system",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        [Customer, Staff, System].into_iter().find(|a| a.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        for to in Status::ALL {
            for actor in [Customer, Staff, System] {
                assert!(!Cancelled.may_become(to, actor) && !Moved.may_become(to, actor), "{to:?} {actor:?}");
                assert!(!to.may_become(Held, actor), "nothing becomes a hold again");
            }
        }
    }

    #[test]
    fn a_customer_neither_agrees_for_the_business_nor_says_who_came() {
        assert!(!Requested.may_become(Confirmed, Customer));
        for to in [Arrived, Completed, NoShow] {
            assert!(Status::ALL.into_iter().all(|from| !from.may_become(to, Customer)), "{to:?}");
        }
    }

    #[test]
    fn words_come_back() {
        assert!(Status::ALL.into_iter().all(|s| Status::from_word(s.word()) == Some(s)));
        assert_eq!(Status::from_word("lost"), None);
    }
}
