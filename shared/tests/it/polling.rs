//! Updates: none lost, none confirmed before its time, and no handler ends the bot.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use play::until;
use sandbox::wire::{Fault, FaultKind};
use serde_json::json;
use shared::telegram::{
    incoming::{Event, Incoming},
    polling::{Handler, Poller, PollingEnded},
};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::room::Room;

/// Notes every text; misbehaves on demand.
struct Notes {
    seen: Mutex<Vec<String>>,
    gave_up: AtomicU32,
    polls: AtomicU32,
    gate: Semaphore,
}

impl Notes {
    fn new(open: bool) -> Arc<Self> {
        let gate = Semaphore::new(if open { 1000 } else { 0 });
        Arc::new(Self { seen: Mutex::default(), gave_up: AtomicU32::new(0), polls: AtomicU32::new(0), gate })
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Handler for Notes {
    async fn handle(&self, update: &Incoming) -> Result<()> {
        let Event::Message(message) = &update.event else { return Ok(()) };
        let text = message.text.clone().unwrap_or_default();
        self.gate.acquire().await?.forget();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        match text.as_str() {
            "паника" => panic!("as ordered"),
            "отказ" => bail!("as ordered"),
            _ => Ok(()),
        }
    }

    async fn polled(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    async fn gave_up(&self, _: &Incoming) {
        self.gave_up.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(room: &Room, notes: &Arc<Notes>) -> (CancellationToken, JoinHandle<Result<(), PollingEnded>>) {
    let stop = CancellationToken::new();
    let poller = Poller::new(room.telegram.clone(), &["message"]);
    let task = tokio::spawn(poller.run(notes.clone(), stop.clone()));
    (stop, task)
}

async fn seen(notes: &Notes, n: usize) -> Result<()> {
    until(Duration::from_secs(20), &format!("{n} texts"), async || Ok((notes.seen().len() >= n).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_or_an_error_in_a_handler_ends_neither_the_bot_nor_the_chat() -> Result<()> {
    let (room, notes) = (Room::new().await?, Notes::new(true));
    let (stop, task) = poll(&room, &notes);
    for text in ["паника", "отказ", "дальше"] {
        room.sim.say(room.person.id, &room.bot, text).await?;
    }
    // The panic is not tried again, the error is, three times in all; /start came before them.
    seen(&notes, 6).await?;
    stop.cancel();
    assert_eq!(task.await?, Ok(()));
    assert_eq!(notes.seen(), ["/start", "паника", "отказ", "отказ", "отказ", "дальше"]);
    assert_eq!(notes.gave_up.load(Ordering::Relaxed), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_whose_handling_was_cut_off_comes_again() -> Result<()> {
    let (room, notes) = (Room::new().await?, Notes::new(false));
    let (_, task) = poll(&room, &notes);
    let act = room.sim.say(room.person.id, &room.bot, "запишите меня").await?;
    until(Duration::from_secs(10), "it polls", async || Ok((notes.polls.load(Ordering::Relaxed) > 0).then_some(())))
        .await?;
    // Killed while the handler is at work: nothing was confirmed.
    task.abort();
    let _ = task.await;
    assert!(notes.seen().is_empty());
    let notes = Notes::new(true);
    let (stop, task) = poll(&room, &notes);
    room.sim.wait_confirmed(&act).await?;
    stop.cancel();
    assert_eq!(task.await?, Ok(()));
    assert_eq!(notes.seen(), ["/start", "запишите меня"]);
    // And once confirmed it does not.
    let notes = Notes::new(true);
    let (stop, task) = poll(&room, &notes);
    room.sim.say(room.person.id, &room.bot, "ещё").await?;
    seen(&notes, 1).await?;
    stop.cancel();
    assert_eq!(task.await?, Ok(()));
    assert_eq!(notes.seen(), ["ещё"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_nobody_can_read_is_passed_over() -> Result<()> {
    let (room, notes) = (Room::new().await?, Notes::new(true));
    room.sim.push_updates(&room.bot, &[json!({ "message": { "message_id": "x" } })]).await?;
    room.sim.say(room.person.id, &room.bot, "после").await?;
    let (stop, task) = poll(&room, &notes);
    seen(&notes, 2).await?;
    stop.cancel();
    assert_eq!(task.await?, Ok(()));
    assert_eq!(notes.seen(), ["/start", "после"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_poll_does_not_wait() -> Result<()> {
    let (room, notes) = (Room::new().await?, Notes::new(true));
    let (stop, task) = poll(&room, &notes);
    seen(&notes, 1).await?;
    stop.cancel();
    task.await??;
    // Nothing waits in the queue now, yet the answer to the first poll comes at once.
    let notes = Notes::new(true);
    let (stop, task) = poll(&room, &notes);
    until(Duration::from_secs(10), "it polls", async || Ok((notes.polls.load(Ordering::Relaxed) > 0).then_some(())))
        .await?;
    stop.cancel();
    task.await??;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_poller_in_the_way_of_a_start_is_waited_out() -> Result<()> {
    let (room, notes) = (Room::new().await?, Notes::new(true));
    let conflict = FaultKind::Status { code: 409, retry_after: None, after_effect: false };
    room.sim.fault(&Fault::telegram("getUpdates", conflict).times(3)).await?;
    let (stop, task) = poll(&room, &notes);
    seen(&notes, 1).await?;
    stop.cancel();
    assert_eq!(task.await?, Ok(()));
    assert_eq!(room.sim.faults().await?, [], "it was refused as often as ordered");
    assert_eq!(notes.seen(), ["/start"]);
    Ok(())
}
