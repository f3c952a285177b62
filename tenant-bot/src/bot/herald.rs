//! The owners' letters.

use std::{fmt::Display, sync::Arc};

use chrono::{DateTime, Utc};
use shared::{
    outbox::Letter,
    telegram::Screen,
    texts::{Lang, Texts},
};

use super::words::Words;
use crate::booking::{Business, Herald, News, UserId};

/// Writes to the owners, to each in their own language.
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
        let letter = |(owner, lang): &(UserId, Option<Lang>)| {
            let words = Words { texts: &self.0, lang: lang.unwrap_or(business.language) };
            let (event, booking) = match news {
                News::Booked(b) => ("booked", b),
                News::Cancelled(b) => ("cancelled", b),
            };
            let customer: [(&str, &dyn Display); 3] =
                [("user", &booking.user.0), ("name", &booking.customer_name), ("phone", &booking.phone)];
            let head = match news {
                News::Booked(_) => words.say("owner.booked", &customer),
                News::Cancelled(_) => words.say("owner.cancelled", &customer),
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
}
