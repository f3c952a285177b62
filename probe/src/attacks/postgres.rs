//! Postgres, with the tenant's own role.

use std::time::Duration;

use super::attack;
use crate::{
    Orders,
    postgres::{Address, Refusal, Session},
    report::Outcome,
};

/// Statements that must be refused. `{n}` is the neighbour, `{s}` we ourselves.
const REFUSED: &[(&str, &str)] = &[
    ("pg-neighbour-select", "select * from {n}.bookings"),
    ("pg-neighbour-insert", "insert into {n}.settings (key, value, updated_at) values ('probe', 'x', now())"),
    ("pg-neighbour-update", "update {n}.services set price_kopecks = 1"),
    ("pg-neighbour-delete", "delete from {n}.users"),
    ("pg-neighbour-truncate", "truncate {n}.users cascade"),
    ("pg-neighbour-copy", "copy {n}.users to stdout"),
    ("pg-neighbour-lock", "begin; lock table {n}.bookings in access exclusive mode; rollback"),
    ("pg-neighbour-sequence", "select nextval('{n}.bookings_id_seq')"),
    ("pg-registry-select", "select * from public.tenants"),
    ("pg-registry-tokens", "select token_sealed from public.bots"),
    ("pg-registry-clients", "select * from public.clients"),
    ("pg-registry-update", "update public.tenants set generation = generation + 1"),
    ("pg-registry-insert", "insert into public.settings (key, value) values ('probe', 'x')"),
    ("pg-registry-lock", "begin; lock table public.tenants in access share mode; rollback"),
    ("pg-authid", "select rolpassword from pg_authid"),
    ("pg-shadow", "select passwd from pg_shadow"),
    ("pg-hba", "select * from pg_hba_file_rules"),
    ("pg-ident", "select * from pg_ident_file_mappings"),
    ("pg-file-settings", "select * from pg_file_settings"),
    ("pg-user-mapping", "select * from pg_user_mapping"),
    ("pg-subscription", "select subconninfo from pg_subscription"),
    ("pg-statistic", "select * from pg_statistic"),
    ("pg-ddl-table", "create table probe (i int)"),
    ("pg-ddl-table-as", "select 1 as i into probe_into"),
    ("pg-ddl-table-public", "create table public.probe (i int)"),
    ("pg-ddl-table-extensions", "create table extensions.probe (i int)"),
    ("pg-ddl-temp-table", "create temp table probe (i int)"),
    ("pg-ddl-alter", "alter table {s}.bookings add column probe int"),
    ("pg-ddl-drop", "drop table {s}.booking_history"),
    ("pg-ddl-truncate", "truncate {s}.outbox"),
    ("pg-ddl-owner", "alter table {s}.outbox owner to {s}"),
    ("pg-ddl-index", "create index probe_index on {s}.outbox (id)"),
    ("pg-ddl-trigger", "alter table {s}.outbox disable trigger all"),
    ("pg-ddl-view", "create view {s}.probe_view as select 1 as i"),
    ("pg-ddl-function", "create function {s}.probe() returns int language sql as 'select 1'"),
    ("pg-ddl-function-extensions", "create function extensions.int4(text) returns int language sql as 'select 1'"),
    ("pg-ddl-operator", "create operator extensions.=== (leftarg = int, rightarg = int, function = int4eq)"),
    ("pg-ddl-type", "create type {s}.probe_type as (i int)"),
    ("pg-ddl-schema", "create schema probe"),
    ("pg-ddl-extension", "create extension if not exists hstore schema extensions"),
    ("pg-ddl-dblink", "create extension dblink schema extensions"),
    ("pg-ddl-fdw", "create foreign data wrapper probe"),
    ("pg-ddl-event-trigger", "create event trigger probe on ddl_command_start execute function pg_notify()"),
    ("pg-ddl-database", "create database {s}_probe"),
    ("pg-ddl-role", "create role {s}_probe"),
    ("pg-ddl-comment", "comment on schema {s} is 'mine'"),
    ("pg-ddl-publication", "create publication probe"),
    ("pg-migrations", "delete from {s}._sqlx_migrations"),
    ("pg-role-superuser", "alter role {s} superuser"),
    ("pg-role-createdb", "alter role {s} createdb"),
    ("pg-role-createrole", "alter role {s} createrole"),
    ("pg-role-replication", "alter role {s} replication"),
    ("pg-role-limit", "alter role {s} connection limit 100"),
    ("pg-role-others-settings", "alter role {n} set search_path = {s}"),
    ("pg-role-others-password", "alter role {n} password 'probe'"),
    ("pg-role-others-rename", "alter role {n} rename to {n}_probe; alter role {n}_probe rename to {n}"),
    ("pg-role-set", "set role {n}"),
    ("pg-role-session", "set session authorization {n}"),
    ("pg-role-grant", "grant {n} to {s}"),
    ("pg-role-read-all", "grant pg_read_all_data to {s}"),
    ("pg-role-reassign", "reassign owned by {n} to {s}"),
    ("pg-role-drop", "drop role {n}"),
    ("pg-role-database-setting", "alter database {d} set work_mem = '4MB'"),
    ("pg-role-replica", "set session_replication_role = replica"),
    ("pg-role-log", "set log_statement = 'all'"),
    ("pg-system", "alter system reset max_connections"),
    ("pg-lock-advisory", "select pg_advisory_lock(1)"),
    ("pg-lock-advisory-try", "select pg_try_advisory_lock(1)"),
    ("pg-lock-advisory-xact", "select pg_advisory_xact_lock(1)"),
    ("pg-lock-advisory-shared", "select pg_try_advisory_xact_lock_shared(1, 2)"),
    ("pg-lock-catalog", "begin; lock table pg_catalog.pg_class in access exclusive mode; rollback"),
    ("pg-large-object", "select lo_create(0)"),
    ("pg-large-object-bytes", "select lo_from_bytea(0, 'x')"),
    ("pg-large-object-import", "select lo_import('/etc/hostname')"),
    ("pg-file-read", "select pg_read_file('postgresql.conf')"),
    ("pg-file-list", "select pg_ls_dir('.')"),
    ("pg-file-wal", "select pg_ls_waldir()"),
    ("pg-file-copy-from", "copy {s}.users from '/etc/hostname'"),
    ("pg-file-copy-to", "copy {s}.users to '/tmp/slotyard-probe.copy'"),
    ("pg-program", "copy {s}.users to program 'cat > /dev/null'"),
    ("pg-load", "load '$libdir/plpgsql'"),
    ("pg-reload", "select pg_reload_conf()"),
    ("pg-wal", "select pg_switch_wal()"),
    ("pg-stat-reset", "select pg_stat_reset()"),
    ("pg-stage", "update {s}.service_stage set stage = 'running'"),
];

