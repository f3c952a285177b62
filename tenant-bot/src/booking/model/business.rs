//! The business that the bot speaks for.

use chrono_tz::Tz;
use shared::texts::Lang;

use super::super::policy::Policy;

/// The business that the bot speaks for.
#[derive(Clone, Debug)]
pub struct Business {
    /// Its name, as its customers know it.
    pub name: String,
    /// Where its clocks are.
    pub zone: Tz,
    /// What it speaks when nothing is known of a person.
    pub language: Lang,
    /// What it allows.
    pub policy: Policy,
    /// Where it is and how it is called.
    pub place: Place,
}

/// Where a business is and how it is called; each may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Street and house, as people write it.
    pub address: Option<String>,
    /// `+` and 10–15 digits.
    pub phone: Option<String>,
    /// An https address where a good word may be left.
    pub review_url: Option<String>,
}
