//! Selling: what is sold, what is asked, and what money buys. Rules; nothing here calls Telegram or HTTP. A letter's
//! screen and a person are plain data of `shared`.

pub(crate) mod checkout;
pub(crate) mod cities;
pub(crate) mod desk;
pub(crate) mod hand;
pub(crate) mod money;
pub(crate) mod plans;
pub(crate) mod price;
pub(crate) mod receipt;
pub(crate) mod signup;
pub(crate) mod stats;
pub(crate) mod terms;
#[cfg(test)]
mod tests;
pub(crate) mod watch;
