//! The outbox under Telegram's flood limits, with a clock that makes their seconds short.

use std::time::Duration;

use anyhow::Result;
use play::until;
use sandbox::wire::What;
use shared::{
    clock::Clock,
    outbox::{Counts, counts},
};
use tokio_util::sync::CancellationToken;

use crate::room::Room;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_come_too_fast_arrive_later_in_their_order_and_each_once() -> Result<()> {
    let room = Room::new().await?;
    let clock = Clock::following(&format!("{}/clock", room.sim.url()).parse()?).await;
    room.sim.clock_rate(30.0).await?;
    room.sim.flood(true).await?;
    let texts: Vec<String> = (1..=15).map(|number| format!("письмо {number}")).collect();
    for text in &texts {
        room.enqueue(text, text, &clock).await?;
    }
    let (outbox, stop) = (room.outbox(&clock), CancellationToken::new());
    let task = tokio::spawn({
        let (outbox, stop) = (outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    until(Duration::from_secs(60), "all letters are settled", async || {
        let counts = counts(&room.pool).await?;
        Ok((counts.due + counts.sending == 0).then_some(counts))
    })
    .await
    .map(|settled| assert_eq!(settled, Counts { sent: 15, ..Counts::default() }))?;
    stop.cancel();
    task.await?;
    assert_eq!(room.read().await?, texts);
    let told = room.sim.events(0, Duration::ZERO).await?.events;
    let refused = told.iter().filter(|e| matches!(e.what, What::RequestRefused { code: 429, .. })).count();
    assert!(refused > 0, "nothing came too fast, so nothing was tried");
    Ok(())
}
