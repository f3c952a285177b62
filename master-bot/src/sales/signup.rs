//! The questions of a sign-up and what counts as an answer.
//!
//! The next question follows from what the order lacks, so a sign-up goes on where it was after a restart or a week.
//! Only who has gone back to a question that is answered already is, for as long as Redis keeps it, asked that one.

use serde::{Deserialize, Serialize};

use crate::registry::orders::{Order, OrderState};

/// What is to be asked, or done, next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    BusinessName,
    Kind,
    Zone,
    Contact,
    Bot,
    /// Nothing is missing: show it all and offer to pay.
    Summary,
    /// A payment may be under way.
    Payment,
    /// Nothing any more.
    Over,
}

/// The questions that are answered, in the order in which they are asked, with what buttons call them.
const ASKED: [(Question, &str); 5] = [
    (Question::BusinessName, "name"),
    (Question::Kind, "kind"),
    (Question::Zone, "zone"),
    (Question::Contact, "contact"),
    (Question::Bot, "bot"),
];

/// So many steps a sign-up has: the questions, and the last look at it all.
pub(crate) const STEPS: usize = ASKED.len() + 1;

impl Question {
    /// All that are answered.
    pub(crate) fn asked() -> impl Iterator<Item = Self> {
        ASKED.into_iter().map(|(question, _)| question)
    }

    /// Which of [`STEPS`] it is.
    pub(crate) fn number(self) -> usize {
        ASKED.iter().position(|(q, _)| *q == self).unwrap_or(ASKED.len()) + 1
    }

    /// The one that is asked before it.
    pub(crate) fn before(self) -> Option<Self> {
        let place = ASKED.iter().position(|(q, _)| *q == self)?;
        Some(ASKED.get(place.checked_sub(1)?)?.0)
    }

    /// As buttons call it; none for what nobody answers.
    pub(crate) fn code(self) -> Option<&'static str> {
        ASKED.iter().find(|(q, _)| *q == self).map(|(_, code)| *code)
    }

    /// What [`code`](Self::code) wrote.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        ASKED.iter().find(|(_, known)| *known == code).map(|(q, _)| *q)
    }

    /// Whether the order says it already.
    pub(crate) fn is_answered(self, order: &Order) -> bool {
        match self {
            Self::BusinessName => order.business_name.is_some(),
            Self::Kind => order.kind.is_some(),
            Self::Zone => order.zone.is_some(),
            Self::Contact => order.contact.is_some(),
            Self::Bot => order.bot_id.is_some(),
            Self::Summary | Self::Payment | Self::Over => false,
        }
    }
}

/// The next question of an order.
pub(crate) fn next(order: &Order) -> Question {
    match order.state {
        OrderState::AwaitingPayment => Question::Payment,
        OrderState::Paid | OrderState::Ended | OrderState::Cancelled => Question::Over,
        OrderState::Draft => Question::asked().find(|q| !q.is_answered(order)).unwrap_or(Question::Summary),
    }
}

/// What is wrong with an answer; the key of a text that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) &'static str);

/// A business's name: 1–64 characters on one line.
pub(crate) fn business_name(text: &str) -> Result<String, Wrong> {
    // Postgres takes no zero bytes, and nobody else takes the other control characters. Signs that turn the direction
    // of writing would turn the rest of our own line with them.
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || turns(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err(Wrong("buyer.name_empty")),
        1..=64 if !name.starts_with('/') => Ok(name),
        1..=64 => Err(Wrong("buyer.name_command")),
        _ => Err(Wrong("buyer.name_long")),
    }
}

/// A contact for the receipt: an e-mail address, or a phone number, which is kept as digits with a plus.
pub(crate) fn contact(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.contains('@') {
        let ok = text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty()
                    && !host.contains('@')
                    && host.split('.').count() > 1
                    && host.split('.').all(|p| !p.is_empty())
            });
        return if ok { Ok(text.to_owned()) } else { Err(Wrong("buyer.contact_wrong")) };
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let only_phone = text.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    match digits.len() {
        // With a plus it is said in full: +81 is Japan.
        10..=15 if only_phone && text.starts_with('+') => Ok(format!("+{digits}")),
        // 8 and ten digits is how a number is said inside Russia.
        11 if only_phone && digits.starts_with('8') => Ok(format!("+7{}", &digits[1..])),
        10 if only_phone && digits.starts_with('9') => Ok(format!("+7{digits}")),
        11..=15 if only_phone => Ok(format!("+{digits}")),
        _ => Err(Wrong("buyer.contact_wrong")),
    }
}

