//! The fleet on real Postgres, Redis and Docker, with the real tenant image.

mod aging;
mod containers;
mod drift;
mod engine;
mod every_step;
mod isolation;
mod kept;
mod leases;
mod migrations;
mod roster;
mod starts;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use play::{
    docker,
    world::{Shape, World},
};
use redis::AsyncCommands;
use sandbox::{client::Sim, wire::BotAccount};
use serde_json::Value;
use shared::slug::Slug;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use self::engine::Watched;
use super::{
    desired::{Desired, desired},
    intent,
    look::look,
    plan::{Part, Step, plan},
    reconciler::Reconciler,
    steps::{self, Yard},
    worker,
};
use crate::{
    payments::{Told, ToldStatus},
    registry::{
        BotId, bots, events, facts, orders, payments,
        tenants::{self, Intent, Tenant},
    },
    sales::money::{Outcome, Till},
    testing,
};

/// A world whose master does not run, and the parts of one in our hands.
struct Ground {
    world: World,
    yard: Arc<Yard>,
    parts: testing::Parts,
}

impl Ground {
    async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    async fn with(changed: &[(&str, String)]) -> Result<Self> {
        let world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
        let mut settings = world.master.settings().clone();
        settings.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let parts = testing::Parts::wired(settings).await?;
        Ok(Self { yard: parts.yard.clone(), world, parts })
    }

    fn sim(&self) -> &Sim {
        &self.world.stage.sim
    }

    fn now(&self) -> DateTime<Utc> {
        self.yard.clock.now()
    }

    /// A paid tenant, of which nothing has been made yet.
    async fn sold(&self) -> Result<(Tenant, BotAccount)> {
        let (pool, now) = (&self.yard.pool, self.now());
        let buyer = self.sim().person("Вера").await?;
        let username = format!("usy_{}_bot", buyer.id);
        let made = self
            .sim()
            .open_new_bot(
                buyer.id,
                &format!("https://t.me/newbot/{}/{username}", self.world.bot.bot.username),
                Some("Усы"),
                Some(&username),
            )
            .await?;
        let account = self.sim().bot(made.created.context("no bot was made")?.id).await?;
        let client = testing::client(pool, buyer.id, now).await?;
        let bot = (BotId(account.bot.id), account.token.as_str());
        let order = testing::complete_order(pool, &self.yard.sealer, &client, bot, now).await?;
        bots::rename(pool, bot.0, &username).await?;
        let mut tx = pool.begin().await?;
        orders::accept_terms(&mut *tx, order.id, "v1", (None, None), now).await?;
        orders::await_payment(&mut tx, order.id, now).await?;
        let payment =
            payments::intend(&mut tx, order.id, Uuid::new_v4(), (order.price_kopecks, &Value::Null), now, now).await?;
        tx.commit().await?;
        let watch = &self.parts.watch;
        let till = Till { pool, sealer: &self.yard.sealer, words: &*watch.words, operator_chats: &[] };
        let told = Told {
            provider_id: format!("provider-{}", payment.id),
            status: ToldStatus::Succeeded,
            amount: Some(order.price_kopecks),
            payment: Some(payment.id),
            confirmation_url: None,
        };
        let Outcome::Provisioned(id) = till.book(payment.id, &told, now).await? else {
            anyhow::bail!("nothing was provisioned")
        };
        Ok((tenants::get(pool, id).await?, account))
    }

    async fn plan_of(&self, tenant: &Tenant) -> Result<(Tenant, Vec<Step>)> {
        let world = look(&self.yard).await?;
        let Some(tenant) = world.tenants.iter().find(|t| t.id == tenant.id) else {
            return Ok((tenants::get(&self.yard.pool, tenant.id).await?, Vec::new()));
        };
        Ok((tenant.clone(), plan(desired(tenant, world.at), &world.observe(&self.yard, tenant))))
    }

    /// One round of work; gives the error it ended with.
    async fn round(&self, tenant: &Tenant) -> Result<Option<String>> {
        let (fresh, steps) = self.plan_of(tenant).await?;
        worker::work(&self.yard, &fresh, &steps, &CancellationToken::new()).await?;
        Ok(tenants::get(&self.yard.pool, tenant.id).await?.last_error)
    }

    /// Works, without waiting between tries, until the tenant is as it should be.
    async fn settle(&self, tenant: &Tenant) -> Result<Tenant> {
        let mut errors = Vec::new();
        for _ in 0..6 {
            let (fresh, steps) = self.plan_of(tenant).await?;
            if steps.is_empty() {
                return Ok(fresh);
            }
            worker::work(&self.yard, &fresh, &steps, &CancellationToken::new()).await?;
            errors.extend(tenants::get(&self.yard.pool, tenant.id).await?.last_error);
        }
        anyhow::bail!("{} does not settle: {errors:?}", tenant.slug)
    }

