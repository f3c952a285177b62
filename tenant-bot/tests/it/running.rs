//! The bot running inside the test: a real schema, a real Redis user, the sandbox for Telegram.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use play::{
    database::{Business, TenantSchema},
    people::Someone,
    redis::TenantUser,
};
use sandbox::{
    Running, Sandbox, SandboxOptions,
    client::Sim,
    wire::{Act, BotAccount, ChatMessage, NewPerson},
};
use shared::{clock::Clock, settings::Env};
use sqlx::PgPool;
use tenant_bot::{
    app::{self, Unfit},
    config::Config,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Everything around a tenant bot, which may run in the test or as a program of its own.
pub(crate) struct Stage {
    pub(crate) tenant: TenantSchema,
    pub(crate) redis: TenantUser,
    pub(crate) bot: BotAccount,
    pub(crate) sim: Sim,
    pub(crate) owner: Someone,
    /// Whether people may talk no faster than people do.
    limited: bool,
    sandbox: Running,
}

impl Stage {
    pub(crate) async fn set(kind: &str, now: DateTime<Utc>) -> Result<Self> {
        let owner = NewPerson { first_name: "Олег".to_owned(), ..NewPerson::default() };
        Self::owned(kind, now, &owner).await
    }

    /// With an owner like this.
    pub(crate) async fn owned(kind: &str, now: DateTime<Utc>, owner: &NewPerson) -> Result<Self> {
        let sandbox = Sandbox::start(SandboxOptions::default()).await?;
        let sim = sandbox.sim();
        let bot = sim.create_bot("Борода", "boroda_bot", false).await?;
        let owner = sim.create_person(owner).await?;
        let tenant = TenantSchema::create(&Business { kind, owner_id: owner.id, now, ..Business::default() }).await?;
        let redis = TenantUser::create(&tenant.slug).await?;
        let owner = Someone::new(sim.clone(), owner, "boroda_bot");
        Ok(Self { tenant, redis, bot, sim, owner, limited: false, sandbox })
    }

    /// The settings that the master would give.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BOT_TOKEN", self.bot.token.clone()),
            ("CLIENT_ID", self.tenant.slug.clone()),
            ("PG_SCHEMA", self.tenant.slug.clone()),
            ("DATABASE_URL", self.tenant.url.clone()),
            ("REDIS_URL", self.redis.url.clone()),
            ("REDIS_KEY_PREFIX", format!("{}:", self.tenant.slug)),
            ("TELEGRAM_API_URL", self.sandbox.url().to_string()),
            // The people of a play are quicker than people.
            ("USER_LIMITS", if self.limited { "on" } else { "off" }.into()),
        ]
    }

    /// Where Telegram and the clock are stood in for.
    pub(crate) fn telegram_url(&self) -> String {
        self.sandbox.url()
    }

    pub(crate) async fn someone(&self, first_name: &str) -> Result<Someone> {
        Ok(Someone::new(self.sim.clone(), self.sim.person(first_name).await?, "boroda_bot"))
    }

    pub(crate) async fn english(&self, first_name: &str) -> Result<Someone> {
        let new = NewPerson {
            first_name: first_name.to_owned(),
            language_code: Some("en-GB".to_owned()),
            ..NewPerson::default()
        };
        Ok(Someone::new(self.sim.clone(), self.sim.create_person(&new).await?, "boroda_bot"))
    }
}

/// The bot, polling.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    pub(crate) clock: Clock,
    pub(crate) pool: PgPool,
    stop: CancellationToken,
    bot: JoinHandle<Result<(), Unfit>>,
}

impl Play {
    pub(crate) async fn begin(kind: &str, now: DateTime<Utc>) -> Result<Self> {
        Self::on(Stage::set(kind, now).await?, now).await
    }

    /// With the limits that real people meet.
    pub(crate) async fn limited(kind: &str, now: DateTime<Utc>) -> Result<Self> {
        Self::on(Stage { limited: true, ..Stage::set(kind, now).await? }, now).await
    }

    async fn on(stage: Stage, now: DateTime<Utc>) -> Result<Self> {
        let clock = Clock::fixed(now);
        let (stop, bot) = Self::start(&stage, &clock).await?;
        let pool = stage.tenant.admin_pool().await?;
        let play = Self { stage, clock, pool, stop, bot };
        play.setting("setup_step", "done").await?;
        // Telegram lets no bot write first.
        play.stage.owner.start("Здравствуйте, Олег!").await?;
        Ok(play)
    }

