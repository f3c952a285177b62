//! Broadcasts with a Telegram that fails, people who are gone, and programs that die.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::until;
use sandbox::wire::{Fault, FaultKind, Sent, Target};
use shared::broadcast::{self, Halt, State, Tally, Turned};

use crate::broadcast_room::NewsRoom;

fn fails(method: &str, times: u32, kind: FaultKind) -> Fault {
    Fault { target: Target::Telegram, method: Some(method.into()), path: None, bot: None, text: None, times, kind }
}

fn status(code: u16, retry_after: Option<u64>) -> FaultKind {
    FaultKind::Status { code, retry_after, after_effect: false }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failure_fails_nobody_else_and_whoever_has_blocked_the_bot_is_marked() -> Result<()> {
    let mut news = NewsRoom::with(10).await?;
    let (blocked, stranger) = (news.people[3].id, news.room.sim.person("Чужой").await?.id);
    news.room.sim.block(blocked, &news.room.bot).await?;
    news.room.sim.fault(&fails("copyMessage", 2, status(400, None))).await?;
    // Nobody is there; and one who has never spoken to the bot.
    news.list.known().people.extend([stranger, 77]);
    news.work();
    let id = news.broadcast(&[news.written("Новости").await?]).await?;
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 12, sent: 8, blocked: 2, failed: 2, ..Tally::default() });
    let mut marked = news.list.known().unreachable.clone();
    marked.sort_unstable();
    let mut gone = [blocked, stranger];
    gone.sort_unstable();
    assert_eq!(marked, gone);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_limit_is_waited_out_by_the_whole_broadcast_and_costs_nobody_their_letter() -> Result<()> {
    let mut news = NewsRoom::with(12).await?;
    let message = news.written("Новости").await?;
    news.room.sim.fault(&fails("copyMessage", 1, status(429, Some(2)))).await?;
    news.work();
    let begun = Instant::now();
    let id = news.broadcast(&[message]).await?;
    until(Duration::from_secs(10), "Telegram has asked to wait", async || {
        let back: i64 = sqlx::query_scalar("select count(*) from broadcast_letters where error like '%wait%'")
            .fetch_one(&news.room.pool)
            .await?;
        Ok((back >= 1).then_some(()))
    })
    .await?;
    // Calls that were under way already may have arrived; nothing else sets out.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = news.tally(id).await?;
    assert!(held.sent < 8 && held.sending == 0, "{held:?}");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(news.tally(id).await?, held);
    assert_eq!(news.becomes(id, State::Done).await?.sent, 12);
    assert!(begun.elapsed() > Duration::from_secs(2));
    assert_eq!(news.times_read("Новости").await?, [1; 12]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_whose_answer_is_lost_is_unknown_and_never_sent_again() -> Result<()> {
    let mut news = NewsRoom::with(10).await?;
    let message = news.written("Новости").await?;
    news.room.sim.fault(&fails("copyMessage", 2, FaultKind::Withhold)).await?;
    news.work();
    let id = news.broadcast(&[message]).await?;
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 10, sent: 8, unknown: 2, ..Tally::default() });
    // They had arrived, so a second one would have been one too many.
    assert_eq!(news.times_read("Новости").await?, [1; 10]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_telegram_is_silent_the_broadcast_waits_and_does_not_burn_its_letters() -> Result<()> {
    let mut news = NewsRoom::with(30).await?;
    let message = news.written("Новости").await?;
    news.room.sim.fault(&fails("copyMessage", 1000, FaultKind::Down)).await?;
    news.room.sim.fault(&fails("getMe", 1000, FaultKind::Down)).await?;
    news.work();
    let id = news.broadcast(&[message]).await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let silent = news.tally(id).await?;
    assert!(silent.unknown <= 8, "no more than were under way: {silent:?}");
    assert_eq!(silent.sent, 0);
    news.room.sim.clear_faults().await?;
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally.sent + tally.unknown, 30, "{tally:?}");
    assert_eq!(tally.unknown, silent.unknown);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_its_message_is_gone_it_pauses_and_fails_nobody() -> Result<()> {
    let mut news = NewsRoom::with(10).await?;
    news.work();
    let id = news.broadcast(&[9_999]).await?;
    let tally = news.becomes(id, State::Paused).await?;
    assert_eq!((tally.all, tally.sent, tally.failed), (10, 0, 0));
    until(Duration::from_secs(5), "all wait again", async || Ok((news.tally(id).await?.due == 10).then_some(())))
        .await?;
    let turned = news.list.known().turned.clone();
    assert_eq!(turned, [(id, Turned::Halted(Halt::Source))], "and it is told once");
    let found = broadcast::find(&news.room.pool, id).await?.context("the broadcast")?;
    assert_eq!(found.halted, Some(Halt::Source));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_album_that_has_arrived_does_not_arrive_again_because_its_line_is_late() -> Result<()> {
    let mut news = NewsRoom::with(4).await?;
    let photo = Sent { kind: "photo".to_owned(), ..Sent::default() };
    let act = news.room.sim.send_album(news.room.person.id, &news.room.bot, &[photo.clone(), photo]).await?;
    let last = act.message_id.context("a message")?;
    news.room.sim.fault(&fails("sendMessage", 2, status(429, Some(1)))).await?;
    news.work();
    let id = news.broadcast(&[last - 1, last]).await?;
    assert_eq!(news.becomes(id, State::Done).await?.sent, 4);
    for person in &news.people {
        assert_eq!(news.read_by(person).await?.len(), 3);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_was_on_its_way_when_the_program_died_is_unknown_and_the_rest_goes_on() -> Result<()> {
    let mut news = NewsRoom::with(3).await?;
    let id = news.broadcast(&[news.written("Новости").await?]).await?;
    let now = news.clock.now();
    sqlx::query("update broadcasts set state = 'running', began_at = $1").bind(now).execute(&news.room.pool).await?;
    for (n, person) in (0..).zip(&news.people) {
        let sending = (n == 0).then(|| now - TimeDelta::seconds(1));
        sqlx::query(
            "insert into broadcast_letters (broadcast_id, chat_id, state, sending_until) values ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(person.id)
        .bind(if n == 0 { "sending" } else { "due" })
        .bind(sending)
        .execute(&news.room.pool)
        .await?;
    }
    news.work();
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 3, sent: 2, unknown: 1, ..Tally::default() });
    assert!(news.read_by(&news.people[0]).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_side_by_side_send_each_letter_once() -> Result<()> {
    let mut news = NewsRoom::with(60).await?;
    let mut other = NewsRoom::with(0).await?;
    let id = news.broadcast(&[news.written("Новости").await?]).await?;
    // The container that takes over, before the old one has gone.
    other.room.pool = news.room.pool.clone();
    other.room.telegram = news.room.telegram.clone();
    other.list = news.list.clone();
    news.work();
    other.work();
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 60, sent: 60, ..Tally::default() });
    assert_eq!(news.times_read("Новости").await?, [1; 60]);
    let done = news.list.known().turned.len();
    assert_eq!(done, 1, "its end is told once");
    other.rest().await?;
    news.rest().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_ends_in_the_middle_writes_down_what_it_sent_and_the_next_one_goes_on() -> Result<()> {
    let mut news = NewsRoom::with(60).await?;
    let id = news.broadcast(&[news.written("Новости").await?]).await?;
    for _ in 0..3 {
        news.work();
        let sent = news.tally(id).await?.sent;
        news.sent(id, sent + 5).await?;
        news.rest().await?;
        let tally = news.tally(id).await?;
        assert_eq!((tally.sending, tally.unknown), (0, 0), "{tally:?}");
    }
    news.work();
    assert_eq!(news.becomes(id, State::Done).await?.sent, 60);
    assert_eq!(news.times_read("Новости").await?, [1; 60]);
    Ok(())
}
