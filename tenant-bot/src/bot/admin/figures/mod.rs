//! «Аналитика»: figures of a day, a week, a month or any dates against those before; as words, pictures and files.

mod reviews;
mod screen;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::{outbox::Document, telegram::Screen};

use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::{Below, Turn},
        typed::{self, Lean},
    },
    console::Page,
    form::{self, Said, Typed},
};
use crate::{
    booking::{BookError, MOST_LISTED, Report, hours::local_date, roles::Right},
    reports::{
        advice::{Advice, LEAST_VISITS, advice},
        csv,
        headline::dates,
        picture::{dashboard, heat, png},
        range::{Range, Unit},
        xlsx::workbook,
    },
};

/// What is shown of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Words,
    Picture,
    Heat,
    Workbook,
    Table,
    Advice,
}

/// A button of this room.
///
/// ```text
/// a:fig:now:week                              this week
/// a:fig:s:week:20261123                       figures (s), picture (p), heat map (h), workbook (x), table (c), advice (i)
/// a:fig:s:any:20261101:20261114               of any dates
/// a:fig:r:2:week:20261123                     what was said of visits, a page (from 0)
/// a:fig:dates                                 any dates, typed
/// a:fig:all, a:fig:all:yes                    everything that the business owns, and indeed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Now(Unit),
    Of(View, Range),
    Reviews(u16, Range),
    Dates,
    Export,
    ExportAll,
}

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// Dates.
    Dates,
}

impl View {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Words, "s"),
        (Self::Picture, "p"),
        (Self::Heat, "h"),
        (Self::Workbook, "x"),
        (Self::Table, "c"),
        (Self::Advice, "i"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(view, _)| *view == self).map_or("s", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, of)| *of == word).map(|(view, _)| *view)
    }
}

fn written(f: &mut fmt::Formatter<'_>, range: Range) -> fmt::Result {
    write!(f, "{}:{}", range.unit.word(), range.first.format("%Y%m%d"))?;
    if range.unit == Unit::Any { write!(f, ":{}", range.last.format("%Y%m%d")) } else { Ok(()) }
}

/// Reads what [`written`] writes.
fn range(parts: &[&str]) -> Option<Range> {
    match *parts {
        ["any", first, last] => Range::between(read::date(first)?, read::date(last)?),
        [unit, first] => {
            let unit = Unit::from_word(unit).filter(|unit| *unit != Unit::Any)?;
            let first = read::date(first)?;
            Some(Range::around(unit, first)).filter(|range| range.first == first)
        }
        _ => None,
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(unit) => write!(f, "now:{}", unit.word()),
            Self::Of(view, range) => {
                write!(f, "{}:", view.word())?;
                written(f, *range)
            }
            Self::Reviews(page, range) => {
                write!(f, "r:{page}:")?;
                written(f, *range)
            }
            Self::Dates => f.write_str("dates"),
            Self::Export => f.write_str("all"),
            Self::ExportAll => f.write_str("all:yes"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["now", unit] => Self::Now(Unit::from_word(unit).filter(|unit| *unit != Unit::Any)?),
            ["dates"] => Self::Dates,
            ["all"] => Self::Export,
            ["all", "yes"] => Self::ExportAll,
            ["r", page, ref rest @ ..] => Self::Reviews(read::small(page, 0..=999)?, range(rest)?),
            [view, ref rest @ ..] => Self::Of(View::from_word(view)?, range(rest)?),
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Figures(choice))
}

async fn today(chat: &Chat<'_>) -> Result<NaiveDate, BookError> {
    let (business, _) = chat.bookings.admit(chat.user(), Right::SeeFigures).await?;
    Ok(local_date(business.zone, chat.now))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Now(unit) => {
            let range = Range::around(unit, today(chat).await?);
            show(chat, range).await
        }
        Choice::Of(View::Words, range) => show(chat, range).await,
        Choice::Of(View::Advice, range) => {
            let report = chat.bookings.report(chat.user(), range).await?;
            Ok(advised(chat, &report))
        }
        Choice::Of(view, range) => file(chat, view, range).await,
        Choice::Reviews(page, range) => reviews::show(chat, page, range).await,
        Choice::Dates => {
            let today = today(chat).await?;
            let words = chat.words();
            let trail = vec![words.plain("figures.title", &[]), words.plain("figures.dates", &[])];
            let back = button(Choice::Of(View::Words, Range::around(Unit::Week, today)));
            let page = Page::new(trail, words.say("figures.which_dates", &[]), Vec::new(), back);
            Ok(form::ask(chat, super::Ask::Figures(Ask::Dates), page))
        }
        Choice::Export => ask_export(chat).await,
        Choice::ExportAll => export(chat).await,
    }
}

/// Dates: they are looked at, and nothing is changed, so they need no agreement.
pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    let Ask::Dates = ask;
    let today = today(chat).await?;
    let words = chat.words();
    let (first, last) = match typed::dates(said.words(), today, Lean::Back) {
        Ok(dates) => dates,
        Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
    };
    let Some(range) = Range::between(first, last) else {
        return Ok(Typed::Hint(words.say("figures.too_long", &[])));
    };
    show(chat, range).await.map(Typed::Done)
}

