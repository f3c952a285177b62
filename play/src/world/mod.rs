//! A whole Slotyard of one's own: a fresh registry, a network, the sandbox, and the shipped master running.
//!
//! Worlds share the private Postgres, Redis and Docker, where roles, users and containers are global; so each world
//! numbers its tenants from a random start and marks what it makes with its own instance id.

mod master;
mod stage;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use bollard::Docker;
use sandbox::wire::{BotAccount, NewPerson, Person};
use sqlx::{PgPool, Row};

pub use self::{
    master::{Master, Role},
    stage::Stage,
};
use crate::{
    database::{FreshDatabase, on_a_thread_of_its_own, random_name},
    docker, env,
    people::Someone,
    redis,
    stack::Stack,
    until,
};

/// The shop's name at YooKassa.
pub const SHOP_ID: &str = "100500";
/// The shop's key at YooKassa.
pub const SHOP_KEY: &str = "test_shop_key_of_the_play";
/// What the master's sealing key is made from.
pub const MASTER_KEY: &str = "correct horse battery staple of the play";

/// How a world differs from the usual one.
#[derive(Debug, Default)]
pub struct Shape {
    /// Number of the first tenant; at random when absent.
    pub first_tenant: Option<u32>,
    /// Settings of the master besides the usual ones.
    pub settings: Vec<(String, String)>,
    /// The sandbox is a process of its own, which can outlive us.
    pub lasting: bool,
    /// The time is the sandbox's, for the master and the tenants, and can be played.
    pub played_time: bool,
    /// Bots are held to Telegram's flood limits.
    pub flood: bool,
    /// The master is not started: a test of its parts works with them itself.
    pub without_master: bool,
    /// Another Postgres, Redis or engine than the shared ones.
    pub stack: Option<Stack>,
}

/// See the module.
#[derive(Debug)]
pub struct World {
    /// Telegram and YooKassa.
    pub stage: Stage,
    /// The shipped control plane.
    pub master: Master,
    /// The master's bot in Telegram.
    pub bot: BotAccount,
    /// Who owns this Slotyard, and thereby is its first operator.
    pub owner: Person,
    /// The instance id on everything the master makes.
    pub instance: String,
    /// The Docker daemon.
    pub docker: Docker,
    /// The registry's database.
    pub database: FreshDatabase,
    /// What it stands on.
    pub stack: Stack,
    folder: PathBuf,
    closed: bool,
}

impl World {
    /// The usual world.
    ///
    /// # Errors
    /// When the stage is not set or a part of it does not start.
    pub async fn start() -> Result<Self> {
        Self::shaped(Shape::default()).await
    }

