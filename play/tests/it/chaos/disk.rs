//! The disk under Postgres is full.

use std::time::Instant;

use anyhow::Result;
use play::{
    audit, own, scenes, until,
    world::{Shape, World},
};

use super::{CONVERGES, took, with_own};

/// Megabytes: an empty cluster, two databases, its log, and room for a few sales.
const DISK: u32 = 160;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_sales_kindly_and_they_go_on_when_there_is_room() -> Result<()> {
    let mut own = own::Postgres::start(Some(DISK)).await?;
    let stack = with_own(Some(&own), None).await?;
    let world = World::shaped(Shape { stack: Some(stack), ..Shape::default() }).await?;
    let first = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let unpaid = scenes::sign_up(&world.someone("Вера").await?, "Усы").await?;
    let newcomer = world.someone("Глеб").await?;
    newcomer.start("собственный Telegram-бот записи").await?;
    audit::at_rest(&world, CONVERGES).await?;

    own.fill_disk()?;
    let second = unpaid.pay().await?;
    let log = own.log().len();
    until(CONVERGES, "Postgres has run out of room", async || {
        // Money that cannot be booked is asked about again; a new sign-up cannot be written down either.
        Ok(own.log().get(log..).is_some_and(|log| log.contains("No space left on device")).then_some(()))
    })
    .await?;
    eprintln!("with a full disk Postgres runs: {}", own.runs()?);
    // A sign-up that cannot be written down is refused with a word, and is no obstacle later.
    let tapped = newcomer.tap("Подключить бота").await?;
    newcomer.sim.wait_answer(&tapped).await?;
    if let Ok(plans) = newcomer.sim.press(newcomer.person.id, &newcomer.bot, "1 месяц").await {
        let (note, alert) = newcomer.sim.wait_answer(&plans).await?;
        eprintln!("with a full disk a tap is answered: {note:?} (alert: {alert})");
        assert!(!alert || note.is_some_and(|note| note.contains("Попробуйте ещё раз")));
    }
    let freed = Instant::now();
    own.free_disk()?;
    if !own.runs()? {
        // Its keeper (systemd, the engine) starts it again; here that is the test.
        own.resume().await?;
    }
    second.patient(CONVERGES).ready().await?;
    took("the disk full under Postgres: the sale under way is done, since there is room", freed);
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, &[first, second]).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
