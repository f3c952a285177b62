//! Figures of the business: counted, drawn, written to files, and what follows from them.
//!
//! [`figures`] says what each of them means, [`tally`] counts, without SQL and without Telegram; what is shown of them is
//! made here too, in the words of one language.

pub(crate) mod advice;
pub(crate) mod archive;
pub(crate) mod csv;
pub mod figures;
pub(crate) mod headline;
pub mod open;
pub(crate) mod picture;
pub mod range;
pub mod tally;
pub(crate) mod xlsx;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
