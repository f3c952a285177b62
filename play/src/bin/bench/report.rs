//! What was measured, as a table for people and as JSON for machines.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

/// One measured line.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) bench: &'static str,
    pub(crate) what: String,
    pub(crate) figure: String,
    /// What DESIGN.md asks for, if it asks for something.
    pub(crate) target: Option<&'static str>,
    /// Whether the target is met.
    pub(crate) met: Option<bool>,
    pub(crate) raw: Value,
}

/// Everything measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) lines: Vec<Line>,
}

impl Report {
    /// A figure that nothing is asked of.
    pub(crate) fn note(&mut self, bench: &'static str, what: impl Into<String>, figure: impl Into<String>, raw: Value) {
        self.lines.push(Line { bench, what: what.into(), figure: figure.into(), target: None, met: None, raw });
    }

    /// A figure with a target.
    pub(crate) fn judge(
        &mut self,
        bench: &'static str,
        what: impl Into<String>,
        figure: impl Into<String>,
        (target, met): (&'static str, bool),
        raw: Value,
    ) {
        let (target, met) = (Some(target), Some(met));
        self.lines.push(Line { bench, what: what.into(), figure: figure.into(), target, met, raw });
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let width = |of: fn(&Line) -> &str| self.lines.iter().map(|line| of(line).chars().count()).max().unwrap_or(0);
        let (bench, what, figure) = (width(|l| l.bench), width(|l| &l.what), width(|l| &l.figure));
        let mut table = String::new();
        for line in &self.lines {
            let verdict = match (line.target, line.met) {
                (Some(target), Some(true)) => format!("ok   {target}"),
                (Some(target), _) => format!("MISS {target}"),
                _ => String::new(),
            };
            let row = format!("{:bench$}  {:what$}  {:figure$}  {verdict}", line.bench, line.what, line.figure);
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// The same for machines.
    pub(crate) fn json(&self) -> Value {
        json!({ "lines": self.lines })
    }
}

/// The value below which `share` of the sorted values lie.
pub(crate) fn percentile(values: &[Duration], share: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a handful of values"
    )]
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or_default()
}

/// `p50 / p95` in milliseconds.
pub(crate) fn p50_p95(values: &[Duration]) -> String {
    format!("p50 {} ms, p95 {} ms", percentile(values, 0.5).as_millis(), percentile(values, 0.95).as_millis())
}

/// The same in hundredths of a millisecond.
pub(crate) fn micros(values: &[Duration]) -> String {
    let millis = |share| percentile(values, share).as_secs_f64() * 1000.0;
    format!("p50 {:.2} ms, p95 {:.2} ms", millis(0.5), millis(0.95))
}

/// Milliseconds for the JSON.
pub(crate) fn millis(values: &[Duration]) -> Value {
    values.iter().map(|value| value.as_secs_f64() * 1000.0).collect()
}
