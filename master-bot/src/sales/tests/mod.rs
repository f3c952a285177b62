//! Selling, against a real registry.

mod counter;
mod hand;
mod money;
mod stats;
