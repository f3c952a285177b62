//! How many people come.

use shared::telegram::{Button, Screen, incoming::Message};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, in_rows, noted, visit,
};
use crate::{
    booking::{BookError, Offer},
    bot::{
        choice::{Choice, Step},
        talk::Awaiting,
    },
};

/// More are typed.
const BUTTONS: u16 = 8;

/// Asks; whatever is typed next is the answer too.
pub(super) fn ask(chat: &mut Chat<'_>, draft: &Draft, offer: &Offer, most: u16, note: Option<&str>) -> Turn {
    let words = chat.words();
    chat.talk.awaiting = Some(Awaiting::Party);
    let button = |n: u16| Button::press(n.to_string(), Choice::Draft(draft.id, Step::Party(n)).to_string());
    let mut rows = in_rows((1..=most.min(BUTTONS)).map(button).collect(), 4);
    if let [only] = &offer.parts[..]
        && only.service.photo.is_some()
    {
        rows.push(vec![words.button("button.photo", Choice::ServicePhoto(only.service.id))]);
    }
    rows.push(vec![words.button("button.back", Choice::Services), words.button("button.menu", Choice::Menu)]);
    let ask = words.count("party.ask", i64::from(most), &[]);
    let text = format!("{}\n\n{ask}", visit::head(words, draft, offer));
    Turn::show(Screen::text(noted(note, &text)).inline(rows))
}

/// Asks again, after it was settled.
pub(super) async fn again(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    draft.party_known = false;
    draft.wanted.party = 1;
    draft.starts_at = None;
    draft.changed();
    visit::onward(chat, draft, None).await
}

/// A number, by a button.
pub(super) async fn chosen(chat: &mut Chat<'_>, draft: &mut Draft, party: u16) -> Result<Turn, BookError> {
    draft.wanted.party = party;
    draft.party_known = true;
    draft.changed();
    visit::onward(chat, draft, None).await
}

/// A number, typed.
pub(super) async fn typed(chat: &mut Chat<'_>, draft: &mut Draft, message: &Message) -> Result<Turn, BookError> {
    let words = chat.words();
    let number = message.text.as_deref().and_then(|t| t.trim().parse::<u16>().ok()).filter(|n| (1..=500).contains(n));
    match number {
        Some(party) => chosen(chat, draft, party).await,
        None => {
            chat.talk.awaiting = Some(Awaiting::Party);
            Ok(Turn::show(Screen::text(words.say("party.wrong", &[]))))
        }
    }
}
