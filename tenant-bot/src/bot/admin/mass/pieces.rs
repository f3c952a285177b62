//! The parts of a change, each asked on a screen of its own.

use chrono::{Days, NaiveDate, TimeDelta};
use shared::telegram::Button;

use super::{
    Ask, Choice, button,
    draft::{Kind, kind, set},
    stale, trail,
};
use crate::{
    booking::{BookError, ResourceId, ServiceId, hours::local_date, roles::Right},
    bot::{
        admin::{
            self,
            console::Page,
            form::{self, Said, Typed},
        },
        chat::Chat,
        turn::Turn,
        typed::{self, Lean},
    },
};

/// So many minutes are on buttons; others are typed.
const STEPS: [i64; 4] = [15, 30, 60, 120];

async fn today(chat: &Chat<'_>) -> Result<NaiveDate, BookError> {
    let (business, _) = chat.bookings.admit(chat.user(), Right::MassChange).await?;
    Ok(local_date(business.zone, chat.now))
}

/// Asks, over these buttons; what is typed answers too.
fn question(chat: &mut Chat<'_>, ask: Ask, key: &str, rows: Vec<Vec<Button>>) -> Turn {
    let words = chat.words();
    let Some(draft) = &chat.talk.mass else { return stale(chat) };
    let back = if draft.wish().is_some() { Choice::Draft } else { Choice::Home };
    let page = Page::new(trail(chat, &[kind(words, draft.kind)]), words.say(key, &[]), rows, button(back));
    form::ask(chat, admin::Ask::Mass(ask), page)
}

fn choosing(chat: &Chat<'_>, key: &str, rows: Vec<Vec<Button>>) -> Turn {
    let words = chat.words();
    let Some(draft) = &chat.talk.mass else { return stale(chat) };
    let back = if draft.wish().is_some() { Choice::Draft } else { Choice::Home };
    let page = Page::new(trail(chat, &[kind(words, draft.kind)]), words.say(key, &[]), rows, button(back));
    Turn::show(page.screen(words))
}

fn dates(chat: &Chat<'_>, first: NaiveDate, to: impl Fn(NaiveDate) -> Choice) -> Vec<Vec<Button>> {
    let words = chat.words();
    let day = |n| first.checked_add_days(Days::new(n)).unwrap_or(first);
    let buttons: Vec<Button> =
        (0..6).map(day).map(|date| Button::press(words.short_date(date), button(to(date)).to_string())).collect();
    buttons.chunks(3).map(<[Button]>::to_vec).collect()
}

pub(super) async fn ask_days(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let today = today(chat).await?;
    let rows = dates(chat, today, Choice::Day);
    Ok(question(chat, Ask::Days, "mass.ask_days", rows))
}

pub(super) async fn ask(chat: &mut Chat<'_>, what: Ask) -> Result<Turn, BookError> {
    today(chat).await?;
    let words = chat.words();
    let rows = vec![vec![words.button("mass.whole_day", button(Choice::WholeDay))]];
    Ok(question(chat, what, "mass.ask_hours", rows))
}

async fn named(chat: &Chat<'_>, to: impl Fn(ResourceId) -> Choice) -> Result<Vec<Vec<Button>>, BookError> {
    let (_, resources) = chat.bookings.blockable(chat.user()).await?;
    let buttons: Vec<Button> =
        resources.into_iter().map(|(id, name)| Button::press(name, button(to(id)).to_string())).collect();
    Ok(buttons.chunks(2).map(<[Button]>::to_vec).collect())
}

pub(super) async fn ask_who(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    today(chat).await?;
    let words = chat.words();
    let mut rows = named(chat, |id| Choice::Of(Some(id))).await?;
    let moves = chat.talk.mass.as_ref().is_some_and(|draft| draft.kind == Kind::To);
    if !moves {
        rows.insert(0, vec![words.button("mass.everybody", button(Choice::Of(None)))]);
    }
    chat.listen_no_more();
    Ok(choosing(chat, if moves { "mass.ask_from_whom" } else { "mass.ask_whose" }, rows))
}

