//! A workbook: real numbers and dates, one subject to a sheet. Words of people are strings always, never formulas.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{
    csv::{VISIT_COLUMNS, names_of, taken},
    figures::{Figures, Visit},
    headline::{Number, dates, headlines},
};
use crate::{booking::Report, bot::words::Words};

struct Formats {
    head: Format,
    money: Format,
    share: Format,
    decimal: Format,
    date: Format,
    time: Format,
}

/// A sheet that is written from the top.
struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a Formats,
    row: u32,
    column: u16,
}

/// A workbook of a report and the visits of its range.
pub(crate) fn workbook(words: Words<'_>, report: &Report, visits: &[Visit]) -> Result<Vec<u8>, XlsxError> {
    let formats = Formats {
        head: Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EEF8)).set_align(FormatAlign::Top),
        money: Format::new().set_num_format("#,##0.00"),
        share: Format::new().set_num_format("0%"),
        decimal: Format::new().set_num_format("0.0"),
        date: Format::new().set_num_format("dd.mm.yyyy"),
        time: Format::new().set_num_format("hh:mm"),
    };
    let mut book = Workbook::new();
    // Else it would be made by the machine's clock.
    let made = ExcelDateTime::from_timestamp(report.at.timestamp())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    type Fill = fn(&mut Sheet<'_>, Words<'_>, &Report, &[Visit]) -> Result<(), XlsxError>;
    let sheets: [(&str, Fill); 8] = [
        ("summary", summary),
        ("days", days),
        ("services", services),
        ("resources", resources),
        ("heat", heat),
        ("sources", sources),
        ("ratings", ratings),
        ("visits", list),
    ];
    for (key, fill) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(words.plain(&format!("report.sheet.{key}"), &[]))?;
        let mut sheet = Sheet { sheet, formats: &formats, row: 0, column: 0 };
        fill(&mut sheet, words, report, visits)?;
        sheet.sheet.set_freeze_panes(1, 0)?;
        sheet.sheet.set_autofit_max_width(320).autofit();
    }
    book.save_to_buffer()
}

impl Sheet<'_> {
    fn heads(&mut self, words: Words<'_>, keys: &[&str]) -> Result<(), XlsxError> {
        for key in keys {
            let name = words.plain(&format!("report.column.{key}"), &[]);
            self.head(&name)?;
        }
        self.next();
        Ok(())
    }

    fn head(&mut self, name: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, self.column, name, &self.formats.head)?;
        self.column += 1;
        Ok(())
    }

    fn words(&mut self, words: &str) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, self.column, words)?;
        self.column += 1;
        Ok(())
    }

    fn count(&mut self, n: impl Into<f64>) -> Result<(), XlsxError> {
        self.sheet.write_number(self.row, self.column, n)?;
        self.column += 1;
        Ok(())
    }

    fn formatted(&mut self, n: Option<f64>, of: fn(&Formats) -> &Format) -> Result<(), XlsxError> {
        if let Some(n) = n {
            self.sheet.write_number_with_format(self.row, self.column, n, of(self.formats))?;
        }
        self.column += 1;
        Ok(())
    }

    fn money(&mut self, kopecks: i64) -> Result<(), XlsxError> {
        self.formatted(Some(Number::Money(kopecks).value()), |f| &f.money)
    }

    fn share(&mut self, share: Option<f64>) -> Result<(), XlsxError> {
        self.formatted(share, |f| &f.share)
    }

    fn date(&mut self, date: NaiveDate) -> Result<(), XlsxError> {
        self.formatted(Some(serial(date.into())), |f| &f.date)
    }

    fn number(&mut self, number: Option<Number>) -> Result<(), XlsxError> {
        match number {
            None => self.formatted(None, |f| &f.money),
            Some(Number::Count(n)) => self.count(n),
            Some(Number::Money(kopecks)) => self.money(kopecks),
            Some(Number::Share(share)) => self.share(Some(share)),
            Some(Number::Stars(stars)) => self.formatted(Some(stars), |f| &f.decimal),
        }
    }

    fn next(&mut self) {
        self.row += 1;
        self.column = 0;
    }
}

