//! A draft: what is to be sent, and to whom.

use shared::telegram::{Button, Screen};

use super::{
    super::{super::chat::Chat, super::turn::Turn, super::typed, Ask as AnyAsk, console::Page},
    Ask, Choice, Said, Typed, admit, audience, button, form, number_of, people, title,
};
use crate::booking::{Audience, BookError, Letter};

/// For how long somebody may have been gone, in days.
const DAYS: [u16; 4] = [30, 60, 90, 180];

/// What shall it be?
pub(super) async fn ask(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    admit(chat).await?;
    let words = chat.words();
    let trail = vec![words.plain("news.title", &[]), words.plain("news.new_one", &[])];
    let page = Page::new(trail, words.say("news.write", &[]), Vec::new(), button(Choice::HOME));
    Ok(form::ask(chat, AnyAsk::News(Ask::Letter), page))
}

/// A message came: it stays where it is, for it is what will be copied; the console comes below it. An album comes as
/// several messages, of which only the first brings the console.
pub(super) async fn written(chat: &mut Chat<'_>, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    if said.made_of.is_none() {
        return Ok(Typed::Hint(words.say("news.not_this", &[])));
    }
    let letter = Letter {
        message_id: said.message_id,
        album: said.album.as_deref(),
        text: said.text.as_deref().unwrap_or_default(),
    };
    let joined = chat.bookings.draft_broadcast(chat.user(), letter).await?;
    let turn = show(chat, Some(words.say("news.taken", &[]))).await?;
    Ok(Typed::Kept(if joined { turn.in_place() } else { turn }))
}

/// One's own draft, and the ways on.
pub(super) async fn show(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let draft = chat.bookings.broadcast_draft(chat.user()).await?;
    let mut to = vec![(Audience::All, Choice::ToAll), (Audience::Upcoming, Choice::ToUpcoming)];
    match &draft.audience {
        Audience::Absent { days } => to.push((draft.audience.clone(), Choice::ToAbsent(*days))),
        Audience::Tag { tag } => to.push((draft.audience.clone(), Choice::ToTag(number_of(tag)))),
        Audience::All | Audience::Upcoming => {}
    }
    let of: Vec<Audience> = to.iter().map(|(audience, _)| audience.clone()).collect();
    let counts = chat.bookings.audiences(chat.user(), &of).await?;
    let mut rows = vec![vec![words.button("news.look", button(Choice::Look))]];
    for ((whom, choice), n) in to.iter().zip(counts) {
        let key = if *whom == draft.audience { "news.chosen" } else { "news.choose" };
        let text = words.plain(key, &[("whom", &audience(words, whom)), ("n", &n)]);
        rows.push(vec![Button::press(text, button(*choice).to_string())]);
    }
    rows.push(vec![
        words.button("news.by_days", button(Choice::Days)),
        words.button("news.by_tag", button(Choice::Tags)),
    ]);
    rows.push(vec![words.button("news.rewrite", button(Choice::New)), words.button("news.drop", button(Choice::Drop))]);
    let parts = draft.broadcast.source.message_ids.len();
    let what = match parts {
        1 => title(words, &draft.broadcast),
        n => {
            words.count("news.album_of", i64::try_from(n).unwrap_or(10), &[("title", &title(words, &draft.broadcast))])
        }
    };
    let args: [(&str, &dyn std::fmt::Display); 3] =
        [("what", &what), ("whom", &audience(words, &draft.audience)), ("people", &people(words, draft.people))];
    let trail = vec![words.plain("news.title", &[]), words.plain("news.draft", &[])];
    let page = Page::new(trail, words.say("news.draft_text", &args), rows, button(Choice::HOME)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn aim(chat: &mut Chat<'_>, at: &Audience) -> Result<Turn, BookError> {
    chat.bookings.aim_broadcast(chat.user(), at).await?;
    show(chat, None).await
}

pub(super) async fn aim_at_tag(chat: &mut Chat<'_>, which: u32) -> Result<Turn, BookError> {
    let tags = chat.bookings.reader_tags(chat.user()).await?;
    match tags.into_iter().find(|(tag, _)| number_of(tag) == which) {
        Some((tag, _)) => aim(chat, &Audience::Tag { tag }).await,
        None => tags_screen(chat).await.map(Turn::show),
    }
}

/// For how long they have not come.
pub(super) async fn days(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let counts = chat.bookings.audiences(chat.user(), &DAYS.map(|days| Audience::Absent { days })).await?;
    let mut rows = Vec::new();
    for (days, n) in DAYS.into_iter().zip(counts) {
        let whom = audience(words, &Audience::Absent { days });
        let text = words.plain("news.choose", &[("whom", &whom), ("n", &n)]);
        rows.push(vec![Button::press(text, button(Choice::ToAbsent(days)).to_string())]);
    }
    rows.push(vec![words.button("news.other_days", button(Choice::AskDays))]);
    let page =
        Page::new(trail(chat, "news.days_title"), words.say("news.which_days", &[]), rows, button(Choice::Draft));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn ask_days(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    admit(chat).await?;
    let words = chat.words();
    let text = words.say("news.type_days", &[]);
    let page = Page::new(trail(chat, "news.days_title"), text, Vec::new(), button(Choice::Days));
    Ok(form::ask(chat, AnyAsk::News(Ask::Days), page))
}

pub(super) async fn days_typed(chat: &mut Chat<'_>, said: &Said) -> Result<Typed, BookError> {
    match typed::number(said.words(), 1..=3650) {
        Ok(days) => {
            let days = u16::try_from(days).unwrap_or(u16::MAX);
            aim(chat, &Audience::Absent { days }).await.map(Typed::Done)
        }
        Err(hint) => Ok(Typed::Hint(chat.words().say(hint, &[]))),
    }
}

/// Which tag.
pub(super) async fn tags(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    tags_screen(chat).await.map(Turn::show)
}

async fn tags_screen(chat: &mut Chat<'_>) -> Result<Screen, BookError> {
    let words = chat.words();
    let tags = chat.bookings.reader_tags(chat.user()).await?;
    let line = |(tag, n): &(String, i64)| {
        let whom = audience(words, &Audience::Tag { tag: tag.clone() });
        let text = words.plain("news.choose", &[("whom", &whom), ("n", n)]);
        vec![Button::press(text, button(Choice::ToTag(number_of(tag))).to_string())]
    };
    let rows = tags.iter().map(line).collect();
    let text = words.say(if tags.is_empty() { "news.no_tags" } else { "news.which_tag" }, &[]);
    Ok(Page::new(trail(chat, "news.tags_title"), text, rows, button(Choice::Draft)).screen(words))
}

fn trail(chat: &Chat<'_>, last: &str) -> Vec<String> {
    let words = chat.words();
    vec![words.plain("news.title", &[]), words.plain("news.draft", &[]), words.plain(last, &[])]
}
