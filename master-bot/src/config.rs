//! Settings. Names and meaning: `docs/ENVIRONMENT.md`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use anyhow::{Context, Result};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use shared::{
    clock,
    settings::{self, Env, Switch},
    telemetry::LogFormat,
};
use url::Url;

mod shop;

pub(crate) use self::shop::{Shop, Support, Username};
use crate::{cli::Role, watchtower::Least};

/// A folder with sockets that every tenant sees, read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// A folder of the host, or a volume of the engine: Compose keeps sockets in volumes.
    pub(crate) host: String,
    pub(crate) inside: String,
}

impl Mount {
    /// The engine keeps it, under this name; otherwise it is a folder of the host.
    pub(crate) fn volume(&self) -> Option<&str> {
        (!self.host.starts_with('/')).then_some(&self.host)
    }
}

/// What Docker takes for the name of a volume. Anything else it would take for a folder, or refuse.
fn is_volume_name(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

impl FromStr for Mount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((host, inside))
                if (host.starts_with('/') || is_volume_name(host))
                    && inside.starts_with('/')
                    && !inside.contains(':') =>
            {
                Ok(Self { host: host.to_owned(), inside: inside.to_owned() })
            }
            _ => Err("it looks like /host/folder:/folder/inside or volume:/folder/inside"),
        }
    }
}

/// What every command needs: the registry and the log.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) database_url: SecretString,
    pub(crate) log_format: LogFormat,
    /// The sandbox's clock, where the time is played.
    pub(crate) clock_url: Option<Url>,
}

/// What tenants are given, and where they run.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) docker_host: Option<String>,
    pub(crate) image: String,
    /// Without credentials: each tenant gets its own.
    pub(crate) tenant_database_url: Url,
    pub(crate) tenant_redis_url: Url,
    pub(crate) tenant_telegram_url: Url,
    pub(crate) tenant_clock_url: Option<Url>,
    /// Whether tenants limit how fast one person may talk to them; none: as they do by themselves.
    pub(crate) tenant_user_limits: Option<Switch>,
    pub(crate) mounts: Vec<Mount>,
    /// Days for which a removed tenant's data is kept; 0: not at all.
    pub(crate) removed_kept_days: u16,
}

/// What only the front needs: money, HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) yookassa_api_url: Url,
    pub(crate) yookassa_shop_id: String,
    pub(crate) yookassa_secret_key: SecretString,
    /// Where notifications may come from; empty: from anywhere.
    pub(crate) yookassa_senders: Vec<IpNet>,
    /// Reverse proxies of ours: only what they say of a sender's address is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) public_url: Option<Url>,
    pub(crate) listen_addr: SocketAddr,
    pub(crate) listen_addr_file: Option<PathBuf>,
    pub(crate) shop: Shop,
}

/// What secrets are sealed with.
#[derive(Clone, Debug)]
pub(crate) struct MasterKeys {
    pub(crate) current: SecretString,
    /// The one before, while the key is being changed.
    pub(crate) old: Option<SecretString>,
}

/// Everything that `serve` needs in its role.
#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) base: Base,
    pub(crate) bot_token: SecretString,
    pub(crate) owner_ids: Vec<i64>,
    pub(crate) operator_chat_id: Option<i64>,
    pub(crate) telegram_api_url: Url,
    pub(crate) least: Least,
    pub(crate) keys: MasterKeys,
    pub(crate) redis_url: SecretString,
    /// None: not this process's part.
    pub(crate) front: Option<Front>,
    /// None: not this process's part.
    pub(crate) fleet: Option<Fleet>,
}

/// What `migrate` needs.
#[derive(Debug)]
pub(crate) struct Migrate {
    pub(crate) base: Base,
    pub(crate) admin_database_url: SecretString,
}

const DATABASE_HINT: &str = "the registry, postgres://slotyard:…@host/slotyard (or ?host=/socket/folder)";

pub(crate) fn base(env: &mut Env) -> Option<Base> {
    let log_format = env.or("LOG_FORMAT", LogFormat::Pretty, "pretty or json");
    let database_url = env.secret("DATABASE_URL", DATABASE_HINT)?;
    // Of an address of another kind its parser takes what it knows, and waits for a Postgres that is not there.
    let known =
        Url::parse(database_url.expose_secret()).is_ok_and(|u| ["postgres", "postgresql"].contains(&u.scheme()));
    if !known {
        env.fault(format!("DATABASE_URL is no Postgres address: {DATABASE_HINT}"));
    }
    Some(Base { database_url, log_format, clock_url: clock_url(env) })
}

