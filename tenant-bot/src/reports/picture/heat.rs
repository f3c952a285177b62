//! When it is busy: each resource by the hours of the clock, and all of them by the days of the week.

use super::{
    canvas::{Anchor, Canvas, FAINT, INK, LINE, PAPER, Pen, fitting},
    dashboard::head,
};
use crate::{
    booking::Report,
    bot::words::Words,
    reports::{figures::Use, headline::dates, range::Unit},
};

const WIDTH: u32 = 1080;
const MARGIN: f64 = 48.0;
/// Where the cells begin.
const LEFT: f64 = 250.0;
const ROW: f64 = 58.0;
/// The busiest of them are shown, if there are more.
const MOST_RESOURCES: usize = 16;
/// From nothing to all of it.
const SHADES: [&str; 6] = ["#eaf1fd", "#c9dcfa", "#9cbff4", "#6a9cec", "#3d78df", "#1d55bd"];

/// A row of cells.
struct Row {
    name: String,
    hours: [Use; 24],
}

/// A heat map of a report.
pub(crate) fn heat(words: Words<'_>, report: &Report) -> Canvas {
    let resources = resources(report);
    let week = week(words, report);
    let hours = hours(report);
    let rows = resources.len() + week.len();
    let titles = 1 + usize::from(!week.is_empty());
    let cells = f64::from(u32::try_from(rows).unwrap_or(0)) * ROW;
    let height = 176.0 + f64::from(u32::try_from(titles).unwrap_or(1)) * 124.0 + cells + 110.0;
    let mut canvas = Canvas::new(WIDTH, height as u32);
    head(&mut canvas, &report.business.name, &dates(words, report.now.range));
    let mut y = 176.0;
    y = block(&mut canvas, y, &words.plain("report.heat.resources", &[]), &resources, hours);
    if !week.is_empty() {
        y = block(&mut canvas, y, &words.plain("report.heat.week", &[]), &week, hours);
    }
    legend(&mut canvas, words, y + 10.0);
    canvas
}

/// At work, and the busiest of them if they are too many; in the business's order.
fn resources(report: &Report) -> Vec<Row> {
    let mut all: Vec<(usize, u32, Row)> = Vec::new();
    for (place, (id, name, _)) in report.names.resources.iter().enumerate() {
        let Some(figures) = report.now.resources.get(id) else { continue };
        if figures.total().open > 0 {
            let row = Row { name: name.clone(), hours: figures.hours };
            all.push((place, figures.total().booked, row));
        }
    }
    all.sort_by_key(|(_, booked, _)| std::cmp::Reverse(*booked));
    all.truncate(MOST_RESOURCES);
    all.sort_by_key(|(place, ..)| *place);
    all.into_iter().map(|(_, _, row)| row).collect()
}

/// Days of the week; one day alone needs none.
fn week(words: Words<'_>, report: &Report) -> Vec<Row> {
    if report.now.range.unit == Unit::Day || report.now.range.days() == 1 {
        return Vec::new();
    }
    let row = |(n, hours): (u32, &[Use; 24])| Row { name: words.weekday(n), hours: *hours };
    (1..).zip(&report.now.week).map(row).filter(|row| Use::sum(&row.hours).open > 0).collect()
}

/// The first hour in which anybody works, and the one after the last.
fn hours(report: &Report) -> (usize, usize) {
    let open = |hour: &usize| report.now.week.iter().any(|day| day[*hour].open > 0);
    let first = (0..24).find(open).unwrap_or(9);
    let last = (0..24).rev().find(open).unwrap_or(20);
    (first, last + 1)
}

fn block(canvas: &mut Canvas, y: f64, title: &str, rows: &[Row], (from, to): (usize, usize)) -> f64 {
    canvas.text((MARGIN, y + 34.0), Pen::new(32, INK).bold(), title);
    let count = f64::from(u32::try_from(to - from).unwrap_or(1));
    let total = 92.0;
    let width = (f64::from(WIDTH) - LEFT - MARGIN - total) / count;
    let place = |hour: usize| LEFT + f64::from(u32::try_from(hour - from).unwrap_or(0)) * width;
    let size = if width < 36.0 { 18 } else { 24 };
    for hour in from..to {
        let pen = Pen::new(size, FAINT).at(Anchor::Middle);
        canvas.text((place(hour) + width / 2.0, y + 84.0), pen, &hour.to_string());
    }
    let mut top = y + 100.0;
    for row in rows {
        let pen = Pen::new(26, INK);
        canvas.text((MARGIN, top + 38.0), pen, &fitting(&row.name, pen, LEFT - MARGIN - 12.0));
        for hour in from..to {
            cell(canvas, (place(hour), top), (width, ROW), row.hours[hour]);
        }
        if let Some(share) = Use::sum(&row.hours).share() {
            let pen = Pen::new(26, INK).bold().at(Anchor::End);
            canvas.text((f64::from(WIDTH) - MARGIN, top + 38.0), pen, &format!("{:.0}%", share * 100.0));
        }
        top += ROW;
    }
    top + 24.0
}

fn cell(canvas: &mut Canvas, (x, y): (f64, f64), (width, height): (f64, f64), hours: Use) {
    let (place, size) = ((x + 1.5, y + 1.5), (width - 3.0, height - 3.0));
    let Some(share) = hours.share() else {
        // Nobody works then.
        canvas.rect((x + width / 2.0 - 5.0, y + height / 2.0), (10.0, 2.0), 0, LINE);
        return;
    };
    let shade = shade(share);
    canvas.rect(place, size, 5, SHADES[shade]);
    if width >= 44.0 {
        let colour = if shade >= 4 { PAPER } else { INK };
        let pen = Pen::new(22, colour).at(Anchor::Middle);
        canvas.text((x + width / 2.0, y + height / 2.0 + 8.0), pen, &format!("{:.0}", share * 100.0));
    }
}

fn shade(share: f64) -> usize {
    match share {
        s if s <= 0.0 => 0,
        s if s < 0.25 => 1,
        s if s < 0.5 => 2,
        s if s < 0.7 => 3,
        s if s < 0.9 => 4,
        _ => 5,
    }
}

fn legend(canvas: &mut Canvas, words: Words<'_>, y: f64) {
    let labels = ["0 %", "< 25 %", "< 50 %", "< 70 %", "< 90 %", "90+ %"];
    for (n, (colour, label)) in (0_u32..).zip(SHADES.iter().zip(labels)) {
        let x = MARGIN + f64::from(n) * 164.0;
        canvas.rect((x, y), (26.0, 26.0), 5, colour);
        canvas.text((x + 36.0, y + 22.0), Pen::new(24, FAINT), label);
    }
    canvas.text((MARGIN, y + 66.0), Pen::new(24, FAINT), &words.plain("report.heat.legend", &[]));
}
