//! What a person is told of their data, how they agree, take it with them and have it deleted; their settings.

use shared::{
    outbox::Document,
    telegram::{Button, Screen},
    texts::Lang,
};

use super::{
    super::{
        choice::Choice,
        talk::{Spoken, Talk},
        turn::{Below, Turn},
        words::Words,
    },
    Chat, menu, noted, visit,
};
use crate::booking::{BookError, Business, CONSENT_VERSION};

/// The words that are agreed to before the first booking. A note on top says what they are asked for.
pub(super) async fn ask_consent(chat: &Chat<'_>, note: Option<&str>) -> Result<Turn, BookError> {
    let (words, business) = (chat.words(), chat.bookings.business().await?);
    let text = words.say("person.consent.ask", &[("business", &business.name)]);
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(vec![
        vec![words.button("person.consent.yes", Choice::Consent)],
        vec![words.button("person.consent.more", Choice::Privacy), words.button("button.menu", Choice::Menu)],
    ])))
}

/// Consent is given. What was being put together is gone on with.
pub(super) async fn agreed(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.bookings.consent(&chat.guest.profile()).await?;
    if chat.talk.draft.is_some() {
        return visit::resume(chat).await;
    }
    menu::saying(chat, chat.words().say("person.consent.thanks", &[])).await
}

