//! Postgres: what the registry and the tenants stand on.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use shared::{
    clock::Clock,
    postgres::{PoolShape, pool as open},
};
use sqlx::{PgConnection, PgPool};

use super::{Check, clock::Asked, settings::Given, within};
use crate::{
    config::Base,
    connect,
    registry::migrate::{open_to_public, pending, tenants_role},
};

const REACHABLE: &str = "postgres.reachable";
const VERSION: &str = "postgres.version";
const ROLE: &str = "postgres.role";
const DATABASE: &str = "postgres.database";
const TENANTS: &str = "postgres.tenants_role";
const SIGNAL: &str = "postgres.signal";
const MIGRATIONS: &str = "postgres.migrations";
const PUBLIC: &str = "postgres.public";
const CONNECTIONS: &str = "postgres.connections";
const CLOCK: &str = "clock.postgres";

/// Versions that this program is written for; the first of them is what it is tested on.
const VERSIONS: std::ops::RangeInclusive<i32> = 15..=17;
/// What one master takes: its pool, and lines to listen on.
const MASTER_TAKES: i64 = 28;
/// What is left to tenants with which even a small fleet gets along: they hold none while idle.
const TENANTS_NEED: i64 = 20;
const MIGRATE: &str = "run `master-bot migrate` with ADMIN_DATABASE_URL";

/// A line of the doctor's own to the registry.
pub(super) fn pool(base: &Base) -> Result<PgPool> {
    Ok(open(connect::options(base)?, PoolShape { most: 1, idle: Duration::from_secs(60) }))
}

pub(super) async fn look(given: &Given, clock: &Clock) -> Vec<Check> {
    let Some(base) = &given.base else { return Vec::new() };
    let remedy =
        "start Postgres, and see that DATABASE_URL has its host, port and database, and the password of the role";
    // An address that is none is a fault of the settings.
    let (Ok(options), Ok(pool)) = (connect::options(base), pool(base)) else {
        return vec![Check::fail(REACHABLE, "DATABASE_URL is no Postgres address", remedy)];
    };
    let mut db = match within(pool.acquire()).await {
        Ok(db) => db,
        Err(error) => return vec![Check::fail(REACHABLE, error, remedy)],
    };
    let mut checks = vec![Check::ok(REACHABLE, "it answers")];
    if let Err(error) = questions(&mut db, options.get_username(), clock, &mut checks).await {
        checks.push(Check::fail(REACHABLE, format!("it does not answer a question: {error}"), remedy));
    }
    checks
}

async fn questions(db: &mut PgConnection, role: &str, clock: &Clock, checks: &mut Vec<Check>) -> Result<()> {
    let number: i32 =
        within(sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(&mut *db)).await?;
    checks.push(version(number));
    let asked = Asked::now(clock);
    let theirs: DateTime<Utc> = within(sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *db)).await?;
    checks.push(asked.answered(CLOCK, "Postgres's", theirs));
    rights(db, role, checks).await?;
    connections(db, checks).await
}

fn version(number: i32) -> Check {
    let major = number / 10_000;
    let found = format!("{major}.{}", number % 10_000);
    match major {
        known if VERSIONS.contains(&known) => Check::ok(VERSION, found),
        newer if newer > *VERSIONS.end() => {
            Check::warn(VERSION, found, "it is newer than what this program was written for")
        }
        _ => Check::fail(VERSION, found, "use Postgres 15, 16 or 17"),
    }
}