async fn show(chat: &mut Chat<'_>, range: Range) -> Result<Turn, BookError> {
    let report = chat.bookings.report(chat.user(), range).await?;
    Ok(Turn::show(screen::page(chat.words(), &report).screen(chat.words())))
}

fn advised(chat: &Chat<'_>, report: &Report) -> Turn {
    let words = chat.words();
    let range = report.now.range;
    let told = match advice(words, report) {
        Advice::TooFew(n) => words.say("advice.too_few", &[("n", &n), ("least", &LEAST_VISITS)]),
        Advice::AllIsWell => words.say("advice.all_is_well", &[]),
        Advice::Do(all) => all.join("\n\n"),
    };
    let text = format!("{}\n\n{told}", words.say("advice.head", &[("dates", &dates(words, range))]));
    let trail = vec![words.plain("figures.title", &[]), words.plain("figures.advice", &[])];
    let page = Page::new(trail, text, Vec::new(), button(Choice::Of(View::Words, range)));
    Turn::show(page.screen(words))
}

/// A picture, or a file, below the screen, which stays.
async fn file(chat: &mut Chat<'_>, view: View, range: Range) -> Result<Turn, BookError> {
    let words = chat.words();
    let name = |kind: &str| format!("{kind}-{}-{}", range.first.format("%Y-%m-%d"), range.last.format("%Y-%m-%d"));
    let mut cut = false;
    let made = match view {
        View::Picture | View::Heat => {
            let report = chat.bookings.report(chat.user(), range).await?;
            let drawing = if view == View::Heat { heat(words, &report) } else { dashboard(words, &report) };
            drop(report);
            png(drawing).await.map(|png| Document::picture(name("figures") + ".png", png)).map_err(|e| e.to_string())
        }
        _ => {
            let (report, visits) = chat.bookings.report_with_visits(chat.user(), range).await?;
            cut = visits.len() >= MOST_LISTED;
            if view == View::Table {
                Ok(Document::file(name("visits") + ".csv", csv::visits(words, &report, &visits)))
            } else {
                let book = workbook(words, &report, &visits);
                book.map(|book| Document::file(name("figures") + ".xlsx", book)).map_err(|e| e.to_string())
            }
        }
    };
    match made {
        Ok(file) => {
            let mut caption =
                words.say(&format!("figures.caption.{}", view.word()), &[("dates", &dates(words, range))]);
            if cut {
                caption.push('\n');
                caption.push_str(&words.say("figures.truncated", &[("n", &MOST_LISTED)]));
            }
            Ok(Turn::below(Below::File(Screen::text(caption), file)))
        }
        Err(error) => {
            tracing::error!(error, "figures cannot be shown so");
            Ok(Turn::alert(words.plain("figures.not_made", &[])))
        }
    }
}

async fn ask_export(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::Export).await?;
    let words = chat.words();
    let rows = vec![vec![words.button("figures.export.yes", button(Choice::ExportAll))]];
    let home = choice::Choice::Admin(super::Choice::Home);
    let page =
        Page::new(vec![words.plain("figures.export.title", &[])], words.say("figures.export.ask", &[]), rows, home);
    Ok(Turn::show(page.screen(words)))
}

async fn export(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let caption = |part: u16| words.say("figures.export.caption", &[("part", &part)]);
    chat.bookings.export_all(chat.user(), chat.guest.update_id, &caption).await?;
    let home = choice::Choice::Admin(super::Choice::Home);
    let page = Page::new(
        vec![words.plain("figures.export.title", &[])],
        words.say("figures.export.done", &[]),
        Vec::new(),
        home,
    );
    Ok(Turn::show(page.screen(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read_as_it_was_written_and_nothing_else_is() {
        let day: NaiveDate = "2026-11-25".parse().unwrap();
        let any = Range::between(day, day + chrono::Days::new(13)).unwrap();
        let mut all = vec![Choice::Now(Unit::Month), Choice::Dates, Choice::Export, Choice::ExportAll];
        for (view, _) in View::ALL {
            all.push(Choice::Of(view, any));
            all.extend([Unit::Day, Unit::Week, Unit::Month].map(|unit| Choice::Of(view, Range::around(unit, day))));
        }
        for choice in all {
            let text = choice.to_string();
            assert!(text.len() <= 40, "{text}");
            assert_eq!(Choice::parse(&text.split(':').collect::<Vec<_>>()), Some(choice), "{text}");
        }
        for page in [0, 7] {
            let choice = Choice::Reviews(page, any);
            assert_eq!(Choice::parse(&choice.to_string().split(':').collect::<Vec<_>>()), Some(choice));
        }
        for text in [
            "r:00:day:20261124",
            "now:any",
            "s:week:20261124",
            "s:month:20261102",
            "s:any:20261124",
            "s:any:20261124:20261123",
            "s:any:20200101:20261123",
            "q:day:20261124",
            "s:day:2026-1124",
            "all:no",
            "",
        ] {
            assert_eq!(Choice::parse(&text.split(':').collect::<Vec<_>>()), None, "{text}");
        }
    }
}
