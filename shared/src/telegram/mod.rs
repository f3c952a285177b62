//! Telegram as our bots see it: teloxide's transport, our own small update types, screens as data.
//!
//! teloxide types the Bot API up to 9.1; what is newer (managed bots) and what must never be dropped unread (every
//! update) is called and parsed here. See `docs/adr/0003-telegram.md`.

mod client;
mod error;
pub mod incoming;
mod pace;
pub mod polling;
mod screen;

pub use client::{
    BusinessIntro, BusinessLocation, BusinessOpeningHours, BusinessProfile, Edited, Me, OpeningInterval, Telegram,
};
pub use error::TelegramError;
pub use screen::{Action, Button, Content, Keyboard, ReplyAction, ReplyButton, Screen};