async fn rights(db: &mut PgConnection, role: &str, checks: &mut Vec<Check>) -> Result<()> {
    let (superuser, createrole): (bool, bool) = within(
        sqlx::query_as("select rolsuper, rolcreaterole from pg_roles where rolname = current_user").fetch_one(&mut *db),
    )
    .await?;
    if superuser {
        let remedy = "give the master a role of its own in DATABASE_URL and run `master-bot migrate`; the superuser \
                      belongs in ADMIN_DATABASE_URL only";
        checks.push(Check::fail(ROLE, format!("{role} is a superuser"), remedy));
        // Whatever else it has, it is the wrong one.
        return Ok(());
    }
    checks.push(if createrole {
        Check::ok(ROLE, format!("{role} may make tenants' roles and is no superuser"))
    } else {
        Check::fail(ROLE, format!("{role} may not make tenants' roles (CREATEROLE)"), MIGRATE)
    });
    let owns = "select pg_get_userbyid(datdba) = current_user from pg_database where datname = current_database()";
    let owns: bool = within(sqlx::query_scalar(owns).fetch_one(&mut *db)).await?;
    checks.push(if owns {
        Check::ok(DATABASE, format!("{role} owns it"))
    } else {
        Check::fail(DATABASE, format!("{role} does not own the database"), MIGRATE)
    });
    let admin = "select exists (select 1 from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles u on u.oid = m.member
                                 where g.rolname = $1 and u.rolname = current_user and m.admin_option)";
    let tenants = tenants_role(role);
    let admin: bool = within(sqlx::query_scalar(admin).bind(&tenants).fetch_one(&mut *db)).await?;
    checks.push(if admin {
        Check::ok(TENANTS, format!("{role} lets tenants in through {tenants}"))
    } else {
        Check::fail(TENANTS, format!("{role} may not let anybody into {tenants}"), MIGRATE)
    });
    let signal = "select pg_has_role(current_user, 'pg_signal_backend', 'usage')";
    let signal: bool = within(sqlx::query_scalar(signal).fetch_one(&mut *db)).await?;
    checks.push(if signal {
        Check::ok(SIGNAL, format!("{role} may end sessions that hog the server"))
    } else {
        Check::fail(SIGNAL, format!("{role} is no member of pg_signal_backend"), MIGRATE)
    });
    checks.push(match within(pending(&mut *db)).await {
        Ok((missing, unknown)) if missing.is_empty() && unknown.is_empty() => {
            Check::ok(MIGRATIONS, "the registry's tables are up to date")
        }
        Ok((missing, _)) if missing.is_empty() => {
            Check::warn(MIGRATIONS, "a newer program has migrated the registry", "run that one here too")
        }
        Ok((missing, _)) => Check::fail(MIGRATIONS, format!("migrations {missing:?} have not been run"), MIGRATE),
        Err(_) => Check::fail(MIGRATIONS, "there are no tables yet", MIGRATE),
    });
    let open = within(open_to_public(&mut *db)).await?;
    checks.push(if open.is_empty() {
        Check::ok(PUBLIC, "nothing is granted to PUBLIC that tenants should not have")
    } else {
        Check::fail(PUBLIC, format!("granted to PUBLIC: {}", open.join(", ")), format!("{MIGRATE}, or revoke it"))
    });
    Ok(())
}

async fn connections(db: &mut PgConnection, checks: &mut Vec<Check>) -> Result<()> {
    let all =
        "select current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint";
    let all: i64 = within(sqlx::query_scalar(all).fetch_one(db)).await?;
    let remedy =
        format!("raise max_connections: a master takes {MASTER_TAKES}, and tenants need some when they are busy");
    checks.push(match all - MASTER_TAKES {
        left if left <= 0 => Check::fail(CONNECTIONS, format!("{all} are less than one master takes"), remedy),
        left if left < TENANTS_NEED => Check::warn(CONNECTIONS, format!("{all}, of which tenants have {left}"), remedy),
        left => Check::ok(CONNECTIONS, format!("{all}, of which tenants have {left} beside one master")),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn fifteen_to_seventeen_are_good_newer_ones_are_doubted_older_ones_refused() {
        for (number, state) in [
            (140_011, State::Fail),
            (150_000, State::Ok),
            (160_004, State::Ok),
            (170_002, State::Ok),
            (180_000, State::Warn),
        ] {
            assert_eq!(version(number).state, state, "{number}");
        }
        assert_eq!(version(150_014).found, "15.14");
    }
}
