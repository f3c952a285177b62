//! What must be true of a world's sales once it has come to rest, whatever was killed or broken on the way.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use sandbox::wire::{Event, What};

use crate::{docker, scenes::Paid, until, world::World};

/// How the master's letters ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Letters {
    /// All rows of the outbox.
    pub all: i64,
    /// Confirmed by Telegram.
    pub sent: i64,
    /// May or may not have arrived.
    pub unknown: i64,
    /// Refused by Telegram.
    pub failed: i64,
}

/// Everything that the sandbox has recorded.
///
/// # Errors
/// When it cannot be asked.
pub async fn transcript(world: &World) -> Result<Vec<Event>> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |event: &Event| event.seq);
        let page = world.stage.sim.events(after, Duration::ZERO).await?;
        if page.events.is_empty() {
            return Ok(all);
        }
        all.extend(page.events);
    }
}

/// Waits until nobody works on a tenant, every part of every tenant is known, and no letter waits to be sent.
///
/// # Errors
/// When that never comes.
pub async fn at_rest(world: &World, limit: Duration) -> Result<Letters> {
    let pool = world.registry().await?;
    let busy: &str = "select
        (select count(*) from tenants t where removed_at is null and
            (lease_until > now() or last_error is not null
             or 8 <> (select count(*) from tenant_facts f where f.tenant_id = t.id and f.known)))
      + (select count(*) from outbox where state in ('due', 'sending'))
      + (select count(*) from payment_inbox where next_look_at is not null)";
    let rests = until(limit, "everything has come to rest", async || {
        Ok((sqlx::query_scalar::<_, i64>(busy).fetch_one(&pool).await.unwrap_or(1) == 0).then_some(()))
    });
    if let Err(error) = rests.await {
        let tenants: Vec<(String, Option<String>, Option<bool>)> =
            sqlx::query_as("select slug, last_error, lease_until > now() from tenants").fetch_all(&pool).await?;
        let letters: Vec<(String, String)> =
            sqlx::query_as("select key, state from outbox where state in ('due', 'sending')").fetch_all(&pool).await?;
        return Err(error.context(format!("tenants: {tenants:?}, letters: {letters:?}")));
    }
    let letters = sqlx::query_as(
        "select count(*) as all, count(*) filter (where state = 'sent') as sent,
                count(*) filter (where state = 'unknown') as unknown, count(*) filter (where state = 'failed') as failed
           from outbox",
    );
    let letters = letters.fetch_one(&pool).await?;
    pool.close().await;
    Ok(letters)
}

/// Nobody was told the same thing twice by the same bot, and what the master's bot has said is what its outbox says:
/// all that was sent, and of the unknown at most each one once.
///
/// # Errors
/// When somebody was, or the numbers differ.
pub async fn nothing_was_said_twice(world: &World, letters: Letters) -> Result<()> {
    ensure!(letters.sent + letters.unknown + letters.failed == letters.all, "a letter is nowhere: {letters:?}");
    let mut said: BTreeMap<(i64, i64, String), u32> = BTreeMap::new();
    let mut of_master = 0;
    for event in transcript(world).await? {
        if let What::BotSent { bot, person, message } = event.what {
            of_master += i64::from(bot.id == world.bot.bot.id);
            *said.entry((bot.id, person.id, message.text)).or_default() += 1;
        }
    }
    said.retain(|_, times| *times > 1);
    ensure!(said.is_empty(), "said more than once: {said:#?}");
    ensure!(
        (letters.sent..=letters.sent + letters.unknown).contains(&of_master),
        "{of_master} messages arrived, and the outbox says {letters:?}"
    );
    Ok(())
}

/// Each of these sales, and nothing besides, left one of everything: charge, line in the ledger, period, schema, role,
/// Redis user, container; and its bot answers.
///
/// # Errors
/// With what there is too much or too little of.
pub async fn sold_once_each(world: &World, sales: &[Paid]) -> Result<()> {
    let n = i64::try_from(sales.len())?;
    let pool = world.registry().await?;
    for (what, sql) in [
        ("tenants", "select count(*) from tenants where removed_at is null"),
        ("lines in the ledger", "select count(*) from ledger"),
        ("periods", "select count(*) from subscription_periods"),
        ("payments that succeeded", "select count(*) from payments where status = 'succeeded'"),
        ("payments in all", "select count(*) from payments"),
        ("schemas", "select count(*) from pg_namespace where nspname like 'client\\_%'"),
        ("roles", "select count(*) from pg_roles join tenants on rolname = slug where removed_at is null"),
        ("bots told to be ready", "select count(*) from outbox where key like 'ready:%'"),
    ] {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await?;
        ensure!(found == n, "{what}: {found}, and {n} were sold");
    }
    let mut slugs: Vec<String> =
        sqlx::query_scalar("select slug from tenants where removed_at is null").fetch_all(&pool).await?;
    pool.close().await;
    slugs.sort();
    let containers = docker::containers(&world.docker, &world.instance).await?;
    ensure!(containers == slugs, "containers: {containers:?}, tenants: {slugs:?}");
    let users = world.redis_users().await?;
    ensure!(slugs.iter().all(|slug| users.contains(slug)), "a Redis user is missing of {slugs:?}: {users:?}");
    let payments = world.stage.sim.payments().await?;
    ensure!(payments.len() == sales.len(), "{} payments at YooKassa", payments.len());
    for sale in sales {
        ensure!(
            payments.iter().any(|payment| payment.id == sale.payment_id && payment.status == "succeeded"),
            "the payment of @{} did not succeed",
            sale.bot.username
        );
        let customer = world.someone("Борис").await?.with(&sale.bot.username);
        customer.start("Здесь можно записаться").await?;
    }
    Ok(())
}
