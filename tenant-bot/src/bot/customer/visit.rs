//! The way to a booking: where it begins, and what comes next.

use shared::telegram::{Button, Screen};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, calendar, details, menu, moving, noted, party, services, who,
};
use crate::{
    booking::{BookError, BookingId, Offer, Pick, Refusal, ResourceId, Service, ServiceId, Wanted},
    bot::{
        choice::{Choice, DraftId},
        draft::Goal,
        words::Words,
    },
};

/// Keeps a draft, unless what was done with it has finished it.
pub(super) fn put_back(chat: &mut Chat<'_>, draft: Draft) {
    if chat.talk.done.is_none_or(|(id, _)| id != draft.id) {
        chat.talk.draft = Some(draft);
    }
}

/// Begins a visit with this service.
pub(super) async fn begin(chat: &mut Chat<'_>, service: ServiceId, pick: Pick) -> Result<Turn, BookError> {
    begin_with(chat, Wanted::one(service, pick), false, None).await
}

/// Begins a visit; `settled` if only its time is to be found.
async fn begin_with(chat: &mut Chat<'_>, wanted: Wanted, settled: bool, note: Option<&str>) -> Result<Turn, BookError> {
    chat.leave().await?;
    // Whoever was forgotten meanwhile, or came by an old button, is known from here on.
    chat.bookings.greet(&chat.guest.profile()).await?;
    let source = chat.talk.source.take();
    chat.bookings.began(chat.user(), source.as_deref()).await?;
    let mut draft = Draft::of(DraftId::of(chat.guest.update_id), wanted, source);
    if settled {
        draft = draft.settled();
    }
    // What cannot even begin is not kept.
    let turn = onward(chat, &mut draft, note).await?;
    put_back(chat, draft);
    Ok(turn)
}

/// The same visit once more. What is no longer there is left out, and that is said.
pub(super) async fn again(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let before = chat.bookings.card(chat.user(), id).await?.booking;
    let mut wanted = before.wanted();
    let mut notes: Vec<String> = Vec::new();
    let offered = chat.bookings.services().await?;
    wanted.wants.retain(|want| offered.iter().any(|s| s.id == want.service));
    if wanted.wants.len() < before.lines.len() {
        notes.push(words.say("again.services_gone", &[]));
    }
    if wanted.wants.is_empty() {
        let why = words.refusal(Refusal::NoSuchService);
        return Ok(services::list(chat, Some(&why)).await?.saying(why));
    }
    match chat.bookings.offer(chat.user(), &wanted).await {
        Err(BookError::Refused(Refusal::NoSuchResource | Refusal::PartyTooLarge(_))) => {
            wanted.wants.iter_mut().for_each(|want| want.pick = Pick::Any);
            notes.push(words.say("again.resource_gone", &[]));
        }
        other => drop(other?),
    }
    let note = (!notes.is_empty()).then(|| notes.join("\n"));
    begin_with(chat, wanted, true, note.as_deref()).await
}

/// Whatever has to be settled next.
pub(super) async fn onward(chat: &mut Chat<'_>, draft: &mut Draft, note: Option<&str>) -> Result<Turn, BookError> {
    chat.talk.awaiting = None;
    if let Goal::Move(booking) = draft.goal {
        return moving::onward(chat, draft, booking, note).await;
    }
    let settled = draft.party_known && draft.settled >= draft.wanted.wants.len();
    if !settled || draft.what.is_empty() {
        let (_, offer) = chat.bookings.offer(chat.user(), &draft.wanted).await?;
        draft.read(&offer);
        if !draft.party_known {
            match offer.largest_party {
                Some(most) if most > 1 => return Ok(party::ask(chat, draft, &offer, most, note)),
                _ => draft.party_known = true,
            }
        }
        if let Some(turn) = who::ask_next(chat, draft, &offer, note) {
            return Ok(turn);
        }
    }
    if draft.starts_at.is_none() && draft.waiting.is_none() {
        return calendar::show(chat, draft, None, note).await;
    }
    details::onward(chat, draft, note).await
}

/// Goes on with what was being put together.
pub(super) async fn resume(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let Some(mut draft) = chat.talk.draft.take() else { return menu::again(chat).await };
    let turn = onward(chat, &mut draft, None).await;
    put_back(chat, draft);
    turn
}

/// One more service. If it does not go into the visit, the visit stays as it was.
pub(super) async fn add(chat: &mut Chat<'_>, draft: &mut Draft, n: u8, service: ServiceId) -> Result<Turn, BookError> {
    let before = draft.clone();
    draft.add(n, service);
    match onward(chat, draft, None).await {
        Err(BookError::Refused(
            why @ (Refusal::VisitTooLong(_)
            | Refusal::NoSuchService
            | Refusal::NoSuchResource
            | Refusal::PartyTooLarge(_)),
        )) => {
            *draft = before;
            let why = chat.words().refusal(why);
            Ok(onward(chat, draft, Some(&why)).await?.saying(why))
        }
        turn => turn,
    }
}

/// A person, a table or a room, and what can be booked there.
pub(super) async fn performer(chat: &mut Chat<'_>, id: ResourceId) -> Result<Turn, BookError> {
    chat.leave().await?;
    let words = chat.words();
    let performer = chat.bookings.performer(id).await?;
    let mut text = words.say("performer.head", &[("name", &performer.resource.name)]);
    if let Some(description) = &performer.resource.description {
        text.push_str(&format!("\n{}", words.say("service.description", &[("description", description)])));
    }
    let mut rows: Vec<Vec<Button>> =
        performer.services.iter().take(90).map(|s| vec![offered(words, s, Choice::With(id, s.id))]).collect();
    if performer.resource.photo.is_some() {
        rows.push(vec![words.button("button.photo", Choice::ResourcePhoto(id))]);
    }
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    let text = noted(Some(&text), &words.say("service.choose", &[]));
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// `Мужская стрижка · 1 800 ₽ · 1 ч`
pub(super) fn offered(words: Words<'_>, service: &Service, choice: Choice) -> Button {
    let (price, length) = (words.price(service.price), words.duration(service.duration));
    Button::press(format!("{} · {price} · {length}", service.name), choice.to_string())
}

/// What is being booked, as it stands above every question about it.
pub(super) fn head(words: Words<'_>, draft: &Draft, offer: &Offer) -> String {
    let mut lines = Vec::new();
    for (part, want) in offer.parts.iter().zip(&draft.wanted.wants) {
        let (price, length) = who::span(part, want.pick);
        let (price, length) = (words.price(price), words.lengths(length));
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("service", &part.service.name), ("price", &price), ("length", &length)];
        lines.push(words.say("service.head", &args));
        if let Pick::One(id) = want.pick
            && let Some(resource) = offer.resource(id)
        {
            lines.push(words.say("resource.head", &[("resource", &resource.name)]));
        }
        if let [only] = &offer.parts[..]
            && let Some(description) = &only.service.description
        {
            lines.push(words.say("service.description", &[("description", description)]));
        }
    }
    if draft.wanted.party > 1 {
        lines.push(words.count("booking.party", i64::from(draft.wanted.party), &[]));
    }
    lines.join("\n")
}
