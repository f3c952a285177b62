//! The world: everything that both servers know, behind one lock that is never held over an await.

pub(crate) mod bots;
pub(crate) mod chats;
pub(crate) mod clock;
pub(crate) mod faults;
pub(crate) mod files;
pub(crate) mod flood;
pub(crate) mod groups;
pub(crate) mod log;
pub(crate) mod payments;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod queue;
pub(crate) mod webhooks;

use crate::wire::{Deviation, Fault, What};
use bots::Bot;
use chrono::{DateTime, SubsecRound, Utc};
use log::Log;
use people::Resident;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What both servers share.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Number of the last event; whoever waits for something subscribes here before looking.
    heard: watch::Receiver<u64>,
    stop: CancellationToken,
    http: reqwest::Client,
}

pub(crate) struct State {
    pub(crate) people: HashMap<i64, Resident>,
    pub(crate) bots: HashMap<i64, Bot>,
    /// Tokens that work.
    pub(crate) tokens: HashMap<String, i64>,
    /// Lower-case usernames of bots.
    pub(crate) usernames: HashMap<String, i64>,
    pub(crate) groups: HashMap<i64, places::Group>,
    pub(crate) files: HashMap<String, files::StoredFile>,
    /// Links from `getFile`, by their paths.
    pub(crate) links: HashMap<String, files::Link>,
    pub(crate) log: Log,
    pub(crate) clock: clock::Clock,
    pub(crate) deviations: Vec<Deviation>,
    /// A bot that is wrong once is wrong a thousand times: each deviation is kept once.
    deviations_seen: HashSet<String>,
    pub(crate) not_modelled: BTreeMap<String, u64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) flood: flood::Flood,
    /// Webhooks may be plain HTTP and on any port.
    pub(crate) webhooks_anywhere: bool,
    pub(crate) shop: payments::Shop,
    pub(crate) random: StdRng,
    next_person: i64,
    next_bot: i64,
}

impl World {
    pub(crate) fn new(shop: payments::Shop, seed: Option<u64>, stop: CancellationToken, http: reqwest::Client) -> Self {
        let mut random = seed.map_or_else(rand::make_rng::<StdRng>, StdRng::seed_from_u64);
        let (told, heard) = watch::channel(0);
        let state = State {
            people: HashMap::new(),
            bots: HashMap::new(),
            tokens: HashMap::new(),
            usernames: HashMap::new(),
            groups: HashMap::new(),
            files: HashMap::new(),
            links: HashMap::new(),
            log: Log::new(told, Instant::now()),
            clock: clock::Clock::new(),
            deviations: Vec::new(),
            deviations_seen: HashSet::new(),
            not_modelled: BTreeMap::new(),
            faults: Vec::new(),
            flood: flood::Flood::default(),
            webhooks_anywhere: false,
            shop,
            // Above 32 bits, as the ids of today's real accounts are.
            next_person: 5_100_000_000 + random.random_range(0..900_000_000),
            next_bot: 7_100_000_000 + random.random_range(0..900_000_000),
            random,
        };
        Self(Arc::new(Inner { state: Mutex::new(state), heard, stop, http }))
    }

    /// A poisoned lock is taken all the same: the state is only ever changed in whole steps.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn heard(&self) -> watch::Receiver<u64> {
        self.0.heard.clone()
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }
}

impl State {
    /// Now, to the millisecond, by this world's own clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    /// Writes into the transcript and returns the number of the event.
    pub(crate) fn happened(&mut self, what: What) -> u64 {
        let now = self.now();
        self.log.push(now, what)
    }

    pub(crate) fn deviated(&mut self, deviation: Deviation) {
        let seen = format!("{deviation:?}");
        if self.deviations_seen.insert(seen) {
            self.happened(What::Deviated { deviation: deviation.clone() });
            self.deviations.push(deviation);
        }
    }

    /// Forgets what deviated and what was not modelled, so that a test can begin clean.
    pub(crate) fn forget_deviations(&mut self) {
        self.deviations.clear();
        self.deviations_seen.clear();
        self.not_modelled.clear();
    }

    pub(crate) fn not_modelled(&mut self, what: &str) {
        *self.not_modelled.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn new_person_id(&mut self) -> i64 {
        self.next_person += self.random.random_range(1..5_000);
        self.next_person
    }

    pub(crate) fn new_bot_id(&mut self) -> i64 {
        self.next_bot += self.random.random_range(1..5_000);
        self.next_bot
    }

    /// Letters and digits of the URL-safe alphabet.
    pub(crate) fn random_text(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..length).map(|_| char::from(ALPHABET[self.random.random_range(0..ALPHABET.len())])).collect()
    }

    pub(crate) fn random_digits(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'0' + self.random.random_range(0..10_u8))).collect()
    }

    /// A bot by its id or by its username, with or without `@`.
    pub(crate) fn find_bot(&self, name: &str) -> Option<i64> {
        let name = name.trim_start_matches('@').to_lowercase();
        self.usernames
            .get(&name)
            .copied()
            .or_else(|| name.parse().ok())
            .filter(|id| self.bots.get(id).is_some_and(|bot| !bot.deleted))
    }
}
