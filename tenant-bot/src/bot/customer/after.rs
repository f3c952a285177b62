//! What follows a booking: the file for a calendar, the word that one comes, and how it was.

use shared::telegram::{Button, Screen, incoming::Message};

use super::{
    super::{
        calendar_file::calendar_file,
        turn::{Below, Turn},
    },
    Chat, card, menu,
};
use crate::{
    booking::{BookError, BookingId, Rated},
    bot::{choice::Choice, talk::Awaiting, words::Words},
};

/// From so many stars on, a good word elsewhere is asked for.
const GOOD: u8 = 4;

/// The booking as a file for a calendar.
pub(super) async fn file(chat: &Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let dated = chat.bookings.dated(chat.user(), id).await?;
    let above = Screen::text(words.say("card.file_sent", &[]));
    Ok(Turn::below(Below::File(above, calendar_file(words, &dated, chat.bot, chat.now))))
}

/// They come.
pub(super) async fn come(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    chat.bookings.come(chat.user(), id).await?;
    Ok(card::show(chat, id).await?.saying(chat.words().plain("card.thanks", &[])))
}

/// Stars; then words are awaited.
pub(super) async fn rate(chat: &mut Chat<'_>, id: BookingId, stars: u8) -> Result<Turn, BookError> {
    let rated = chat.bookings.rate(chat.user(), id, stars).await?;
    // A second tap does not end what the first one awaits.
    if chat.talk.awaiting != Some(Awaiting::Feedback(id)) {
        chat.leave().await?;
    }
    if !rated.repeated {
        chat.talk.awaiting = Some(Awaiting::Feedback(id));
    }
    Ok(Turn::show(thanks(chat.words(), &rated)))
}

fn thanks(words: Words<'_>, rated: &Rated) -> Screen {
    let stars = "⭐".repeat(usize::from(rated.stars));
    let head = match (rated.repeated, rated.stars >= GOOD) {
        (true, _) => words.say("rate.already", &[("stars", &stars)]),
        (false, true) => words.say("rate.good", &[("stars", &stars)]),
        (false, false) => words.say("rate.bad", &[("stars", &stars)]),
    };
    let mut rows: Vec<Vec<Button>> = Vec::new();
    if rated.stars >= GOOD
        && let Some(url) = &rated.business.place.review_url
    {
        rows.push(vec![Button::link(words.plain("rate.review", &[]), url)]);
    }
    rows.push(vec![words.button("card.again", Choice::Again(rated.booking.id))]);
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    Screen::text(head).inline(rows)
}

/// And the words.
pub(super) async fn rated_in_words(chat: &mut Chat<'_>, id: BookingId, message: &Message) -> Result<Turn, BookError> {
    let words = chat.words();
    let text = message.text.as_deref().unwrap_or_default().trim();
    if !(1..=1000).contains(&text.chars().count()) || text.contains('\0') {
        return Ok(Turn::show(Screen::text(words.say("rate.wrong", &[]))));
    }
    chat.talk.awaiting = None;
    let noted = chat.bookings.comment(chat.user(), id, text).await?;
    let said = if noted { words.say("rate.thanks", &[]) } else { words.say("rate.said", &[]) };
    menu::saying(chat, said).await
}