/// Refused beside Telegram or YooKassa themselves, also where the one or the other is not this command's business.
fn clock_url(env: &mut Env) -> Option<Url> {
    let asked_for: Option<String> = env.optional("CLOCK_URL", "");
    asked_for.as_ref()?;
    let telegram = env.or("TELEGRAM_API_URL", parse("https://api.telegram.org/").ok()?, "the Bot API server");
    let yookassa: Option<Url> = env.optional("YOOKASSA_API_URL", "YooKassa's API");
    clock::setting(env, "CLOCK_URL", [Some(telegram), yookassa].iter().flatten())
}

pub(crate) fn bot_token(env: &mut Env) -> Option<SecretString> {
    env.secret("MASTER_BOT_TOKEN", "the master bot's token from @BotFather")
}

pub(crate) fn telegram_api_url(env: &mut Env) -> Result<Url> {
    Ok(env.or("TELEGRAM_API_URL", parse("https://api.telegram.org/")?, "the Bot API server"))
}

pub(crate) fn master_keys(env: &mut Env) -> Option<MasterKeys> {
    let current = env.secret("MASTER_KEY", "what all secrets are sealed with: `openssl rand -hex 32`, keep a copy");
    if current.as_ref().is_some_and(|k| k.expose_secret().len() < 32) {
        env.fault("MASTER_KEY is too short: at least 32 characters, `openssl rand -hex 32` makes one");
    }
    // However short: it was good enough once.
    let old = env.optional_secret("MASTER_KEY_OLD");
    Some(MasterKeys { current: current?, old })
}

/// A secret is text to `Env`; a malformed address must not be told with its password.
fn public_part(url: Option<&SecretString>) -> Option<Url> {
    let mut url = Url::parse(url?.expose_secret()).ok()?;
    let _ = url.set_password(None);
    let _ = url.set_username("");
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(k, _)| !["user", "pass", "password"].contains(&k.as_ref()))
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    Some(url)
}

impl Serve {
    /// # Errors
    /// All faults of the settings together.
    pub(crate) fn read(mut env: Env, role: Role) -> Result<Self> {
        let base = base(&mut env);
        let bot_token = bot_token(&mut env);
        let owner_ids: Vec<i64> = env.list("OWNER_IDS", "Telegram ids of the owners, comma-separated");
        if owner_ids.is_empty() {
            env.fault("OWNER_IDS is missing: Telegram ids of the owners, comma-separated (ask @userinfobot for yours)");
        }
        let operator_chat_id = env.optional("OPERATOR_CHAT_ID", "the chat that alerts go to, a number");
        let telegram_api_url = telegram_api_url(&mut env)?;
        let keys = master_keys(&mut env);
        let least = Least {
            disk: percent(&mut env, "ALERT_DISK_PERCENT", "alert when less of a disk is free; 0: never"),
            memory: percent(&mut env, "ALERT_MEMORY_PERCENT", "alert when less memory is available; 0: never"),
        };
        let redis_url = env.secret("REDIS_URL", "Redis, as a user who may manage ACLs");
        understood(&mut env, redis_url.as_ref());
        let front = if role.is_front() { front(&mut env)? } else { None };
        let fleet = role.is_fleet().then(|| fleet(&mut env, base.as_ref(), redis_url.as_ref(), &telegram_api_url));
        env.check()?;
        let missing = "settings were checked but one is missing";
        Ok(Self {
            base: base.context(missing)?,
            bot_token: bot_token.context(missing)?,
            owner_ids,
            operator_chat_id,
            telegram_api_url,
            least,
            keys: keys.context(missing)?,
            redis_url: redis_url.context(missing)?,
            front,
            fleet: fleet.map(|f| f.context(missing)).transpose()?,
        })
    }
}