/// Days since the day that spreadsheets count from.
fn serial(at: NaiveDateTime) -> f64 {
    let since: TimeDelta =
        at - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default().and_time(chrono::NaiveTime::MIN);
    let minutes = i32::try_from(since.num_minutes()).unwrap_or(0);
    f64::from(minutes) / 1440.0
}

fn summary(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.head(&words.plain("report.column.figure", &[]))?;
    sheet.head(&words.plain("report.column.now", &[("dates", &dates(words, report.now.range))]))?;
    sheet.head(&words.plain("report.column.before", &[("dates", &dates(words, report.before.range))]))?;
    sheet.head(&words.plain("report.column.change", &[]))?;
    sheet.next();
    for headline in headlines(report) {
        sheet.words(&headline.name(words))?;
        sheet.number(headline.now)?;
        sheet.number(headline.before)?;
        let change = headline.now.zip(headline.before).map(|(now, before)| (now, now.value(), before.value()));
        match change {
            Some((Number::Count(_) | Number::Money(_), is, was)) => {
                sheet.share((was > 0.0).then(|| (is - was) / was))?
            }
            Some((Number::Share(_), is, was)) => sheet.share(Some(is - was))?,
            Some((Number::Stars(_), is, was)) => sheet.formatted(Some(is - was), |f| &f.decimal)?,
            None => {}
        }
        sheet.next();
    }
    Ok(())
}

fn days(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.heads(words, &["date", "bookings", "cancelled", "revenue"])?;
    for (date, day) in &report.now.days {
        sheet.date(*date)?;
        sheet.count(day.bookings)?;
        sheet.count(day.cancelled)?;
        sheet.money(day.revenue)?;
        sheet.next();
    }
    Ok(())
}

fn services(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.heads(words, &["service", "bookings", "completed", "revenue"])?;
    for (id, name) in &report.names.services {
        let Some(service) = report.now.services.get(id) else { continue };
        sheet.words(name)?;
        sheet.count(service.bookings)?;
        sheet.count(service.completed)?;
        sheet.money(service.revenue)?;
        sheet.next();
    }
    Ok(())
}

fn resources(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    let keys = ["resource", "bookings", "revenue", "open_hours", "booked_hours", "occupancy", "average_stars"];
    sheet.heads(words, &keys)?;
    for (id, name, _) in &report.names.resources {
        let Some(resource) = report.now.resources.get(id) else { continue };
        let total = resource.total();
        sheet.words(name)?;
        sheet.count(resource.bookings)?;
        sheet.money(resource.revenue)?;
        sheet.formatted(Some(f64::from(total.open) / 60.0), |f| &f.decimal)?;
        sheet.formatted(Some(f64::from(total.booked) / 60.0), |f| &f.decimal)?;
        sheet.share(total.share())?;
        sheet.formatted(super::figures::share(resource.stars.0, resource.stars.1), |f| &f.decimal)?;
        sheet.next();
    }
    Ok(())
}

/// The heat map: each resource, and each day of the week, by the hours of the clock.
fn heat(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.head(&words.plain("report.column.hour", &[]))?;
    for hour in 0..24 {
        sheet.head(&format!("{hour:02}:00"))?;
    }
    sheet.next();
    let resources = report.names.resources.iter().filter_map(|(id, name, _)| {
        let resource = report.now.resources.get(id).filter(|resource| resource.total().open > 0)?;
        Some((name.clone(), &resource.hours))
    });
    let week = (1..).zip(&report.now.week).map(|(day, hours)| (words.weekday(day), hours));
    for (name, hours) in resources.chain(week) {
        sheet.words(&name)?;
        for hour in hours {
            sheet.share(hour.share())?;
        }
        sheet.next();
    }
    Ok(())
}

fn sources(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.heads(words, &["source", "opened", "new", "began", "bookings", "revenue"])?;
    for (name, source) in &report.now.sources {
        let none = words.plain("report.no_source", &[]);
        sheet.words(if name.is_empty() { &none } else { name })?;
        sheet.count(source.opens.opened)?;
        sheet.count(source.opens.new)?;
        sheet.count(source.opens.began)?;
        sheet.count(source.bookings)?;
        sheet.money(source.revenue)?;
        sheet.next();
    }
    Ok(())
}

