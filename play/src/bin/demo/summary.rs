//! What stands behind the conversation: looked up in Docker, Postgres and Redis, not remembered.

use std::fmt;

use anyhow::{Context, Result};
use play::{docker, redis, scenes::Paid, world::World};
use sandbox::wire::What;
use sqlx::Row;

/// See the fields.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) slug: String,
    /// Lines of label and text.
    parts: Vec<(&'static str, String)>,
    /// The steps of the provisioning in order, milliseconds.
    steps: Vec<(String, i32)>,
    /// Milliseconds from the accepted notification to: the bot's first poll, the "ready" message.
    polling_ms: u64,
    ready_ms: u64,
    /// Whether it was removed at the end, and nothing left.
    pub(crate) removed: bool,
}

/// Looks everything up while the tenant runs.
pub(crate) async fn gather(world: &World, slug: &str, paid: &Paid) -> Result<Summary> {
    let mut parts = container(world, slug).await?;
    parts.extend(schema(world, slug).await?);
    let keys = redis::keys(&format!("{slug}:")).await?;
    parts.push(("Redis", format!("user {slug}, keys {}", keys.join(", "))));

    let pool = world.registry().await?;
    let rows = sqlx::query(
        "select part, took_ms from tenant_events join tenants on tenants.id = tenant_id
          where slug = $1 and event = 'step' order by tenant_events.id",
    );
    let rows = rows.bind(slug).fetch_all(&pool).await?;
    pool.close().await;
    let steps = rows.iter().map(|row| {
        (row.get::<Option<String>, _>(0).unwrap_or_default(), row.get::<Option<i32>, _>(1).unwrap_or_default())
    });

    let (sim, notified_ms) = (&world.stage.sim, paid.notified_ms().await?);
    let events = sim.events(paid.seq, std::time::Duration::ZERO).await?.events;
    let at = |fits: &dyn Fn(&What) -> bool| {
        events.iter().find(|event| fits(&event.what)).map(|event| event.ms - notified_ms)
    };
    let polling_ms = at(&|what| matches!(what, What::PollingStarted { bot, .. } if bot.id == paid.bot.id));
    let ready_ms =
        at(&|what| matches!(what, What::BotSent { message, .. } if message.text.contains("Ваш бот работает")));
    Ok(Summary {
        slug: slug.to_owned(),
        parts,
        steps: steps.collect(),
        polling_ms: polling_ms.context("the tenant's first poll was not recorded")?,
        ready_ms: ready_ms.context("the ready message was not recorded")?,
        removed: false,
    })
}

async fn container(world: &World, slug: &str) -> Result<Vec<(&'static str, String)>> {
    let found = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let (config, host) = (found.config.unwrap_or_default(), found.host_config.unwrap_or_default());
    let image = config.image.unwrap_or_default();
    let size = world.docker.inspect_image(&image).await?.size.unwrap_or_default();
    let megabytes = |bytes: i64| format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    let yes = |set: Option<bool>| if set == Some(true) { "read-only" } else { "WRITABLE" };
    Ok(vec![
        ("container", format!("{slug}, image {image}, {}", megabytes(size))),
        (
            "limits",
            format!(
                "memory {} MiB, {} processes, CPU shares {}, root {}, capabilities dropped: {}, user {}",
                host.memory.unwrap_or_default() >> 20,
                host.pids_limit.unwrap_or_default(),
                host.cpu_shares.unwrap_or_default(),
                yes(host.readonly_rootfs),
                host.cap_drop.unwrap_or_default().join(" "),
                config.user.unwrap_or_default(),
            ),
        ),
        ("network", host.network_mode.unwrap_or_default()),
    ])
}

async fn schema(world: &World, slug: &str) -> Result<Vec<(&'static str, String)>> {
    let pool = world.registry().await?;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1 order by 1")
            .bind(slug)
            .fetch_all(&pool)
            .await?;
    let bytes: i64 = sqlx::query_scalar(
        "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c
           join pg_namespace n on n.oid = relnamespace where nspname = $1 and relkind = 'r'",
    )
    .bind(slug)
    .fetch_one(&pool)
    .await?;
    let owner: String = sqlx::query_scalar("select nspowner::regrole::text from pg_namespace where nspname = $1")
        .bind(slug)
        .fetch_one(&pool)
        .await?;
    pool.close().await;
    let named = format!("{slug}, owned by {owner}, used by role {slug}, {} kB", bytes / 1000);
    Ok(vec![("schema", named), ("tables", format!("{}: {}", tables.len(), tables.join(" ")))])
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n━━ What stood behind it ━━")?;
        for (label, text) in &self.parts {
            writeln!(f, "   {label:10} {text}")?;
        }
        let steps: Vec<String> = self.steps.iter().map(|(step, ms)| format!("{step} {ms}")).collect();
        writeln!(f, "   {:10} {} (milliseconds)", "steps", steps.join(", "))?;
        writeln!(
            f,
            "   {:10} notification accepted → bot asks Telegram: {} ms → buyer reads \"ready\": {} ms",
            "timing", self.polling_ms, self.ready_ms
        )?;
        if self.removed {
            writeln!(
                f,
                "   {:10} no container, schema, role, Redis user or key of {} is left; its data are put aside, see the card",
                "removed", self.slug
            )?;
        }
        Ok(())
    }
}
