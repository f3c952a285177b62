//! Messages: never twice, never silently lost.

use std::{collections::HashSet, time::Duration};

use anyhow::Result;
use chrono::TimeDelta;
use play::until;
use sandbox::wire::{Fault, FaultKind};
use shared::{
    clock::Clock,
    outbox::{Counts, Document, Letter, LetterAct, Outbox, counts},
    telegram::Screen,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::room::Room;

fn work(outbox: &Outbox) -> (CancellationToken, JoinHandle<()>) {
    let (outbox, stop) = (outbox.clone(), CancellationToken::new());
    let task = tokio::spawn({
        let stop = stop.clone();
        async move { outbox.run(stop).await }
    });
    (stop, task)
}

async fn settled(room: &Room, wanted: Counts) -> Result<()> {
    until(Duration::from_secs(30), &format!("{wanted:?}"), async || {
        Ok((counts(&room.pool).await? == wanted).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_sent_once_and_its_key_never_again() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    assert!(room.enqueue("ready:1", "Готово", &clock).await?);
    assert!(!room.enqueue("ready:1", "Готово ещё раз", &clock).await?);
    let outbox = room.outbox(&clock);
    let (stop, task) = work(&outbox);
    settled(&room, Counts { sent: 1, ..Counts::default() }).await?;
    assert!(outbox.message_of("ready:1").await?.is_some());
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, ["Готово"]);
    Ok(())
}

/// The senders have all connections there are, and the worker is woken to look again all the while.
#[tokio::test]
async fn letters_go_on_while_the_outbox_is_woken_and_every_connection_is_a_senders() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let mut chats = vec![room.person.id];
    for _ in 0..15 {
        let person = room.sim.person("Боря").await?;
        room.sim.start(person.id, &room.bot, None).await?;
        chats.push(person.id);
    }
    let mut conn = room.pool.acquire().await?;
    for n in 0..160 {
        let (key, chat_id) = (n.to_string(), chats[n % chats.len()]);
        let letter = Letter { key, chat_id, screen: Screen::text(n.to_string()), due_at: clock.now() };
        Outbox::enqueue(&mut conn, clock.now(), &letter).await?;
    }
    drop(conn);
    let outbox = room.outbox_over(4, &clock)?;
    let (stop, task) = work(&outbox);
    // Much sooner than a connection is given up waiting for, which is after ten seconds.
    until(Duration::from_secs(9), "all are sent", async || {
        outbox.wake();
        Ok((counts(&room.pool).await?.sent == 160).then_some(()))
    })
    .await?;
    stop.cancel();
    task.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_the_letter_unknown_and_it_is_not_sent_again() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Withhold)).await?;
    room.enqueue("a", "раз", &clock).await?;
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { unknown: 1, ..Counts::default() }).await?;
    room.enqueue("b", "два", &clock).await?;
    stop.cancel();
    task.await?;
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { unknown: 1, sent: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, ["раз", "два"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_dies_in_the_middle_leaves_an_unknown_letter() -> Result<()> {
    let room = Room::new().await?;
    let clock = Clock::fixed(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Hang)).await?;
    room.enqueue("a", "раз", &clock).await?;
    let (_, task) = work(&room.outbox(&clock));
    settled(&room, Counts { sending: 1, ..Counts::default() }).await?;
    until(Duration::from_secs(10), "Telegram has it", async || Ok((room.read().await?.len() == 1).then_some(())))
        .await?;
    // As by SIGKILL: nothing of it gets to run any more.
    task.abort();
    // Another process comes up at once: the row may still be somebody's, and is left alone…
    let (stop, task) = work(&room.outbox(&clock));
    room.enqueue("b", "два", &clock).await?;
    assert_eq!(counts(&room.pool).await?.sending, 1);
    stop.cancel();
    task.await?;
    // …until nobody can be sending it any more.
    clock.advance(TimeDelta::seconds(61));
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { unknown: 1, sent: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, ["раз", "два"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_certainly_had_no_effect_is_sent_later() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let busy = FaultKind::Status { code: 429, retry_after: Some(1), after_effect: false };
    room.sim.fault(&Fault::telegram("sendMessage", busy).times(2)).await?;
    room.enqueue("a", "раз", &clock).await?;
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { sent: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, ["раз"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_blocked_the_bot_fails_only_their_own_letter() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    room.sim.block(room.person.id, &room.bot).await?;
    room.enqueue("a", "раз", &clock).await?;
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { failed: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_update_is_answered_once() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let outbox = room.outbox(&clock);
    let screen = Screen::text("Здравствуйте");
    let first = outbox.reply(7, 0, room.person.id, &screen).await?;
    let again = outbox.reply(7, 0, room.person.id, &screen).await?;
    assert!(!first.repeated && again.repeated);
    assert_eq!(first.message_id, again.message_id);
    // Its second message, and another update's, are their own.
    outbox.reply(7, 1, room.person.id, &screen).await?;
    outbox.reply(8, 0, room.person.id, &screen).await?;
    assert_eq!(room.read().await?.len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_send_each_letter_once_and_in_order() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    for n in 0..60 {
        room.enqueue(&format!("letter:{n}"), &format!("{n}"), &clock).await?;
    }
    let workers: Vec<_> = (0..4).map(|_| work(&room.outbox(&clock))).collect();
    settled(&room, Counts { sent: 60, ..Counts::default() }).await?;
    for (stop, task) in workers {
        stop.cancel();
        task.await?;
    }
    let read = room.read().await?;
    assert_eq!(read.iter().collect::<HashSet<_>>().len(), 60);
    assert_eq!(read, (0..60).map(|n| n.to_string()).collect::<Vec<_>>());
    Ok(())
}

/// A letter whose answer was lost.
async fn lost(room: &Room, clock: &Clock) -> Result<()> {
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Withhold)).await?;
    room.enqueue("a", "раз", clock).await?;
    let (stop, task) = work(&room.outbox(clock));
    settled(room, Counts { unknown: 1, ..Counts::default() }).await?;
    stop.cancel();
    Ok(task.await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_tap_sends_an_unknown_letter_once_more_and_no_repeat_of_it_does() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    lost(&room, &clock).await?;
    let outbox = room.outbox(&clock);
    assert_eq!(outbox.undelivered_count().await?, 1);
    let seen = outbox.undelivered(0, 10).await?.remove(0);
    assert!(seen.unknown && seen.chat_id == room.person.id && seen.attempts == 1, "{seen:?}");
    let tap = (seen.id, seen.attempts);
    let (mut done, actor) = (0, "operator:1");
    // The same update told thrice, and another finger on the same button, all at once.
    let taps = [7, 7, 7, 8].map(|update| outbox.act_on(tap, LetterAct::Resend, (update, actor)));
    for tapped in futures::future::join_all(taps).await {
        done += u32::from(tapped?);
    }
    assert_eq!(done, 1);
    let (stop, task) = work(&outbox);
    settled(&room, Counts { sent: 1, ..Counts::default() }).await?;
    assert!(!outbox.act_on(tap, LetterAct::Resend, (9, actor)).await?, "it has arrived");
    stop.cancel();
    task.await?;
    // It had arrived the first time too: that is what a person has to judge.
    assert_eq!(room.read().await?, ["раз", "раз"]);
    let acts: Vec<(String, String)> =
        sqlx::query_as("select act, actor from outbox_acts").fetch_all(&room.pool).await?;
    assert_eq!(acts, [("resend".to_owned(), actor.to_owned())]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_is_lost_again_is_shown_again_and_an_old_button_does_nothing() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    lost(&room, &clock).await?;
    let outbox = room.outbox(&clock);
    let first = outbox.undelivered(0, 10).await?.remove(0);
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Withhold)).await?;
    assert!(outbox.act_on((first.id, first.attempts), LetterAct::Resend, (7, "operator:1")).await?);
    let (stop, task) = work(&outbox);
    settled(&room, Counts { unknown: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    assert!(!outbox.act_on((first.id, first.attempts), LetterAct::Resend, (8, "operator:1")).await?);
    let again = outbox.undelivered(0, 10).await?.remove(0);
    assert_eq!((again.id, again.attempts), (first.id, 2));
    // Given up: neither counted nor sent any more.
    assert!(outbox.act_on((again.id, again.attempts), LetterAct::Dismiss, (9, "operator:1")).await?);
    assert_eq!(outbox.undelivered_count().await?, 0);
    assert!(!outbox.act_on((again.id, again.attempts), LetterAct::Resend, (10, "operator:1")).await?);
    assert_eq!(counts(&room.pool).await?.unknown, 1, "what happened to it stays written");
    Ok(())
}

#[test]
fn the_registry_has_the_table_of_acts() {
    let acts = include_str!("../../src/outbox/acts.sql").trim();
    let migration = include_str!("../../../migrations/registry/0004_incidents.sql");
    assert!(migration.contains(acts), "copy shared/src/outbox/acts.sql as it is");
}

#[test]
fn every_schema_has_the_same_outbox() {
    let table = include_str!("../../src/outbox/table.sql").trim();
    for migration in [
        include_str!("../../../migrations/registry/0001_registry.sql"),
        include_str!("../../../migrations/tenant/0001_init.sql"),
    ] {
        assert!(migration.contains(table), "copy shared/src/outbox/table.sql as it is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_hangs_holds_up_its_own_chat_and_nobody_elses() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let other = room.sim.person("Вера").await?;
    room.sim.start(other.id, &room.bot, None).await?;
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Hang).saying("раз")).await?;
    room.enqueue("a", "раз", &clock).await?;
    let outbox = room.outbox(&clock);
    let (stop, task) = work(&outbox);
    settled(&room, Counts { sending: 1, ..Counts::default() }).await?;
    // Written while the first one hangs, which is for half a minute: one behind it, and one to somebody else.
    room.enqueue("b", "два", &clock).await?;
    let screen = Screen::text("Здравствуйте, Вера");
    outbox.post(&Letter { key: "c".into(), chat_id: other.id, screen, due_at: clock.now() }).await?;
    settled(&room, Counts { sending: 1, due: 1, sent: 1, ..Counts::default() }).await?;
    assert_eq!(room.read().await?, ["раз"]);
    stop.cancel();
    task.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_put_back_holds_up_no_letter_and_hurries_none() -> Result<()> {
    let room = Room::new().await?;
    let clock = Clock::fixed(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let tomorrow = Letter {
        key: "b".into(),
        chat_id: room.person.id,
        screen: Screen::text("завтра"),
        due_at: clock.now() + TimeDelta::days(1),
    };
    room.enqueue("a", "сейчас", &clock).await?;
    let outbox = room.outbox(&clock);
    outbox.post(&tomorrow).await?;
    clock.advance(TimeDelta::hours(-1));
    let (stop, task) = work(&outbox);
    settled(&room, Counts { sent: 1, due: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, ["сейчас"]);
    Ok(())
}

/// A letter with a file, written and not sent yet.
async fn enqueue_file(room: &Room, key: &str, content: &str, clock: &Clock) -> Result<bool> {
    let now = clock.now();
    let screen = Screen::text("<b>журнал</b> &lt;1&gt;");
    let letter = Letter { key: key.into(), chat_id: room.person.id, screen, due_at: now };
    let file = Document::file("client_001.log", content);
    let mut tx = room.pool.begin().await?;
    let new = Outbox::enqueue_document(&mut tx, now, &letter, &file).await?;
    tx.commit().await?;
    Ok(new)
}

/// What is kept of the files, row by row.
async fn contents(room: &Room) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar("select body #>> '{document,content}' from outbox order by id").fetch_all(&room.pool).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_once_with_its_words_and_is_kept_no_longer_than_that() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let long = "строка журнала\n".repeat(20_000);
    assert!(enqueue_file(&room, "ask:1", &long, &clock).await?);
    assert!(!enqueue_file(&room, "ask:1", "другое", &clock).await?);
    let (stop, task) = work(&room.outbox(&clock));
    settled(&room, Counts { sent: 1, ..Counts::default() }).await?;
    stop.cancel();
    task.await?;
    let chat = room.sim.chat(room.person.id, &room.bot).await?;
    let message = chat.messages.iter().find(|m| m.document.is_some()).expect("a file");
    assert_eq!((message.text.as_str(), message.html.as_str()), ("журнал <1>", "<b>журнал</b> &lt;1&gt;"));
    let document = message.document.as_ref().expect("a file");
    assert_eq!((document.file_name.as_str(), document.size), ("client_001.log", long.len()));
    assert_eq!(room.sim.file(&document.file_id).await?, long.as_bytes());
    assert_eq!(contents(&room).await?, [None]);
    room.sim.assert_clean().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_which_nobody_knows_is_not_sent_again_but_by_a_person_and_not_after_a_day() -> Result<()> {
    let room = Room::new().await?;
    let clock = Clock::fixed(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    room.sim.fault(&Fault::telegram("sendDocument", FaultKind::Withhold)).await?;
    enqueue_file(&room, "a", "раз", &clock).await?;
    enqueue_file(&room, "b", "два", &clock).await?;
    let outbox = room.outbox(&clock);
    let (stop, task) = work(&outbox);
    settled(&room, Counts { unknown: 1, sent: 1, ..Counts::default() }).await?;
    assert_eq!(contents(&room).await?, [Some("раз".to_owned()), None], "whoever looks may still send it");
    let lost = outbox.undelivered(0, 5).await?;
    assert_eq!(lost[0].words(), "<b>журнал</b> &lt;1&gt;");
    assert!(lost[0].body.pointer("/document/content").is_none(), "a list does not carry files about");
    assert!(outbox.act_on((lost[0].id, lost[0].attempts), LetterAct::Resend, (1, "operator:1")).await?);
    settled(&room, Counts { sent: 2, ..Counts::default() }).await?;
    assert_eq!(contents(&room).await?, [None, None]);

    room.sim.fault(&Fault::telegram("sendDocument", FaultKind::Withhold)).await?;
    enqueue_file(&room, "c", "три", &clock).await?;
    outbox.wake();
    settled(&room, Counts { unknown: 1, sent: 2, ..Counts::default() }).await?;
    clock.advance(TimeDelta::days(2));
    outbox.wake();
    until(Duration::from_secs(30), "the file is forgotten", async || {
        Ok((contents(&room).await? == [None, None, None]).then_some(()))
    })
    .await?;
    let lost = outbox.undelivered(0, 5).await?;
    assert!(outbox.act_on((lost[0].id, lost[0].attempts), LetterAct::Resend, (2, "operator:1")).await?);
    settled(&room, Counts { failed: 1, sent: 2, ..Counts::default() }).await?;
    let lost = outbox.undelivered(0, 5).await?;
    assert!(lost[0].error.as_deref().is_some_and(|why| why.contains("no longer kept")), "{lost:?}");
    stop.cancel();
    task.await?;
    Ok(())
}
