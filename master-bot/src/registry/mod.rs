//! The registry in schema `public`: one file per table, thin functions named after the question they answer.
//!
//! Functions take a connection, so that the rules above decide what belongs into one transaction; nothing here
//! decides anything. See `docs/adr/0004-registry.md`.

pub(crate) mod asks;
pub(crate) mod bots;
pub(crate) mod clients;
pub(crate) mod events;
pub(crate) mod facts;
pub(crate) mod hand_sales;
pub(crate) mod inbox;
pub(crate) mod incidents;
pub(crate) mod kept;
pub(crate) mod leases;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod operators;
pub(crate) mod orders;
pub(crate) mod own;
pub(crate) mod payments;
pub(crate) mod sealed;
pub(crate) mod sealing_keys;
pub(crate) mod settings;
pub(crate) mod signals;
pub(crate) mod subscriptions;
pub(crate) mod tenants;
#[cfg(test)]
mod tests;

use std::fmt;

/// No look at a payment or a notification is put off for longer. One that seems to be was put off before the clock was
/// put back, and is due.
pub(crate) const LOOK_AT_MOST: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Typed row ids: an order's number cannot be taken for a payment's.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, serde::Serialize, serde::Deserialize)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )* };
}

ids! {
    /// A row of `clients`.
    ClientId;
    /// A row of `orders`.
    OrderId;
    /// A row of `payments`.
    PaymentId;
    /// A row of `tenants`.
    TenantId;
    /// A row of `hand_sales`.
    HandSaleId;
    /// A bot's Telegram id, the key of `bots`.
    BotId;
}

/// What a registry function fails with.
pub(crate) type Result<T, E = sqlx::Error> = std::result::Result<T, E>;

/// Money in whole kopecks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, serde::Serialize, serde::Deserialize)]
#[sqlx(transparent)]
#[serde(transparent)]
pub(crate) struct Kopecks(pub(crate) i64);

impl Kopecks {
    /// As YooKassa writes it: `299.00`.
    pub(crate) fn decimal(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }

    /// Reads what [`decimal`](Self::decimal) writes; nothing else, no signs and no third decimal.
    pub(crate) fn from_decimal(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.')?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() != 2 {
            return None;
        }
        whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?).map(Self)
    }
}

/// For people: `299 ₽`, with kopecks only where there are any.
impl fmt::Display for Kopecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 100 {
            0 => write!(f, "{} ₽", self.0 / 100),
            k => write!(f, "{},{k:02} ₽", self.0 / 100),
        }
    }
}
