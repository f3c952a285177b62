//! How fast a bot may send: Telegram takes about thirty messages a second of one bot, whoever they are for.
//!
//! Nobody knows at which moment between a request and its answer a message is counted. So a message takes its place from the
//! moment that its call begins until a second after the call has ended, less what the fastest call ever took: the way there
//! of the next call and the way back of this one took at least that long. Whoever holds to it is never told to slow down,
//! however the network jumps; and it costs no more than what calls differ by.
//!
//! There are two lanes. Whoever answers a person waits only for room that the many have taken, and goes before them; the
//! many (a broadcast) go one by one, evenly, a little slower than what is allowed, so that whoever writes meanwhile finds a
//! place within some thirty milliseconds.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

/// Messages of one bot in [`WINDOW`].
const MOST: usize = 30;
const WINDOW: Duration = Duration::from_secs(1);
/// One of the many in so long: 29.25 a second.
const EVERY: Duration = Duration::from_micros(34_188);
/// What the many have lost by at most so much they catch up with.
const CATCH_UP: Duration = Duration::from_millis(150);
/// Whoever answers a person waits no longer: a flood limit is told by Telegram too, and waited out then.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who is being written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A person who waits for it.
    One,
    /// One of many who do not.
    Many,
}

/// Whether there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Now,
    At(Instant),
    /// When a call has ended.
    Later,
}

/// The reckoning, without waiting.
#[derive(Debug)]
struct Pace {
    /// When the last messages were done with, at most [`MOST`] of them.
    ended: VecDeque<Instant>,
    under_way: usize,
    /// How many of those under way are of the many, and until when one of them may still count.
    many_under_way: usize,
    many_until: Option<Instant>,
    fastest: Option<Duration>,
    /// When the next of the many is due.
    slot: Option<Instant>,
    /// Telegram has asked to wait until then.
    held_until: Option<Instant>,
    /// People who wait for an answer.
    waiting: usize,
}

impl Pace {
    fn new() -> Self {
        Self {
            ended: VecDeque::with_capacity(MOST),
            under_way: 0,
            many_under_way: 0,
            many_until: None,
            fastest: None,
            slot: None,
            held_until: None,
            waiting: 0,
        }
    }

    /// How long a message keeps its place after its call has ended.
    fn keeps(&self) -> Duration {
        WINDOW.saturating_sub(self.fastest.unwrap_or_default())
    }

    /// Whether `messages` more may be sent now, of whichever lane.
    fn window(&self, messages: usize, now: Instant) -> Room {
        // What is larger than the whole window goes when it is empty.
        let messages = messages.min(MOST);
        let keeps = self.keeps();
        let counted = self.ended.iter().filter(|ended| now < **ended + keeps).count();
        let Some(surplus) = (self.under_way + counted + messages).checked_sub(MOST + 1) else { return Room::Now };
        // So many of those that still count must have passed, the oldest of them first.
        match self.ended.get(self.ended.len() - counted + surplus) {
            Some(ended) => Room::At(*ended + keeps),
            None => Room::Later,
        }
    }

    fn room(&self, lane: Lane, messages: usize, now: Instant) -> Room {
        match lane {
            Lane::One if self.many_under_way == 0 && self.many_until.is_none_or(|until| until <= now) => Room::Now,
            Lane::One => self.window(messages, now),
            Lane::Many if self.waiting > 0 => Room::Later,
            Lane::Many => {
                let due = [self.slot, self.held_until].into_iter().flatten().max().filter(|due| *due > now);
                match (due, self.window(messages, now)) {
                    (None, room) => room,
                    (Some(due), Room::Now) => Room::At(due),
                    (Some(due), Room::At(at)) => Room::At(due.max(at)),
                    (Some(_), Room::Later) => Room::Later,
                }
            }
        }
    }

    fn begin(&mut self, lane: Lane, messages: usize, now: Instant) {
        self.under_way += messages;
        if lane == Lane::Many {
            self.many_under_way += messages;
            let due = self.slot.unwrap_or(now).max(now.checked_sub(CATCH_UP).unwrap_or(now));
            self.slot = Some(due + EVERY * u32::try_from(messages).unwrap_or(u32::MAX));
        }
    }

    /// A call has ended; `took`, if it was answered, is how long that took.
    fn end(&mut self, lane: Lane, messages: usize, took: Option<Duration>, now: Instant) {
        self.under_way = self.under_way.saturating_sub(messages);
        if let Some(took) = took {
            self.fastest = Some(self.fastest.map_or(took, |fastest| fastest.min(took)));
        }
        if lane == Lane::Many {
            self.many_under_way = self.many_under_way.saturating_sub(messages);
            self.many_until = Some(now + WINDOW);
        }
        for _ in 0..messages.min(MOST) {
            if self.ended.len() == MOST {
                self.ended.pop_front();
            }
            self.ended.push_back(now);
        }
    }

    fn hold(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }
}

