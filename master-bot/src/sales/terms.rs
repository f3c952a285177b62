//! What a buyer accepts before paying: the offer and the privacy terms, in one version.

use url::Url;

use crate::registry::orders::Order;

/// The version of the terms that are built in; to be raised with every change of their texts.
const BUILT_IN: &str = "2026-11-21";

/// Terms that stand somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) offer: Url,
    pub(crate) privacy: Url,
}

/// The terms of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) version: String,
    /// None: the built-in ones.
    pub(crate) links: Option<Links>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { version: BUILT_IN.to_owned(), links: None }
    }
}

impl Terms {
    /// Whether these, and no older ones, were accepted for this order.
    pub(crate) fn accepted_for(&self, order: &Order) -> bool {
        order.terms_version.as_deref() == Some(&self.version)
    }
}

/// Whether a version fits a button, and a line.
pub(crate) fn is_version(text: &str) -> bool {
    (1..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_short_and_plain() {
        assert!(is_version(BUILT_IN) && is_version("v2.1"));
        for no in ["", "от 1 ноября", "a:b", &"1".repeat(25)] {
            assert!(!is_version(no), "{no}");
        }
    }
}
