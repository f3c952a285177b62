//! The sandbox's clock, followed.

use std::time::Duration;

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use play::until;
use sandbox::wire::{ClockOrder, Fault, FaultKind, What};
use shared::{
    clock::Clock,
    outbox::{Counts, Letter, Outbox, counts},
    telegram::Screen,
};
use tokio_util::sync::CancellationToken;

use crate::room::Room;

async fn following(room: &Room) -> Result<Clock> {
    Ok(Clock::following(&format!("{}/clock", room.sim.url()).parse()?).await)
}

#[tokio::test]
async fn a_played_clock_goes_where_it_is_put_and_the_machines_own_stays() -> Result<()> {
    let room = Room::new().await?;
    let clock = following(&room).await?;
    assert!((clock.now() - Utc::now()).abs() < TimeDelta::minutes(1), "it begins with the machine's");
    let stands = ClockOrder { forward_s: Some(31_536_000.0), rate: Some(0.0), ..ClockOrder::default() };
    let told = room.sim.play_clock(&stands).await?;
    assert_eq!(clock.now(), told.at, "heard before the order was answered");
    assert_eq!(told.followers, 1);
    assert!((clock.machine().now() - Utc::now()).abs() < TimeDelta::minutes(1));
    let minute_ago = Utc::now() - TimeDelta::minutes(1);
    let shown = clock.of_machine(minute_ago);
    assert!((told.at - shown - TimeDelta::minutes(1)).abs() < TimeDelta::seconds(30), "{shown}");
    let back = told.at - TimeDelta::days(400);
    room.sim.set_clock(back).await?;
    assert_eq!(clock.now(), back);
    Ok(())
}

#[tokio::test]
async fn who_sleeps_is_woken_by_a_jump_over_the_end_and_by_no_shorter_one() -> Result<()> {
    let room = Room::new().await?;
    let clock = following(&room).await?;
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move {
            let begun = clock.now();
            clock.sleep(Duration::from_secs(24 * 3600)).await;
            clock.now() - begun
        }
    });
    // Whoever sleeps has looked at the clock before.
    tokio::task::yield_now().await;
    room.sim.forward(TimeDelta::hours(23)).await?;
    assert!(!sleeper.is_finished());
    room.sim.forward(TimeDelta::hours(2)).await?;
    assert!(sleeper.await? >= TimeDelta::hours(24));
    // A clock that runs an hour in a second brings a nap of an hour to its end as well.
    room.sim.clock_rate(3600.0).await?;
    let begun = clock.now();
    clock.sleep(Duration::from_secs(3600)).await;
    assert!(clock.now() - begun >= TimeDelta::hours(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_for_tomorrow_is_sent_when_tomorrow_is_played() -> Result<()> {
    let room = Room::new().await?;
    let clock = following(&room).await?;
    let outbox = room.outbox(&clock);
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (outbox, stop) = (outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    let due_at = clock.now() + TimeDelta::days(1);
    let screen = Screen::text("Завтра в 10:00");
    outbox.post(&Letter { key: "tomorrow".into(), chat_id: room.person.id, screen, due_at }).await?;
    room.sim.forward(TimeDelta::hours(23)).await?;
    room.enqueue("now", "сегодня", &clock).await?;
    outbox.wake();
    room.sim.wait_text(room.person.id, &room.bot, "сегодня").await?;
    assert_eq!(room.read().await?, ["сегодня"], "not before its time");
    room.sim.forward(TimeDelta::hours(1)).await?;
    room.sim.wait_text(room.person.id, &room.bot, "Завтра").await?;
    stop.cancel();
    task.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_on_its_way_is_given_up_by_nobody_although_a_year_passes() -> Result<()> {
    let room = Room::new().await?;
    let clock = following(&room).await?;
    room.sim.fault(&Fault::telegram("sendMessage", FaultKind::Delay { delay_ms: 1_500 })).await?;
    room.enqueue("a", "раз", &clock).await?;
    let stop = CancellationToken::new();
    let worker = |outbox: Outbox| {
        let stop = stop.clone();
        tokio::spawn(async move { outbox.run(stop).await })
    };
    let first = worker(room.outbox(&clock));
    let struck = |event: &sandbox::wire::Event| matches!(event.what, What::FaultStruck { .. });
    room.sim.wait_event(0, "the call hangs", Duration::from_secs(30), struck).await?;
    room.sim.forward(TimeDelta::days(365)).await?;
    // Another process looks for what a dead one has left.
    let second = worker(room.outbox(&clock));
    until(Duration::from_secs(30), "the letter is settled", async || {
        let counts = counts(&room.pool).await?;
        Ok((counts.sending == 0 && counts.due == 0).then_some(counts))
    })
    .await
    .map(|settled| assert_eq!(settled, Counts { sent: 1, ..Counts::default() }))?;
    stop.cancel();
    first.await?;
    second.await?;
    assert_eq!(room.read().await?, ["раз"]);
    Ok(())
}
