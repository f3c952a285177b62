//! A week, a day of it at a time.

use super::{Ask, Choice, Like, Whose, button, fill, told};
use crate::{
    booking::{BookError, Interval, ResourceId, Week},
    bot::{
        admin::{
            self,
            console::{Page, turns},
            form, setup,
        },
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

const HOME: choice::Choice = choice::Choice::Admin(admin::Choice::Home);
const WEEK: [u8; 7] = [1, 2, 3, 4, 5, 6, 7];
/// People on one screen.
const PAGE: usize = 16;

fn trail(words: Words<'_>, week: &Week) -> Vec<String> {
    let mut trail = vec![words.plain("hours.title", &[])];
    trail.extend(week.resource.as_ref().map(|r| r.name.clone()));
    trail
}

/// The days of a week, one a line.
pub(in crate::bot::admin) fn lines(words: Words<'_>, on: impl Fn(u8) -> Vec<Interval>) -> String {
    WEEK.map(|day| {
        let label = words.plain(&format!("hours.day.d{day}"), &[]);
        words.say("fill.line", &[("label", &label), ("value", &fill::hours(words, &on(day)))])
    })
    .join("\n")
}

pub(super) async fn show(chat: &mut Chat<'_>, whose: Whose, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let week = chat.bookings.week(chat.user(), whose).await?;
    let mut text = lines(words, |day| week.on(day));
    if week.follows {
        text = format!("{}\n\n{text}", words.say("hours.follows", &[]));
    } else if whose.is_some() {
        text.push_str(&format!("\n\n{}", words.say("hours.within", &[])));
    }
    let days = WEEK.map(|day| fill::named(words.weekday(day.into()), button(Choice::Day(whose, day))));
    let mut rows: Vec<_> = vec![days[..4].to_vec(), days[4..].to_vec()];
    match whose {
        None => {
            if !week.resources.is_empty() {
                rows.push(vec![words.button("hours.everybody", button(Choice::Everybody(0)))]);
            }
            rows.push(vec![words.button("hours.days", button(Choice::Days(0)))]);
            rows.extend(setup::way_on(chat).await?);
        }
        Some(id) => {
            if !week.follows {
                rows.push(vec![words.button("hours.follow", button(Choice::Follow(id)))]);
            }
            rows.push(vec![
                words.button("hours.vacation", button(Choice::AskClosed(whose))),
                words.button("hours.other", button(Choice::AskOther(whose))),
            ]);
        }
    }
    let back = if whose.is_none() { HOME } else { button(Choice::Everybody(0)) };
    Ok(Turn::show(Page::new(trail(words, &week), text, rows, back).noting(note).screen(words)))
}

/// Whose weeks there are.
pub(super) async fn everybody(chat: &mut Chat<'_>, page: usize) -> Result<Turn, BookError> {
    let words = chat.words();
    let week = chat.bookings.week(chat.user(), None).await?;
    let pages = week.resources.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<_> = week
        .resources
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|(resource, own)| {
            let mark = if *own { "🕘 " } else { "" };
            fill::named(format!("{mark}{}", resource.name), button(Choice::Week(Some(resource.id))))
        })
        .collect::<Vec<_>>()
        .chunks(2)
        .map(<[_]>::to_vec)
        .collect();
    rows.extend(turns(words, (page, pages), |page| button(Choice::Everybody(page))));
    let mut trail = trail(words, &week);
    trail.push(words.plain("hours.everybody", &[]));
    let page = Page::new(trail, words.say("hours.about_everybody", &[]), rows, button(Choice::Week(None)));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn ask(chat: &mut Chat<'_>, whose: Whose, day: u8) -> Result<Turn, BookError> {
    let words = chat.words();
    let week = chat.bookings.week(chat.user(), whose).await?;
    let label = words.plain(&format!("hours.day.d{day}"), &[]);
    let now = words.say("fill.line", &[("label", &label), ("value", &fill::hours(words, &week.on(day)))]);
    let text = format!("{now}\n\n{}", words.say("hours.ask", &[]));
    let mut trail = trail(words, &week);
    trail.push(label);
    let rows = vec![
        vec![words.button("hours.day_off", button(Choice::DayOff(whose, day)))],
        vec![
            words.button("hours.like_weekdays", button(Choice::Alike(whose, day, Like::Weekdays))),
            words.button("hours.like_all", button(Choice::Alike(whose, day, Like::All))),
        ],
    ];
    let page = Page::new(trail, text, rows, button(Choice::Week(whose)));
    Ok(form::ask(chat, admin::Ask::Hours(Ask::Day(whose, day)), page))
}

pub(super) async fn set(
    chat: &mut Chat<'_>,
    whose: Whose,
    days: &[u8],
    intervals: &[Interval],
) -> Result<Turn, BookError> {
    let outside = chat.bookings.set_days(chat.user(), whose, days, intervals).await?;
    let note = told(chat.words(), &outside);
    show(chat, whose, Some(note)).await
}

/// Other days as this one.
pub(super) async fn alike(chat: &mut Chat<'_>, whose: Whose, day: u8, like: Like) -> Result<Turn, BookError> {
    let week = chat.bookings.week(chat.user(), whose).await?;
    let days = match like {
        Like::Weekdays => &WEEK[..5],
        Like::All => &WEEK[..],
    };
    set(chat, whose, days, &week.on(day)).await
}

pub(super) async fn follow(chat: &mut Chat<'_>, id: ResourceId) -> Result<Turn, BookError> {
    let outside = chat.bookings.follow_week(chat.user(), id).await?;
    let note = told(chat.words(), &outside);
    show(chat, Some(id), Some(note)).await
}
