//! How a screen of the console looks: where one is, what there is, what one can do, and the way back.

use shared::telegram::{Button, Screen};

use super::{
    super::{choice, words::Words},
    Choice,
};

/// Telegram takes 4096 characters of text.
const MOST_CHARS: usize = 4096;

/// A screen of the console.
#[derive(Clone, Debug)]
pub(in crate::bot) struct Page {
    /// Where one is, from the room on, as people know it: «Услуги», «Стрижка».
    pub(in crate::bot) trail: Vec<String>,
    /// What was just done, HTML.
    pub(in crate::bot) note: Option<String>,
    /// What there is, HTML.
    pub(in crate::bot) text: String,
    /// What one can do.
    pub(in crate::bot) rows: Vec<Vec<Button>>,
    /// One step back.
    pub(in crate::bot) back: choice::Choice,
}

impl Page {
    /// A page without a note.
    pub(in crate::bot) fn new(trail: Vec<String>, text: String, rows: Vec<Vec<Button>>, back: choice::Choice) -> Self {
        Self { trail, note: None, text, rows, back }
    }

    /// And what was just done.
    pub(in crate::bot) fn noting(mut self, note: impl Into<Option<String>>) -> Self {
        self.note = note.into();
        self
    }

    /// As a message. What does not fit into one is cut, at the end of a line where possible: the keyboard is what counts.
    pub(in crate::bot) fn screen(self, words: Words<'_>) -> Screen {
        let mut trail = vec![words.plain("console.home", &[])];
        trail.extend(self.trail);
        let mut parts = vec![words.say("console.trail", &[("trail", &trail.join(" › "))])];
        parts.extend(self.note);
        parts.push(self.text);
        let home = choice::Choice::Admin(Choice::Home);
        let mut rows = self.rows;
        let mut last = vec![words.button("button.back", self.back)];
        if self.back != home {
            last.push(words.button("console.to_home", home));
        }
        rows.push(last);
        Screen::text(fitting(&parts.join("\n\n"))).inline(rows)
    }
}

/// Whole lines, as many as fit: a line never opens what another closes.
fn fitting(text: &str) -> String {
    if text.chars().count() <= MOST_CHARS {
        return text.to_owned();
    }
    let mut left = MOST_CHARS - 2;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let Some(rest) = left.checked_sub(line.chars().count() + 1) else { break };
        left = rest;
        lines.push(line);
    }
    lines.push("…");
    lines.join("\n")
}

/// «‹ Раньше», «Позже ›»: the row that turns pages; none if there is only one. Pages are counted from 0.
pub(in crate::bot) fn turns(
    words: Words<'_>,
    (page, pages): (usize, usize),
    to: impl Fn(usize) -> choice::Choice,
) -> Option<Vec<Button>> {
    let mut row = Vec::new();
    if page > 0 {
        row.push(words.button("console.previous", to(page - 1)));
    }
    if page + 1 < pages {
        row.push(words.button("console.next", to(page + 1)));
    }
    (!row.is_empty()).then_some(row)
}