/// What all senders of one bot share; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Pacer {
    pace: Arc<Mutex<Pace>>,
    changed: Arc<Notify>,
}

impl Pacer {
    pub(crate) fn new() -> Self {
        Self { pace: Arc::new(Mutex::new(Pace::new())), changed: Arc::new(Notify::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for so many messages to somebody who waits for them, before anybody of the many.
    pub(crate) async fn enter(&self, messages: usize) -> Place {
        if self.begin_if_room(Lane::One, messages, Instant::now()) != Room::Now {
            let _waiting = Waiting::of(self);
            if timeout(PATIENCE, self.wait_to_answer(messages)).await.is_err() {
                self.lock().begin(Lane::One, messages, Instant::now());
            }
        }
        self.place(Lane::One, messages)
    }

    /// Takes a place for so many messages to one of the many, when there is one. `Err`: Telegram has asked to wait for so long.
    pub(crate) async fn enter_as_one_of_many(&self, messages: usize) -> Result<Place, Duration> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no end of a call between looking and waiting is lost.
            changed.as_mut().enable();
            let now = Instant::now();
            if let Some(pause) = self.lock().held_until.and_then(|until| until.checked_duration_since(now))
                && !pause.is_zero()
            {
                return Err(pause);
            }
            match self.begin_if_room(Lane::Many, messages, now) {
                Room::Now => return Ok(self.place(Lane::Many, messages)),
                Room::At(at) => tokio::select! { () = sleep_until(at) => {} () = changed => {} },
                Room::Later => changed.await,
            }
        }
    }

    async fn wait_to_answer(&self, messages: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.begin_if_room(Lane::One, messages, Instant::now()) {
                Room::Now => return,
                Room::At(at) => tokio::select! { () = sleep_until(at) => {} () = changed => {} },
                Room::Later => changed.await,
            }
        }
    }

    /// When the many have their next place, as far as is known; nothing is taken.
    pub(crate) async fn until_room(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let room = self.lock().room(Lane::Many, 1, Instant::now());
            match room {
                Room::Now => return,
                Room::At(at) => tokio::select! { () = sleep_until(at) => {} () = changed => {} },
                Room::Later => changed.await,
            }
        }
    }

    fn begin_if_room(&self, lane: Lane, messages: usize, now: Instant) -> Room {
        let mut pace = self.lock();
        let room = pace.room(lane, messages, now);
        if room == Room::Now {
            pace.begin(lane, messages, now);
        }
        room
    }

    fn place(&self, lane: Lane, messages: usize) -> Place {
        Place { pacer: self.clone(), lane, messages, began: Instant::now(), answered: false }
    }

    /// The many wait for so long: Telegram has asked to, or does not answer.
    pub(crate) fn hold(&self, pause: Duration) {
        let until = Instant::now().checked_add(pause);
        self.lock().hold(until.unwrap_or_else(|| Instant::now() + Duration::from_secs(24 * 60 * 60)));
        self.changed.notify_waiters();
    }
}

/// The place of a call's messages. It ends with the call, however that ends.
#[derive(Debug)]
pub(crate) struct Place {
    pacer: Pacer,
    lane: Lane,
    messages: usize,
    began: Instant,
    answered: bool,
}

impl Place {
    /// Telegram has answered.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = self.answered.then(|| now - self.began);
        self.pacer.lock().end(self.lane, self.messages, took, now);
        self.pacer.changed.notify_waiters();
    }
}

/// Somebody who waits for an answer: the many make way for as long as it lives.
struct Waiting(Pacer);

