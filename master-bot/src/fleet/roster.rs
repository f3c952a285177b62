//! The fleet as a list: counted by state, filtered, searched. How many queries that takes does not depend on how many
//! tenants there are; a state follows from the intent and the facts, so it is not the database that filters by it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::slug::Slug;
use sqlx::PgPool;

use super::{
    card::{State, state},
    plan::Part,
};
use crate::registry::{
    facts,
    tenants::{self, Listed},
};

/// Which tenants are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// All who are not gone.
    Present,
    /// The gone too.
    All,
    /// Those in this state.
    Of(State),
    /// Those to whom these words point, the gone included.
    Words(String),
}

/// A line of the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) slug: Slug,
    pub(crate) business_name: String,
    pub(crate) bot_username: String,
    pub(crate) state: State,
}

/// A page of the fleet.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    /// Newest first.
    pub(crate) lines: Vec<Line>,
    /// How many were sought and found on all pages.
    pub(crate) found: usize,
    /// How many of the whole fleet are in each state.
    pub(crate) counts: HashMap<State, usize>,
}

impl Roster {
    /// Those who are not gone.
    pub(crate) fn present(&self) -> usize {
        self.counts.iter().filter(|(state, _)| **state != State::Removed).map(|(_, n)| n).sum()
    }
}

/// One page of those who are sought.
///
/// # Errors
/// When the registry fails.
pub(crate) async fn roster(
    pool: &PgPool,
    sought: &Sought,
    (offset, most): (usize, usize),
    now: DateTime<Utc>,
) -> Result<Roster, sqlx::Error> {
    // What a state is made of, and no more.
    let facts = facts::all_of(pool, &[Part::Container.name(), Part::Ready.name()]).await?;
    let mut counts = HashMap::new();
    let (mut found, mut named) = (Vec::new(), false);
    let needle = Needle::new(if let Sought::Words(words) = sought { words } else { "" });
    for listed in tenants::roster(pool).await? {
        let facts = facts.get(&listed.tenant.id).map(Vec::as_slice).unwrap_or_default();
        let state = state(&listed.tenant, facts, now);
        *counts.entry(state).or_insert(0) += 1;
        let is_sought = match sought {
            Sought::Present => state != State::Removed,
            Sought::All => true,
            Sought::Of(wanted) => state == *wanted,
            Sought::Words(_) => needle.finds(&listed),
        };
        if is_sought {
            named |= needle.names(&listed);
            found.push((needle.names(&listed), listed.tenant, state));
        }
    }
    // Who asks for number 7 means that one, and not all who have a seven somewhere.
    found.retain(|(is_named, ..)| *is_named || !named);
    let lines = found.iter().skip(offset).take(most).map(|(_, tenant, state)| Line {
        slug: tenant.slug.clone(),
        business_name: tenant.business_name.clone(),
        bot_username: tenant.bot_username.clone(),
        state: *state,
    });
    Ok(Roster { lines: lines.collect(), found: found.len(), counts })
}

/// What is looked for: every word of it must be found somewhere.
struct Needle(Vec<String>);

impl Needle {
    fn new(words: &str) -> Self {
        let word = |word: &str| {
            let word = plain(word);
            let word = word.trim_start_matches("https://").trim_start_matches("t.me/").trim_start_matches('@');
            word.to_owned()
        };
        Self(words.split_whitespace().map(word).filter(|word| !word.is_empty()).collect())
    }

    /// Whether it is the very number or name of this tenant or of its people.
    fn names(&self, listed: &Listed) -> bool {
        let [word] = self.0.as_slice() else { return false };
        *word == listed.tenant.slug.as_str() || word.parse().is_ok_and(|number| numbers(listed).contains(&number))
    }

    fn finds(&self, listed: &Listed) -> bool {
        let tenant = &listed.tenant;
        let texts = [
            plain(tenant.slug.as_str()),
            plain(&tenant.business_name),
            plain(&tenant.bot_username),
            plain(&listed.client_name),
            plain(listed.client_username.as_deref().unwrap_or_default()),
        ];
        let numbers = numbers(listed);
        !self.0.is_empty()
            && self.0.iter().all(|word| {
                texts.iter().any(|text| text.contains(word))
                    || word.parse::<i64>().is_ok_and(|number| numbers.contains(&number))
            })
    }
}

/// Every number that a person may know a tenant by.
fn numbers(listed: &Listed) -> [i64; 4] {
    let tenant = &listed.tenant;
    let own = tenant.slug.as_str().trim_start_matches("client_").parse().unwrap_or(0);
    [own, tenant.bot_id.0, tenant.owner_telegram_id, listed.client_telegram_id]
}

/// As people compare words: without case, and `ё` is `е`.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('ё', "е")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{BotId, TenantId, tenants::Tenant};

    fn listed() -> Listed {
        Listed {
            tenant: Tenant {
                id: TenantId(1),
                slug: Slug::number(7),
                bot_id: BotId(7_100_200_300),
                bot_username: "Usy_i_Boroda_bot".into(),
                token_sealed: None,
                business_name: "Барбершоп «Чёрный кот»".into(),
                kind: String::new(),
                zone: String::new(),
                language: String::new(),
                owner_telegram_id: 555,
                owner_language: String::new(),
                placement_network: 1,
                pg_password_sealed: Vec::new(),
                redis_password_sealed: Vec::new(),
                hold_reason: None,
                removal_wanted_at: None,
                paid_until: None,
                generation: 1,
                restart_generation: 0,
                lease_until: None,
                attempts: 0,
                next_attempt_at: None,
                last_error: None,
                ready_at: None,
                removed_at: None,
            },
            client_name: "Анна Ёлкина".into(),
            client_username: Some("anna_e".into()),
            client_telegram_id: 777,
        }
    }

    #[test]
    fn a_tenant_is_found_by_everything_that_a_person_would_write() {
        let listed = listed();
        let words = [
            "client_007",
            "CLIENT_007",
            "7",
            "007",
            "чёрный",
            "черный КОТ",
            "барбер",
            "@usy_i_boroda_bot",
            "usy",
            "https://t.me/Usy_i_Boroda_bot",
            "t.me/usy_i_boroda_bot",
            "анна",
            "елкина",
            "@anna_e",
            "777",
            "555",
            "7100200300",
            "анна кот",
            "  кот  ",
        ];
        for words in words {
            assert!(Needle::new(words).finds(&listed), "«{words}»");
        }
    }

    #[test]
    fn a_number_is_meant_as_it_stands() {
        let listed = listed();
        for words in ["7", "007", "client_007", "777"] {
            assert!(Needle::new(words).names(&listed), "«{words}»");
        }
        for words in ["77", "client_00", "кот", "7 7", ""] {
            assert!(!Needle::new(words).names(&listed), "«{words}»");
        }
    }

    #[test]
    fn nothing_and_strangers_words_find_nobody() {
        let listed = listed();
        for words in ["", " ", "@", "client_008", "8", "77", "анна пес", "%", "_7", "'", "\u{0}"] {
            assert!(!Needle::new(words).finds(&listed), "«{words}»");
        }
    }
}