/// Networks, `185.71.76.0/27`, or single addresses.
fn networks(env: &mut Env, name: &str, hint: &str) -> Vec<IpNet> {
    let told: Vec<String> = env.list(name, hint);
    let mut networks = Vec::new();
    for text in told {
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => env.fault(format!("{name}: «{text}» is not understood: {hint}")),
        }
    }
    networks
}

fn senders(env: &mut Env) -> Vec<IpNet> {
    networks(env, "YOOKASSA_SENDERS", "networks that YooKassa's notifications come from, such as 185.71.76.0/27")
}

fn percent(env: &mut Env, name: &str, hint: &str) -> u8 {
    let percent = env.or(name, 10, hint);
    if percent > 100 {
        env.fault(format!("{name} is not understood (more than 100): {hint}"));
    }
    percent
}

pub(crate) fn front(env: &mut Env) -> Result<Option<Front>> {
    let yookassa_api_url = env.or("YOOKASSA_API_URL", parse("https://api.yookassa.ru/v3")?, "YooKassa's API");
    let shop = env.required::<String>("YOOKASSA_SHOP_ID", "the shop's number from YooKassa's cabinet");
    let key = env.secret("YOOKASSA_SECRET_KEY", "the shop's secret key from YooKassa's cabinet");
    let yookassa_senders = senders(env);
    let proxies = "addresses of our own reverse proxies, such as 10.221.80.2; others' X-Forwarded-For is not believed";
    let trusted_proxies = networks(env, "TRUSTED_PROXIES", proxies);
    let public_url = env.optional("PUBLIC_URL", "where YooKassa reaches us, https://…");
    let listen_addr = env.or("LISTEN_ADDR", SocketAddr::from(([127, 0, 0, 1], 8080)), "address:port to listen on");
    let listen_addr_file = env.optional("LISTEN_ADDR_FILE", "a file to write the listening address to");
    let sells = Shop::read(env);
    // What is missing is told with everything else.
    let (Some(yookassa_shop_id), Some(yookassa_secret_key)) = (shop, key) else { return Ok(None) };
    Ok(Some(Front {
        yookassa_api_url,
        yookassa_shop_id,
        yookassa_secret_key,
        yookassa_senders,
        trusted_proxies,
        public_url,
        listen_addr,
        listen_addr_file,
        shop: sells,
    }))
}

fn kept_days(env: &mut Env) -> u16 {
    let hint = "days for which a removed tenant's data is kept, 0 to 3650; 0: not at all";
    let days = env.or("REMOVED_KEPT_DAYS", 30, hint);
    if days > 3650 {
        env.fault(format!("REMOVED_KEPT_DAYS is not understood (more than ten years): {hint}"));
    }
    days
}

fn understood(env: &mut Env, redis: Option<&SecretString>) {
    if redis.is_some_and(|url| redis::Client::open(url.expose_secret()).is_err()) {
        env.fault("REDIS_URL is no Redis address: redis://user:…@host/ or unix:///socket?user=…&pass=…");
    }
}

fn fleet(env: &mut Env, base: Option<&Base>, redis: Option<&SecretString>, telegram: &Url) -> Option<Fleet> {
    let docker_host = env.optional("DOCKER_HOST", "unix:///run/docker.sock");
    if docker_host.as_ref().is_some_and(|host: &String| !host.starts_with("unix://")) {
        env.fault("DOCKER_HOST must be a unix socket: unix:///run/docker.sock");
    }
    let image = env.required("TENANT_IMAGE", "tag of the tenant bot's image");
    let removed_kept_days = kept_days(env);
    let mounts = env.list("TENANT_MOUNTS", "folders of sockets, /host:/inside or volume:/inside pairs");
    let database = env.optional("TENANT_DATABASE_URL", "Postgres as tenants reach it, without credentials");
    let redis_url = env.optional("TENANT_REDIS_URL", "Redis as tenants reach it, without credentials");
    let telegram_url = env.optional("TENANT_TELEGRAM_API_URL", "the Bot API server as tenants reach it");
    let telegram_url = telegram_url.unwrap_or_else(|| telegram.clone());
    let clock_url = clock::setting(env, "TENANT_CLOCK_URL", [&telegram_url, telegram]);
    let user_limits = settings::user_limits(env, "TENANT_USER_LIMITS", [&telegram_url, telegram]);
    let database = database.or_else(|| public_part(base.map(|b| &b.database_url)));
    let redis_url = redis_url.or_else(|| public_part(redis));
    Some(Fleet {
        docker_host,
        image: image?,
        tenant_database_url: database?,
        tenant_redis_url: redis_url?,
        tenant_telegram_url: telegram_url,
        tenant_user_limits: user_limits,
        tenant_clock_url: clock_url.or_else(|| base.and_then(|b| b.clock_url.clone())),
        mounts,
        removed_kept_days,
    })
}