/// What is kept, why, for how long, and whom to ask.
pub(super) async fn privacy(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let business = chat.bookings.business().await?;
    let settings = chat.bookings.settings(chat.user()).await?;
    let version: [(&str, &dyn std::fmt::Display); 1] = [("version", &CONSENT_VERSION)];
    let status = if settings.consented {
        words.plain("person.privacy.yes", &version)
    } else {
        words.plain("person.privacy.no", &version)
    };
    let name = words.say("person.operator.name", &[("business", &business.name)]);
    let how = contacts(words, &business).unwrap_or_else(|| words.say("person.operator.here", &[]));
    let operator = format!("{name}\n{how}");
    let text = words.say("person.privacy.text", &[("operator", &operator), ("status", &status)]);
    let mut rows = vec![
        vec![words.button("person.privacy.export", Choice::Export)],
        vec![words.button("person.privacy.forget", Choice::AskForget)],
        vec![words.button("button.menu", Choice::Menu)],
    ];
    if !settings.consented {
        rows.insert(0, vec![words.button("person.consent.yes", Choice::Consent)]);
    } else if chat.talk.draft.is_some() {
        rows.insert(0, vec![words.button("button.resume", Choice::Resume)]);
    }
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// Where a business is and how it is called, as far as that is known.
fn contacts(words: Words<'_>, business: &Business) -> Option<String> {
    let place = &business.place;
    let address = place.address.as_ref().map(|a| words.say("person.operator.address", &[("address", a)]));
    let phone = place.phone.as_ref().map(|p| words.say("person.operator.phone", &[("phone", p)]));
    let lines: Vec<String> = [address, phone].into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Everything that is kept of a person, as a file.
pub(super) async fn export(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let business = chat.bookings.business().await?;
    let kept = chat.bookings.export(chat.user()).await?;
    let document = Document::file("my-data.json", format!("{kept:#}\n"));
    let text = chat.words().say("person.export.file", &[("business", &business.name)]);
    Ok(Turn::below(Below::File(Screen::text(text), document)))
}

/// Whether everything is to be deleted.
pub(super) fn ask_forget(chat: &Chat<'_>) -> Turn {
    let words = chat.words();
    Turn::show(Screen::text(words.say("person.forget.ask", &[])).inline(vec![
        vec![words.button("person.forget.yes", Choice::Forget)],
        vec![words.button("person.forget.no", Choice::Privacy)],
    ]))
}

/// Everything is deleted: what Postgres keeps, and what is remembered of the conversation.
pub(super) async fn forget(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let forgotten = chat.bookings.forget(chat.user()).await?;
    *chat.talk = Talk { keyboard: chat.talk.keyboard, heard: chat.talk.heard, ..Talk::default() };
    let mut text = words.say("person.forget.done", &[]);
    if forgotten.cancelled > 0 {
        let n = i64::try_from(forgotten.cancelled).unwrap_or(i64::MAX);
        text = format!("{text}\n\n{}", words.count("person.forget.cancelled", n, &[]));
    }
    Ok(Turn::show(Screen::text(text)))
}

/// Language, reminders, news.
pub(super) async fn settings(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let settings = chat.bookings.settings(chat.user()).await?;
    let spoken = match words.lang {
        Lang::Ru => words.plain("person.settings.language.ru", &[]),
        Lang::En => words.plain("person.settings.language.en", &[]),
    };
    let language = match settings.language {
        Some(_) => spoken,
        None => words.plain("person.settings.telegrams", &[("language", &spoken)]),
    };
    let comes = |on| {
        if on { words.plain("person.settings.on", &[]) } else { words.plain("person.settings.off", &[]) }
    };
    let (reminders, news) = (comes(settings.reminders), comes(settings.broadcasts));
    let text =
        words.say("person.settings.text", &[("language", &language), ("reminders", &reminders), ("news", &news)]);
    let speak = match words.lang {
        Lang::Ru => words.button("person.settings.speak.en", Choice::Speak(Lang::En)),
        Lang::En => words.button("person.settings.speak.ru", Choice::Speak(Lang::Ru)),
    };
    let reminders = match settings.reminders {
        true => words.button("person.settings.reminders_off", Choice::Reminders(false)),
        false => words.button("person.settings.reminders_on", Choice::Reminders(true)),
    };
    let news = match settings.broadcasts {
        true => words.button("person.settings.news_off", Choice::Broadcasts(false)),
        false => words.button("person.settings.news_on", Choice::Broadcasts(true)),
    };
    let mut rows: Vec<Vec<Button>> = [speak, reminders, news].into_iter().map(|button| vec![button]).collect();
    rows.push(vec![
        words.button("person.settings.privacy", Choice::Privacy),
        words.button("button.menu", Choice::Menu),
    ]);
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// From now on the person is spoken to in this language.
pub(super) async fn speak(chat: &mut Chat<'_>, lang: Lang) -> Result<Turn, BookError> {
    chat.bookings.speak(&chat.guest.profile(), lang).await?;
    chat.talk.spoken = Some(Spoken::of(Some(lang)));
    chat.guest.words.lang = lang;
    settings(chat).await
}

/// News or reminders are switched.
pub(super) async fn subscribe(
    chat: &Chat<'_>,
    broadcasts: Option<bool>,
    reminders: Option<bool>,
) -> Result<Turn, BookError> {
    chat.bookings.subscribe(&chat.guest.profile(), broadcasts, reminders).await?;
    settings(chat).await
}

/// The button under news: no more of them. The news stays, its button goes.
pub(super) async fn no_news(chat: &Chat<'_>, trial: bool) -> Result<Turn, BookError> {
    if trial {
        return Ok(Turn::alert(chat.words().plain("person.no_news_trial", &[])));
    }
    chat.bookings.subscribe(&chat.guest.profile(), Some(false), None).await?;
    Ok(Turn::stale(chat.words().plain("person.no_news", &[])))
}

/// `/stop`: no more news.
pub(super) async fn stopped(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.subscribe(&chat.guest.profile(), Some(false), None).await?;
    Ok(Turn::show(Screen::text(words.say("person.stopped", &[])).inline(vec![vec![
        words.button("person.open_settings", Choice::Settings),
        words.button("button.menu", Choice::Menu),
    ]])))
}

/// What the bot can do, and how to reach the business.
pub(super) async fn help(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let (words, business) = (chat.words(), chat.bookings.business().await?);
    let contacts = contacts(words, &business).unwrap_or_else(|| words.say("person.help.nothing", &[]));
    let text = words.say("person.help.text", &[("business", &business.name), ("contacts", &contacts)]);
    menu::saying(chat, text).await
}

/// The business's number as a card that can be called.
pub(super) async fn call(chat: &Chat<'_>) -> Result<Turn, BookError> {
    let business = chat.bookings.business().await?;
    Ok(match business.place.phone {
        Some(phone) => {
            let name: String = business.name.chars().take(64).collect();
            Turn::below(Below::Screen(Screen::contact(name, phone)))
        }
        None => Turn::note(chat.words().plain("person.no_phone", &[])),
    })
}
