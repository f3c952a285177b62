//! The first figures at a glance, and the days.

use chrono::{Datelike, NaiveDate};

use super::{
    canvas::{Anchor, BAD, BLUE, Canvas, FAINT, GOOD, GROUND, INK, PALE, PAPER, Pen, fitting},
    paint::width_of,
};
use crate::{
    booking::Report,
    bot::words::Words,
    reports::{
        figures::Day,
        headline::{Headline, dates, headlines},
    },
};

const WIDTH: u32 = 1080;
const MARGIN: f64 = 48.0;
const GAP: f64 = 24.0;
/// Tiles, in rows of two.
const TILES: [&str; 8] =
    ["bookings", "revenue", "average_bill", "occupancy", "cancelled", "missed", "customers", "rating"];
const TILE: (f64, f64) = (480.0, 176.0);
const CHART: (f64, f64) = (984.0, 300.0);
/// More bars than this nobody tells apart on a phone.
const MOST_BARS: usize = 45;

/// A picture of a report.
pub(crate) fn dashboard(words: Words<'_>, report: &Report) -> Canvas {
    let tiles_end = 176.0 + 4.0 * (TILE.1 + GAP);
    let mut canvas = Canvas::new(WIDTH, 1484);
    head(&mut canvas, &report.business.name, &dates(words, report.now.range));
    let all = headlines(report);
    let of = |key: &str| all.iter().find(|h| h.key == key);
    for (n, headline) in (0_u32..).zip(TILES.iter().filter_map(|key| of(key))) {
        let x = MARGIN + f64::from(n % 2) * (TILE.0 + GAP);
        let y = 176.0 + f64::from(n / 2) * (TILE.1 + GAP);
        let more = match headline.key {
            "cancelled" => of("cancelled_share").filter(|h| h.now.is_some()).map(|h| h.say(words)),
            "missed" => of("missed_share").filter(|h| h.now.is_some()).map(|h| h.say(words)),
            "customers" => Some(words.plain("report.of_new", &[("n", &report.now.new)])),
            "rating" => Some(words.count("report.of_ratings", i64::from(report.now.ratings()), &[])),
            _ => None,
        };
        tile(&mut canvas, words, (x, y), headline, more.as_deref());
    }
    bars(&mut canvas, words, tiles_end + 24.0, report);
    canvas
}

/// Whose, and of when.
pub(super) fn head(canvas: &mut Canvas, business: &str, dates: &str) {
    let pen = Pen::new(46, INK).bold();
    canvas.text((MARGIN, 84.0), pen, &fitting(business, pen, 960.0));
    canvas.text((MARGIN, 136.0), Pen::new(34, FAINT), dates);
}

fn tile(canvas: &mut Canvas, words: Words<'_>, (x, y): (f64, f64), headline: &Headline, more: Option<&str>) {
    canvas.rect((x, y), TILE, 18, GROUND);
    canvas.text((x + 24.0, y + 46.0), Pen::new(28, FAINT), &headline.name(words));
    canvas.text((x + 24.0, y + 106.0), Pen::new(52, INK).bold(), &headline.say(words));
    if let Some(more) = more {
        canvas.text((x + TILE.0 - 24.0, y + 104.0), Pen::new(30, FAINT).at(Anchor::End), more);
    }
    let below = y + 152.0;
    let Some(change) = headline.change(words) else {
        let words = match headline.before {
            Some(before) => words.plain("report.was", &[("was", &before.say(words))]),
            None => words.plain("report.was_nothing", &[]),
        };
        canvas.text((x + 24.0, below), Pen::new(26, FAINT), &words);
        return;
    };
    let colour = if change.good { GOOD } else { BAD };
    canvas.triangle((x + 24.0, below - 19.0), 20.0, change.up, colour);
    canvas.text((x + 54.0, below), Pen::new(26, colour).bold(), &change.by);
    if let Some(before) = headline.before {
        let was = words.plain("report.was", &[("was", &before.say(words))]);
        canvas.text((x + TILE.0 - 24.0, below), Pen::new(26, FAINT).at(Anchor::End), &was);
    }
}

/// Bars: what a label, bookings, cancelled ones.
struct Bar {
    label: String,
    bookings: u32,
    cancelled: u32,
}

