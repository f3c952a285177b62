//! The shipped program is killed between an effect and its record, at every step of a sale and of a removal and at
//! every message that is sent, and started again. One of everything must come of it, and nothing may be said twice.
//!
//! Several sales of one world are caught at points of their own, all at the same moment, and then the master dies: they
//! have nothing in common but the master, and each tenant is worked on under its own lease.

mod sends;
mod steps_down;
mod steps_up;
mod tenant;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use play::{proxy::Proxies, until, world::World};
use sandbox::wire::{Fault, FaultKind, What};
use sqlx::PgPool;

/// Longer than a dead sender's row is taken for being sent, and than a dead worker's lease.
const REST: Duration = Duration::from_secs(150);

/// Longer than anybody waits.
const NEVER: FaultKind = FaultKind::Delay { delay_ms: 3_600_000 };

/// The master dies in this very moment, the traps are taken away, and another one starts.
async fn kill_and_restart(world: &mut World, proxies: &Proxies) -> Result<()> {
    world.master.kill().await?;
    proxies.disarm();
    world.stage.sim.clear_faults().await?;
    world.start_master().await
}

/// Waits until the sandbox has met `times` ordered faults since `after`.
async fn struck(world: &World, after: u64, times: usize) -> Result<()> {
    let mut seq = after;
    for _ in 0..times {
        let hit = world.stage.sim.wait_event(seq, "a fault strikes", world.stage.sim.patience(), |event| {
            matches!(event.what, What::FaultStruck { .. })
        });
        seq = hit.await?.seq;
    }
    Ok(())
}

/// The call of one bot's method is caught: done with the answer withheld, or never done.
async fn catch(world: &World, method: &str, bot: &str, done: bool) -> Result<u64> {
    let kind = if done { FaultKind::Hang } else { NEVER };
    let now = world.stage.sim.now().await?;
    world.stage.sim.fault(&Fault::telegram(method, kind).of(bot)).await?;
    Ok(now)
}

/// The part's fact is *unknown*: whatever was done of it was not recorded.
async fn is_unrecorded(pool: &PgPool, bot: &str, part: &str) -> Result<()> {
    let known: Option<bool> = sqlx::query_scalar(
        "select known from tenant_facts join tenants on tenants.id = tenant_id join bots using (bot_id)
          where username = $1 and part = $2",
    )
    .bind(bot)
    .bind(part)
    .fetch_optional(pool)
    .await?;
    ensure!(
        !known.with_context(|| format!("{part} of @{bot} had not begun"))?,
        "{part} of @{bot} was recorded before the master died"
    );
    Ok(())
}

/// Waits until so many of the tenants are wholly gone.
async fn removed(world: &World, wanted: i64) -> Result<()> {
    let pool = world.registry().await?;
    until(REST, "every tenant is removed", async || {
        let gone = sqlx::query_scalar::<_, i64>("select count(*) from tenants where removed_at is not null");
        Ok((gone.fetch_one(&pool).await? == wanted).then_some(()))
    })
    .await?;
    pool.close().await;
    Ok(())
}