/// Questions whose answer must be empty: Postgres hides what is not ours instead of refusing.
const EMPTY: &[(&str, &str)] = &[
    (
        "pg-activity",
        "select query from pg_stat_activity where usename <> current_user and query not in ('', '<insufficient privilege>')",
    ),
    (
        "pg-paths",
        "select setting from pg_settings where name in ('config_file', 'hba_file', 'ident_file', 'data_directory')",
    ),
    ("pg-statistics", "select tablename from pg_stats where schemaname = '{n}'"),
    ("pg-foreign-rows", "select table_name from information_schema.tables where table_schema in ('public', '{n}')"),
    (
        "pg-cancel",
        "with others as materialized (select pid from pg_stat_activity where usename <> current_user and datname = current_database()) select 1 from others where pg_cancel_backend(pid)",
    ),
    (
        "pg-terminate",
        "with others as materialized (select pid from pg_stat_activity where usename <> current_user and datname = current_database()) select 1 from others where pg_terminate_backend(pid)",
    ),
];

fn filled(sql: &str, orders: &Orders, database: &str) -> String {
    let own = std::env::var("CLIENT_ID").unwrap_or_default();
    sql.replace("{n}", &orders.neighbour).replace("{s}", &own).replace("{d}", database)
}

fn with_session(run: impl FnOnce(&Address, Session) -> Outcome) -> Outcome {
    let Some(address) = Address::from_env() else { return Outcome::Succeeded("DATABASE_URL is not understood".into()) };
    match Session::open(&address) {
        Ok(session) => run(&address, session),
        // Nothing was tried.
        Err(refused) => Outcome::Succeeded(format!("could not even connect: {refused}")),
    }
}

