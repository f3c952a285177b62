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
