//! Sales by hand: cash, a transfer or an invoice instead of a card, by the shipped program.

mod album;
mod kills;
mod meddled;
mod talk;
