//! A tenant's tables: made side by side but not all at once, wholly or not at all, and read by two versions.

use sqlx::Connection;

use super::*;

/// Whoever holds this keeps migrations waiting halfway: the table of the second one is being made by somebody else.
struct Obstacle(sqlx::PgConnection);

impl Obstacle {
    async fn in_the_way_of(ground: &Ground, tenants: &[Tenant]) -> Result<Self> {
        let mut db = play::database::connect(&ground.world.database.admin_url()).await?;
        sqlx::query("begin").execute(&mut db).await?;
        for tenant in tenants {
            let sql = format!("create table {}.service_stage (i int)", tenant.slug);
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut db).await?;
        }
        Ok(Self(db))
    }

    async fn go_away(mut self) -> Result<()> {
        sqlx::query("rollback").execute(&mut self.0).await?;
        Ok(self.0.close().await?)
    }
}

/// Sessions of the master that wait for a lock.
async fn waiting(ground: &Ground) -> Result<Vec<i32>> {
    let sql = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and usename = $1";
    Ok(sqlx::query_scalar(sql).bind(ground.yard.postgres.get_username()).fetch_all(&ground.yard.pool).await?)
}

async fn tables(ground: &Ground, tenant: &Tenant) -> Result<i64> {
    let sql = "select count(*) from pg_tables where schemaname = $1";
    Ok(sqlx::query_scalar(sql).bind(tenant.slug.as_str()).fetch_one(&ground.yard.pool).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_tenants_are_migrated_side_by_side_and_four_at_once() -> Result<()> {
    let ground = Ground::new().await?;
    let mut tenants = Vec::new();
    for _ in 0..12 {
        let (tenant, _) = ground.sold().await?;
        ground.make_first(&tenant, 3).await?;
        tenants.push(tenant);
    }
    let obstacle = Obstacle::in_the_way_of(&ground, &tenants).await?;
    let step = [Step::Ensure(Part::Migrations)];
    let stop = CancellationToken::new();
    let work = futures::future::try_join_all(tenants.iter().map(|t| worker::work(&ground.yard, t, &step, &stop)));
    let see = async {
        until("all twelve are at it, four of them in Postgres", async || {
            let sql = "select count(*) from tenant_facts where part = 'migrations' and not known";
            let begun: i64 = sqlx::query_scalar(sql).fetch_one(&ground.yard.pool).await?;
            Ok((begun == 12 && waiting(&ground).await?.len() >= 4).then_some(()))
        })
        .await?;
        for _ in 0..20 {
            assert_eq!(waiting(&ground).await?.len(), 4);
        }
        obstacle.go_away().await
    };
    let (worked, seen) = tokio::join!(work, see);
    worked?;
    seen?;
    for tenant in &tenants {
        let tenant = tenants::get(&ground.yard.pool, tenant.id).await?;
        assert_eq!(tenant.last_error, None);
        assert!(!ground.plan_of(&tenant).await?.1.contains(&step[0]));
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_cut_off_leaves_nothing_half_made_and_is_done_again() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    ground.make_first(&tenant, 3).await?;
    let obstacle = Obstacle::in_the_way_of(&ground, std::slice::from_ref(&tenant)).await?;
    let (step, stop) = ([Step::Ensure(Part::Migrations)], CancellationToken::new());
    let work = worker::work(&ground.yard, &tenant, &step, &stop);
    let cut = async {
        let pid = until("it waits halfway", async || Ok(waiting(&ground).await?.pop())).await?;
        ground.world.database.run(&[format!("select pg_terminate_backend({pid})")]).await
    };
    let (worked, cut) = tokio::join!(work, cut);
    worked?;
    cut?;
    obstacle.go_away().await?;
    let error = tenants::get(&ground.yard.pool, tenant.id).await?.last_error.context("no error")?;
    assert!(error.starts_with("migrations:"), "{error}");
    assert_eq!(tables(&ground, &tenant).await?, 0, "half of it was left");
    ground.settle(&tenant).await?;
    assert!(tables(&ground, &tenant).await? > 12);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenant_reads_its_service_stage_and_cannot_write_it() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let stage = async || {
        let mut db = ground.as_tenant(&tenant).await?;
        for forbidden in [
            "update service_stage set stage = 'running'",
            "delete from service_stage",
            "insert into service_stage (stage, since) values ('running', now())",
            "truncate service_stage",
            "alter table service_stage disable trigger all",
        ] {
            assert!(sqlx::query(forbidden).execute(&mut db).await.is_err(), "allowed: {forbidden}");
        }
        let row: (String, DateTime<Utc>) =
            sqlx::query_as("select stage, since from service_stage").fetch_one(&mut db).await?;
        anyhow::Ok(row)
    };
    let first = stage().await?;
    assert_eq!(first.0, "running");
    // Its time has run out.
    let yesterday = ground.now() - TimeDelta::days(1);
    let pay = "update subscriptions set paid_until = $2 where tenant_id = $1";
    sqlx::query(pay).bind(tenant.id).bind(yesterday).execute(&ground.yard.pool).await?;
    ground.settle(&tenant).await?;
    let second = stage().await?;
    assert_eq!(second.0, "suspended");
    assert!(second.1 > first.1);
    sqlx::query(pay).bind(tenant.id).bind(ground.now() + TimeDelta::days(1)).execute(&ground.yard.pool).await?;
    ground.settle(&tenant).await?;
    assert_eq!(stage().await?.0, "running");
    // Running already: looked at again, and since when is still true.
    let since = stage().await?.1;
    worker::work(
        &ground.yard,
        &tenants::get(&ground.yard.pool, tenant.id).await?,
        &[Step::Ensure(Part::Migrations)],
        &CancellationToken::new(),
    )
    .await?;
    assert_eq!(stage().await?.1, since);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_the_next_version_are_worked_with_and_later_ones_refused() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    let step = Step::Ensure(Part::Migrations);
    let next = format!(
        "insert into {slug}._sqlx_migrations select max(version) + 1, 'newer', now(), true, '', 0 from {slug}._sqlx_migrations"
    );
    // A newer master has been here, and gone: this one keeps the tenant as it is.
    ground.world.database.run(std::slice::from_ref(&next)).await?;
    worker::work(&ground.yard, &tenant, &[step], &CancellationToken::new()).await?;
    assert_eq!(tenants::get(&ground.yard.pool, tenant.id).await?.last_error, None);
    assert_eq!(ground.plan_of(&tenant).await?.1, []);
    // The bot too, though it is started anew.
    ground.wish(&tenant, Intent::Restart).await?;
    ground.settle(&tenant).await?;

    ground.world.database.run(&[next]).await?;
    worker::work(&ground.yard, &tenants::get(&ground.yard.pool, tenant.id).await?, &[step], &CancellationToken::new())
        .await?;
    let error = tenants::get(&ground.yard.pool, tenant.id).await?.last_error.context("no error")?;
    assert!(error.contains("start the newer master again"), "{error}");
    ground.close().await
}

/// What the version before still uses must stay: see `docs/adr/0008-schema-versions.md`.
#[test]
fn a_migration_only_adds_unless_it_says_since_when_nobody_uses_what_it_takes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/tenant");
    let takes = |sql: &str| {
        let words = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
        let words = words.to_lowercase();
        let takes = ["drop ", "rename ", "alter column", "set not null", "truncate ", "add constraint", "add check"];
        takes.into_iter().any(|taking| words.contains(taking)) && !sql.contains("-- unused since version ")
    };
    assert!(takes("alter table x\n  drop column y;") && takes("alter table x rename to y;"));
    assert!(!takes("-- drop nothing\ncreate table x (i int);"));
    assert!(!takes("-- unused since version 3\ndrop table x;"));
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let sql = std::fs::read_to_string(&path).unwrap();
        assert!(!takes(&sql), "{} takes something away: say «-- unused since version N»", path.display());
    }
}