pub(super) fn all(orders: &Orders) {
    for (name, sql) in REFUSED {
        attack(orders, name, || {
            with_session(|address, mut session| Outcome::of(session.run(&filled(sql, orders, &address.database))))
        });
    }
    for (name, sql) in EMPTY {
        attack(orders, name, || {
            with_session(|address, mut session| match session.run(&filled(sql, orders, &address.database)) {
                Ok(rows) if rows.is_empty() => Outcome::Refused("nothing is shown".into()),
                other => Outcome::of(other),
            })
        });
    }
    for (name, database) in [("pg-database-postgres", "postgres"), ("pg-database-template", "template1")] {
        attack(orders, name, || {
            with_session(|address, _| Outcome::of(Session::open(&address.clone().into_database(database))))
        });
    }
    attack(orders, "pg-role-login", || {
        with_session(|address, _| Outcome::of(Session::open(&address.clone().into_role(&orders.neighbour))))
    });
    attack(orders, "pg-superuser-login", || {
        with_session(|address, _| Outcome::of(Session::open(&address.clone().into_role("postgres"))))
    });
    attack(orders, "pg-replication", || {
        with_session(|address, _| Outcome::of(Session::with(address, &[("replication", "true")])))
    });
    attack(orders, "pg-notify", || {
        with_session(|_, mut session| {
            let forged = format!("notify slotyard_tenants, '{}'", orders.neighbour);
            match (0..200).try_for_each(|_| session.run(&forged).map(drop)) {
                Ok(()) => Outcome::Noise("rang 200 times".into()),
                Err(refused) => Outcome::Refused(refused.to_string()),
            }
        })
    });
}

/// Its own timeouts a role can lift.
pub(super) fn endless_statement(orders: &Orders) {
    attack(orders, "pg-endless-statement", || {
        with_session(|_, mut session| {
            if let Err(refused) = session.run("set statement_timeout = 0") {
                return Outcome::Refused(refused.to_string());
            }
            ended(&mut session, |session| session.run("select pg_sleep(3600)"))
        })
    });
}

pub(super) fn idle_in_transaction(orders: &Orders) {
    attack(orders, "pg-idle-in-transaction", || {
        with_session(|_, mut session| {
            let lifted = "set idle_in_transaction_session_timeout = 0; begin; select count(*) from settings";
            if let Err(refused) = session.run(lifted) {
                return Outcome::Refused(refused.to_string());
            }
            ended(&mut session, Session::outlast)
        })
    });
}

/// Whether somebody ends it within two minutes.
fn ended<T>(session: &mut Session, wait: impl FnOnce(&mut Session) -> Result<T, Refusal>) -> Outcome {
    if let Err(error) = session.patience(Duration::from_secs(120)) {
        return Outcome::Succeeded(error.to_string());
    }
    match wait(session) {
        Err(Refusal::Ended(error))
            if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
        {
            Outcome::Succeeded("nobody ended it".into())
        }
        Err(refused) => Outcome::Refused(refused.to_string()),
        Ok(_) => Outcome::Succeeded("it came to its own end".into()),
    }
}

/// As many connections as one gets.
pub(super) fn connections(orders: &Orders) {
    attack(orders, "pg-connections", || {
        with_session(|address, first| {
            let mut held = vec![first];
            while held.len() < 12 {
                match Session::open(address) {
                    Ok(session) => held.push(session),
                    Err(refused) => return Outcome::Refused(format!("{refused} after {}", held.len())),
                }
            }
            Outcome::Succeeded(format!("{} connections", held.len()))
        })
    });
}