pub(super) async fn ask_what(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let today = today(chat).await?;
    let words = chat.words();
    let Some(draft) = chat.talk.mass.clone() else { return Ok(stale(chat)) };
    match draft.kind {
        Kind::Shift => {
            let step = |minutes: i64| {
                let length = words.duration(TimeDelta::minutes(minutes.abs()));
                let sign = if minutes < 0 { "−" } else { "+" };
                Button::press(format!("{sign}{length}"), button(Choice::By(minutes)).to_string())
            };
            let rows = vec![STEPS.map(|n| step(-n)).to_vec(), STEPS.map(step).to_vec()];
            Ok(question(chat, Ask::By(true), "mass.ask_by", rows))
        }
        Kind::To => {
            let mut rows = named(chat, Choice::Into).await?;
            // To whom it is already nothing goes.
            if let Some(from) = draft.resource {
                let own = button(Choice::Into(from)).to_string();
                for row in &mut rows {
                    row.retain(|one| one.action != shared::telegram::Action::Press(own.clone()));
                }
                rows.retain(|row| !row.is_empty());
            }
            Ok(choosing(chat, "mass.ask_to", rows))
        }
        Kind::On => {
            let first = draft.days.map_or(today, |(_, last)| last.max(today)).succ_opt().unwrap_or(today);
            let rows = dates(chat, first, Choice::Date);
            Ok(question(chat, Ask::Date, "mass.ask_on", rows))
        }
        Kind::Service => services(chat, Choice::From, "mass.ask_from").await,
        Kind::Cancel => {
            let rows = vec![vec![words.button("mass.unsaid", button(Choice::Unsaid))]];
            Ok(question(chat, Ask::Reason, "mass.ask_reason", rows))
        }
    }
}

async fn services(chat: &Chat<'_>, to: impl Fn(ServiceId) -> Choice, key: &str) -> Result<Turn, BookError> {
    let rows = chat.bookings.services().await?.into_iter();
    let rows = rows.take(90).map(|s| vec![Button::press(s.name, button(to(s.id)).to_string())]).collect();
    Ok(choosing(chat, key, rows))
}

/// Which service; into which is asked next.
pub(super) async fn from(chat: &mut Chat<'_>, service: ServiceId) -> Result<Turn, BookError> {
    today(chat).await?;
    let Some(draft) = &mut chat.talk.mass else { return Ok(stale(chat)) };
    (draft.from, draft.into) = (Some(service), None);
    services(chat, Choice::ServiceTo, "mass.ask_into").await
}

pub(super) async fn typed(chat: &mut Chat<'_>, what: Ask, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    let today = today(chat).await?;
    let text = said.words();
    if chat.talk.mass.is_none() {
        return Ok(Typed::Done(stale(chat)));
    }
    let turn = match what {
        Ask::Days => match typed::dates(text, today, Lean::Ahead) {
            Ok(days) => set(chat, |draft| draft.days = Some(days)).await?,
            Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
        },
        Ask::Hours => match typed::span(text) {
            Ok(hours) => set(chat, |draft| draft.hours = Some(hours)).await?,
            Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
        },
        Ask::By(_) => match shift(text) {
            Some(minutes) => set(chat, |draft| draft.by = Some(minutes)).await?,
            None => return Ok(Typed::Hint(words.say("mass.hint_by", &[]))),
        },
        Ask::Date => match typed::date(text, today, Lean::Ahead) {
            Ok(date) => set(chat, |draft| draft.on = Some(date)).await?,
            Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
        },
        Ask::Reason => {
            if text.chars().count() > 200 {
                return Ok(Typed::Hint(words.say("wrong.too_long", &[("n", &200)])));
            }
            let reason = (!text.is_empty()).then(|| text.to_owned());
            set(chat, |draft| (draft.reason, draft.reason_asked) = (reason, true)).await?
        }
    };
    Ok(Typed::Done(turn))
}

/// «30», «+30», «-1 ч», «на 20 минут раньше»: minutes, below zero for earlier.
fn shift(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase().replace(['−', '–', '—'], "-");
    let earlier = text.starts_with('-') || text.contains("раньше") || text.contains("earlier");
    let bare = text.trim_start_matches(['+', '-']).trim_start_matches("на ");
    let bare =
        ["раньше", "позже", "earlier", "later"].into_iter().fold(bare.to_owned(), |text, word| text.replace(word, ""));
    let minutes = typed::length(bare.trim()).ok()?.num_minutes();
    (1..=1440).contains(&minutes).then_some(if earlier { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_read_the_way_it_is_typed() {
        for (text, minutes) in [
            ("30", 30),
            ("+45", 45),
            ("-15", -15),
            ("−1 ч", -60),
            ("на 20 минут раньше", -20),
            ("на 1,5 ч позже", 90),
            ("20 min earlier", -20),
        ] {
            assert_eq!(shift(text), Some(minutes), "{text}");
        }
        for nonsense in ["", "раньше", "0", "3 дня", "скоро"] {
            assert_eq!(shift(nonsense), None, "{nonsense}");
        }
    }
}
