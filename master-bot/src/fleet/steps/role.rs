//! The tenant's Postgres role: owns nothing, sees only its schema, cannot hog the server.

use anyhow::{Context, Result, bail};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::Yard;
use crate::{
    fleet::plan::Part,
    registry::{
        facts,
        migrate::{password_verifier, quote_name, quote_text, tenants_role},
        tenants::Tenant,
    },
};

/// Connections of one tenant: its pool, and one to spare while an old process ends.
const CONNECTIONS: u32 = 5;

/// What the role starts every session with. It may change them for itself: the next look mends the role, and the
/// sentinel ends what a session does with timeouts that it has lifted.
const SETTINGS: [(&str, &str); 3] =
    [("idle_in_transaction_session_timeout", "30s"), ("lock_timeout", "5s"), ("statement_timeout", "10s")];

/// A role, and who is let into the schema of its name, as the catalog tells them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct SeenRole {
    pub(crate) name: String,
    /// Everything but the password, in one line.
    shape: String,
    /// Tells the password from any other.
    verifier: Option<String>,
    /// Others than the owner of the schema and the role that may do anything in it, and what the role may do.
    guests: Option<String>,
}

/// All tenants' roles (or one, by name) in one query; `$1` the role they are members of, `$2` the name or null.
const LOOK: &str = "
    with settings as (
        select s.setrole as id, string_agg(case s.setdatabase when 0 then '' else 'elsewhere:' end || c, ' ' order by c) as list
          from pg_db_role_setting s, unnest(s.setconfig) c group by 1
    ), memberships as (
        select m.member as id, string_agg(distinct g.rolname, ' ') as list
          from pg_auth_members m join pg_roles g on g.oid = m.roleid group by 1
    ), guests as (
        select n.nspname, string_agg(coalesce(g.rolname, 'public') || ':' || lower(a.privilege_type), ' ') as list
          from pg_namespace n, aclexplode(n.nspacl) a left join pg_roles g on g.oid = a.grantee
         where n.nspname like 'client\\_%' and a.grantee <> n.nspowner group by 1
    )
    select r.rolname::text as name,
           format('login=%s inherit=%s powers=%s limit=%s until=%s settings=(%s) member=(%s)',
                  r.rolcanlogin, r.rolinherit,
                  r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
                  r.rolconnlimit, coalesce(r.rolvaliduntil, 'infinity'), settings.list, memberships.list) as shape,
           v.verifier, guests.list as guests
      from pg_roles r
      left join settings on settings.id = r.oid
      left join memberships on memberships.id = r.oid
      left join guests on guests.nspname = r.rolname
      left join extensions.role_verifiers($1) v on v.name = r.rolname
     where r.rolname like 'client\\_%' and ($2::text is null or r.rolname = $2)";

/// All tenants' roles.
pub(crate) async fn look(yard: &Yard) -> Result<Vec<SeenRole>> {
    let members = tenants_role(yard.postgres.get_username());
    Ok(sqlx::query_as(LOOK).bind(members).bind(None::<&str>).fetch_all(&yard.pool).await?)
}

/// Whether the role is as we make it and its password is the one we set.
pub(crate) fn is_as_wanted(yard: &Yard, tenant: &Tenant, seen: &SeenRole, fact: &Value) -> bool {
    seen.shape == shape(yard, tenant)
        && seen.verifier.is_some()
        && fact["verifier"].as_str() == seen.verifier.as_deref()
        && seen.guests.as_deref() == Some(format!("{}:usage", tenant.slug).as_str())
}

