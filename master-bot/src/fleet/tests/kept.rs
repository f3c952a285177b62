//! What is left of a removed tenant's data: kept out of everybody's reach, and gone when its time has come.

use super::*;
use crate::{fleet::kept, registry};

/// Whether there is a schema of this name.
async fn exists(ground: &Ground, schema: &str) -> Result<bool> {
    let sql = "select exists (select 1 from pg_namespace where nspname = $1)";
    Ok(sqlx::query_scalar(sql).bind(schema).fetch_one(&ground.yard.pool).await?)
}

/// A tenant that had a service to sell, and is removed.
async fn removed(ground: &Ground) -> Result<(Tenant, String)> {
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    ground
        .world
        .database
        .run(&[format!(
            "insert into {}.settings (key, value, updated_at) values ('kept', 'я здесь', now())",
            tenant.slug
        )])
        .await?;
    ground.wish(&tenant, Intent::Remove).await?;
    ground.settle(&tenant).await?;
    ground.assert_gone(&tenant).await?;
    let name = kept::name(&tenant.slug);
    Ok((tenant, name))
}

/// Its time has come.
async fn make_due(ground: &Ground, tenant: &Tenant) -> Result<()> {
    sqlx::query("update kept_schemas set keep_until = $2 where tenant_id = $1")
        .bind(tenant.id)
        .bind(ground.now() - TimeDelta::seconds(1))
        .execute(&ground.yard.pool)
        .await?;
    Ok(())
}

async fn kept_of(ground: &Ground, tenant: &Tenant) -> Result<registry::kept::Kept> {
    registry::kept::of(&ground.yard.pool, tenant.id).await?.context("nothing is kept")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_tenants_data_are_kept_where_no_tenant_reaches_them_and_dropped_in_their_time() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, name) = removed(&ground).await?;
    let (neighbour, _) = ground.sold().await?;
    let neighbour = ground.settle(&neighbour).await?;

    let value: String =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select value from {name}.settings where key = 'kept'")))
            .fetch_one(&ground.yard.pool)
            .await?;
    assert_eq!(value, "я здесь");
    let kept = kept_of(&ground, &tenant).await?;
    let days = (kept.keep_until - ground.now()).num_days();
    assert!((29..=30).contains(&days) && kept.dropped_at.is_none(), "{kept:?}");
    let mut stranger = ground.as_tenant(&neighbour).await?;
    for sql in [
        format!("select * from {name}.settings"),
        format!("create table {name}.x ()"),
        format!("set search_path = {name}; select * from bookings"),
    ] {
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&mut stranger).await;
        assert!(refused.is_err(), "{sql}");
    }
    // Whose it was cannot even connect.
    assert!(ground.as_tenant(&tenant).await.is_err());

    let (bell, _until) = ground.reconcile();
    bell.notify_one();
    // A look that found it due would have dropped it by the time that the neighbour is made anew.
    docker::remove_container(&ground.world.docker, neighbour.slug.as_str()).await?;
    until("the neighbour is made anew", async || Ok(ground.running_container(&neighbour.slug).await.ok())).await?;
    assert!(exists(&ground, &name).await?, "it was dropped before its time");
    make_due(&ground, &tenant).await?;
    bell.notify_one();
    until("it is dropped", async || Ok((!exists(&ground, &name).await?).then_some(()))).await?;
    assert!(kept_of(&ground, &tenant).await?.dropped_at.is_some());
    assert_eq!(ground.told(&tenant, "data_dropped").await?, [name]);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_are_dropped_once_however_often_and_by_how_many_it_is_tried() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, name) = removed(&ground).await?;
    kept::drop(&ground.yard, tenant.id).await?;
    assert!(exists(&ground, &name).await?, "it is not due");
    make_due(&ground, &tenant).await?;
    let tries = (0..4).map(|_| kept::drop(&ground.yard, tenant.id));
    futures::future::try_join_all(tries).await?;
    kept::drop(&ground.yard, tenant.id).await?;
    assert!(!exists(&ground, &name).await?);
    assert_eq!(ground.told(&tenant, "data_dropped").await?.len(), 1);
    // The undo of the schema may come again, too: there is nothing left to keep.
    steps::undo(&ground.yard, &tenant, Part::Schema).await?;
    assert_eq!(ground.told(&tenant, "data_kept").await?.len(), 1);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_data_erased_now_does_not_wait_and_no_days_means_at_once() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, name) = removed(&ground).await?;
    let purge = || kept::purge(&ground.yard.pool, &tenant.slug, "test", ground.now());
    assert_eq!(purge().await?, Some(true));
    let (bell, _until) = ground.reconcile();
    bell.notify_one();
    until("it is dropped", async || Ok((!exists(&ground, &name).await?).then_some(()))).await?;
    assert_eq!(purge().await?, Some(false));
    assert_eq!(ground.told(&tenant, "purge").await?.len(), 1);
    let nobody = "client_000".parse()?;
    assert_eq!(kept::purge(&ground.yard.pool, &nobody, "test", ground.now()).await?, None);
    ground.close().await?;

    let ground = Ground::with(&[("REMOVED_KEPT_DAYS", "0".into())]).await?;
    let (tenant, name) = removed(&ground).await?;
    assert!(!exists(&ground, &name).await? && !exists(&ground, tenant.slug.as_str()).await?);
    assert_eq!(registry::kept::of(&ground.yard.pool, tenant.id).await?, None);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_the_way_or_is_not_ours_is_left_and_told() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let name = kept::name(&tenant.slug);
    let database = &ground.world.database;
    database.run(&[format!("create schema {name}"), format!("create table {name}.theirs ()")]).await?;
    ground.wish(&tenant, Intent::Remove).await?;
    let error = ground.round(&tenant).await?.context("no error")?;
    assert!(error.contains("exists already"), "{error}");
    assert!(exists(&ground, tenant.slug.as_str()).await?, "nothing is lost meanwhile");
    database.run(&[format!("alter schema {name} rename to elsewhere")]).await?;
    ground.settle(&tenant).await?;
    assert!(exists(&ground, &name).await?);

    // Somebody has put a schema of their own in the place of ours.
    database.run(&[format!("alter schema {name} rename to saved"), format!("create schema {name}")]).await?;
    make_due(&ground, &tenant).await?;
    let refused = kept::drop(&ground.yard, tenant.id).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("not ours")));
    assert!(exists(&ground, &name).await?);
    database.run(&[format!("drop schema {name}")]).await?;
    kept::drop(&ground.yard, tenant.id).await?;
    assert_eq!(ground.told(&tenant, "data_dropped").await?, ["it was gone already"]);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_let_in_by_hand_is_let_in_no_more() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = &tenant.slug;
    ground.world.database.run(&[format!("grant usage on schema {slug} to public")]).await?;
    ground.wish(&tenant, Intent::Remove).await?;
    ground.settle(&tenant).await?;
    let open: bool = sqlx::query_scalar("select has_schema_privilege('public', $1, 'usage')")
        .bind(kept::name(slug))
        .fetch_one(&ground.yard.pool)
        .await?;
    assert!(!open);
    ground.close().await
}
