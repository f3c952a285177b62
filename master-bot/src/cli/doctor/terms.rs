//! The terms that buyers accept. The built-in ones are honest and short; a shop that is meant seriously has its own.

use super::{Check, settings::Given};

const NAME: &str = "terms";

pub(super) fn look(given: &Given) -> Vec<Check> {
    let Some(front) = &given.front else { return Vec::new() };
    let terms = &front.shop.terms;
    vec![match &terms.links {
        Some(links) => Check::ok(NAME, format!("version {}: {} and {}", terms.version, links.offer, links.privacy)),
        None => Check::warn(
            NAME,
            format!("the built-in ones, version {}: they name no company and no details of yours", terms.version),
            "publish an offer and privacy terms of your own and set OFFER_URL, PRIVACY_URL and TERMS_VERSION",
        ),
    }]
}
