//! Selling, against a real registry.

mod counter;
mod money;
