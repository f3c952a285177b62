//! Sales by hand.

mod words;
