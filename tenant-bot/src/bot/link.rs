//! Where a deep link leads: the end of `https://t.me/bot?start=…`, at most 64 of `A-Z a-z 0-9 _ -`.
//!
//! ```text
//! s12                a service
//! r3                 a person, a table, a room
//! s12r3              a service with this one
//! s12r3-instagram    the same, and where the link was put; any of the above may have it
//! -instagram         where the link was put, and no more
//! ```
//!
//! Anybody can write any link: what is read here is well-formed, and may still lead nowhere.

use std::fmt;

use crate::booking::{ResourceId, ServiceId};

/// Largest number in a link: with two of them and the longest source it has 64 characters. Rows are far fewer.
const MOST: i64 = 99_999_999_999_999;
/// Telegram's own.
const LONGEST: usize = 64;
const LONGEST_SOURCE: usize = 32;

/// What a deep link opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) service: Option<ServiceId>,
    pub(crate) resource: Option<ResourceId>,
    /// Where the link was put: 1–32 of `a-z 0-9 _`.
    pub(crate) source: Option<String>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = self.service {
            write!(f, "s{}", service.0)?;
        }
        if let Some(resource) = self.resource {
            write!(f, "r{}", resource.0)?;
        }
        match &self.source {
            Some(source) => write!(f, "-{source}"),
            None => Ok(()),
        }
    }
}

/// A number at the beginning, in its one spelling, and what follows it.
fn number(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number = digits.parse().ok().filter(|n| (1..=MOST).contains(n) && !digits.starts_with('0'))?;
    Some((number, rest))
}

fn source(text: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    ((1..=LONGEST_SOURCE).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

impl Link {
    /// Reads a payload; `None` for what is no link of ours.
    pub(crate) fn parse(payload: &str) -> Option<Self> {
        if payload.is_empty() || payload.len() > LONGEST {
            return None;
        }
        let (place, source) = match payload.split_once('-') {
            Some((place, text)) => (place, Some(source(text)?)),
            None => (payload, None),
        };
        let (service, rest) = match place.strip_prefix('s') {
            Some(rest) => number(rest).map(|(n, rest)| (Some(ServiceId(n)), rest))?,
            None => (None, place),
        };
        let (resource, rest) = match rest.strip_prefix('r') {
            Some(rest) => number(rest).map(|(n, rest)| (Some(ResourceId(n)), rest))?,
            None => (None, rest),
        };
        rest.is_empty().then_some(Self { service, resource, source })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};

    use super::*;

    fn some_link() -> impl Strategy<Value = Link> {
        (option::of(1..=MOST), option::of(1..=MOST), option::of("[a-z0-9_]{1,32}"))
            .prop_filter("a link leads somewhere", |(s, r, source)| s.is_some() || r.is_some() || source.is_some())
            .prop_map(|(service, resource, source)| Link {
                service: service.map(ServiceId),
                resource: resource.map(ResourceId),
                source,
            })
    }

    proptest! {
        #[test]
        fn every_link_fits_into_a_payload_and_comes_back(link in some_link()) {
            let payload = link.to_string();
            prop_assert!((1..=64).contains(&payload.len()), "{payload}");
            prop_assert!(payload.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{payload}");
            prop_assert_eq!(Link::parse(&payload), Some(link));
        }

        #[test]
        fn a_payload_from_anywhere_is_refused_or_is_what_we_would_write(payload in "[sr]?[0-9]{0,4}[sr]?[0-9]{0,16}-?[a-z_-]{0,34}") {
            if let Some(link) = Link::parse(&payload) {
                prop_assert_eq!(link.to_string(), payload);
            }
        }

        #[test]
        fn nothing_from_outside_brings_it_down(payload in ".{0,80}") {
            let _ = Link::parse(&payload);
        }
    }

    #[test]
    fn links_lead_where_they_say() {
        let link = |s: Option<i64>, r: Option<i64>, source: Option<&str>| Link {
            service: s.map(ServiceId),
            resource: r.map(ResourceId),
            source: source.map(str::to_owned),
        };
        for (payload, wanted) in [
            ("s12", link(Some(12), None, None)),
            ("r3", link(None, Some(3), None)),
            ("s12r3", link(Some(12), Some(3), None)),
            ("s12-instagram", link(Some(12), None, Some("instagram"))),
            ("r3-qr_door", link(None, Some(3), Some("qr_door"))),
            ("-vk", link(None, None, Some("vk"))),
        ] {
            assert_eq!(Link::parse(payload), Some(wanted), "{payload}");
        }
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let long = format!("s1-{}", "x".repeat(33));
        for payload in [
            "", "-", "s", "r", "s0", "s012", "s+1", "r3s12", "s1s2", "s1r", "s1-", "s1-A", "s1-a-b", "x", "s1 ", "12",
            &long,
        ] {
            assert_eq!(Link::parse(payload), None, "{payload}");
        }
    }
}