fn bars(canvas: &mut Canvas, words: Words<'_>, y: f64, report: &Report) {
    let (title, bars) = bars_of(words, report);
    canvas.text((MARGIN, y + 28.0), Pen::new(32, INK).bold(), &title);
    let legend = y + 28.0;
    canvas.rect((620.0, legend - 20.0), (22.0, 22.0), 4, BLUE);
    canvas.text((652.0, legend), Pen::new(26, FAINT), &words.plain("report.legend.bookings", &[]));
    canvas.rect((830.0, legend - 20.0), (22.0, 22.0), 4, PALE);
    canvas.text((862.0, legend), Pen::new(26, FAINT), &words.plain("report.legend.cancelled", &[]));
    let top = y + 76.0;
    let most = bars.iter().map(|bar| bar.bookings + bar.cancelled).max().unwrap_or(0);
    if most == 0 {
        let pen = Pen::new(30, FAINT).at(Anchor::Middle);
        canvas.text((MARGIN + CHART.0 / 2.0, top + CHART.1 / 2.0), pen, &words.plain("report.nothing", &[]));
        return;
    }
    let bottom = top + CHART.1;
    canvas.line((MARGIN, bottom), CHART.0);
    let count = f64::from(u32::try_from(bars.len()).unwrap_or(1));
    let (step, scale) = (CHART.0 / count, (CHART.1 - 8.0) / f64::from(most));
    let width = (step * 0.72).min(96.0);
    // Every label that there is room for.
    let every = (70.0 / step).ceil().max(1.0) as usize;
    for (n, bar) in bars.iter().enumerate() {
        let x = MARGIN + step * f64::from(u32::try_from(n).unwrap_or(0)) + (step - width) / 2.0;
        let (kept, lost) = (f64::from(bar.bookings) * scale, f64::from(bar.cancelled) * scale);
        if bar.cancelled > 0 {
            canvas.rect((x, bottom - kept - lost), (width, lost), 3, PALE);
        }
        if bar.bookings > 0 {
            canvas.rect((x, bottom - kept), (width, kept), 3, BLUE);
        }
        let middle = x + width / 2.0;
        // In the bar, where there is room: over it one would take it for the sum of both.
        let size = if width < 30.0 { 18 } else { 24 };
        let (number, pen) = (bar.bookings.to_string(), Pen::new(size, PAPER).bold().at(Anchor::Middle));
        if kept >= 30.0 && width_of(&number, pen) <= width {
            canvas.text((middle, bottom - kept + f64::from(size) + 4.0), pen, &number);
        }
        if n % every == 0 {
            canvas.text((middle, bottom + 34.0), Pen::new(24, FAINT).at(Anchor::Middle), &bar.label);
        }
    }
}

/// A bar for each day, or for each week or month if there are too many days.
fn bars_of(words: Words<'_>, report: &Report) -> (String, Vec<Bar>) {
    let days = &report.now.days;
    let first = |n: u64| -> fn(NaiveDate) -> NaiveDate {
        match n {
            0 => |date| date,
            1 => |date| date - chrono::Days::new(u64::from(date.weekday().num_days_from_monday())),
            _ => |date| date.with_day(1).unwrap_or(date),
        }
    };
    let size = match days.len() {
        n if n <= MOST_BARS => 0,
        n if n <= MOST_BARS * 5 => 1,
        _ => 2,
    };
    let (key, of) = (["report.by_day", "report.by_week", "report.by_month"][size as usize], first(size));
    let mut sums: std::collections::BTreeMap<NaiveDate, Day> = std::collections::BTreeMap::new();
    for (date, day) in days {
        let sum = sums.entry(of(*date)).or_default();
        sum.bookings += day.bookings;
        sum.cancelled += day.cancelled;
    }
    let few = days.len() <= 8;
    let label = |date: NaiveDate| match size {
        0 if few => format!("{} {}", words.weekday(date.weekday().number_from_monday()), date.day()),
        0 => date.day().to_string(),
        1 => date.format("%d.%m").to_string(),
        _ => date.format("%m.%y").to_string(),
    };
    let bars = sums
        .into_iter()
        .map(|(date, day)| Bar { label: label(date), bookings: day.bookings, cancelled: day.cancelled })
        .collect();
    (words.plain(key, &[]), bars)
}