/// The line that the catalog shall tell.
fn shape(yard: &Yard, tenant: &Tenant) -> String {
    let timeouts = SETTINGS.map(|(name, value)| format!("{name}={value}"));
    let mut settings = vec![format!("search_path={}", tenant.slug)];
    settings.extend(timeouts);
    settings.sort();
    format!(
        "login=t inherit=t powers=f limit={CONNECTIONS} until=infinity settings=({}) member=({})",
        settings.join(" "),
        tenants_role(yard.postgres.get_username())
    )
}

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = &tenant.slug;
    let mark = yard.mark(tenant);
    let mut tx = yard.pool.begin().await?;
    match comment(&mut tx, slug.as_str()).await? {
        Some(found) if found.as_deref() == Some(mark.as_str()) => {
            let facts = facts::of(&mut *tx, tenant.id).await?;
            let fact = facts.into_iter().find(|f| f.part == Part::Role.name()).map(|f| f.value).unwrap_or_default();
            let seen = look_at(&mut tx, yard, tenant).await?;
            if is_as_wanted(yard, tenant, &seen, &fact) {
                return Ok(fact);
            }
            take_back(&mut tx, yard, tenant).await?;
        }
        Some(_) => bail!("a role {slug} exists that is not ours (its COMMENT is not «{mark}»): rename it"),
        // None of the powers that only a superuser could give or take.
        None => {
            let sql = format!("create role {slug} nosuperuser noreplication nobypassrls");
            tx.execute(AssertSqlSafe(sql)).await?;
        }
    }
    let password = yard.password(tenant, "pg")?;
    let settings: String =
        SETTINGS.iter().map(|(name, value)| format!("alter role {slug} set {name} = '{value}';\n")).collect();
    let sql = format!(
        "alter role {slug} login password {password} nocreatedb nocreaterole inherit connection limit {CONNECTIONS}
               valid until 'infinity';
         comment on role {slug} is {mark};
         alter role {slug} reset all;
         alter role {slug} set search_path = {slug};
         {settings}
         grant {members} to {slug};
         grant usage on schema {slug} to {slug}",
        members = quote_name(&tenants_role(yard.postgres.get_username())),
        password = password_verifier(password.expose_secret()),
        mark = quote_text(&mark),
    );
    tx.execute(AssertSqlSafe(sql)).await?;
    let seen = look_at(&mut tx, yard, tenant).await?;
    let fact = json!({ "role": slug, "verifier": seen.verifier });
    if !is_as_wanted(yard, tenant, &seen, &fact) {
        bail!(
            "the role {slug} is not as it was made, and only a superuser can mend it: wanted «{} {slug}:usage», found «{} {}»",
            shape(yard, tenant),
            seen.shape,
            seen.guests.unwrap_or_default()
        );
    }
    tx.commit().await?;
    Ok(fact)
}

async fn look_at(db: &mut PgConnection, yard: &Yard, tenant: &Tenant) -> Result<SeenRole> {
    let members = tenants_role(yard.postgres.get_username());
    Ok(sqlx::query_as(LOOK).bind(members).bind(tenant.slug.as_str()).fetch_one(db).await?)
}

/// Takes back what somebody has given the role by hand, or it to itself.
async fn take_back(db: &mut PgConnection, yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = &tenant.slug;
    let powers: bool =
        sqlx::query_scalar("select rolsuper or rolreplication or rolbypassrls from pg_roles where rolname = $1")
            .bind(slug.as_str())
            .fetch_one(&mut *db)
            .await?;
    if powers {
        bail!(
            "somebody has given {slug} a superuser's powers: alter role {slug} nosuperuser noreplication nobypassrls"
        );
    }
    let undo: Vec<String> = sqlx::query_scalar(
        "select format('revoke %I from %I', g.rolname, r.rolname)
           from pg_roles r join pg_auth_members m on m.member = r.oid join pg_roles g on g.oid = m.roleid
          where r.rolname = $1 and g.rolname <> $2
          union all
         select format('alter role %I in database %I reset all', r.rolname, d.datname)
           from pg_roles r join pg_db_role_setting s on s.setrole = r.oid join pg_database d on d.oid = s.setdatabase
          where r.rolname = $1
          union all
         select distinct format('revoke all on schema %I from %s', n.nspname, coalesce(quote_ident(g.rolname), 'public'))
           from pg_namespace n, aclexplode(n.nspacl) a left join pg_roles g on g.oid = a.grantee
          where n.nspname = $1 and a.grantee <> n.nspowner",
    )
    .bind(slug.as_str())
    .bind(tenants_role(yard.postgres.get_username()))
    .fetch_all(&mut *db)
    .await?;
    for sql in undo {
        db.execute(AssertSqlSafe(sql.clone())).await.with_context(|| format!("«{sql}»: a superuser must do it"))?;
    }
    Ok(())
}

pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = &tenant.slug;
    let mut db = yard.pool.acquire().await?;
    match comment(&mut db, slug.as_str()).await? {
        None => return Ok(()),
        Some(found) if found.as_deref() == Some(yard.mark(tenant).as_str()) => {}
        Some(_) => bail!("the role {slug} is not ours: it is left where it is"),
    }
    // Only a member of a role may take back what was granted to it.
    db.execute(AssertSqlSafe(format!("alter role {slug} nologin; grant {slug} to current_user"))).await?;
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1")
        .bind(slug.as_str())
        .fetch_all(&mut *db)
        .await?;
    db.execute(AssertSqlSafe(format!("drop owned by {slug}; drop role {slug}"))).await?;
    Ok(())
}

/// The role's COMMENT, if there is such a role.
async fn comment(db: &mut PgConnection, name: &str) -> Result<Option<Option<String>>> {
    Ok(sqlx::query_scalar("select shobj_description(oid, 'pg_authid') from pg_roles where rolname = $1")
        .bind(name)
        .fetch_optional(db)
        .await?)
}
