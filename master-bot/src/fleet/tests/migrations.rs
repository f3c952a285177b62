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

/// A file's statements, each with the comment right above it.
fn statements(sql: &str) -> Vec<(String, String)> {
    let (mut all, mut comment, mut words) = (Vec::new(), String::new(), String::new());
    for line in sql.lines().map(str::trim) {
        match line.strip_prefix("--") {
            Some(said) if words.is_empty() => comment.push_str(&format!("{}\n", said.trim())),
            Some(_) => {}
            None if line.is_empty() && words.is_empty() => comment.clear(),
            None => {
                words.push_str(&format!("{} ", line.to_lowercase()));
                if line.ends_with(';') {
                    all.push((std::mem::take(&mut comment), std::mem::take(&mut words)));
                }
            }
        }
    }
    assert!(words.is_empty(), "a statement without an end: {words}");
    all
}

/// The statements that take something from the version before, though neither the file nor a word above them says why
/// that is no loss.
fn losses(sql: &str) -> Vec<String> {
    // What may be said to widen: a check that lets more through, a column that may now be empty.
    const WIDENS: [&str; 2] = ["drop constraint", "add constraint"];
    const TAKES: [&str; 5] = ["drop ", "rename ", "alter column", "truncate ", "add check"];
    if sql.contains("-- unused since version ") {
        return Vec::new();
    }
    let lost = |(comment, words): &(String, String)| {
        let mut words = words.clone();
        if comment.lines().any(|line| line.starts_with("widens: ")) {
            words = words.replace("drop not null", "be_empty").replace([',', ';'], " ");
            for widening in WIDENS {
                words = words.replace(widening, "");
            }
            // Of what is done to a column only that it may be empty.
            let parts: Vec<&str> = words.split_whitespace().collect();
            let empty = parts.windows(4).filter(|w| w[..2] == ["alter", "column"] && w[3] == "be_empty").count();
            let altered = parts.windows(2).filter(|w| *w == ["alter", "column"]).count();
            words = if empty == altered { words.replace("alter column", "") } else { words };
        }
        TAKES.into_iter().chain(["add constraint"]).any(|taking| words.contains(taking))
    };
    statements(sql).into_iter().filter(lost).map(|(_, words)| words).collect()
}

/// What the version before still uses must stay: see `docs/adr/0008-schema-versions.md`.
#[test]
fn a_migration_only_adds_unless_it_says_since_when_nobody_uses_what_it_takes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/tenant");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let lost = losses(&std::fs::read_to_string(&path).unwrap());
        let path = path.display();
        assert_eq!(lost, [""; 0], "{path} takes something away: say «-- unused since version N» or «-- widens: how»");
    }
}

#[test]
fn what_takes_is_known_whatever_is_said_elsewhere() {
    let widen = "-- widens: more words\nalter table x drop constraint c,\n add constraint c check (a in ('b', 'c'));\n";
    for harmless in [
        "-- drop nothing\ncreate table x (i int);",
        "-- unused since version 3\ndrop table x;",
        widen,
        "-- A new word.\n-- widens: may be empty\nalter table x alter column y drop not null, add column z int;",
        "-- widens: both may be empty\nalter table x alter column y drop not null, alter column z drop not null;",
    ] {
        assert_eq!(losses(harmless), [""; 0], "{harmless}");
    }
    for taking in [
        "alter table x\n  drop column y;",
        "alter table x rename to y;",
        "alter table x add constraint c check (y > 0);",
        "alter table x alter column y drop not null;",
        // Said, and not so.
        "-- widens: no\nalter table x drop column y;",
        "-- widens: no\nalter table x alter column y set not null;",
        "-- widens: no\nalter table x alter column y type text;",
        "-- widens: no\nalter table x alter column z drop not null, alter column y set not null;",
        "-- widens: no\ntruncate x;",
        "-- widens: no\nalter table x rename to y;",
        // Said of another statement.
        &format!("{widen}alter table x drop constraint d;"),
        &format!("-- widens: far off\n\n{}", widen.lines().skip(1).collect::<Vec<_>>().join("\n")),
    ] {
        assert_eq!(losses(taking).len(), 1, "{taking}");
    }
}