    /// A world with differences.
    ///
    /// # Errors
    /// When the stage is not set or a part of it does not start.
    pub async fn shaped(shape: Shape) -> Result<Self> {
        let name = random_name();
        let folder = env::run_dir().unwrap_or_else(std::env::temp_dir).join(format!("world-{name}"));
        std::fs::create_dir_all(&folder)?;
        let stack = shape.stack.map_or_else(Stack::shared, Ok)?;
        let database = FreshDatabase::named_on(format!("world_{name}"), stack.pg_admin_url.clone());
        let role = format!("master_{name}");
        database.owns_role(&role);
        database.owns_role(&format!("{role}_tenants"));

        let mut settings = BTreeMap::from([
            ("DATABASE_URL".to_owned(), database.url_of(&role, &random_name())),
            ("ADMIN_DATABASE_URL".to_owned(), stack.pg_admin_url.clone()),
        ]);
        let migrating = Master::new(settings.clone(), folder.clone());
        migrating.cli(&["migrate"]).await?;
        let pool = database.admin_pool().await?;
        let instance: String =
            sqlx::query_scalar("select value from settings where key = 'instance_id'").fetch_one(&pool).await?;
        docker::remember_instance(&instance)?;
        let first = shape.first_tenant.unwrap_or_else(|| rand::random_range(10_000..1_000_000_000));
        sqlx::query("select setval('tenant_number', $1, false)").bind(i64::from(first)).execute(&pool).await?;
        pool.close().await;

        let docker = docker::connect_to(&stack.docker_host)?;
        let gateway = match stack.ours_for_containers {
            Some(ours) => ours,
            None => docker::create_network(&docker, &instance).await?,
        };
        let stage = Stage::start(gateway, &folder, shape.lasting).await?;
        stage.sim.flood(shape.flood).await?;
        let owner = stage.sim.person("Ольга").await?;
        let bot = stage.sim.create_bot("Слотъярд", "slotyard_bot", true).await?;

        let socket = |dir: PathBuf, inside: &str| format!("{}:{inside}", dir.display());
        let mounts = [
            socket(stack.pg_socket_dir.clone(), "/run/slotyard/postgres"),
            socket(stack.redis_socket_dir.clone(), "/run/slotyard/redis"),
        ];
        for (name, value) in [
            ("MASTER_BOT_TOKEN", bot.token.clone()),
            ("OWNER_IDS", owner.id.to_string()),
            ("TELEGRAM_API_URL", stage.telegram_url()),
            ("YOOKASSA_API_URL", stage.yookassa_url()),
            ("YOOKASSA_SHOP_ID", SHOP_ID.into()),
            ("YOOKASSA_SECRET_KEY", SHOP_KEY.into()),
            ("MASTER_KEY", MASTER_KEY.into()),
            ("REDIS_URL", stack.redis_url.clone()),
            ("DOCKER_HOST", stack.docker_host.clone()),
            ("TENANT_IMAGE", stack.tenant_image.clone()),
            ("TENANT_DATABASE_URL", format!("postgres://localhost/{}?host=/run/slotyard/postgres", database.name())),
            ("TENANT_REDIS_URL", "unix:///run/slotyard/redis/redis.sock".into()),
            ("TENANT_TELEGRAM_API_URL", stage.telegram_url_for_containers()),
            ("TENANT_MOUNTS", mounts.join(",")),
            // How full this machine is, is no part of the play.
            ("ALERT_DISK_PERCENT", "0".into()),
            ("ALERT_MEMORY_PERCENT", "0".into()),
            ("LOG_FORMAT", "pretty".into()),
            ("RUST_LOG", "info".into()),
            // The people of a play are quicker than people.
            ("TENANT_USER_LIMITS", "off".into()),
        ] {
            settings.insert(name.into(), value);
        }
        if shape.played_time {
            settings.insert("CLOCK_URL".into(), format!("{}/clock", stage.telegram_url()));
            let clock = format!("{}/clock", stage.telegram_url_for_containers());
            settings.insert("TENANT_CLOCK_URL".into(), clock);
        }
        settings.remove("ADMIN_DATABASE_URL");
        settings.extend(shape.settings);
        let master = Master::new(settings, folder.clone());
        let mut world = Self { stage, master, bot, owner, instance, docker, database, stack, folder, closed: false };
        if !shape.without_master {
            world.start_master().await?;
        }
        Ok(world)
    }

