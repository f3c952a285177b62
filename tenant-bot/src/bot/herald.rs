//! The letters of the desk, to the owners and to customers.

use std::{fmt::Display, sync::Arc};

use chrono::{DateTime, Utc};
use shared::{
    outbox::Letter,
    telegram::Screen,
    texts::{Lang, Texts},
};

use super::words::Words;
use crate::booking::{Business, Ended, Herald, News, UserId, Word};

/// Writes to everybody in their own language.
pub(crate) struct OwnersHerald(Arc<Texts>);

impl OwnersHerald {
    pub(crate) fn new(texts: Arc<Texts>) -> Self {
        Self(texts)
    }
}

impl Herald for OwnersHerald {
    fn letters(
        &self,
        business: &Business,
        news: News<'_>,
        owners: &[(UserId, Option<Lang>)],
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let (event, booking) = match news {
            News::Booked(b) => ("booked", b),
            News::Series([b, ..]) => ("series", b),
            News::Series([]) => return Vec::new(),
            News::Requested(b) => ("requested", b),
            News::Cancelled(b) => ("cancelled", b),
            News::Moved { to, .. } => ("moved", to),
            News::Rated(b, ..) => ("rated", b),
        };
        let letter = |(owner, lang): &(UserId, Option<Lang>)| {
            let words = Words { texts: &self.0, lang: lang.unwrap_or(business.language) };
            let customer: [(&str, &dyn Display); 3] =
                [("user", &booking.user.0), ("name", &booking.customer_name), ("phone", &booking.phone)];
            let head = match news {
                News::Cancelled(_) => words.say("owner.cancelled", &customer),
                _ => words.say("owner.booked", &customer),
            };
            Letter {
                key: format!("{event}:{}:{}", booking.id.0, owner.0),
                chat_id: owner.0,
                screen: Screen::text(format!("{head}\n\n{}", words.summary(business.zone, booking))),
                due_at: now,
            }
        };
        owners.iter().map(letter).collect()
    }

    fn letter(&self, business: &Business, word: Word<'_>, lang: Lang, now: DateTime<Utc>) -> Letter {
        let words = Words { texts: &self.0, lang };
        let (event, booking) = match word {
            Word::Reminder(b, row) => (format!("reminder:{row}"), b),
            Word::Approved(b) => (format!("approved:{}", b.id.0), b),
            Word::Declined(b) => (format!("declined:{}", b.id.0), b),
            Word::Lapsed(b) => (format!("lapsed:{}", b.id.0), b),
            Word::Unanswered(b) => (format!("unanswered:{}", b.id.0), b),
            Word::Offer(b, _) => (format!("offer:{}", b.id.0), b),
            Word::HowWasIt(b) => (format!("finish:{}", b.id.0), b),
        };
        let screen = Screen::text(words.summary(business.zone, booking));
        Letter { key: event, chat_id: booking.user.0, screen, due_at: now }
    }

    fn reason(&self, business: &Business, ended: Ended) -> String {
        let words = Words { texts: &self.0, lang: business.language };
        match ended {
            Ended::Unanswered => words.plain("card.unanswered", &[]),
            Ended::Lapsed => words.plain("card.lapsed", &[]),
        }
    }
}
