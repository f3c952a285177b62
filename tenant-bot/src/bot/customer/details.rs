//! What is asked of the person after a time was chosen: consent, name, phone number, the services' questions, a comment.

use shared::telegram::{Button, ReplyButton, Screen, incoming::Message};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, check, noted, person, repeat, times, visit, waiting,
};
use crate::{
    booking::{
        BookError, Question, Refusal,
        contact::{self, Contact},
    },
    bot::{
        choice::{Choice, Step},
        talk::Awaiting,
    },
};

/// Asks what is not known yet; then the summary, or the queue for a freed time.
pub(super) async fn onward(chat: &mut Chat<'_>, draft: &mut Draft, note: Option<&str>) -> Result<Turn, BookError> {
    if !chat.bookings.settings(chat.user()).await?.consented {
        keep(chat, draft).await?;
        return person::ask_consent(chat, note).await;
    }
    let Some(contact) = chat.bookings.contact(chat.user()).await? else {
        return ask_name(chat, draft, note).await;
    };
    if draft.waiting.is_some() {
        return waiting::join(chat, draft).await;
    }
    if let Some(question) = draft.next_question().cloned() {
        keep(chat, draft).await?;
        return ask(chat, draft, &question, note).await;
    }
    match draft.series {
        Some(_) => repeat::dates(chat, draft, note).await,
        None => check::show(chat, draft, &contact, note).await,
    }
}

/// Keeps the time while its customer types. What was kept too long ago is kept anew.
async fn keep(chat: &Chat<'_>, draft: &mut Draft) -> Result<(), BookError> {
    let kept = draft.kept_until.is_some_and(|until| until > chat.now);
    let Some(starts_at) = draft.starts_at.filter(|_| !kept) else { return Ok(()) };
    let held = chat.bookings.hold(chat.user(), &draft.wanted, starts_at, chat.guest.update_id).await?;
    draft.kept_until = Some(held.until);
    draft.kept = true;
    Ok(())
}

/// What is booked and when, and until when that time is kept.
async fn above(chat: &Chat<'_>, draft: &Draft) -> Result<String, BookError> {
    let words = chat.words();
    let Some(starts_at) = draft.starts_at else { return Ok(words.say("name.what", &[("service", &draft.what)])) };
    let zone = chat.bookings.business().await?.zone;
    let when = words.moment(zone, starts_at);
    let mut text = words.say("name.what_when", &[("service", &draft.what), ("when", &when)]);
    if let Some(until) = draft.kept_until.filter(|until| *until > chat.now) {
        text.push_str(&format!("\n{}", words.say("name.kept", &[("until", &words.time(zone, until))])));
    }
    Ok(text)
}

fn ways_out(chat: &Chat<'_>, draft: &Draft) -> Vec<Button> {
    let back = match draft.date {
        Some(date) => Step::Day(date, 0),
        None => Step::Calendar,
    };
    vec![
        chat.words().button("button.back", Choice::Draft(draft.id, back)),
        chat.words().button("button.menu", Choice::Menu),
    ]
}

/// The name, and then the number.
pub(super) async fn ask_name(chat: &mut Chat<'_>, draft: &mut Draft, note: Option<&str>) -> Result<Turn, BookError> {
    keep(chat, draft).await?;
    let words = chat.words();
    let text = format!("{}\n\n{}", above(chat, draft).await?, words.say("name.ask", &[]));
    let mut rows = Vec::new();
    if let Some(name) = contact::name(&chat.guest.person.first_name) {
        rows.push(vec![Button::press(name, Choice::Draft(draft.id, Step::TelegramName).to_string())]);
    }
    rows.push(ways_out(chat, draft));
    chat.talk.awaiting = Some(Awaiting::Name);
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(rows)))
}

/// The button with the name that Telegram knows.
pub(super) fn telegram_name(chat: &mut Chat<'_>) -> Turn {
    let words = chat.words();
    let Some(name) = contact::name(&chat.guest.person.first_name) else {
        return Turn::alert(words.plain("name.wrong", &[]));
    };
    let taken = Screen::text(words.say("name.taken", &[("name", &name)]));
    chat.talk.awaiting = Some(Awaiting::Phone(name));
    Turn::show(taken).then(ask_phone(chat, "phone.ask"))
}

pub(super) fn name_typed(chat: &mut Chat<'_>, message: &Message) -> Turn {
    match message.text.as_deref().and_then(contact::name) {
        Some(name) => {
            chat.talk.awaiting = Some(Awaiting::Phone(name));
            Turn::show(ask_phone(chat, "phone.ask"))
        }
        None => Turn::show(Screen::text(chat.words().say("name.wrong", &[]))),
    }
}

