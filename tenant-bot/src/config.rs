//! Settings: what the master gives to the container.

use secrecy::{ExposeSecret, SecretString};
use shared::{
    clock,
    settings::{self, Env, SettingsError, Switch},
    slug::Slug,
    telemetry::LogFormat,
};
use sqlx::postgres::PgConnectOptions;

/// Everything that the bot must be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bot's token.
    pub token: SecretString,
    /// Whose bot it is.
    pub tenant: Slug,
    /// The schema that the role's `search_path` must lead to.
    pub schema: String,
    /// The tenant's own role and database.
    pub database: Database,
    /// The tenant's own Redis user.
    pub redis_url: SecretString,
    /// What every Redis key begins with.
    pub redis_prefix: String,
    /// Telegram's server, or the sandbox.
    pub telegram_api_url: url::Url,
    /// The sandbox's clock, where the time is played.
    pub clock_url: Option<url::Url>,
    /// Whether it is limited how fast one person may talk to the bot.
    pub user_limits: bool,
    /// How a log line looks.
    pub log_format: LogFormat,
}

/// An address of Postgres, with a password in it: never printed.
#[derive(Clone)]
pub struct Database(pub PgConnectOptions);

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database(hidden)")
    }
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// All that is wrong with them, together.
    pub fn read(mut env: Env) -> Result<Self, SettingsError> {
        let token = env.secret("BOT_TOKEN", "the bot's token, from BotFather or the master");
        let tenant: Option<Slug> = env.required("CLIENT_ID", "the tenant's name, like client_001");
        let schema: Option<String> = env.required("PG_SCHEMA", "the tenant's schema, the same as CLIENT_ID");
        let url = env.secret("DATABASE_URL", "postgres://<tenant>:<password>@<host>/<database>");
        let redis_url =
            env.secret("REDIS_URL", "redis://<tenant>:<password>@<host>, or unix:///<socket>?user=…&pass=…");
        let redis_prefix: Option<String> = env.required("REDIS_KEY_PREFIX", "CLIENT_ID with a colon, like client_001:");
        let telegram_api_url = env.required("TELEGRAM_API_URL", "https://api.telegram.org/");
        let clock_url = clock::setting(&mut env, "CLOCK_URL", &telegram_api_url);
        let user_limits = settings::user_limits(&mut env, "USER_LIMITS", &telegram_api_url) != Some(Switch::Off);
        let log_format = env.or("LOG_FORMAT", LogFormat::default(), "pretty or json");

        let database = url.and_then(|url| {
            // The reason may quote the address, and the address holds the password.
            let read = shared::postgres::options(url.expose_secret()).ok();
            if read.is_none() {
                env.fault(
                    "DATABASE_URL is not an address of Postgres: postgres://<tenant>:<password>@<host>/<database>",
                );
            }
            read
        });
        if let Some(tenant) = &tenant {
            if schema.as_ref().is_some_and(|s| s != tenant.as_str()) {
                env.fault(format!("PG_SCHEMA must be {tenant}, as CLIENT_ID is"));
            }
            if redis_prefix.as_ref().is_some_and(|p| *p != tenant.redis_prefix()) {
                env.fault(format!("REDIS_KEY_PREFIX must be {}, by CLIENT_ID", tenant.redis_prefix()));
            }
        }
        let read = (token, tenant, schema, database, redis_url, redis_prefix, telegram_api_url);
        env.check()?;
        let (
            Some(token),
            Some(tenant),
            Some(schema),
            Some(database),
            Some(redis_url),
            Some(redis_prefix),
            Some(telegram_api_url),
        ) = read
        else {
            return Err(SettingsError(vec!["a setting is missing".to_owned()]));
        };
        let database = Database(database.application_name(tenant.as_str()));
        Ok(Self {
            token,
            tenant,
            schema,
            database,
            redis_url,
            redis_prefix,
            telegram_api_url,
            clock_url,
            user_limits,
            log_format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 7] = [
        ("BOT_TOKEN", "1:sesame"),
        ("CLIENT_ID", "client_001"),
        ("PG_SCHEMA", "client_001"),
        ("DATABASE_URL", "postgres://client_001:sesame@localhost/slotyard?host=/run/pg"),
        ("REDIS_URL", "unix:///run/redis/redis.sock?user=client_001&pass=sesame"),
        ("REDIS_KEY_PREFIX", "client_001:"),
        ("TELEGRAM_API_URL", "http://172.18.0.1:8081/"),
    ];

    #[test]
    fn good_settings_are_read_and_their_secrets_are_not_printed() {
        let config = Config::read(Env::from_pairs(GOOD)).unwrap();
        assert_eq!(config.tenant.as_str(), "client_001");
        assert!(config.user_limits, "on unless it is switched off");
        assert!(!format!("{config:?}").contains("sesame"), "{config:?}");
    }

    #[test]
    fn nobody_is_to_talk_a_real_bot_to_death() {
        let off = |server| {
            let settings = GOOD.iter().copied().filter(|(name, _)| *name != "TELEGRAM_API_URL");
            Config::read(Env::from_pairs(settings.chain([("USER_LIMITS", "off"), ("TELEGRAM_API_URL", server)])))
        };
        assert!(!off("http://172.18.0.1:8081/").unwrap().user_limits);
        assert!(off("https://api.telegram.org/").unwrap_err().to_string().contains("USER_LIMITS"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let told = Config::read(Env::from_pairs([
            ("CLIENT_ID", "client_001"),
            ("PG_SCHEMA", "client_002"),
            ("REDIS_KEY_PREFIX", "client_001"),
            ("DATABASE_URL", "sesame"),
            ("TELEGRAM_API_URL", "nowhere"),
        ]));
        let told = told.unwrap_err().to_string();
        for name in ["BOT_TOKEN", "PG_SCHEMA", "DATABASE_URL", "REDIS_URL", "REDIS_KEY_PREFIX", "TELEGRAM_API_URL"] {
            assert!(told.contains(name), "{name} in {told}");
        }
        assert!(!told.contains("sesame"), "{told}");
    }
}
