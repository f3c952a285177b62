//! The machine's clock is put forward and back by an hour under the running master (Debian's `faketime`).

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use play::{
    audit, scenes, until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind};

use super::{CONVERGES, runs, took};

/// Where Debian puts it.
fn libfaketime() -> Result<PathBuf> {
    let found = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
        .map(|dir| PathBuf::from(dir).join("faketime/libfaketimeMT.so.1"));
    found.into_iter().find(|path| path.exists()).context("libfaketime is missing: apt-get install faketime")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_an_hour_either_way_under_the_master_holds_nothing_up() -> Result<()> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let clock = world.master.output_file().with_file_name("clock");
    std::fs::write(&clock, "+0")?;
    for (name, value) in [
        ("LD_PRELOAD", libfaketime()?.to_string_lossy().into_owned()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_string_lossy().into_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("FAKETIME_NO_CACHE", "1".into()),
    ] {
        world.master.set(name, &value);
    }
    world.start_master().await?;
    let sim = world.stage.sim.clone();
    let mut sales = vec![scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?];
    let slug = world.tenant_of(&sales[0].bot.username).await?;
    runs(&world, &slug).await?;
    for (fault, offset, told) in [("an hour forward", "+3600", true), ("back by an hour", "+0", false)] {
        // In the middle of a sale: a bill is open, a letter was put off, a step has failed and waits to be tried again.
        let unpaid = scenes::sign_up(&world.someone("Вера").await?, fault).await?;
        sim.notify_by_itself(false).await?;
        let busy = FaultKind::Status { code: 429, retry_after: Some(1), after_effect: false };
        sim.fault(&Fault::telegram("sendMessage", busy.clone()).saying("Оплата получена")).await?;
        sim.fault(&Fault::telegram("getMe", busy).of(&unpaid.bot).times(2)).await?;
        let paid = unpaid.pay().await?;
        let pool = world.registry().await?;
        until(CONVERGES, "the sale is booked, and a step of it has failed", async || {
            let failed = "select count(*) from tenant_events where event = 'step_failed' and tenant_id = (select max(id) from tenants)
                             and (select count(*) from tenants) > $1";
            let failed: i64 = sqlx::query_scalar(failed).bind(i64::try_from(sales.len())?).fetch_one(&pool).await?;
            Ok((failed > 0).then_some(()))
        })
        .await?;
        pool.close().await;
        let next = scenes::sign_up(&world.someone("Глеб").await?, "Усы").await?;
        let broken = Instant::now();
        std::fs::write(&clock, offset)?;
        paid.patient(CONVERGES).ready().await?;
        // Told by YooKassa, or found by asking alone, as without a public address.
        sim.notify_by_itself(told).await?;
        let next = next.pay().await?;
        next.patient(CONVERGES).ready().await?;
        audit::at_rest(&world, CONVERGES).await?;
        took(&format!("the clock goes {fault}: two sales under way are done"), broken);
        sales.extend([paid, next]);
    }
    runs(&world, &slug).await?;
    let letters = audit::at_rest(&world, CONVERGES).await?;
    audit::sold_once_each(&world, &sales).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