impl Waiting {
    fn of(pacer: &Pacer) -> Self {
        pacer.lock().waiting += 1;
        Self(pacer.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut pace = self.0.lock();
        pace.waiting = pace.waiting.saturating_sub(1);
        drop(pace);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Sends of the many for `lasts`, each call as long as `takes` says; gives when each began and ended.
    fn run(lasts: Duration, takes: impl Fn(usize) -> Duration) -> Vec<(Instant, Instant)> {
        let (mut pace, begun) = (Pace::new(), Instant::now());
        let (mut now, mut calls, mut open) = (begun, Vec::new(), Vec::<(Instant, Duration)>::new());
        while now < begun + lasts {
            open.sort_unstable();
            while let Some((ends, took)) = open.first().copied().filter(|(ends, _)| *ends <= now) {
                pace.end(Lane::Many, 1, Some(took), ends);
                open.remove(0);
            }
            match pace.room(Lane::Many, 1, now) {
                Room::Now => {
                    pace.begin(Lane::Many, 1, now);
                    let took = takes(calls.len());
                    open.push((now + took, took));
                    calls.push((now, now + took));
                }
                Room::At(_) | Room::Later => now += ms(1),
            }
        }
        calls
    }

    /// The most messages that any second has seen, if each was counted at the worst moment of its call.
    fn worst_second(counted: &[Instant]) -> usize {
        let mut sorted = counted.to_vec();
        sorted.sort_unstable();
        let within = |from: &Instant| sorted.iter().filter(|at| **at >= *from && **at < *from + WINDOW).count();
        sorted.iter().map(within).max().unwrap_or_default()
    }

    #[test]
    fn the_many_go_within_five_percent_of_the_limit_and_never_over_it() {
        for takes in [ms(2), ms(60), ms(150)] {
            let calls = run(Duration::from_secs(20), |_| takes);
            let rate = f64::from(u32::try_from(calls.len()).unwrap()) / 20.0;
            assert!((28.5..=30.0).contains(&rate), "{rate} a second at {takes:?}");
            let began: Vec<Instant> = calls.iter().map(|(began, _)| *began).collect();
            assert!(worst_second(&began) <= MOST);
        }
    }

    #[test]
    fn however_the_network_jumps_no_second_has_more_than_thirty() {
        // A pause every now and then, after which all of them arrive at once.
        let calls =
            run(Duration::from_secs(20), |n| if n % 40 < 10 { ms(600) - ms(34) * (n % 40) as u32 } else { ms(5) });
        for at_its_end in [false, true] {
            // Telegram counts a call somewhere between: at the very begin of the quick way there, or at its end.
            let counted: Vec<Instant> =
                calls.iter().map(|(began, ended)| if at_its_end { *ended } else { *began + ms(5) }).collect();
            assert!(worst_second(&counted) <= MOST, "{}", worst_second(&counted));
        }
    }

    #[test]
    fn who_answers_a_person_waits_for_nobody_unless_the_many_are_under_way() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        for _ in 0..2_500 {
            assert_eq!(pace.room(Lane::One, 1, now), Room::Now);
            pace.begin(Lane::One, 1, now);
            pace.end(Lane::One, 1, Some(ms(1)), now);
        }
        // The many find no room beside them.
        assert_eq!(pace.room(Lane::Many, 1, now), Room::At(now + WINDOW - ms(1)));
        let later = now + WINDOW;
        assert_eq!(pace.room(Lane::Many, 10, later), Room::Now);
        pace.begin(Lane::Many, 10, later);
        for _ in 0..20 {
            assert_eq!(pace.room(Lane::One, 1, later), Room::Now);
            pace.begin(Lane::One, 1, later);
        }
        assert_eq!(pace.room(Lane::One, 1, later), Room::Later, "until one of these calls has ended");
        pace.end(Lane::One, 1, Some(ms(1)), later);
        assert_eq!(pace.room(Lane::One, 1, later), Room::At(later + WINDOW - ms(1)));
    }

    #[test]
    fn the_many_make_way_and_keep_to_what_telegram_asks() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        pace.waiting = 1;
        assert_eq!(pace.room(Lane::Many, 1, now), Room::Later);
        pace.waiting = 0;
        pace.hold(now + ms(5000));
        pace.hold(now + ms(3000));
        assert_eq!(pace.room(Lane::Many, 1, now), Room::At(now + ms(5000)));
        assert_eq!(pace.room(Lane::One, 1, now), Room::Now, "an answer is tried all the same");
        assert_eq!(pace.room(Lane::Many, 1, now + ms(5000)), Room::Now);
    }

    #[test]
    fn an_album_takes_as_many_places_as_it_has_pictures() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        pace.begin(Lane::Many, 10, now);
        assert_eq!(pace.slot, Some(now + EVERY * 10));
        pace.end(Lane::Many, 10, Some(ms(1)), now);
        assert_eq!(pace.ended.len(), 10);
    }

    #[tokio::test]
    async fn an_answer_comes_before_the_many_who_wait_already() {
        let pacer = Pacer::new();
        let mut places = Vec::new();
        for _ in 0..MOST {
            pacer.lock().begin(Lane::Many, 1, Instant::now());
            places.push(pacer.place(Lane::Many, 1));
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        let go = |lane, name: &'static str| {
            let (pacer, order) = (pacer.clone(), order.clone());
            tokio::spawn(async move {
                let place = match lane {
                    Lane::One => pacer.enter(1).await,
                    Lane::Many => pacer.enter_as_one_of_many(1).await.unwrap(),
                };
                order.lock().unwrap().push(name);
                place.answered();
            })
        };
        let many = go(Lane::Many, "many");
        tokio::task::yield_now().await;
        let one = go(Lane::One, "one");
        tokio::task::yield_now().await;
        drop(places);
        one.await.unwrap();
        many.await.unwrap();
        assert_eq!(*order.lock().unwrap(), ["one", "many"]);
    }

    #[tokio::test]
    async fn one_of_many_is_sent_away_while_telegram_wants_a_rest_and_an_answer_is_not() {
        let pacer = Pacer::new();
        pacer.hold(Duration::from_secs(60));
        assert!(pacer.enter_as_one_of_many(1).await.unwrap_err() > Duration::from_secs(50));
        pacer.enter(1).await.answered();
        assert!(timeout(ms(20), pacer.until_room()).await.is_err());
    }
}
