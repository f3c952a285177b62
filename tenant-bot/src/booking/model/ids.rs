//! Numbers with names, and money.

use shared::texts::Lang;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
    )* };
}

ids! {
    /// Telegram's id of a person.
    UserId
    /// A service's number.
    ServiceId
    /// A resource's number.
    ResourceId
    /// A booking's number.
    BookingId
    /// A group's number.
    SessionId
    /// The number of an entry in the queue for a freed time.
    WaitId
    /// Money: hundredths of a rouble.
    Kopecks
}

/// What a visit costs: one sum, or a range of which only the business can say where in it this visit lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Price {
    /// The sum, or the least.
    pub from: Kopecks,
    /// The most, more than `from`; none for a plain sum.
    pub to: Option<Kopecks>,
}

impl Price {
    /// A plain sum.
    pub fn exactly(kopecks: i64) -> Self {
        Self { from: Kopecks(kopecks), to: None }
    }

    /// So many percent less, in whole kopecks; what is left over is the customer's. Above 100 it is 100.
    pub fn less(self, percent: u8) -> Self {
        let kept = 100 - i64::from(percent.min(100));
        // Below a rouble's hundredth nothing is lost by dividing first, and nothing overflows.
        let cut = |sum: Kopecks| sum.0 / 100 * kept + sum.0 % 100 * kept / 100;
        let from = cut(self.from);
        Self { from: Kopecks(from), to: self.to.map(cut).filter(|to| *to > from).map(Kopecks) }
    }

    /// What both cost together; a range if one of them is.
    pub fn plus(self, other: Self) -> Self {
        let most = |p: Self| p.to.unwrap_or(p.from).0;
        let from = self.from.0.saturating_add(other.from.0);
        let to = most(self).saturating_add(most(other));
        Self { from: Kopecks(from), to: (to > from).then_some(Kopecks(to)) }
    }
}

/// A person as Telegram describes them.
#[derive(Clone, Debug)]
pub struct Profile<'a> {
    /// Telegram's id.
    pub id: UserId,
    /// Whatever they call themselves.
    pub first_name: &'a str,
    /// As above.
    pub last_name: Option<&'a str>,
    /// Without the `@`.
    pub username: Option<&'a str>,
    /// The language that Telegram says they speak.
    pub lang: Lang,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_discount_is_to_the_kopeck_and_what_is_left_over_is_the_customers(
            from in 0..=9_999_999_999i64,
            more in proptest::option::of(1..=9_999_999_999i64),
            percent in 0..=100u8,
        ) {
            let price = Price { from: Kopecks(from), to: more.map(|more| Kopecks(from + more)) };
            let less = price.less(percent);
            let exact = |sum: i64| i128::from(sum) * (100 - i128::from(percent)) / 100;
            prop_assert_eq!(i128::from(less.from.0), exact(from));
            if let (Some(to), Some(less_to)) = (price.to, less.to) {
                prop_assert_eq!(i128::from(less_to.0), exact(to.0));
            }
            prop_assert!(less.to.is_none_or(|to| to > less.from));
            prop_assert_eq!(price.less(0), price);
        }
    }

    #[test]
    fn a_third_of_a_rouble_is_rounded_down_and_a_range_that_shrinks_to_one_sum_is_one() {
        assert_eq!(Price::exactly(99_999).less(15), Price::exactly(84_999));
        assert_eq!(Price { from: Kopecks(1), to: Some(Kopecks(2)) }.less(100), Price::exactly(0));
    }
}
