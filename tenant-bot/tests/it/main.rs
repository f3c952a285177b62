//! The tenant bot against a real Postgres and Redis, with the sandbox for Telegram. Run by `scripts/test`.

#![expect(clippy::unwrap_used, reason = "a test ends with a panic wherever it goes wrong")]

mod again;
mod albums;
mod behalf;
mod blocks;
mod booking;
mod changes;
mod conversation;
mod crawl;
mod customers;
mod dated;
mod day;
mod details;
mod digests;
mod exports;
mod feedback;
mod figures;
mod forgetting;
mod killed;
mod mass;
mod meddled;
mod moving;
mod news;
mod news_killed;
mod news_readers;
mod person;
mod privacy;
mod process;
mod races;
mod races_of_rules;
mod refusals;
mod reminders;
mod repeats;
mod requests;
mod running;
mod shop;
mod staff;
mod store;
mod team;
mod texts;
mod version_before;
mod visits;
mod waiting;
mod waitlist;
mod work_chat;
