//! How the shop sells: receipts, terms, and whom buyers turn to.

use std::str::FromStr;

use shared::settings::Env;
use url::Url;

use crate::sales::{
    receipt::Receipts,
    signup,
    terms::{self, Links, Terms},
};

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shop {
    pub(crate) terms: Terms,
    /// None: payments carry no receipt.
    pub(crate) receipts: Option<Receipts>,
    /// Username of a bot to try things out in.
    pub(crate) demo_bot: Option<Username>,
    /// None: the first owner.
    pub(crate) support: Option<Support>,
}

/// A Telegram username, without the `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Username(pub(crate) String);

impl FromStr for Username {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let fits = (4..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits { Ok(Self(name.to_owned())) } else { Err("a username is 4–32 of a–z, 0–9 and _") }
    }
}

/// Whom buyers write to or call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    Telegram(Username),
    Email(String),
    Phone(String),
}

impl FromStr for Support {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('@') {
            return Ok(Self::Telegram(text.parse()?));
        }
        match signup::contact(text) {
            Ok(phone) if phone.starts_with('+') => Ok(Self::Phone(phone)),
            Ok(address) => Ok(Self::Email(address)),
            Err(_) => Err("it is a @username, an e-mail address or a phone number"),
        }
    }
}

impl Shop {
    pub(super) fn read(env: &mut Env) -> Self {
        Self {
            terms: terms(env),
            receipts: receipts(env),
            demo_bot: env.optional("DEMO_BOT", "a bot that visitors may try, @username"),
            support: env
                .optional("SUPPORT_CONTACT", "whom buyers turn to: @username, an e-mail address or a phone number"),
        }
    }
}

/// All three, or the built-in ones.
fn terms(env: &mut Env) -> Terms {
    let address = |env: &mut Env, name, hint| {
        let url: Option<Url> = env.optional(name, hint);
        if url.as_ref().is_some_and(|url| !["https", "http"].contains(&url.scheme())) {
            env.fault(format!("{name} is no address of a page: {hint}"));
        }
        url
    };
    let offer = address(env, "OFFER_URL", "where your offer can be read, https://…");
    let privacy = address(env, "PRIVACY_URL", "where your privacy terms can be read, https://…");
    let version: Option<String> = env.optional("TERMS_VERSION", "their version, such as 2026-11-01");
    match (offer, privacy, version) {
        (Some(offer), Some(privacy), Some(version)) => {
            let version = version.trim().to_owned();
            if !terms::is_version(&version) {
                env.fault(
                    "TERMS_VERSION is not understood: 1–24 letters a–z, digits, dots and dashes, such as 2026-11-01",
                );
            }
            Terms { version, links: Some(Links { offer, privacy }) }
        }
        (None, None, None) => Terms::default(),
        _ => {
            env.fault("OFFER_URL, PRIVACY_URL and TERMS_VERSION belong together: set all three, or none for the built-in terms");
            Terms::default()
        }
    }
}

fn receipts(env: &mut Env) -> Option<Receipts> {
    const VAT: &str = "the rate of VAT on receipts, 1–12 as YooKassa numbers them (1: none)";
    const TAX: &str = "the system of taxation on receipts, 1–6 as YooKassa numbers them";
    let vat_code: Option<u8> = env.optional("RECEIPT_VAT_CODE", VAT);
    let tax_system: Option<u8> = env.optional("RECEIPT_TAX_SYSTEM", TAX);
    if vat_code.is_some_and(|code| !(1..=12).contains(&code)) {
        env.fault(format!("RECEIPT_VAT_CODE is not understood (not within 1–12): {VAT}"));
    }
    if tax_system.is_some_and(|code| !(1..=6).contains(&code)) {
        env.fault(format!("RECEIPT_TAX_SYSTEM is not understood (not within 1–6): {TAX}"));
    }
    if tax_system.is_some() && vat_code.is_none() {
        env.fault(format!("RECEIPT_TAX_SYSTEM is of no use without RECEIPT_VAT_CODE: {VAT}"));
    }
    Some(Receipts { vat_code: vat_code?, tax_system })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Shop, String> {
        let mut env = Env::from_pairs(pairs.iter().copied());
        let shop = Shop::read(&mut env);
        env.check().map(|()| shop).map_err(|faults| faults.to_string())
    }

    #[test]
    fn without_a_word_the_built_in_terms_are_sold_by_and_no_receipts_are_asked_for() {
        let shop = read(&[]).unwrap();
        assert_eq!((shop.terms, shop.receipts, shop.support), (Terms::default(), None, None));
    }

    #[test]
    fn terms_are_set_all_three_or_not_at_all() {
        let all = [("OFFER_URL", "https://x.ru/o"), ("PRIVACY_URL", "https://x.ru/p"), ("TERMS_VERSION", "2.0")];
        let terms = read(&all).unwrap().terms;
        assert!(terms.version == "2.0" && terms.links.is_some());
        for left_out in 0..3 {
            let rest: Vec<_> = all.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, pair)| *pair).collect();
            assert!(read(&rest).unwrap_err().contains("belong together"));
        }
        let odd = [("OFFER_URL", "ftp://x.ru/o"), ("PRIVACY_URL", "https://x.ru/p"), ("TERMS_VERSION", "от ноября")];
        let told = read(&odd).unwrap_err();
        assert!(told.contains("OFFER_URL is no address") && told.contains("TERMS_VERSION is not understood"), "{told}");
    }

    #[test]
    fn codes_of_receipts_are_those_that_exist() {
        let full = read(&[("RECEIPT_VAT_CODE", "11"), ("RECEIPT_TAX_SYSTEM", "2")]).unwrap().receipts;
        assert_eq!(full, Some(Receipts { vat_code: 11, tax_system: Some(2) }));
        for (pairs, part) in [
            (vec![("RECEIPT_VAT_CODE", "13")], "not within 1–12"),
            (vec![("RECEIPT_VAT_CODE", "0")], "not within 1–12"),
            (vec![("RECEIPT_VAT_CODE", "1"), ("RECEIPT_TAX_SYSTEM", "7")], "not within 1–6"),
            (vec![("RECEIPT_TAX_SYSTEM", "1")], "of no use without"),
        ] {
            assert!(read(&pairs).unwrap_err().contains(part), "{pairs:?}");
        }
    }

    #[test]
    fn support_is_a_username_an_address_or_a_phone() {
        let of = |text: &str| text.parse::<Support>();
        assert_eq!(of("@help_desk"), Ok(Support::Telegram(Username("help_desk".into()))));
        assert_eq!(of("help@slotyard.ru"), Ok(Support::Email("help@slotyard.ru".into())));
        assert_eq!(of("8 912 345-67-89"), Ok(Support::Phone("+79123456789".into())));
        for no in ["help", "@x", "https://t.me/x"] {
            assert!(of(no).is_err(), "{no}");
        }
    }
}
