//! Whoever looks over a person's shoulder: before each press a stranger sends the same bytes, and after it the person
//! taps once more. The first must change nothing of anybody else's, the second no money; both must get an answer.

use anyhow::{Context, Result, ensure};
use sandbox::{client::Sim, wire::Person};
use sqlx::PgPool;

use crate::{people::Someone, world::World};

/// See the module.
#[derive(Clone, Debug)]
pub struct Meddler {
    stranger: Box<Someone>,
    /// A message in the stranger's own chat, to forge presses on.
    message_id: i32,
    registry: PgPool,
}

/// What is wanted, owed and allowed. What only the program itself goes on with (facts, attempts) is left out.
const WANTED: [&str; 4] = [
    "select id, slug, hold_reason, removal_wanted_at, generation, restart_generation from tenants",
    "select id, client_id, state, plan, price_kopecks, business_name, kind, zone, contact, bot_id, terms_version from orders
      where client_id not in (select id from clients where telegram_id = $1)",
    "select id, language from clients where telegram_id <> $1",
    "select bot_id, client_id, token_sealed from bots",
];
const MONEY: [&str; 3] = [
    "select id, order_id, amount_kopecks from payments",
    "select id, payment_id, kind, amount_kopecks from ledger",
    "select tenant_id, paid_until from subscriptions",
];
/// Who may do what, and what is sold by hand: whole.
const TABLES: [&str; 2] = ["operators", "hand_sales"];

impl Meddler {
    /// A stranger to this world, who has opened the master's bot.
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn in_world(world: &World) -> Result<Self> {
        let stranger = world.someone("Злодей").await?;
        let message_id = stranger.start("").await?.id;
        Ok(Self { stranger: Box::new(stranger), message_id, registry: world.registry().await? })
    }

    /// The stranger sends what the button carries, before the person does.
    pub(crate) async fn before(&self, data: &str) -> Result<()> {
        let fate = self.fate(true).await?;
        let stranger = &self.stranger;
        self.send(&stranger.sim, &stranger.person, &stranger.bot, self.message_id, data).await?;
        ensure!(self.fate(true).await? == fate, "a stranger's press of {data} has changed something");
        Ok(())
    }

    /// The person taps once more on what was just pressed.
    pub(crate) async fn after(&self, someone: &Someone, message_id: i32, data: &str) -> Result<()> {
        let fate = self.fate(false).await?;
        self.send(&someone.sim, &someone.person, &someone.bot, message_id, data).await?;
        ensure!(self.fate(false).await? == fate, "a second tap on {data} has moved money");
        Ok(())
    }

    async fn send(&self, sim: &Sim, person: &Person, bot: &str, message_id: i32, data: &str) -> Result<()> {
        let act = sim.forge_press(person.id, bot, message_id, data).await?;
        let (note, _) = sim.wait_answer(&act).await.with_context(|| format!("{data} got no answer"))?;
        let note = note.unwrap_or_default();
        ensure!(!note.contains("сломалось") && !note.contains("broke"), "{data}: {note}");
        Ok(sim.wait_confirmed(&act).await?)
    }

    async fn fate(&self, all: bool) -> Result<String> {
        let mut queries: Vec<String> = MONEY.map(String::from).into();
        if all {
            queries.extend(WANTED.map(String::from));
        }
        for table in TABLES {
            let there: bool =
                sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(&self.registry).await?;
            queries.extend((all && there).then(|| format!("select * from {table}")));
        }
        let mut fate = String::new();
        for query in queries {
            let sql = format!("select coalesce(string_agg(t::text, e'\\n' order by t::text), '') from ({query}) t");
            // A query without the stranger in it takes no parameter.
            let asked = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql));
            let asked = if query.contains("$1") { asked.bind(self.stranger.person.id) } else { asked };
            fate.push_str(&asked.fetch_one(&self.registry).await?);
            fate.push('\n');
        }
        Ok(fate)
    }
}
