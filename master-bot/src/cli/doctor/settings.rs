//! The settings: all faults together, as `serve` tells them; what is fine is looked at further.

use secrecy::SecretString;
use shared::settings::{Env, SettingsError};
use url::Url;

use super::Check;
use crate::{
    cli::Role,
    config::{self, Base, Front, MasterKeys, Mount, Serve},
};

const NAME: &str = "settings";

/// What could be read; what is missing is told as a fault of the settings, and looked at no further.
pub(super) struct Given {
    pub(super) role: Role,
    pub(super) base: Option<Base>,
    pub(super) bot_token: Option<SecretString>,
    pub(super) telegram_api_url: Option<Url>,
    pub(super) keys: Option<MasterKeys>,
    pub(super) redis_url: Option<SecretString>,
    /// None also where this role has none.
    pub(super) front: Option<Front>,
    pub(super) docker_host: Option<String>,
    pub(super) image: Option<String>,
    pub(super) mounts: Vec<Mount>,
}

impl Given {
    pub(super) fn read(role: Role) -> (Self, Check) {
        // Its faults are those of the reading below.
        let mut env = Env::from_process();
        let given = Self {
            role,
            base: config::base(&mut env),
            bot_token: config::bot_token(&mut env),
            telegram_api_url: config::telegram_api_url(&mut env).ok(),
            keys: config::master_keys(&mut env),
            redis_url: env.optional_secret("REDIS_URL"),
            front: if role.is_front() { config::front(&mut env).ok().flatten() } else { None },
            docker_host: env.optional("DOCKER_HOST", ""),
            image: env.optional("TENANT_IMAGE", ""),
            mounts: env.list("TENANT_MOUNTS", ""),
        };
        (given, faults(role))
    }
}

fn faults(role: Role) -> Check {
    let remedy = "set what is missing or wrong; docs/ENVIRONMENT.md tells each, .env.example has a line for each";
    match Serve::read(Env::from_process(), role) {
        Ok(_) => Check::ok(NAME, "all are there and understood"),
        Err(error) => match error.downcast::<SettingsError>() {
            Ok(SettingsError(faults)) => Check::fail(NAME, faults.join("\n"), remedy),
            Err(error) => Check::fail(NAME, error, remedy),
        },
    }
}
