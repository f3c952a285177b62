//! `master-bot doctor` on a healthy world, and on one with each fault in turn.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use play::{
    database::random_name,
    env, redis,
    world::{MASTER_KEY, Master, SHOP_KEY, World},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::cli::said;

/// A Telegram of our own for what the sandbox does not do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crooked {
    /// A webhook is set.
    Webhook,
    /// Its clock is so far ahead, seconds.
    Clock(i64),
    /// It takes requests and never answers.
    Mute,
}

impl Crooked {
    async fn start(self) -> Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever hangs up is no fault of this test.
                tokio::spawn(async move { drop(self.serve(stream).await) });
            }
        });
        Ok(address)
    }

    async fn serve(self, mut stream: TcpStream) -> Result<()> {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut part = [0; 4096];
            let n = stream.read(&mut part).await?;
            anyhow::ensure!(n > 0, "hung up");
            request.extend_from_slice(&part[..n]);
        }
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let result = if line.contains("/getMe") || line.contains("/GetMe") {
            r#"{"id":1,"is_bot":true,"first_name":"S","username":"stub_bot","can_manage_bots":true}"#
        } else if self == Self::Webhook {
            r#"{"url":"https://example.org/secret-path","has_custom_certificate":false,"pending_update_count":0}"#
        } else {
            r#"{"url":"","has_custom_certificate":false,"pending_update_count":0}"#
        };
        let ahead = match self {
            Self::Mute => return std::future::pending().await,
            Self::Clock(seconds) => TimeDelta::seconds(seconds),
            Self::Webhook => TimeDelta::zero(),
        };
        let date = (Utc::now() + ahead).format("%a, %d %b %Y %H:%M:%S GMT");
        let body = format!("{{\"ok\":true,\"result\":{result}}}");
        let head = format!(
            "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await?;
        Ok(stream.shutdown().await?)
    }
}

/// A user of Redis with rights of a test's own.
struct RedisUser {
    name: String,
    password: String,
    url: String,
}

impl RedisUser {
    async fn with(rights: &[&str]) -> Result<Self> {
        let (name, password) = (format!("doctor_{}", random_name()), random_name() + &random_name());
        let mut user = ::redis::cmd("ACL");
        user.arg("SETUSER").arg(&name).arg("reset").arg("on").arg(format!(">{password}")).arg(rights);
        user.exec_async(&mut redis::admin().await?).await?;
        let mut url = Url::parse(&env::redis_url()?)?;
        url.query_pairs_mut().clear().append_pair("user", &name).append_pair("pass", &password);
        Ok(Self { name, password, url: url.into() })
    }

    async fn forget(self) -> Result<()> {
        Ok(::redis::cmd("ACL").arg("DELUSER").arg(&self.name).exec_async(&mut redis::admin().await?).await?)
    }
}

/// Something that is not as it should be, and how it is told.
struct Fault {
    what: &'static str,
    settings: Vec<(&'static str, String)>,
    /// Statements of the superuser, before and after.
    sql: Option<(String, String)>,
    check: &'static str,
    state: &'static str,
    /// Stands in what was found or in the remedy.
    words: Vec<&'static str>,
}

/// A fault of the settings or of what they name.
fn set(what: &'static str, settings: &[(&'static str, &str)], check: &'static str, words: &[&'static str]) -> Fault {
    let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fault { what, settings, sql: None, check, state: "fail", words: words.to_vec() }
}

