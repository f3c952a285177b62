//! The cards of YooKassa's test mode: by its number each pays, or is declined for its reason.

/// A test card.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Card {
    number: &'static str,
    /// The bank asks for a code; in test mode any will do.
    pub(crate) three_d_secure: bool,
    /// Who declines, and why.
    pub(crate) decline: Option<(&'static str, &'static str)>,
}

/// What a buyer pays with when nothing else is said.
pub(crate) const USUAL: Card = Card::pays("5555555555554444", false);

#[rustfmt::skip]
const CARDS: [Card; 50] = [
    Card::pays("5555555555554477", true),
    Card::pays("5555555555554444", false),
    Card::pays("4793128161644804", true),
    Card::pays("4111111111111111", false),
    Card::pays("2200000000000004", true),
    Card::pays("2202474301322987", false),
    Card::pays("6759649826438453", false),
    Card::pays("4175001000000017", false),
    Card::pays("370000000000002", false),
    Card::pays("3528000700000000", false),
    Card::pays("36700102000000", false),
    Card::declined("5555555555554592", "payment_network", "3d_secure_failed"),
    Card::declined("4839665499603842", "payment_network", "3d_secure_failed"),
    Card::declined("2200000000000012", "payment_network", "3d_secure_failed"),
    Card::declined("5555555555554535", "payment_network", "call_issuer"),
    Card::declined("4926946416239025", "payment_network", "call_issuer"),
    Card::declined("2200000000000020", "payment_network", "call_issuer"),
    Card::declined("5555555555554543", "payment_network", "card_expired"),
    Card::declined("4141435412630840", "payment_network", "card_expired"),
    Card::declined("2200000000000038", "payment_network", "card_expired"),
    Card::declined("5555555555554568", "payment_network", "fraud_suspected"),
    Card::declined("4483274282299972", "payment_network", "fraud_suspected"),
    Card::declined("2200000000000046", "payment_network", "fraud_suspected"),
    Card::declined("5555555555554527", "payment_network", "general_decline"),
    Card::declined("4889971706588753", "payment_network", "general_decline"),
    Card::declined("2202202212312379", "payment_network", "general_decline"),
    Card::declined("5555555555554600", "payment_network", "insufficient_funds"),
    Card::declined("4562265587712390", "payment_network", "insufficient_funds"),
    Card::declined("2200000000000053", "payment_network", "insufficient_funds"),
    Card::declined("5555555555554618", "payment_network", "invalid_card_number"),
    Card::declined("4951017853630544", "payment_network", "invalid_card_number"),
    Card::declined("2201382000000013", "payment_network", "invalid_card_number"),
    Card::declined("5555555555554626", "payment_network", "invalid_csc"),
    Card::declined("4194180666146368", "payment_network", "invalid_csc"),
    Card::declined("2200770212727079", "payment_network", "invalid_csc"),
    Card::declined("5555555555554501", "payment_network", "issuer_unavailable"),
    Card::declined("4654130848359150", "payment_network", "issuer_unavailable"),
    Card::declined("2201382000000021", "payment_network", "issuer_unavailable"),
    Card::declined("5555555555554576", "payment_network", "payment_method_limit_exceeded"),
    Card::declined("4565231022577548", "payment_network", "payment_method_limit_exceeded"),
    Card::declined("2201382000000039", "payment_network", "payment_method_limit_exceeded"),
    Card::declined("5555555555554550", "payment_network", "payment_method_restricted"),
    Card::declined("4233961169071671", "payment_network", "payment_method_restricted"),
    Card::declined("2201382000000047", "payment_network", "payment_method_restricted"),
    Card::declined("5555555555554584", "yoo_money", "country_forbidden"),
    Card::declined("4969751510013864", "yoo_money", "country_forbidden"),
    Card::declined("2201382000000054", "yoo_money", "country_forbidden"),
    Card::declined("5555555555554634", "yoo_money", "fraud_suspected"),
    Card::declined("4119098878796485", "yoo_money", "fraud_suspected"),
    Card::declined("2201696981989955", "yoo_money", "fraud_suspected"),
];

impl Card {
    const fn pays(number: &'static str, three_d_secure: bool) -> Self {
        Self { number, three_d_secure, decline: None }
    }

    const fn declined(number: &'static str, party: &'static str, reason: &'static str) -> Self {
        Self { number, three_d_secure: false, decline: Some((party, reason)) }
    }

    /// The test card of this number; spaces do not count. None: the number is of no card that test mode knows.
    pub(crate) fn numbered(number: &str) -> Option<Self> {
        let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        CARDS.into_iter().find(|card| card.number == digits)
    }

    pub(crate) fn first6(self) -> &'static str {
        self.number.get(..6).unwrap_or_default()
    }

    pub(crate) fn last4(self) -> &'static str {
        self.number.get(self.number.len() - 4..).unwrap_or_default()
    }

    /// The payment system, by the number's first digits.
    pub(crate) fn system(self) -> &'static str {
        match self.number.as_bytes() {
            [b'2', b'2', ..] => "Mir",
            [b'3', b'7', ..] => "AmericanExpress",
            [b'3', b'5', ..] => "JCB",
            [b'3', ..] => "DinersClub",
            [b'4', ..] => "Visa",
            [b'6', ..] => "Maestro",
            _ => "MasterCard",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn luhn(number: &str) -> bool {
        let digit = |(place, byte): (usize, u8)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        };
        number.bytes().rev().enumerate().map(digit).sum::<u32>() % 10 == 0
    }

    #[test]
    fn every_test_card_is_a_card_and_there_once() {
        assert!(CARDS.iter().all(|card| luhn(card.number)), "a number was copied wrongly");
        assert_eq!(CARDS.iter().map(|card| card.number).collect::<HashSet<_>>().len(), CARDS.len());
        let poor = Card::numbered("5555 5555 5555 4600").unwrap();
        assert_eq!(poor.decline, Some(("payment_network", "insufficient_funds")));
        assert!(Card::numbered("5555555555554477").unwrap().three_d_secure);
        assert!(Card::numbered("4242424242424242").is_none(), "another provider's card");
    }
}
