//! Figures of the business: counted, drawn, written to files, and what follows from them.
//!
//! [`figures`] says what each of them means, [`tally`] counts, without SQL and without Telegram; what is shown of them is
//! made here too, in the words of one language.

pub mod figures;
pub(crate) mod headline;
pub mod open;
pub(crate) mod picture;
pub mod range;
pub mod tally;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
