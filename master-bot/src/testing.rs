//! What the tests of this program stand on: a registry of their own, and an order in it.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use play::database::{FreshDatabase, random_name};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    postgres::{self, PoolShape},
    seal::{SALT, Sealer},
    settings::Env,
    telegram::incoming::Person,
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    app,
    cli::Role,
    config,
    fleet::steps::Yard,
    registry::{
        BotId,
        bots::{self, Bot},
        clients::{self, Client},
        migrate::{self, Plan},
        orders::{self, Answer, Order},
        sealing_keys::{self, SealingKey},
    },
    sales::{plans::Plans, terms::Terms, watch::Watch},
};

/// A migrated registry that goes away with this value.
pub(crate) struct Registry {
    pub(crate) pool: PgPool,
    _database: FreshDatabase,
}

impl Registry {
    /// With a row for key 1, which tests seal with that make a sealer of their own.
    pub(crate) async fn fresh() -> Result<Self> {
        let registry = Self::without_keys().await?;
        let key = SealingKey { key_id: 1, salt: vec![0; SALT], proof: Vec::new(), created_at: DateTime::UNIX_EPOCH };
        sealing_keys::register(&registry.pool, &key).await?;
        Ok(registry)
    }

    /// In which nothing was ever sealed.
    pub(crate) async fn without_keys() -> Result<Self> {
        let name = random_name();
        let database = FreshDatabase::named(format!("registry_{name}"))?;
        let role = format!("master_{name}");
        database.owns_role(&role);
        database.owns_role(&format!("{role}_tenants"));
        let master = postgres::options(&database.url_of(&role, "pw"))?;
        let admin = postgres::options(&play::env::pg_admin_url()?)?;
        migrate::prepare(&Plan { admin, master: master.clone(), password: Some("pw".into()) }).await?;
        let pool = postgres::pool(master, PoolShape { most: 24, idle: std::time::Duration::from_secs(60) });
        Ok(Self { pool, _database: database })
    }
}

/// Everything of a master in our hands, both halves.
pub(crate) struct Parts {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) yard: Arc<Yard>,
    pub(crate) watch: Watch,
}

impl Parts {
    /// Wired by the program's own wiring, and not running.
    pub(crate) async fn wired(settings: BTreeMap<String, String>) -> Result<Self> {
        let config = config::Serve::read(Env::from_pairs(settings), Role::All)?;
        let parts = app::assemble(&config, &CancellationToken::new()).await?.context("no parts")?;
        let front = parts.front.context("no front")?;
        Ok(Self {
            pool: parts.common.pool,
            clock: parts.common.clock,
            yard: parts.yard.context("no yard")?,
            watch: front.watch,
        })
    }
}

/// A buyer by the name of Вера.
pub(crate) async fn client(pool: &PgPool, telegram_id: i64, now: DateTime<Utc>) -> Result<Client> {
    let person = Person {
        id: telegram_id,
        first_name: "Вера".into(),
        last_name: None,
        username: Some("vera".into()),
        language_code: Some("ru".into()),
    };
    Ok(clients::meet(pool, &person, now).await?)
}

/// An order for the first plan in which every question is answered and the terms are accepted.
pub(crate) async fn complete_order(
    pool: &PgPool,
    sealer: &Sealer,
    client: &Client,
    (bot, token): (BotId, &str),
    now: DateTime<Utc>,
) -> Result<Order> {
    let sealed = sealer.seal(&bots::seal_row(bot), &SecretString::from(token.to_owned()))?;
    let username = format!("usy_{bot}_bot");
    let row = Bot { bot_id: bot, client_id: client.id, username, managed: true, token_sealed: Some(sealed) };
    bots::keep(pool, &row, now).await?;
    let plans = Plans::embedded()?;
    let plan = &plans.all()[0];
    let order = orders::open(pool, client.id, &plan.code, plan.price(), plan.days, now).await?.context("no order")?;
    for answer in [
        Answer::BusinessName("Усы"),
        Answer::Kind("barbershop"),
        Answer::Zone("Europe/Moscow"),
        Answer::Contact("+79123456789"),
        Answer::Bot(bot),
    ] {
        orders::answer(pool, order.id, &answer, None, now).await?;
    }
    orders::accept_terms(pool, order.id, &Terms::default().version, (None, None), now).await?;
    orders::open_of(pool, client.id).await?.context("no order")
}