impl Migrate {
    /// # Errors
    /// All faults of the settings together.
    pub(crate) fn read(mut env: Env) -> Result<Self> {
        let base = base(&mut env);
        let admin = env.secret("ADMIN_DATABASE_URL", "Postgres as its superuser; used by `migrate` only");
        env.check()?;
        let missing = "settings were checked but one is missing";
        Ok(Self { base: base.context(missing)?, admin_database_url: admin.context(missing)? })
    }
}

/// What `keys` needs.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) base: Base,
    pub(crate) keys: MasterKeys,
}

impl Keys {
    /// # Errors
    /// All faults of the settings together.
    pub(crate) fn read(mut env: Env) -> Result<Self> {
        let (base, keys) = (base(&mut env), master_keys(&mut env));
        env.check()?;
        let missing = "settings were checked but one is missing";
        Ok(Self { base: base.context(missing)?, keys: keys.context(missing)? })
    }
}

/// How the master bot reaches Telegram, for commands that speak for it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) bot_token: SecretString,
    pub(crate) telegram_api_url: Url,
}

impl Line {
    /// # Errors
    /// All faults of the settings together.
    pub(crate) fn read(mut env: Env) -> Result<Self> {
        let (bot_token, telegram_api_url) = (bot_token(&mut env), telegram_api_url(&mut env)?);
        env.check()?;
        Ok(Self { bot_token: bot_token.context("settings were checked but one is missing")?, telegram_api_url })
    }
}

impl Base {
    /// # Errors
    /// When `DATABASE_URL` is missing.
    pub(crate) fn read(mut env: Env) -> Result<Self> {
        let base = base(&mut env);
        env.check()?;
        base.context("settings were checked but one is missing")
    }
}