/// A bot's token anywhere in a text, as in the whole message of BotFather: digits, a colon, 35 or so characters.
pub(crate) fn token_in(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| looks_like_token(word))
}

fn looks_like_token(word: &str) -> bool {
    word.split_once(':').is_some_and(|(id, secret)| {
        (5..=20).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_digit())
            && (30..=64).contains(&secret.len())
            && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

/// A username to propose for the new bot: Latin letters of the name, a tag against collisions, `bot`.
pub(crate) fn suggested_username(business_name: &str, tag: u64) -> String {
    let mut latin = String::new();
    for c in business_name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => latin.push(c),
            _ => latin.push_str(transliterate(c)),
        }
    }
    let latin = latin.trim_start_matches(|c: char| c.is_ascii_digit());
    let stem: String = latin.chars().take(16).collect();
    let stem = if stem.len() < 3 { "booking".to_owned() } else { stem };
    // 5–32 characters in all.
    format!("{stem}_{:04x}_bot", tag % 0x1_0000)
}

fn transliterate(c: char) -> &'static str {
    const FROM: &str = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя";
    const TO: [&str; 33] = [
        "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f",
        "h", "ts", "ch", "sh", "sch", "", "y", "", "e", "yu", "ya",
    ];
    FROM.chars().position(|f| f == c).map_or("", |i| TO[i])
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_at_most_64_characters() {
        assert_eq!(business_name("  Барбершоп\n «Усы»  "), Ok("Барбершоп «Усы»".into()));
        assert_eq!(business_name("Усы\0\u{7}"), Ok("Усы".into()));
        assert_eq!(business_name("\u{202e}סלון\u{2069} Усы"), Ok("סלון Усы".into()));
        assert_eq!(business_name(" \n "), Err(Wrong("buyer.name_empty")));
        assert_eq!(business_name(&"я".repeat(65)), Err(Wrong("buyer.name_long")));
        assert_eq!(business_name("/help"), Err(Wrong("buyer.name_command")));
    }

    #[test]
    fn contacts_are_taken_as_people_write_them() {
        for (typed, kept) in [
            ("8 (912) 345-67-89", "+79123456789"),
            ("+7 912 345 67 89", "+79123456789"),
            ("9123456789", "+79123456789"),
            ("+375 29 123-45-67", "+375291234567"),
            ("+81 3 1234-5678", "+81312345678"),
            (" anna@example.ru ", "anna@example.ru"),
        ] {
            assert_eq!(contact(typed).as_deref(), Ok(kept));
        }
        for wrong in
            ["", "анна", "123", "a@b", "@x.ru", "a b@c.ru", "a\0@c.ru", "+7 912 345 67 89 доб. 5", "1234567890123456"]
        {
            assert!(contact(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_question_has_a_number_a_name_for_buttons_and_one_before_it() {
        assert_eq!(Question::asked().map(Question::number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!((Question::Summary.number(), STEPS), (6, 6));
        assert_eq!((Question::BusinessName.before(), Question::Bot.before()), (None, Some(Question::Contact)));
        for question in Question::asked() {
            assert_eq!(question.code().and_then(Question::from_code), Some(question));
        }
        assert_eq!((Question::Payment.code(), Question::from_code("payment")), (None, None));
    }

    #[test]
    fn a_token_is_found_wherever_it_stands_and_talk_is_not() {
        let token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4";
        assert_eq!(token_in(token), Some(token));
        assert_eq!(token_in(&format!("Use this token to access the HTTP API:\n{token}\nKeep it safe")), Some(token));
        for no in ["в 10:00", "123456789:", "x:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4", "https://t.me/x"] {
            assert_eq!(token_in(no), None, "{no}");
        }
    }

    #[test]
    fn proposed_usernames_are_ones_telegram_takes() {
        assert_eq!(suggested_username("Барбершоп «Усы»", 0xbeef), "barbershopusy_beef_bot");
        for name in ["", "24/7", "床屋", "Щука и Ёж на Большой Щербаковской"] {
            let username = suggested_username(name, 7);
            assert!((5..=32).contains(&username.len()) && username.ends_with("bot"), "{username}");
            assert!(username.starts_with(|c: char| c.is_ascii_lowercase()), "{username}");
        }
    }
}
