//! One worker at a time, for the newest intent only; failures wait, intents do not.

use super::*;
use crate::registry;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_waits_longer_each_time_and_unwinds_nothing() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, account) = ground.sold().await?;
    ground.sim().revoke_token(account.bot.id, false).await?;
    ground.sim().delete_bot(account.bot.id).await?;
    let mut pauses = Vec::new();
    for attempt in 1..=3 {
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with("token:"), "{error}");
        let now = tenants::get(&ground.yard.pool, tenant.id).await?;
        assert_eq!(now.attempts, attempt);
        pauses.push((now.next_attempt_at.context("when")? - ground.now()).num_milliseconds());
    }
    assert!(pauses[0] < pauses[1] && pauses[1] < pauses[2], "{pauses:?}");
    // Removing it needs no good token.
    ground.wish(&tenant, Intent::Remove).await?;
    ground.settle(&tenant).await?;
    ground.assert_gone(&tenant).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lease_or_a_newer_intent_ends_the_work() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let pool = &ground.yard.pool;
    let now = ground.now();
    let lease = tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.context("lease")?;
    assert!(tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.is_none(), "two leases at once");
    // A worker beside it does nothing.
    worker::work(&ground.yard, &tenant, &[Step::Ensure(Part::Schema)], &CancellationToken::new()).await?;
    assert!(ground.world.traces_of(tenant.slug.as_str()).await?.is_empty());
    // A newer intent: what the old worker knows must not be written.
    ground.wish(&tenant, Intent::Hold("тест")).await?;
    assert!(!tenants::prolong(pool, &lease, now).await?);
    assert!(!facts::known(pool, &lease, "schema", &serde_json::json!({}), now).await?);
    // The lease runs out: somebody else takes over, and the first one is out.
    let later = now + tenants::LEASE_LASTS + TimeDelta::seconds(1);
    let second = tenants::lease(pool, tenant.id, Uuid::new_v4(), later).await?.context("second lease")?;
    assert!(!tenants::prolong(pool, &lease, later).await?);
    assert!(tenants::prolong(pool, &second, later).await?);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_that_is_told_twice_is_done_once() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let pool = &ground.yard.pool;
    for (cause, restarts) in [("update:7", 1), ("update:7", 1), ("update:8", 2)] {
        let who = ("test", Some(cause));
        intent::wish(pool, &tenant.slug, (Intent::Restart, None), who, ground.now()).await?;
        assert_eq!(tenants::get(pool, tenant.id).await?.restart_generation, restarts, "{cause}");
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_try_is_waited_for_and_a_new_intent_does_not_wait() -> Result<()> {
    let mut ground = Ground::new().await?;
    let watched = ground.watch(|watched| watched);
    let (tenant, _) = ground.sold().await?;
    let (slug, pool) = (tenant.slug.as_str(), ground.yard.pool.clone());
    ground.world.database.run(&[format!("create schema {slug}")]).await?;
    ground.round(&tenant).await?.context("a schema that is not ours is no error")?;
    // The fault is mended at once; the next try is far away.
    ground.world.database.run(&[format!("drop schema {slug}")]).await?;
    let far = ground.now() + TimeDelta::minutes(4);
    sqlx::query("update tenants set next_attempt_at = $2 where id = $1")
        .bind(tenant.id)
        .bind(far)
        .execute(&pool)
        .await?;
    let steps = ground.told(&tenant, "step").await?.len();
    let (bell, _running) = ground.reconcile();
    let looks = watched.looks();
    until("it has looked five times", async || {
        bell.notify_one();
        Ok((watched.looks() >= looks + 5).then_some(()))
    })
    .await?;
    assert_eq!(ground.told(&tenant, "step").await?.len(), steps, "it did not wait");
    assert_eq!(tenants::get(&pool, tenant.id).await?.next_attempt_at, Some(far));

    ground.wish(&tenant, Intent::Restart).await?;
    until("the bot runs", async || Ok(tenants::get(&pool, tenant.id).await?.ready_at)).await?;
    until("nothing is left of the fault", async || {
        let tenant = tenants::get(&pool, tenant.id).await?;
        Ok((tenant.last_error.is_none() && tenant.attempts == 0).then_some(()))
    })
    .await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_is_unknown_while_its_step_is_in_hand_and_its_plan_says_so() -> Result<()> {
    let mut ground = Ground::new().await?;
    let watched = ground.watch(Watched::gated);
    let (tenant, _) = ground.sold().await?;
    ground.make_first(&tenant, 6).await?;
    let step = [Step::Ensure(Part::Container)];
    let stop = CancellationToken::new();
    let fresh = tenants::get(&ground.yard.pool, tenant.id).await?;
    let work = worker::work(&ground.yard, &fresh, &step, &stop);
    let meanwhile = async {
        until("the start is in hand", async || Ok((watched.starting().0 == 1).then_some(()))).await?;
        let known =
            facts::of(&ground.yard.pool, tenant.id).await?.into_iter().find(|f| f.part == "container").map(|f| f.known);
        let planned = ground.plan_of(&tenant).await?.1;
        watched.let_through(1);
        anyhow::Ok((known, planned))
    };
    let (worked, seen) = tokio::join!(work, meanwhile);
    worked?;
    let (known, planned) = seen?;
    assert_eq!(known, Some(false));
    assert_eq!(planned, [Step::Ensure(Part::Container), Step::Ensure(Part::Ready)]);
    ground.settle(&tenant).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_from_before_the_clock_was_put_back_is_nobodys() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let pool = &ground.yard.pool;
    let now = ground.now();
    let hour = TimeDelta::hours(1);
    tenants::lease(pool, tenant.id, Uuid::new_v4(), now + hour).await?.context("lease")?;
    tenants::lease(pool, tenant.id, Uuid::new_v4(), now).await?.context("an hour is no lease's length")?;
    let lasts = TimeDelta::seconds(9);
    let (ahead, right) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(registry::leases::take(pool, "polling", ahead, now + hour, lasts).await?);
    assert!(registry::leases::take(pool, "polling", right, now, lasts).await?);
    // A clock that is ahead by a moment is no clock that was put back.
    assert!(registry::leases::take(pool, "another", ahead, now + TimeDelta::seconds(5), lasts).await?);
    assert!(!registry::leases::take(pool, "another", right, now, lasts).await?);
    ground.close().await
}