    /// Works on the first `n` parts only, recorded as ever.
    async fn make_first(&self, tenant: &Tenant, n: usize) -> Result<()> {
        let steps: Vec<Step> = Part::ALL[..n].iter().copied().map(Step::Ensure).collect();
        worker::work(&self.yard, tenant, &steps, &CancellationToken::new()).await?;
        let error = tenants::get(&self.yard.pool, tenant.id).await?.last_error;
        ensure!(error.is_none(), "{error:?}");
        Ok(())
    }

    /// The effect of a step whose process was killed before it could record it; the lease was still held.
    async fn effect_without_record(&self, tenant: &Tenant, part: Part) -> Result<()> {
        let (pool, now) = (&self.yard.pool, self.now());
        let lease = tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.context("no lease")?;
        ensure!(facts::unknown(pool, &lease, part.name(), now).await?);
        steps::ensure(&self.yard, tenant, &lease, part).await?;
        // Time passes: the dead process's lease runs out.
        sqlx::query("update tenants set lease_until = $2 where id = $1")
            .bind(tenant.id)
            .bind(now - TimeDelta::seconds(1))
            .execute(pool)
            .await?;
        Ok(())
    }

    async fn wish(&self, tenant: &Tenant, intent: Intent<'_>) -> Result<()> {
        intent::wish(&self.yard.pool, &tenant.slug, (intent, None), ("test", None), self.now()).await?;
        Ok(())
    }

    async fn assert_gone(&self, tenant: &Tenant) -> Result<()> {
        let traces = self.world.traces_of(tenant.slug.as_str()).await?;
        ensure!(traces.is_empty(), "left behind: {traces:?}");
        ensure!(facts::of(&self.yard.pool, tenant.id).await?.is_empty(), "facts are left");
        let bot = bots::find(&self.yard.pool, tenant.bot_id).await?.context("the bot's row")?;
        ensure!(bot.token_sealed.is_none(), "the token is still kept");
        ensure!(tenants::get(&self.yard.pool, tenant.id).await?.removed_at.is_some(), "not marked as removed");
        Ok(())
    }

    async fn running_container(&self, slug: &Slug) -> Result<String> {
        let found = docker::inspect(&self.world.docker, slug.as_str()).await?.context("no container")?;
        ensure!(found.state.and_then(|s| s.running) == Some(true), "it does not run");
        found.id.context("no id")
    }

    /// From now on the steps work with another yard.
    fn change(&mut self, change: impl FnOnce(&mut Yard)) {
        let mut yard = Yard::clone(&self.yard);
        change(&mut yard);
        self.yard = Arc::new(yard);
    }

    /// From now on the engine is watched.
    fn watch(&mut self, watched: impl FnOnce(Watched) -> Watched) -> Arc<Watched> {
        let watched = Arc::new(watched(Watched::new(self.yard.runtime.clone())));
        self.change(|yard| yard.runtime = watched.clone());
        watched
    }

    /// The reconciler itself, until what is returned is dropped; ring the bell to make it look.
    fn reconcile(&self) -> (Arc<Notify>, DropGuard) {
        let (bell, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let reconciler = Reconciler::new(self.yard.clone(), bell.clone());
        let until = stop.clone();
        tokio::spawn(async move { reconciler.run(until).await });
        (bell, stop.drop_guard())
    }

    /// What is known of the part was seen so long ago.
    async fn age(&self, tenant: &Tenant, part: Part, by: TimeDelta) -> Result<()> {
        sqlx::query("update tenant_facts set seen_at = seen_at - $3 where tenant_id = $1 and part = $2")
            .bind(tenant.id)
            .bind(part.name())
            .bind(by)
            .execute(&self.yard.pool)
            .await?;
        Ok(())
    }

    /// A connection as the tenant's own role has it.
    async fn as_tenant(&self, tenant: &Tenant) -> Result<sqlx::PgConnection> {
        use secrecy::ExposeSecret;
        let row = tenants::seal_row(&tenant.slug, "pg");
        let password = self.yard.sealer.open(&row, &tenant.pg_password_sealed)?;
        play::database::connect(&self.world.database.url_of(tenant.slug.as_str(), password.expose_secret())).await
    }

    /// Details of all events of this kind, oldest first.
    async fn told(&self, tenant: &Tenant, event: &str) -> Result<Vec<String>> {
        let mut events = events::latest(&self.yard.pool, tenant.id, 200).await?;
        events.reverse();
        Ok(events.into_iter().filter(|e| e.event == event).map(|e| e.detail.unwrap_or_default()).collect())
    }

    async fn close(self) -> Result<()> {
        let Self { world, parts, yard } = self;
        parts.pool.close().await;
        drop((parts, yard));
        world.close().await
    }
}

/// Waits for a condition; two cores may be busy with other worlds.
async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    play::until(Duration::from_secs(90), what, condition).await
}
