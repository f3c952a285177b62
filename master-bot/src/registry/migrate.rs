//! Making the registry: the only code that works with the administrator's address.

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use super::settings;

static REGISTRY: Migrator = sqlx::migrate!("../migrations/registry");

/// Functions that let one role get in another's way, hide data outside its schema, or fill the write-ahead log.
const CLOSED_TO_PUBLIC: &str = "(proname like 'pg\\_%advisory%' or proname like 'lo\\_%' \
    or proname in ('loread', 'lowrite', 'pg_logical_emit_message'))";

/// What one session may spill to the disk. Without it a tenant's endless sort fills the server's disk long before
/// anybody ends it; only a superuser can lift it.
const TEMP_FILES: &str = "1GB";

/// The name of a lock of the administrator's: two `migrate` at once would trip over one row of a shared catalog.
const SHARED_CATALOGS: i64 = 0x510f_7a4d;

/// What [`prepare`] needs to know.
pub(crate) struct Plan {
    /// The administrator, at any database of the server.
    pub(crate) admin: PgConnectOptions,
    /// The master's own role and database, as `DATABASE_URL` gives them.
    pub(crate) master: PgConnectOptions,
    /// The password in `DATABASE_URL`, if there is one.
    pub(crate) password: Option<String>,
}

/// Makes the master's role and database where they are missing, closes what Postgres leaves open to everybody, and
/// runs the registry's migrations as the master. Safe to run again. Gives the instance id.
pub(crate) async fn prepare(plan: &Plan) -> Result<String> {
    let role = plan.master.get_username().to_owned();
    let database = plan.master.get_database().context("DATABASE_URL names no database")?.to_owned();

    let mut admin = PgConnection::connect_with(&plan.admin).await.context("ADMIN_DATABASE_URL does not answer")?;
    ensure_role(&mut admin, &role, plan.password.as_deref()).await?;
    ensure_database(&mut admin, &database, &role).await?;
    close_what_tenants_have_no_business_in(&mut admin).await?;
    admin.close().await?;

    let mut inside = PgConnection::connect_with(&plan.admin.clone().database(&database)).await?;
    close_what_is_open(&mut inside, &database, &role).await?;
    inside.close().await?;

    let mut master = PgConnection::connect_with(&plan.master).await.context("the master's own role cannot connect")?;
    REGISTRY.run(&mut master).await.context("the registry's migrations")?;
    let fresh = hex::encode(rand::random::<[u8; 6]>());
    let instance = settings::get_or_set(&mut master, "instance_id", &fresh).await?;
    master.close().await?;
    Ok(instance)
}

async fn ensure_role(admin: &mut PgConnection, role: &str, password: Option<&str>) -> Result<()> {
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)")
        .bind(role)
        .fetch_one(&mut *admin)
        .await?;
    let verb = if exists { "alter" } else { "create" };
    let password = password.map(|p| format!("password {}", password_verifier(p))).unwrap_or_default();
    // Not a superuser: it makes tenants' roles, and owns nothing but its database. It sees what tenants' sessions do
    // and may end them, for a tenant can lift its own timeouts (fleet/sentinel.rs).
    let role = quote_name(role);
    let sql = format!(
        "{verb} role {role} login createrole nosuperuser nocreatedb {password};
         grant pg_signal_backend, pg_read_all_stats to {role}"
    );
    admin.execute(AssertSqlSafe(sql)).await.context("making the master's role")?;
    Ok(())
}

/// Every role may connect to the databases that come with the server, and there make temporary tables and take locks.
/// Tenants must not; nobody else has a reason to, save superusers, whom this does not touch.
async fn close_what_tenants_have_no_business_in(admin: &mut PgConnection) -> Result<()> {
    let mut tx = admin.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(SHARED_CATALOGS).execute(&mut *tx).await?;
    let open: Vec<String> = sqlx::query_scalar(
        "select datname::text from pg_database
          where datname in ('postgres', 'template1') and has_database_privilege('public', oid, 'connect, temporary')",
    )
    .fetch_all(&mut *tx)
    .await?;
    for database in open {
        let sql = format!("revoke connect, temporary on database {} from public", quote_name(&database));
        tx.execute(AssertSqlSafe(sql)).await.context("closing the server's own databases to the public")?;
    }
    tx.commit().await?;
    Ok(())
}

async fn ensure_database(admin: &mut PgConnection, database: &str, role: &str) -> Result<()> {
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(database)
        .fetch_one(&mut *admin)
        .await?;
    let sql = if exists {
        format!("alter database {} owner to {}", quote_name(database), quote_name(role))
    } else {
        format!("create database {} owner {}", quote_name(database), quote_name(role))
    };
    admin.execute(AssertSqlSafe(sql)).await.context("making the master's database")?;
    Ok(())
}