    /// Starts the master and points YooKassa's notifications at it.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_master(&mut self) -> Result<()> {
        self.master.start().await?;
        self.stage.sim.notify_at(&self.master.notifications_url()?).await?;
        Ok(())
    }

    /// A new person, about to talk to the master's bot.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn someone(&self, first_name: &str) -> Result<Someone> {
        let person = self.stage.sim.person(first_name).await?;
        Ok(self.as_person(person, &self.bot.bot.username))
    }

    /// The same, with a Telegram in this language (`ru`, `en`).
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn someone_speaking(&self, first_name: &str, language: &str) -> Result<Someone> {
        let (first_name, language_code) = (first_name.to_owned(), Some(language.to_owned()));
        let new = NewPerson { first_name, language_code, ..NewPerson::default() };
        Ok(self.as_person(self.stage.sim.create_person(&new).await?, &self.bot.bot.username))
    }

    /// That person in the chat with that bot.
    pub fn as_person(&self, person: Person, bot: &str) -> Someone {
        Someone::new(self.stage.sim.clone(), person, bot)
    }

    /// The owner, in the chat with the master's bot.
    pub fn operator(&self) -> Someone {
        self.as_person(self.owner.clone(), &self.bot.bot.username)
    }

    /// A pool of superuser's connections to the registry.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn registry(&self) -> Result<PgPool> {
        self.database.admin_pool().await
    }

    /// Every tenant's slug, in the order they were sold, and whether it is removed.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn tenants(&self) -> Result<Vec<(String, bool)>> {
        let pool = self.registry().await?;
        let rows = sqlx::query("select slug, removed_at is not null from tenants order by id").fetch_all(&pool).await?;
        pool.close().await;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// The slug of the tenant that runs this bot.
    ///
    /// # Errors
    /// When there is none after 30 s.
    pub async fn tenant_of(&self, bot: &str) -> Result<String> {
        let pool = self.registry().await?;
        let slug = until(Duration::from_secs(30), "the registry has the tenant", async || {
            let slug = sqlx::query_scalar(
                "select slug from tenants join bots using (bot_id) where username = $1 and removed_at is null",
            );
            Ok(slug.bind(bot).fetch_optional(&pool).await?)
        })
        .await;
        pool.close().await;
        slug
    }

    /// What of a tenant is still there: its container, schema, role, Redis user and keys, by name.
    ///
    /// # Errors
    /// When one of the three cannot be asked.
    pub async fn traces_of(&self, slug: &str) -> Result<Vec<String>> {
        let mut traces = Vec::new();
        if docker::inspect(&self.docker, slug).await?.is_some() {
            traces.push(format!("container {slug}"));
        }
        let pool = self.registry().await?;
        for (what, sql) in [
            ("schema", "select count(*) from pg_namespace where nspname = $1"),
            ("role", "select count(*) from pg_roles where rolname = $1"),
        ] {
            let there: i64 = sqlx::query_scalar(sql).bind(slug).fetch_one(&pool).await?;
            if there > 0 {
                traces.push(format!("{what} {slug}"));
            }
        }
        pool.close().await;
        if self.redis_users().await?.iter().any(|user| user == slug) {
            traces.push(format!("Redis user {slug}"));
        }
        traces.extend(redis::keys(&format!("{slug}:")).await?.into_iter().map(|key| format!("Redis key {key}")));
        Ok(traces)
    }

    /// Names of all users of the world's Redis.
    ///
    /// # Errors
    /// When Redis refuses.
    pub async fn redis_users(&self) -> Result<Vec<String>> {
        let mut connection = redis::admin_at(&self.stack.redis_url).await?;
        Ok(::redis::cmd("ACL").arg("USERS").query_async(&mut connection).await?)
    }

    /// The end: the master must stop when asked, and the sandbox must have seen nothing that the real servers refuse.
    ///
    /// # Errors
    /// When either is not so, or something cannot be removed.
    pub async fn close(mut self) -> Result<()> {
        if self.master.pid().is_some() {
            self.master.stop().await?;
        }
        let clean = self.stage.sim.assert_clean().await;
        self.closed = true;
        sweep(self.docker.clone(), self.instance.clone(), self.shared_users(self.slugs().await?)).await?;
        let _ = std::fs::remove_dir_all(&self.folder);
        clean.context("the sandbox has seen requests that the real servers refuse")
    }

    /// Leaves everything as it is, for people to go on with; returns the process ids that stay.
    ///
    /// # Errors
    /// When a process has ended.
    pub fn keep(mut self) -> Result<Vec<u32>> {
        let pids: Vec<u32> = [self.master.let_go(), self.stage.let_go()].into_iter().flatten().collect();
        ensure!(pids.len() == 2, "the master or the sandbox has ended");
        // Its end is the end of the run.
        std::mem::forget(self);
        Ok(pids)
    }

    /// Those of the tenants who have left something in the Redis that all worlds share.
    fn shared_users(&self, slugs: Vec<String>) -> Vec<String> {
        if env::redis_url().is_ok_and(|shared| shared == self.stack.redis_url) { slugs } else { Vec::new() }
    }

    async fn slugs(&self) -> Result<Vec<String>> {
        let slugs: Vec<String> = self.tenants().await?.into_iter().map(|(slug, _)| slug).collect();
        slugs.iter().for_each(|slug| self.database.owns_role(slug));
        Ok(slugs)
    }
}

/// A test that fails must leave nothing behind either, and say what the master said.
impl Drop for World {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        if std::thread::panicking() || std::env::var_os("SLOTYARD_SHOW_LOGS").is_some() {
            eprintln!("── the master wrote ──\n{}", self.master.output());
        }
        self.master.abandon();
        let (docker, instance, admin_url) = (self.docker.clone(), self.instance.clone(), self.database.admin_url());
        let shared = !self.shared_users(vec![String::new()]).is_empty();
        let swept = on_a_thread_of_its_own(async move {
            let mut connection = crate::database::connect(&admin_url).await?;
            let slugs: Vec<String> = sqlx::query_scalar("select slug from tenants").fetch_all(&mut connection).await?;
            sweep(docker, instance, if shared { slugs.clone() } else { Vec::new() }).await?;
            Ok(slugs)
        });
        match swept {
            Ok(slugs) => slugs.iter().for_each(|slug| self.database.owns_role(slug)),
            Err(error) => eprintln!("world {} was not swept: {error:#}", self.instance),
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Removes what the instance has made outside its database.
async fn sweep(docker: Docker, instance: String, slugs: Vec<String>) -> Result<()> {
    docker::remove_instance(&docker, &instance).await?;
    for slug in slugs {
        redis::forget(&slug).await?;
    }
    Ok(())
}
