//! Everything once more, with what changes; and then it is done.

use chrono::{DateTime, Utc};

use super::{
    Errand, Step, Subject,
    errand::{self, contact, guest, whom},
    step, what, when,
};
use crate::{
    booking::{BookError, Booking, NewVisit, Order, Price, Quote, Refusal, hours::local_date},
    bot::{
        admin::{console::Page, day},
        chat::Chat,
        choice::DraftId,
        summary::Summary,
        turn::Turn,
        words::Words,
    },
};

/// What it would be now.
struct Shown {
    quote: Quote,
    outside: bool,
    /// The booking whose place it takes.
    old: Option<Booking>,
}

impl Shown {
    fn cost(&self) -> (i64, Price) {
        ((self.quote.ends_at - self.quote.starts_at).num_minutes(), self.quote.price)
    }

    /// A short mark of when, how long and how much: what is agreed to is what was shown.
    fn code(&self) -> DraftId {
        let (minutes, price) = self.cost();
        let to = price.to.map_or(0, |to| to.0);
        let mixed = [self.quote.starts_at.timestamp(), minutes, price.from.0, to, i64::from(self.outside)];
        DraftId::of(mixed.into_iter().fold(7, |sum, n| i64::wrapping_add(i64::wrapping_mul(sum, 1_000_003), n)))
    }
}

fn new_visit(errand: &Errand, old: &Booking, starts_at: DateTime<Utc>) -> NewVisit {
    NewVisit { wanted: Some(errand.wanted_of(old)), starts_at, outside: false, shown: None }
}

async fn quote(chat: &mut Chat<'_>, errand: &Errand, starts_at: DateTime<Utc>) -> Result<Shown, BookError> {
    let by = chat.user();
    if let Some(Subject::Booking(id)) = errand.subject {
        let old = chat.bookings.staff_card(by, id).await?.booking;
        let rebooking = chat.bookings.quote_rebooking(by, id, &new_visit(errand, &old, starts_at)).await?;
        return Ok(Shown { quote: rebooking.new, outside: rebooking.outside, old: Some(rebooking.old) });
    }
    let wanted = errand::wanted(errand);
    let (quote, outside) = chat.bookings.quote_for(by, whom(errand.subject, ""), &wanted, starts_at).await?;
    Ok(Shown { quote, outside, old: None })
}

/// What makes a time impossible is said with what can be had instead on that day.
async fn or_times(
    chat: &mut Chat<'_>,
    errand: Errand,
    starts_at: DateTime<Utc>,
    error: BookError,
) -> Result<Turn, BookError> {
    let BookError::Refused(
        refusal @ (Refusal::Taken | Refusal::Closed | Refusal::Past | Refusal::OfferChanged | Refusal::TooFar(_)),
    ) = error
    else {
        return Err(error);
    };
    let why = chat.words().refusal(refusal);
    let date = local_date(chat.bookings.business().await?.zone, starts_at);
    let turn = when::times(chat, Errand { starts_at: None, ..errand }, date, Some(format!("⚠️ {why}"))).await?;
    Ok(turn.saying(why))
}

pub(super) async fn show(chat: &mut Chat<'_>, errand: Errand, note: Option<String>) -> Result<Turn, BookError> {
    let Some(starts_at) = errand.starts_at else { return Err(Refusal::Past.into()) };
    let words = chat.words();
    let shown = match quote(chat, &errand, starts_at).await {
        Ok(shown) => shown,
        Err(error) => return or_times(chat, errand, starts_at, error).await,
    };
    let contact = contact(chat, &errand).await?;
    let party = shown.old.as_ref().map_or(errand.party.unwrap_or(1), |old| old.party);
    let zone = shown.quote.business.zone;
    let mut text = Summary::quoted(words, &shown.quote, party, &contact).short().say(words, zone);
    text = match &shown.old {
        Some(old) => format!("{}\n{text}{}", words.say("book.will_be", &[]), differences(words, &shown, old)),
        None => format!("{}\n{text}", words.say("book.check", &[])),
    };
    if shown.outside {
        text.push_str(&format!("\n\n{}", words.say("book.outside", &[])));
    }
    let key = match (&shown.old, shown.outside) {
        (Some(_), false) => "book.yes_move",
        (None, false) => "book.yes",
        (_, true) => "book.yes_outside",
    };
    let mut rows = vec![vec![words.button(key, step(&errand, Step::Yes(shown.code(), shown.outside)))]];
    if shown.old.is_none() {
        rows.push(vec![words.button("book.more", step(&errand, Step::What(0)))]);
    }
    let date = local_date(zone, starts_at);
    let back = step(&errand, Step::Day(date));
    let page = Page::new(what::trail(words, &errand, &contact.name), text, rows, back).noting(note);
    chat.talk.errand = Some(errand);
    Ok(Turn::show(page.screen(words)))
}

/// What was, and how length and price change.
fn differences(words: Words<'_>, shown: &Shown, old: &Booking) -> String {
    let zone = shown.quote.business.zone;
    let (what, who, when) = (old.what(), old.who(), words.moment(zone, old.starts_at));
    let mut text = format!("\n\n{}", words.say("letter.was", &[("what", &what), ("who", &who), ("when", &when)]));
    let (was, is) = (old.ends_at - old.starts_at, shown.quote.ends_at - shown.quote.starts_at);
    if was != is {
        let (was, is) = (words.duration(was), words.duration(is));
        text.push_str(&format!("\n{}", words.say("book.length_changes", &[("was", &was), ("is", &is)])));
    }
    if old.price != shown.quote.price {
        let (was, is) = (words.price(old.price), words.price(shown.quote.price));
        text.push_str(&format!("\n{}", words.say("book.price_changes", &[("was", &was), ("is", &is)])));
    }
    text
}

/// Does it, if it is still what was shown.
pub(super) async fn done(chat: &mut Chat<'_>, errand: Errand, code: DraftId, outside: bool) -> Result<Turn, BookError> {
    let Some(starts_at) = errand.starts_at else { return Ok(Turn::stale(chat.words().plain("stale", &[]))) };
    let words = chat.words();
    let shown = match quote(chat, &errand, starts_at).await {
        Ok(shown) => shown,
        Err(error) => return or_times(chat, errand, starts_at, error).await,
    };
    if shown.code() != code {
        return show(chat, errand, Some(words.refusal(Refusal::OfferChanged))).await;
    }
    let (by, update_id, cost) = (chat.user(), chat.guest.update_id, Some(shown.cost()));
    let made = if let (Some(Subject::Booking(id)), Some(old)) = (errand.subject, &shown.old) {
        let to = NewVisit { outside, shown: cost, ..new_visit(&errand, old, starts_at) };
        chat.bookings.rebook(by, id, &to, update_id).await
    } else {
        let guest = guest(chat).await?;
        let whom = whom(errand.subject, &guest);
        let order = Order { whom, wanted: errand::wanted(&errand), starts_at, outside, shown: cost };
        chat.bookings.book_for(by, &order, update_id).await
    };
    let made = match made {
        Ok(made) => made,
        Err(error) => return or_times(chat, errand, starts_at, error).await,
    };
    chat.talk.errand = None;
    let told = match (shown.old.is_some(), made.booking.user.0 > 0) {
        (true, true) => "book.moved_told",
        (true, false) => "book.moved",
        (false, true) => "book.booked_told",
        (false, false) => "book.booked",
    };
    day::noting(chat, made.booking.id, Some(words.say(told, &[]))).await
}
