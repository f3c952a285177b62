//! A bot, a person who talks to it, and a database with an outbox.

use std::time::Duration;

use anyhow::Result;
use play::database::FreshDatabase;
use sandbox::{
    Running, Sandbox, SandboxOptions,
    client::Sim,
    wire::{BotAccount, Person},
};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    postgres::{self, PoolShape},
    telegram::{Screen, Telegram},
};
use sqlx::PgPool;

pub(crate) struct Room {
    pub(crate) sim: Sim,
    pub(crate) bot: BotAccount,
    pub(crate) person: Person,
    pub(crate) pool: PgPool,
    pub(crate) telegram: Telegram,
    database: FreshDatabase,
    _sandbox: Running,
}

impl Room {
    pub(crate) async fn new() -> Result<Self> {
        let listen = vec!["127.0.0.1:0".parse()?];
        let sandbox = Sandbox::start(SandboxOptions { listen, ..SandboxOptions::default() }).await?;
        let sim = sandbox.sim();
        let bot = sim.create_bot("Усы", "usy_bot", false).await?;
        let person = sim.person("Аня").await?;
        sim.start(person.id, &bot, None).await?;
        let database = FreshDatabase::create().await?;
        let shape = PoolShape { most: 16, idle: Duration::from_secs(10) };
        let pool = postgres::pool(postgres::options(&database.admin_url())?, shape);
        sqlx::raw_sql(include_str!("../../src/outbox/table.sql")).execute(&pool).await?;
        sqlx::raw_sql(include_str!("../../src/outbox/acts.sql")).execute(&pool).await?;
        let telegram = Telegram::new(&SecretString::from(bot.token.clone()), &sandbox.url().parse()?)?;
        Ok(Self { sim, bot, person, pool, telegram, database, _sandbox: sandbox })
    }

    pub(crate) fn outbox(&self, clock: &Clock) -> Outbox {
        Outbox::new(self.pool.clone(), self.telegram.clone(), clock.clone())
    }

    /// The same over few connections, as a tenant's role has.
    pub(crate) fn outbox_over(&self, most: u32, clock: &Clock) -> Result<Outbox> {
        let shape = PoolShape { most, idle: Duration::from_secs(10) };
        let pool = postgres::pool(postgres::options(&self.database.admin_url())?, shape);
        Ok(Outbox::new(pool, self.telegram.clone(), clock.clone()))
    }

    /// Writes a letter to the person.
    pub(crate) async fn enqueue(&self, key: &str, text: &str, clock: &Clock) -> Result<bool> {
        let now = clock.now();
        let letter = Letter { key: key.into(), chat_id: self.person.id, screen: Screen::text(text), due_at: now };
        let mut tx = self.pool.begin().await?;
        let new = Outbox::enqueue(&mut tx, now, &letter).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// What the person has read from the bot.
    pub(crate) async fn read(&self) -> Result<Vec<String>> {
        let chat = self.sim.chat(self.person.id, &self.bot).await?;
        Ok(chat.messages.into_iter().filter(|m| m.from_bot).map(|m| m.text).collect())
    }
}