async fn close_what_is_open(inside: &mut PgConnection, database: &str, role: &str) -> Result<()> {
    let tenants = quote_name(&tenants_role(role));
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)")
        .bind(tenants_role(role))
        .fetch_one(&mut *inside)
        .await?;
    let (database, role) = (quote_name(database), quote_name(role));
    if !exists {
        inside
            .execute(AssertSqlSafe(format!("create role {tenants} nologin")))
            .await
            .context("making the tenants' role")?;
    }
    let sql = format!(
        "grant {tenants} to {role} with admin option;
         revoke all on database {database} from public;
         grant connect on database {database} to {tenants};
         revoke all on schema public from public;
         grant all on schema public to {role};
         create schema if not exists extensions;
         create extension if not exists btree_gist schema extensions;
         grant usage on schema extensions to public;
         revoke usage on language plpgsql from public;
         grant usage on language plpgsql to {role};
         alter database {database} set temp_file_limit = '{TEMP_FILES}';
         {VERIFIERS}
         revoke all on function extensions.role_verifiers(text) from public;
         grant execute on function extensions.role_verifiers(text) to {role};"
    );
    inside.execute(AssertSqlSafe(sql)).await.context("closing the database to the public")?;
    let functions: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'pg_catalog'::regnamespace and {CLOSED_TO_PUBLIC}"
    )))
    .fetch_all(&mut *inside)
    .await?;
    let mut sql = String::new();
    for function in functions {
        // The master keeps them: sqlx takes an advisory lock for the registry's own migrations.
        sql.push_str(&format!(
            "revoke execute on function {function} from public; grant execute on function {function} to {role};"
        ));
    }
    inside.execute(AssertSqlSafe(sql)).await.context("closing functions to the public")?;
    Ok(())
}

/// What tells that a password was changed by hand. Only a superuser sees what Postgres keeps of passwords, and a hash of
/// that is of no use to anybody but for telling it from another; the master alone may ask, and only of tenants' roles.
const VERIFIERS: &str = "
    create or replace function extensions.role_verifiers(members_of text) returns table (name text, verifier text)
    language sql stable security definer set search_path = pg_catalog as $$
        select r.rolname::text, encode(sha256(convert_to(coalesce(r.rolpassword, ''), 'UTF8')), 'hex')
          from pg_authid r join pg_auth_members m on m.member = r.oid join pg_authid g on g.oid = m.roleid
         where g.rolname = members_of and r.rolname like 'client\\_%'
    $$;";

/// The registry's migrations that this database has not had yet, and those that it has had and this program does not
/// know.
pub(crate) async fn pending(db: &mut PgConnection) -> Result<(Vec<i64>, Vec<i64>)> {
    let had: Vec<i64> =
        sqlx::query_scalar("select version from _sqlx_migrations where success order by version").fetch_all(db).await?;
    let known: Vec<i64> = REGISTRY.iter().map(|m| m.version).collect();
    let missing = known.iter().copied().filter(|v| !had.contains(v)).collect();
    Ok((missing, had.into_iter().filter(|v| !known.contains(v)).collect()))
}

/// What everybody may do in this database and should not, in words.
pub(crate) async fn open_to_public(db: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(AssertSqlSafe(format!(
        "select p || ' on the database' from unnest(array['CONNECT', 'TEMPORARY', 'CREATE']) as p
          where has_database_privilege('public', current_database(), p)
         union all
         select p || ' on schema public' from unnest(array['USAGE', 'CREATE']) as p
          where has_schema_privilege('public', 'public', p)
         union all
         select distinct a.privilege_type || ' on table ' || c.relname
           from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'public'::regnamespace and a.grantee = 0
         union all
         select 'EXECUTE on ' || oid::regprocedure from pg_proc
          where pronamespace = 'pg_catalog'::regnamespace and {CLOSED_TO_PUBLIC}
            and has_function_privilege('public', oid, 'execute')"
    )))
    .fetch_all(db)
    .await?)
}

/// The role that lets tenants in: all of them are its members. Granting CONNECT to each would rewrite one row of
/// `pg_database` each time, which two cannot do at once, and let it grow without end.
pub(crate) fn tenants_role(master: &str) -> String {
    format!("{master}_tenants")
}

/// What Postgres keeps of a password, quoted for DDL: a failing statement is logged by the server, and a password in
/// it would be too.
pub(crate) fn password_verifier(password: &str) -> String {
    quote_text(&postgres_protocol::password::scram_sha_256(password.as_bytes()))
}

/// Quotes a name for DDL.
pub(crate) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text for DDL, where no parameter can stand.
pub(crate) fn quote_text(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
