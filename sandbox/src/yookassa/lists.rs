//! Lists: newest first, by the page, filtered by when and what.

use super::{Outcome, Refusal};
use crate::state::payments::Book;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a list is asked for.
pub(crate) struct Ask {
    params: HashMap<String, String>,
    limit: usize,
    below: u64,
}

impl Ask {
    pub(crate) fn read(query: &str) -> Result<Self, Refusal> {
        let params: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let limit = match params.get("limit") {
            None => 10,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
                limit.ok_or_else(|| Refusal::invalid("limit", "limit must be 1 to 100"))?
            }
        };
        let below = match params.get("cursor") {
            None => u64::MAX,
            Some(text) => text.parse().map_err(|_| Refusal::invalid("cursor", "Unknown cursor"))?,
        };
        for (name, text) in params.iter().filter(|(name, _)| name.contains("_at.")) {
            if text.parse::<DateTime<Utc>>().is_err() {
                return Err(Refusal::invalid(name, format!("{name} is no moment such as 2018-07-18T10:51:18.139Z")));
            }
        }
        Ok(Self { params, limit, below })
    }

    /// Whether a filter, where there is one, lets this through.
    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.params.get(name).is_none_or(|wanted| wanted == value)
    }

    /// Whether `created_at` lies within what is asked for.
    pub(crate) fn covers(&self, created_at: DateTime<Utc>) -> bool {
        let bound = |name: &str| self.params.get(name).and_then(|text| text.parse::<DateTime<Utc>>().ok());
        bound("created_at.gte").is_none_or(|at| created_at >= at)
            && bound("created_at.gt").is_none_or(|at| created_at > at)
            && bound("created_at.lte").is_none_or(|at| created_at <= at)
            && bound("created_at.lt").is_none_or(|at| created_at < at)
    }

    /// One page; `cursor` is the number to go on below.
    pub(crate) fn page<T>(&self, book: &Book<T>, wanted: impl Fn(&T) -> bool, show: impl Fn(&T) -> Value) -> Outcome {
        let mut found: Vec<_> =
            book.all.range(..self.below).rev().filter(|(_, one)| wanted(one)).take(self.limit + 1).collect();
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let items: Vec<Value> = found.iter().map(|(_, one)| show(one)).collect();
        let mut list = json!({"type": "list", "items": items});
        if let Some((number, _)) = found.last().filter(|_| more) {
            list["next_cursor"] = number.to_string().into();
        }
        Ok(list)
    }
}