fn ratings(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, _: &[Visit]) -> Result<(), XlsxError> {
    sheet.heads(words, &["stars", "count"])?;
    let now: &Figures = &report.now;
    for (stars, n) in (1..=5_u32).zip(now.stars) {
        sheet.count(stars)?;
        sheet.count(n)?;
        sheet.next();
    }
    Ok(())
}

/// Every visit; of whom is not said.
fn list(sheet: &mut Sheet<'_>, words: Words<'_>, report: &Report, visits: &[Visit]) -> Result<(), XlsxError> {
    sheet.heads(words, &[&VISIT_COLUMNS[..], &["rating"]].concat())?;
    for visit in visits {
        let local = visit.starts_at.with_timezone(&report.business.zone).naive_local();
        let (services, resources) = names_of(report, &visit.lines);
        let minutes: u32 = visit.lines.iter().map(|line| line.minutes).sum();
        // Numbers of bookings stay far below what a spreadsheet's number holds exactly.
        sheet.count(f64::from(i32::try_from(visit.id.0).unwrap_or(i32::MAX)))?;
        sheet.date(local.date())?;
        sheet.formatted(Some(serial(local).fract()), |f| &f.time)?;
        sheet.count(minutes)?;
        sheet.words(&services)?;
        sheet.words(&resources)?;
        sheet.words(&words.plain(&format!("report.status.{}", visit.status.word()), &[]))?;
        sheet.money(visit.price)?;
        sheet.formatted(taken(visit).map(|sum| Number::Money(sum).value()), |f| &f.money)?;
        sheet.words(&visit.source)?;
        match visit.rating {
            Some(stars) => sheet.count(stars)?,
            None => sheet.column += 1,
        }
        sheet.next();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};
    use shared::texts::{Lang, Texts};

    use super::*;
    use crate::reports::sample;

    fn opened(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
        calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn a_workbook_opened_again_holds_the_figures_as_numbers_and_dates() {
        let texts = Texts::load("tenant").unwrap();
        let words = Words { texts: &texts, lang: Lang::Ru };
        let mut report = sample::report(sample::week());
        report.names.resources[0].1 = "=1+1".into();
        let span = report.now.range.span(report.business.zone);
        let mut visits = sample::visits(sample::week());
        visits.retain(|visit| span.start <= visit.starts_at);
        let mut book = opened(workbook(words, &report, &visits).unwrap());
        assert_eq!(
            book.sheet_names(),
            ["Итоги", "Дни", "Услуги", "Кто и где", "Часы", "Источники", "Отзывы", "Визиты"]
        );
        let summary = book.worksheet_range("Итоги").unwrap();
        let figure = |name: &str| {
            let row = summary.rows().find(|row| row[0] == Data::String(name.to_owned())).unwrap();
            row[1].clone()
        };
        assert_eq!(figure("Записи"), Data::Float(f64::from(report.now.bookings)));
        assert_eq!(figure("Выручка"), Data::Float(Number::Money(report.now.revenue).value()));
        let days = book.worksheet_range("Дни").unwrap();
        assert_eq!(days.rows().count(), 8);
        assert!(matches!(days.rows().nth(1).unwrap()[0], Data::DateTime(_)), "a real date");
        let sum: f64 = days.rows().skip(1).map(|row| row[3].to_string().parse::<f64>().unwrap()).sum();
        assert!((sum - Number::Money(report.now.revenue).value()).abs() < 0.001);
        let list = book.worksheet_range("Визиты").unwrap();
        assert_eq!(list.rows().count(), visits.len() + 1);
        assert!(list.rows().any(|row| row[5] == Data::String("=1+1".into())), "words stay words");
        for sheet in book.sheet_names() {
            let formulas = book.worksheet_formula(&sheet).unwrap();
            assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "no formula in {sheet}");
        }
    }

    #[test]
    fn the_names_of_sheets_are_short_enough_in_both_languages() {
        let texts = Texts::load("tenant").unwrap();
        let report = sample::report_of(sample::week(), &[]);
        for lang in [Lang::Ru, Lang::En] {
            let bytes = workbook(Words { texts: &texts, lang }, &report, &[]).unwrap();
            assert_eq!(opened(bytes).sheet_names().len(), 8);
        }
    }
}
