//! What the master says, in the language of the person it is said to: so that one test goes the same way in both.

use anyhow::{Context, Result};
use shared::texts::{Lang, Texts};

/// The words of one language, by their keys.
pub(crate) struct Tongue {
    texts: Texts,
    lang: Lang,
}

impl Tongue {
    /// Of the language with this code.
    pub(crate) fn of(code: &str) -> Result<Self> {
        Ok(Self { texts: Texts::load("master")?, lang: Lang::from_code(Some(code)) })
    }

    /// The longest piece of the text under `key` that is there whatever it is filled with.
    pub(crate) fn say(&self, key: &str) -> String {
        let text = self.texts.plain(self.lang, key, &[]);
        let mut marks = 0;
        // Marks and placeholders end a piece.
        let plain: String = text
            .chars()
            .map(|c| match c {
                '<' | '{' => {
                    marks += 1;
                    '\n'
                }
                '>' | '}' => {
                    marks -= 1;
                    '\n'
                }
                _ if marks > 0 => '\n',
                c => c,
            })
            .collect();
        let pieces = plain.lines().map(|line| line.trim().trim_matches('"'));
        pieces.max_by_key(|piece| piece.chars().count()).unwrap_or_default().to_owned()
    }
}

/// The address in a message, such as a link that is to be passed on.
pub(crate) fn link_in(text: &str) -> Result<String> {
    text.split_whitespace().find(|word| word.starts_with("https://")).map(str::to_owned).context("there is no link")
}
