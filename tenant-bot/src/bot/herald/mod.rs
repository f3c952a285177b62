//! The letters of the desk: what the owners and the customers are told without having asked just now.

mod customer;
pub(in crate::bot) mod digest;
mod owners;
mod team;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::{
    outbox::Letter,
    telegram::Screen,
    texts::{Lang, Texts},
};

pub(super) use self::owners::customer as who;
use super::{words::Words, work_chat};
use crate::{
    booking::{Booking, Business, Digest, Ended, Herald, News, TeamNews, UserId, Word},
    store::reminders,
};

/// Telegram takes 4096 characters after its markup is read; before that they are no fewer.
const MOST_CHARS: usize = 4096;

/// Writes to everybody in their own language.
pub(crate) struct OwnersHerald(Arc<Texts>);

impl OwnersHerald {
    pub(crate) fn new(texts: Arc<Texts>) -> Self {
        Self(texts)
    }

    fn words(&self, lang: Lang) -> Words<'_> {
        Words { texts: &self.0, lang }
    }
}

impl Herald for OwnersHerald {
    fn letters(
        &self,
        business: &Business,
        news: News<'_>,
        team: &[(UserId, Option<Lang>)],
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let (event, booking) = match news {
            News::Booked(b) => ("booked", b),
            News::Series([first, ..]) => ("series", first),
            News::Series([]) => return Vec::new(),
            News::Requested(b) => ("requested", b),
            News::Cancelled(b) => ("cancelled", b),
            News::Moved { to, .. } => ("moved", to),
            News::Mass(plan, _) => match plan.goes().next() {
                Some(first) => ("mass", &first.old),
                None => return Vec::new(),
            },
            News::Rated(b, _, None) => ("rated", b),
            News::Rated(b, _, Some(_)) => ("commented", b),
        };
        let letter = |(member, lang): &(UserId, Option<Lang>)| {
            let words = self.words(lang.unwrap_or(business.language));
            Letter {
                key: format!("{event}:{}:{}", booking.id.0, member.0),
                chat_id: member.0,
                screen: owners::screen(words, business.zone, news, booking),
                due_at: now,
            }
        };
        team.iter().map(letter).collect()
    }

    fn letter(&self, business: &Business, word: Word<'_>, lang: Lang, now: DateTime<Utc>) -> Letter {
        let booking = word.booking();
        let about = |event: &str| format!("{event}:{}", booking.id.0);
        let key = match word {
            Word::Reminder(_, row) => reminders::letter_key(row),
            Word::Approved(_) => about("approved"),
            Word::Declined(_) => about("declined"),
            Word::CalledOff(_) => about("called_off"),
            Word::BookedFor(_) => about("booked_for"),
            Word::Rebooked { .. } => about("rebooked"),
            Word::NewTimes(..) => about("new_times"),
            Word::Lapsed(_) => about("lapsed"),
            Word::Unanswered(_) => about("unanswered"),
            Word::Offer(..) => about("offer"),
            Word::HowWasIt(_) => about("how"),
        };
        let screen = customer::screen(self.words(lang), business, word, now);
        Letter { key, chat_id: booking.user.0, screen, due_at: now }
    }

    fn card(&self, business: &Business, booking: &Booking, chat_id: i64, now: DateTime<Utc>) -> Letter {
        let screen = work_chat::card(self.words(business.language), business, booking, None);
        Letter { key: format!("card:{}:{chat_id}", booking.id.0), chat_id, screen, due_at: now }
    }

    fn team_letter(
        &self,
        business: &Business,
        news: TeamNews<'_>,
        (whom, lang): (UserId, Lang),
        key: &str,
        now: DateTime<Utc>,
    ) -> Letter {
        let screen = team::screen(self.words(lang), business, news);
        Letter { key: key.to_owned(), chat_id: whom.0, screen, due_at: now }
    }

    fn digest(&self, business: &Business, digest: &Digest, lang: Lang) -> Screen {
        digest::screen(self.words(lang), business, digest)
    }

    fn reason(&self, business: &Business, ended: Ended) -> String {
        let words = self.words(business.language);
        match ended {
            Ended::Unanswered => words.plain("ended.unanswered", &[]),
            Ended::Lapsed => words.plain("ended.lapsed", &[]),
        }
    }
}

/// A letter about a booking. If it is longer than Telegram takes, it does without what the customer typed: nobody should
/// hear nothing because somebody wrote much.
fn fitting(words: Words<'_>, booking: &Booking, text: impl Fn(&Booking) -> String) -> Screen {
    let whole = text(booking);
    if whole.chars().count() <= MOST_CHARS {
        return Screen::text(whole);
    }
    let bare = Booking { answers: Vec::new(), comment: None, ..booking.clone() };
    Screen::text(format!("{}\n\n{}", text(&bare), words.say("letter.cut", &[])))
}

#[cfg(test)]
mod tests;
