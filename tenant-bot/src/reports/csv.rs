//! Tables as text: UTF-8 with a mark that tells spreadsheets so, semicolons, and nothing that a spreadsheet would compute.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::figures::{Visit, VisitLine};
use crate::{booking::Report, bot::words::Words, store::audit};

/// What tells a spreadsheet that the file is UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A table that is written row by row.
pub(crate) struct Table(::csv::Writer<Vec<u8>>);

/// A cell of words that a spreadsheet does not take for a formula.
pub(crate) fn guarded(words: &str) -> String {
    if words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return format!("'{words}");
    }
    words.to_owned()
}

fn writer(begins: Vec<u8>) -> ::csv::Writer<Vec<u8>> {
    ::csv::WriterBuilder::new().delimiter(b';').terminator(::csv::Terminator::CRLF).from_writer(begins)
}

impl Table {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(writer(MARK.to_vec()))
    }

    /// One more row. Words of people go through [`guarded`] before.
    pub(crate) fn row<S: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = S>) {
        // A Vec takes whatever is written, and rows may differ in length only by a fault of ours.
        if let Err(error) = self.0.write_record(cells) {
            tracing::error!(%error, "a row is left out of a table");
        }
    }

    /// What has been written by now, and is taken out.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::replace(&mut self.0, writer(Vec::new())).into_inner().unwrap_or_default()
    }

    /// The whole.
    pub(crate) fn done(mut self) -> Vec<u8> {
        self.take()
    }
}

/// A sum in roubles as a spreadsheet of the language reads it: `1800,50`.
fn roubles(words: Words<'_>, kopecks: i64) -> String {
    let point = words.plain("report.point", &[]);
    match kopecks % 100 {
        0 => (kopecks / 100).to_string(),
        cents => format!("{}{point}{cents:02}", kopecks / 100),
    }
}

pub(crate) const VISIT_COLUMNS: [&str; 10] =
    ["number", "date", "time", "minutes", "service", "resource", "status", "price", "taken", "source"];

/// The names of a visit's services, and of who does them.
pub(crate) fn names_of(report: &Report, lines: &[VisitLine]) -> (String, String) {
    let services: Vec<&str> = lines.iter().map(|line| report.service(line.service)).collect();
    let mut resources: Vec<String> = lines
        .iter()
        .map(|line| line.resources.iter().map(|id| report.resource(*id)).collect::<Vec<_>>().join(" + "))
        .collect();
    resources.dedup();
    (services.join(" + "), resources.join(", "))
}

/// The visits of a report, one a row; of whom is not said.
pub(crate) fn visits(words: Words<'_>, report: &Report, visits: &[Visit]) -> Vec<u8> {
    let mut table = Table::new();
    table.row(VISIT_COLUMNS.iter().chain(&["rating"]).map(|key| words.plain(&format!("report.column.{key}"), &[])));
    for visit in visits {
        let local = visit.starts_at.with_timezone(&report.business.zone);
        let (services, resources) = names_of(report, &visit.lines);
        let minutes: u32 = visit.lines.iter().map(|line| line.minutes).sum();
        table.row([
            visit.id.0.to_string(),
            local.format("%Y-%m-%d").to_string(),
            local.format("%H:%M").to_string(),
            minutes.to_string(),
            guarded(&services),
            guarded(&resources),
            words.plain(&format!("report.status.{}", visit.status.word()), &[]),
            roubles(words, visit.price),
            taken(visit).map(|sum| roubles(words, sum)).unwrap_or_default(),
            guarded(&visit.source),
            visit.rating.map(|stars| stars.to_string()).unwrap_or_default(),
        ]);
    }
    table.done()
}

/// What was taken for a visit; none: it has not taken place.
pub(crate) fn taken(visit: &Visit) -> Option<i64> {
    (visit.status == crate::booking::Status::Completed).then_some(visit.money)
}

/// A table of the audit log; rows are added as they are read.
pub(crate) struct Deeds(Table, Tz);

impl Deeds {
    /// An empty one, which tells times by the business's clocks.
    pub(crate) fn new(zone: Tz) -> Self {
        let mut table = Table::new();
        table.row(["number", "at", "who", "telegram_id", "action", "subject", "detail"]);
        Self(table, zone)
    }

    /// One more act.
    pub(crate) fn row(&mut self, deed: &audit::Row) {
        let at: DateTime<Utc> = deed.at;
        self.0.row([
            deed.id.to_string(),
            at.with_timezone(&self.1).format("%Y-%m-%d %H:%M:%S").to_string(),
            guarded(&deed.actor_name),
            deed.actor_id.to_string(),
            deed.action.clone(),
            guarded(deed.subject.as_deref().unwrap_or_default()),
            cell(&deed.detail),
        ]);
    }

    /// The whole.
    pub(crate) fn done(self) -> Vec<u8> {
        self.0.done()
    }
}

/// A value of the database as a cell: numbers and truths as they are, words guarded, the rest as JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(words) => guarded(words),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => guarded(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::texts::{Lang, Texts};

    use super::*;
    use crate::reports::sample;

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let text = bytes.strip_prefix(MARK).expect("a mark");
        let mut reader =
            ::csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(text);
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    proptest! {
        #[test]
        fn no_cell_begins_as_a_formula_does_and_all_come_back(words in "[=+@\t\r\n;\"'a-яё0-9 -]{0,12}") {
            let mut table = Table::new();
            table.row([guarded(&words), "end".to_owned()]);
            let rows = read(&table.done());
            let cell = &rows[0][0];
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
            prop_assert_eq!(cell.strip_prefix('\'').filter(|rest| *rest == words).unwrap_or(cell), &words);
        }
    }

    #[test]
    fn every_visit_is_a_row_and_a_name_that_is_a_formula_is_none() {
        let texts = Texts::load("tenant").unwrap();
        let words = Words { texts: &texts, lang: Lang::Ru };
        let mut report = sample::report(sample::week());
        report.names.resources[0].1 = "=HYPERLINK(\"http://evil\")".into();
        let span = report.now.range.span(report.business.zone);
        let mut all = sample::visits(sample::week());
        all.retain(|visit| span.start <= visit.starts_at);
        let rows = read(&visits(words, &report, &all));
        assert_eq!(rows.len(), all.len() + 1);
        assert_eq!(rows[0][..3], ["№", "Дата", "Время"]);
        assert!(rows.iter().all(|row| row.len() == 11));
        assert!(rows.iter().any(|row| row[5] == "'=HYPERLINK(\"http://evil\")"));
        let sum: i64 = rows[1..].iter().filter_map(|row| row[8].parse::<i64>().ok()).sum();
        assert_eq!(sum * 100, report.now.revenue);
        assert_eq!(roubles(words, 180_050), "1800,50");
    }
}