fn parse(url: &str) -> Result<Url> {
    Ok(Url::parse(url)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_an_empty_environment_are_told_together() {
        let told = Serve::read(Env::from_pairs([("OWNER_IDS", "x"), ("MASTER_KEY", "short")]), Role::All)
            .unwrap_err()
            .to_string();
        for name in [
            "DATABASE_URL",
            "MASTER_BOT_TOKEN",
            "OWNER_IDS",
            "YOOKASSA_SHOP_ID",
            "YOOKASSA_SECRET_KEY",
            "MASTER_KEY is too short",
            "REDIS_URL",
            "TENANT_IMAGE",
        ] {
            assert!(told.contains(name), "{name} in {told}");
        }
    }

    #[test]
    fn a_played_time_is_refused_beside_a_real_server() {
        let read = |telegram: &str, yookassa: &str, tenants: &str| {
            let clock = ("CLOCK_URL", "http://127.0.0.1:8081/clock");
            let mut env = Env::from_pairs([
                clock,
                ("DATABASE_URL", "postgres://db/slotyard"),
                ("TELEGRAM_API_URL", telegram),
                ("YOOKASSA_API_URL", yookassa),
                ("TENANT_TELEGRAM_API_URL", tenants),
                ("TENANT_CLOCK_URL", "http://172.18.0.1:8081/clock"),
                ("TENANT_IMAGE", "x"),
            ]);
            let base = base(&mut env);
            let telegram = telegram_api_url(&mut env).unwrap();
            fleet(&mut env, base.as_ref(), None, &telegram);
            env.check().map_err(|told| told.to_string())
        };
        let sandbox = "http://127.0.0.1:8081/";
        read(sandbox, "http://127.0.0.1:8081/yookassa/v3", sandbox).unwrap();
        for (telegram, yookassa, tenants, named) in [
            ("", sandbox, sandbox, "CLOCK_URL is for the sandbox only: with api.telegram.org"),
            (sandbox, "https://api.yookassa.ru/v3", sandbox, "CLOCK_URL is for the sandbox only: with api.yookassa.ru"),
            (sandbox, sandbox, "https://api.telegram.org/", "TENANT_CLOCK_URL is for the sandbox only"),
        ] {
            let told = read(telegram, yookassa, tenants).unwrap_err();
            assert!(told.contains(named), "{told}");
        }
    }

    #[test]
    fn tenants_limits_are_passed_on_where_they_are_set_and_stay_on_beside_the_real_telegram() {
        let read = |limits: &str, tenants: &str| {
            let mut env = Env::from_pairs([
                ("DATABASE_URL", "postgres://db/slotyard"),
                ("TENANT_TELEGRAM_API_URL", tenants),
                ("TENANT_REDIS_URL", "redis://redis/"),
                ("TENANT_IMAGE", "x"),
                ("TENANT_USER_LIMITS", limits),
            ]);
            let base = base(&mut env);
            let master = "http://127.0.0.1:8081/".parse().unwrap();
            let fleet = fleet(&mut env, base.as_ref(), None, &master).map(|fleet| fleet.tenant_user_limits);
            env.check().map(|()| fleet.unwrap()).map_err(|told| told.to_string())
        };
        let sandbox = "http://172.18.0.1:8081/";
        assert_eq!(read("", sandbox), Ok(None), "no container is made anew for it");
        assert_eq!(read("off", sandbox), Ok(Some(Switch::Off)));
        assert_eq!(read("on", "https://api.telegram.org/"), Ok(Some(Switch::On)));
        assert!(read("off", "https://api.telegram.org/").unwrap_err().contains("TENANT_USER_LIMITS=off"));
    }

    #[test]
    fn an_address_that_is_none_is_told_without_its_words() {
        let env = [("DATABASE_URL", "host=db password=s3cret"), ("REDIS_URL", "s3cret"), ("TENANT_IMAGE", "x")];
        let told = Serve::read(Env::from_pairs(env), Role::All).unwrap_err().to_string();
        assert!(
            told.contains("DATABASE_URL is no Postgres address") && told.contains("REDIS_URL is no Redis"),
            "{told}"
        );
        assert!(!told.contains("s3cret"), "{told}");
    }

    #[test]
    fn senders_are_networks_or_addresses_and_thresholds_are_percents() {
        let mut env = Env::from_pairs([("YOOKASSA_SENDERS", "185.71.76.0/27, 77.75.156.11,2a02:5180::/32")]);
        let told: Vec<String> = senders(&mut env).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["185.71.76.0/27", "77.75.156.11/32", "2a02:5180::/32"]);
        env.check().unwrap();
        let pairs = [
            ("YOOKASSA_SENDERS", "yookassa.ru"),
            ("TRUSTED_PROXIES", "caddy"),
            ("ALERT_DISK_PERCENT", "101"),
            ("ALERT_MEMORY_PERCENT", "x"),
        ];
        let told = Serve::read(Env::from_pairs(pairs), Role::All).unwrap_err().to_string();
        for part in ["«yookassa.ru»", "TRUSTED_PROXIES: «caddy»", "ALERT_DISK_PERCENT", "ALERT_MEMORY_PERCENT"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_mount_is_a_folder_or_a_volume_and_never_a_guess() {
        let read = |text: &str| text.parse::<Mount>().map(|m| m.volume().map(str::to_owned));
        assert_eq!(read("/run/postgresql:/run/slotyard/postgres"), Ok(None));
        assert_eq!(read("slotyard_redis_socket:/run/slotyard/redis"), Ok(Some("slotyard_redis_socket".into())));
        for wrong in ["", "/only", "a:/x", "./here:/x", "-v:/x", "v ol:/x", "volume:inside", "volume:/x:rw", ":/x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_tenants_see_falls_back_to_what_the_master_sees_without_its_credentials() {
        let url = SecretString::from("postgres://boss:secret@db/slotyard?host=/run/pg".to_owned());
        assert_eq!(public_part(Some(&url)).unwrap().as_str(), "postgres://db/slotyard?host=%2Frun%2Fpg");
        let redis = SecretString::from("unix:///run/redis.sock?user=default&pass=secret".to_owned());
        assert_eq!(public_part(Some(&redis)).unwrap().as_str(), "unix:///run/redis.sock");
    }
}