fn ask_phone(chat: &mut Chat<'_>, key: &str) -> Screen {
    let words = chat.words();
    chat.talk.phone_key = true;
    Screen::text(words.say(key, &[])).reply(vec![vec![ReplyButton::contact(words.plain("phone.share", &[]))]])
}

/// A number, shared or typed. It is kept with the name, so that the next booking asks for neither.
pub(super) async fn phone_given(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    message: &Message,
    name: String,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let given = message.contact.as_ref().map(|c| c.phone_number.as_str()).or(message.text.as_deref());
    let Some(phone) = given.and_then(contact::phone) else { return Ok(Turn::show(ask_phone(chat, "phone.wrong"))) };
    let contact = Contact { name, phone };
    chat.bookings.remember(&chat.guest.profile(), &contact).await?;
    // Two messages: one takes the reply keyboard away, and only another one can carry buttons.
    let thanks = words.say("phone.thanks", &[("name", &contact.name), ("phone", &contact.phone)]);
    let turn = visit::onward(chat, draft, None).await;
    let mut turn = times::or_fresh_times(chat, draft, turn).await?;
    chat.talk.phone_key = false;
    turn.screens.insert(0, Screen::text(thanks).remove_keyboard());
    Ok(turn)
}

async fn ask(chat: &mut Chat<'_>, draft: &Draft, question: &Question, note: Option<&str>) -> Result<Turn, BookError> {
    let words = chat.words();
    let asked = words.say("question.ask", &[("question", &question.text)]);
    let text = format!("{}\n\n{asked}", above(chat, draft).await?);
    let mut rows = Vec::new();
    if !question.required {
        rows.push(vec![words.button("button.skip", Choice::Draft(draft.id, Step::Skip))]);
    }
    rows.push(ways_out(chat, draft));
    chat.talk.awaiting = Some(Awaiting::Answer(question.text.clone()));
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(rows)))
}

/// Words of 1–500 characters.
fn own_words(message: &Message) -> Option<String> {
    let text = message.text.as_deref()?.trim();
    let fits = (1..=500).contains(&text.chars().count()) && !text.contains('\0');
    fits.then(|| text.to_owned())
}

pub(super) async fn answered(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    message: &Message,
    question: String,
) -> Result<Turn, BookError> {
    let Some(answer) = own_words(message) else {
        return Ok(Turn::show(Screen::text(chat.words().say("question.wrong", &[]))));
    };
    draft.answers.push((question, Some(answer)));
    visit::onward(chat, draft, None).await
}

/// A comment for the business.
pub(super) async fn ask_comment(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    let words = chat.words();
    keep(chat, draft).await?;
    chat.talk.awaiting = Some(Awaiting::Comment);
    let mut rows = Vec::new();
    if draft.comment.is_some() {
        rows.push(vec![words.button("comment.none", Choice::Draft(draft.id, Step::Skip))]);
    }
    rows.push(vec![words.button("button.back", Choice::Draft(draft.id, Step::Check))]);
    Ok(Turn::show(Screen::text(words.say("comment.ask", &[])).inline(rows)))
}

pub(super) async fn commented(chat: &mut Chat<'_>, draft: &mut Draft, message: &Message) -> Result<Turn, BookError> {
    let Some(comment) = own_words(message) else {
        return Ok(Turn::show(Screen::text(chat.words().say("question.wrong", &[]))));
    };
    draft.comment = Some(comment);
    visit::onward(chat, draft, None).await
}

/// Nothing is said to what was asked last.
pub(super) async fn skip(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    match chat.talk.awaiting.take() {
        Some(Awaiting::Answer(question)) if draft.questions.iter().any(|q| q.text == question && !q.required) => {
            draft.answers.push((question, None));
        }
        Some(Awaiting::Comment) => draft.comment = None,
        _ => {}
    }
    visit::onward(chat, draft, None).await
}

/// Whoever tried to book without a name, or without having agreed, is asked for it.
pub(super) async fn or_ask(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    turn: Result<Turn, BookError>,
) -> Result<Turn, BookError> {
    match turn {
        Err(BookError::Refused(why @ (Refusal::NoContact | Refusal::NoConsent))) => {
            let why = chat.words().refusal(why);
            visit::onward(chat, draft, Some(&why)).await
        }
        turn => turn,
    }
}