    /// A business that was only just bought: nobody has spoken to its bot.
    pub(crate) async fn untouched(kind: &str, now: DateTime<Utc>, owner: &NewPerson) -> Result<Self> {
        let stage = Stage::owned(kind, now, owner).await?;
        let clock = Clock::fixed(now);
        let (stop, bot) = Self::start(&stage, &clock).await?;
        let pool = stage.tenant.admin_pool().await?;
        Ok(Self { stage, clock, pool, stop, bot })
    }

    async fn start(stage: &Stage, clock: &Clock) -> Result<(CancellationToken, JoinHandle<Result<(), Unfit>>)> {
        let (stop, since) = (CancellationToken::new(), stage.sim.now().await?);
        let config = Config::read(Env::from_pairs(stage.settings()))?;
        let bot = tokio::spawn(app::run(config, clock.clone(), stop.clone()));
        stage.sim.wait_polling(&stage.bot.bot.username, since).await.context("the bot does not poll")?;
        Ok((stop, bot))
    }

    /// Somebody begins anew; when this is over, the buttons of before are gone.
    pub(crate) async fn begins(&self, who: &Someone) -> Result<()> {
        let act = self.stage.sim.start(who.person.id, "boroda_bot", None).await?;
        self.stage.sim.wait_reply(&act, "Здравствуйте").await?;
        Ok(self.stage.sim.wait_confirmed(&act).await?)
    }

    /// A customer on the way to a haircut with Artyom on Tuesday, at its times.
    pub(crate) async fn looks(&self, who: &Someone) -> Result<ChatMessage> {
        who.press("📅 Записаться", "Выберите услугу").await?;
        who.press("Мужская стрижка", "К кому вас записать?").await?;
        who.press("Артём", "Когда вам удобно?").await?;
        who.press("24", "вт, 24 ноября. Выберите время").await
    }

    /// A new customer chooses this time and says who they are.
    pub(crate) async fn chooses(&self, who: &Someone, time: &str) -> Result<ChatMessage> {
        who.press(time, "Согласие на обработку").await?;
        who.press("✅ Согласен", "Как вас зовут?").await?;
        who.say("Анна Иванова", "номер телефона").await?;
        who.say("8 916 123-45-67", "Проверьте, всё ли верно").await
    }

    /// A new customer books a haircut with Artyom on Tuesday, typing everything; the owner hears of it.
    pub(crate) async fn books(&self, who: &Someone, time: &str) -> Result<()> {
        who.start("Здравствуйте").await?;
        self.looks(who).await?;
        self.chooses(who, time).await?;
        who.press("✅ Записаться", "Вы записаны!").await?;
        // The letter of this booking, and not of one before.
        self.stage.owner.reads(&format!(", {time}–")).await?;
        Ok(())
    }

    /// Changes a setting of the business.
    pub(crate) async fn setting(&self, key: &str, value: &str) -> Result<()> {
        let sql = "insert into settings (key, value, updated_at) values ($1, $2, $3)
                   on conflict (key) do update set value = excluded.value";
        sqlx::query(sql).bind(key).bind(value).bind(self.clock.now()).execute(&self.pool).await?;
        Ok(())
    }

    /// Does something to the tables behind the bot's back.
    pub(crate) async fn run(&self, sql: &'static str) -> Result<()> {
        sqlx::query(sql).execute(&self.pool).await.with_context(|| sql.to_owned())?;
        Ok(())
    }

    /// Stops the bot as SIGTERM would, and starts another.
    pub(crate) async fn restarted(mut self) -> Result<Self> {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.bot).await.context("the bot did not stop")???;
        (self.stop, self.bot) = Self::start(&self.stage, &self.clock).await?;
        Ok(self)
    }

    /// A press of a button that nobody was shown.
    pub(crate) async fn forge(&self, who: &Someone, data: &str) -> Result<Act> {
        let screen = who.screen().await?;
        Ok(self.stage.sim.forge_press(who.person.id, "boroda_bot", screen.id, data).await?)
    }

    /// The window that a press brings up.
    pub(crate) async fn window(&self, press: &Act) -> Result<Option<String>> {
        Ok(self.stage.sim.wait_answer(press).await?.0)
    }

    pub(crate) async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.pool).await?)
    }

    /// Stops the bot as SIGTERM would, and checks that nothing in the whole play broke Telegram's rules.
    pub(crate) async fn end(self) -> Result<()> {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.bot).await.context("the bot did not stop")???;
        self.stage.sim.assert_clean().await?;
        self.pool.close().await;
        Ok(())
    }
}

/// The texts on the buttons, row by row.
pub(crate) fn buttons(message: &ChatMessage) -> Vec<Vec<&str>> {
    message.buttons.iter().map(|row| row.iter().map(|b| b.text.as_str()).collect()).collect()
}