/// A fault that the superuser makes and takes back.
fn done(what: &'static str, (sql, undo): (String, String), check: &'static str, words: &[&'static str]) -> Fault {
    Fault { what, settings: Vec::new(), sql: Some((sql, undo)), check, state: "fail", words: words.to_vec() }
}

impl Fault {
    fn warned(self) -> Self {
        Self { state: "warn", ..self }
    }
}

/// A run of the doctor with some settings changed.
struct Visit {
    checks: Vec<Value>,
    all: String,
}

impl Visit {
    async fn to(world: &World, changes: &[(&'static str, String)], arguments: &[&str]) -> Result<Self> {
        let mut settings: BTreeMap<String, String> = world.master.settings().clone();
        for (name, value) in OWN_TERMS {
            settings.insert(name.into(), value.into());
        }
        settings.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let folder = world.master.output_file().with_file_name("doctor");
        let output = Master::new(settings, folder).cli_output(&[&["doctor", "--json"], arguments].concat()).await?;
        let all = said(&output);
        let report: Value = serde_json::from_slice(&output.stdout).with_context(|| all.clone())?;
        let checks = report["checks"].as_array().context("no checks")?.clone();
        // The status of the program, its word for it, and what it has found say the same.
        let good = checks.iter().all(|check| check["state"] != "fail");
        assert_eq!((output.status.code(), &report["ok"]), (Some(i32::from(!good)), &Value::from(good)), "{all}");
        Ok(Self { checks, all })
    }

    /// Names and states of everything that is not good. A machine short of room is not this test's business.
    fn amiss(&self) -> Vec<(&str, &str)> {
        let pairs = self.checks.iter().filter_map(|check| Some((check["name"].as_str()?, check["state"].as_str()?)));
        pairs.filter(|(name, state)| *state != "ok" && !name.starts_with("disk") && *name != "memory").collect()
    }

    fn names(&self) -> Vec<&str> {
        self.checks.iter().filter_map(|check| check["name"].as_str()).collect()
    }
}

/// What a shop that is meant seriously has.
const OWN_TERMS: [(&str, &str); 3] =
    [("OFFER_URL", "https://example.org/o"), ("PRIVACY_URL", "https://example.org/p"), ("TERMS_VERSION", "1.0")];

const EVERYTHING: [&str; 29] = [
    "settings",
    "telegram.token",
    "telegram.management",
    "telegram.webhook",
    "clock.telegram",
    "yookassa.credentials",
    "public_url",
    "terms",
    "postgres.reachable",
    "postgres.version",
    "clock.postgres",
    "postgres.role",
    "postgres.database",
    "postgres.tenants_role",
    "postgres.signal",
    "postgres.migrations",
    "postgres.public",
    "postgres.connections",
    "master_key",
    "redis.reachable",
    "redis.rights",
    "redis.version",
    "redis.eviction",
    "clock.redis",
    "docker.reachable",
    "docker.version",
    "docker.storage",
    "docker.limits",
    "docker.image",
];
/// Those depend on where Docker keeps its data.
const AND_THE_MACHINE: [&str; 4] = ["disk.docker", "docker.mounts", "disk.here", "memory"];

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_world_is_told_to_be_so_for_every_role() -> Result<()> {
    let world = World::start().await?;
    let visit = Visit::to(&world, &[], &[]).await?;
    assert_eq!(visit.amiss(), [], "{}", visit.all);
    assert_eq!(visit.names(), [&EVERYTHING[..], &AND_THE_MACHINE].concat(), "{}", visit.all);

    // A front may do very little, and needs no more.
    let narrow = RedisUser::with(&["~client_*:heartbeat", "+ping", "+get"]).await?;
    let settings = [("DOCKER_HOST", "unix:///nowhere".into()), ("REDIS_URL", narrow.url.clone())];
    let front = Visit::to(&world, &settings, &["--role", "front"]).await?;
    assert_eq!(front.amiss(), [], "a front needs no Docker: {}", front.all);
    let blind = RedisUser::with(&["+ping", "+acl"]).await?;
    let front = Visit::to(&world, &[("REDIS_URL", blind.url.clone())], &["--role", "front"]).await?;
    assert_eq!(front.amiss(), [("redis.rights", "fail")], "{}", front.all);
    for user in [narrow, blind] {
        user.forget().await?;
    }
    let front = Visit::to(&world, &[], &["--role", "front"]).await?;
    assert!(
        front.names().iter().all(|name| !name.contains("docker")) && front.names().contains(&"yookassa.credentials")
    );
    let fleet = Visit::to(&world, &[("YOOKASSA_SHOP_ID", String::new())], &["--role", "fleet"]).await?;
    assert_eq!(fleet.amiss(), [], "a fleet takes no money: {}", fleet.all);
    assert!(fleet.names().contains(&"docker.image") && !fleet.names().contains(&"yookassa.credentials"));

    let told = said(&world.master.cli_output(&["doctor"]).await?);
    for name in EVERYTHING {
        // This world sells by the built-in terms.
        let state = if name == "terms" { "WARN " } else { "ok " };
        assert!(told.lines().any(|line| line.starts_with(state) && line.contains(name)), "{name} in {told}");
    }
    world.close().await
}

/// Every fault there is a way to make.
async fn faults(world: &World, redis_url: &str, empty: &str) -> Result<Vec<Fault>> {
    let url = Url::parse(&world.master.settings()["DATABASE_URL"])?;
    let (role, database) = (url.username(), world.database.name());
    let plain = world.stage.sim.create_bot("Без прав", "plain_bot", false).await?;
    let mut away = url.clone();
    away.set_query(Some("host=/nowhere"));
    let crooked = async |kind: Crooked| Ok::<_, anyhow::Error>(format!("http://{}/", kind.start().await?));
    let (webhook, late, early, mute) = (
        crooked(Crooked::Webhook).await?,
        crooked(Crooked::Clock(-3600)).await?,
        crooked(Crooked::Clock(10)).await?,
        crooked(Crooked::Mute).await?,
    );
    let migrate = "master-bot migrate";
    let nothing = "http://127.0.0.1:1/";
    Ok(vec![
        set("no shop", &[("YOOKASSA_SHOP_ID", "")], "settings", &["YOOKASSA_SHOP_ID is missing", "docs/ENVIRONMENT.md"]),
        set("an image nobody named", &[("TENANT_IMAGE", "")], "settings", &["TENANT_IMAGE is missing"]),
        set("wrong token", &[("MASTER_BOT_TOKEN", "1:nobody")], "telegram.token", &["copy MASTER_BOT_TOKEN from @BotFather"]),
        set("Telegram away", &[("TELEGRAM_API_URL", nothing)], "telegram.token", &["TELEGRAM_API_URL"]),
        set("Telegram mute", &[("TELEGRAM_API_URL", &mute)], "telegram.token", &["no answer within 5 s", "TELEGRAM_API_URL"]),
        set("no bot management", &[("MASTER_BOT_TOKEN", &plain.token)], "telegram.management", &["switch bot management on"]).warned(),
        set("a webhook", &[("TELEGRAM_API_URL", &webhook)], "telegram.webhook", &["deleteWebhook"]),
        set("an hour apart", &[("TELEGRAM_API_URL", &late)], "clock.telegram", &["ahead of Telegram's", "timesyncd"]),
        set("ten seconds apart", &[("TELEGRAM_API_URL", &early)], "clock.telegram", &["behind Telegram's"]).warned(),
        set("wrong shop key", &[("YOOKASSA_SECRET_KEY", "wrong")], "yookassa.credentials", &["401", "YOOKASSA_SECRET_KEY"]),
        set("YooKassa away", &[("YOOKASSA_API_URL", nothing)], "yookassa.credentials", &["YOOKASSA_API_URL"]),
        set("plain public address", &[("PUBLIC_URL", "http://example.org/")], "public_url", &["certificate"]).warned(),
        set("dead public address", &[("PUBLIC_URL", "https://127.0.0.1:1/")], "public_url", &["reverse proxy"]).warned(),
        set("no terms of its own", &[("OFFER_URL", ""), ("PRIVACY_URL", ""), ("TERMS_VERSION", "")], "terms", &["OFFER_URL, PRIVACY_URL and TERMS_VERSION"]).warned(),
        set("a superuser", &[("DATABASE_URL", &world.database.admin_url())], "postgres.role", &["superuser", "ADMIN_DATABASE_URL"]),
        set("Postgres away", &[("DATABASE_URL", away.as_str())], "postgres.reachable", &["start Postgres", "DATABASE_URL"]),
        done(
            "no right to make roles",
            (format!("alter role {role} nocreaterole"), format!("alter role {role} createrole")),
            "postgres.role",
            &["CREATEROLE", migrate],
        ),
        done(
            "another's database",
            (format!("alter database {database} owner to postgres"), format!("alter database {database} owner to {role}")),
            "postgres.database",
            &["does not own", migrate],
        ),
        done(
            "no right to let tenants in",
            (
                format!("revoke admin option for {role}_tenants from {role}"),
                format!("grant {role}_tenants to {role} with admin option"),
            ),
            "postgres.tenants_role",
            &["may not let anybody", migrate],
        ),
        done(
            "no right to end sessions",
            (format!("revoke pg_signal_backend from {role}"), format!("grant pg_signal_backend to {role}")),
            "postgres.signal",
            &["pg_signal_backend", migrate],
        ),
        done(
            "a migration that was not run",
            (
                "update _sqlx_migrations set success = false where version = 3".into(),
                "update _sqlx_migrations set success = true".into(),
            ),
            "postgres.migrations",
            &["[3]", migrate],
        ),
        done(
            "a migration of the future",
            (
                "insert into _sqlx_migrations select 999, description, now(), true, checksum, 0 from _sqlx_migrations where version = 1".into(),
                "delete from _sqlx_migrations where version = 999".into(),
            ),
            "postgres.migrations",
            &["newer program"],
        )
        .warned(),
        done(
            "an open database",
            (
                format!("grant connect on database {database} to public"),
                format!("revoke connect on database {database} from public"),
            ),
            "postgres.public",
            &["CONNECT on the database", "revoke"],
        ),
        done(
            "an open function",
            (
                "grant execute on function pg_advisory_lock(bigint) to public".into(),
                "revoke execute on function pg_advisory_lock(bigint) from public".into(),
            ),
            "postgres.public",
            &["pg_advisory_lock(bigint)"],
        ),
        done(
            "an open table",
            ("grant select on bots to public".into(), "revoke select on bots from public".into()),
            "postgres.public",
            &["SELECT on table bots"],
        ),
        set("wrong key", &[("MASTER_KEY", "not the key of this world, but long enough")], "master_key", &["MASTER_KEY is not the key", "keys replace-lost"]),
        set(
            "a key being changed",
            &[("MASTER_KEY", "the next key of this world, long enough"), ("MASTER_KEY_OLD", MASTER_KEY)],
            "master_key",
            &["MASTER_KEY_OLD opens everything", "keys rotate"],
        )
        .warned(),
        set("Redis away", &[("REDIS_URL", "unix:///nowhere?user=default&pass=x")], "redis.reachable", &["start Redis", "REDIS_URL"]),
        set("a Redis user without ACL", &[("REDIS_URL", redis_url)], "redis.rights", &["ACL", "ACL SETUSER slotyard"]),
        set("Docker away", &[("DOCKER_HOST", "unix:///nowhere")], "docker.reachable", &["start Docker", "DOCKER_HOST", "--role front"]),
        set("no image", &[("TENANT_IMAGE", "slotyard-tenant:never-built")], "docker.image", &["never-built", "TENANT_IMAGE"]),
        set("no folder", &[("TENANT_MOUNTS", "/nowhere:/run/x")], "docker.mounts", &["there is no folder /nowhere", "TENANT_MOUNTS"]),
        set("no volume", &[("TENANT_MOUNTS", "slotyard_never_made:/run/x")], "docker.mounts", &["no volume slotyard_never_made", "TENANT_MOUNTS"]),
        set("an empty folder", &[("TENANT_MOUNTS", &format!("{empty}:/run/x"))], "docker.mounts", &["holds no socket"]),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_told_with_what_to_do_and_nothing_else_fails() -> Result<()> {
    let world = World::start().await?;
    let no_acl = RedisUser::with(&["~*", "&*", "+@all", "-acl"]).await?;
    let empty = world.master.output_file().with_file_name("empty");
    std::fs::create_dir_all(&empty)?;

    let pool = world.registry().await?;
    let mut wrong = Vec::new();
    let faults = faults(&world, &no_acl.url, &empty.display().to_string()).await?;
    let all = faults.len();
    for Fault { what, settings, sql, check, state, words } in faults {
        if let Some((sql, _)) = &sql {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&pool).await.with_context(|| sql.clone())?;
        }
        let visit = Visit::to(&world, &settings, &[]).await?;
        if let Some((_, undo)) = &sql {
            sqlx::raw_sql(sqlx::AssertSqlSafe(undo.clone())).execute(&pool).await.with_context(|| undo.clone())?;
        }
        if visit.amiss() != [(check, state)] {
            wrong.push(format!("{what}: {:?}", visit.amiss()));
        }
        let told = visit.checks.iter().find(|told| told["name"] == check).cloned().unwrap_or_default();
        let text = format!("{} → {}", told["found"], told["remedy"]);
        wrong.extend(
            words.iter().filter(|word| !text.contains(**word)).map(|word| format!("{what}: no «{word}» in {text}")),
        );
        // What was wrong is not told by its secret either.
        let url = Url::parse(&world.master.settings()["DATABASE_URL"])?;
        for secret in [
            world.bot.token.as_str(),
            SHOP_KEY,
            MASTER_KEY,
            &no_acl.password,
            url.password().unwrap_or("none"),
            "secret-path",
        ] {
            assert!(!visit.all.contains(secret), "{what}: a secret is told: {}", visit.all.replace(secret, "(HERE)"));
        }
    }
    no_acl.forget().await?;
    assert!(wrong.is_empty(), "{} of {all} faults are not told as they should be:\n{}", wrong.len(), wrong.join("\n"));

    // Only looked at: the keys that were given were registered nowhere, and all is as it was.
    let keys: i64 = sqlx::query_scalar("select count(*) from sealing_keys").fetch_one(&pool).await?;
    assert_eq!(keys, 1);
    pool.close().await;
    let visit = Visit::to(&world, &[], &[]).await?;
    assert_eq!(visit.amiss(), [], "{}", visit.all);
    world.close().await
}
