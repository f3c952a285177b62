//! The one name of a tenant: `client_001` is its `CLIENT_ID`, schema, Postgres role, Redis user and container.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A tenant's name, `^client_[0-9]{3,}$`. It is made by us and never from what a person typed, so it may stand
/// unquoted in DDL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// The text is not a tenant's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a tenant's name looks like client_001")]
pub struct NotASlug;

impl Slug {
    /// The name of tenant number `n`, at least three digits.
    pub fn number(n: u32) -> Self {
        Self(format!("client_{n:03}"))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What every Redis key and channel of this tenant begins with.
    pub fn redis_prefix(&self) -> String {
        format!("{}:", self.0)
    }
}

impl FromStr for Slug {
    type Err = NotASlug;

    fn from_str(text: &str) -> Result<Self, NotASlug> {
        let digits = text.strip_prefix("client_").ok_or(NotASlug)?;
        // Postgres cuts names at 63 bytes; ours stay far below.
        let ok = (3..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if ok { Ok(Self(text.to_owned())) } else { Err(NotASlug) }
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;

    fn try_from(text: String) -> Result<Self, NotASlug> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_ours_is_read_back() {
        assert_eq!(Slug::number(7).as_str(), "client_007");
        assert_eq!(Slug::number(1234).to_string().parse::<Slug>(), Ok(Slug::number(1234)));
        assert_eq!(Slug::number(1).redis_prefix(), "client_001:");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "client_", "client_01", "client_1a3", "client_001; drop schema x", "Client_001", "client_٠٠١", "order"]
        {
            assert_eq!(text.parse::<Slug>(), Err(NotASlug), "{text}");
        }
    }
}
