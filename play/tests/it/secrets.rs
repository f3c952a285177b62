//! A bot's token is in the container's environment, which is what it is for, and nowhere else; so are the passwords
//! that the container has for Postgres and Redis.

use anyhow::{Context, Result};
use play::{docker, env, people::Someone, scenes, until, world::World};
use sandbox::wire::{BotName, Fault, FaultKind, What};
use tokio::process::Command;
use url::Url;

/// Breaks off, or answers with an error although it is done. Errors like to tell the address that they failed at, and
/// Telegram's addresses hold the token.
const AFTER_EFFECT: FaultKind = FaultKind::Status { code: 500, retry_after: None, after_effect: true };
const REFUSED: FaultKind = FaultKind::Status { code: 500, retry_after: None, after_effect: false };

/// Everything in a tenant's container that nobody else may read.
async fn secrets_of(world: &World, slug: &str, token: &str) -> Result<Vec<String>> {
    let container = docker::inspect(&world.docker, slug).await?.context("the container is not there")?;
    let lines = container.config.and_then(|config| config.env).unwrap_or_default();
    let value = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.with_context(|| format!("the container has no {name}"))
    };
    assert_eq!(value("BOT_TOKEN")?, token, "the bot has its token");
    let postgres = Url::parse(value("DATABASE_URL")?)?;
    let redis = Url::parse(value("REDIS_URL")?)?;
    let in_query = redis.query_pairs().find(|(key, _)| key == "pass").map(|(_, pass)| pass.into_owned());
    Ok(vec![
        token.to_owned(),
        // A token without its bot's number is as good.
        token.split_once(':').context("the token has two halves")?.1.to_owned(),
        postgres.password().context("Postgres has no password")?.to_owned(),
        in_query.or_else(|| redis.password().map(str::to_owned)).context("Redis has no password")?,
    ])
}

/// The registry and all tenants' schemas as text.
async fn dump(world: &World) -> Result<String> {
    let dump = Command::new(env::pg_bin_dir()?.join("pg_dump")).arg(world.database.admin_url()).output().await?;
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    Ok(String::from_utf8(dump.stdout)?)
}

/// What the server of this run has written, all databases together.
fn postgres_log() -> Result<String> {
    let run = env::run_dir().context("SLOTYARD_RUN_DIR is not set: run scripts/test")?;
    let bytes = std::fs::read(run.join("pg/postgres.log")).context("Postgres's own log")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Everything that bots have ever said to anybody, and everything that stands in any chat now.
async fn said(world: &World) -> Result<String> {
    let sim = &world.stage.sim;
    let mut said = String::new();
    let mut after = 0;
    loop {
        let page = sim.events(after, std::time::Duration::ZERO).await?;
        let Some(last) = page.events.last() else { break };
        after = last.seq;
        // What a person has typed is that person's own.
        let by_bots = page.events.iter().filter(|event| !matches!(event.what, What::PersonSaid { .. }));
        by_bots.for_each(|event| said += &format!("{:?}\n", event.what));
    }
    let (people, bots) = (sim.people().await?, sim.bots().await?);
    for person in &people {
        for bot in &bots {
            said += &format!("{:?}\n", sim.chat(person.id, bot).await?);
        }
    }
    Ok(said)
}

/// No secret is in any of the places, neither as it is nor as bytes.
fn assert_nowhere(secrets: &[String], places: &[(&str, String)]) {
    let mut found = Vec::new();
    for (place, text) in places {
        assert!(!text.is_empty(), "nothing to look at: {place}");
        for (number, secret) in secrets.iter().enumerate() {
            assert!(secret.len() >= 16, "secret {number} is too short to be looked for");
            if text.contains(secret) || text.contains(&hex::encode(secret)) {
                // The line, but not the secret: this is a log too.
                let line = text.lines().find(|line| line.contains(secret)).unwrap_or_default();
                let line: String = line.replace(secret, "(HERE)").chars().take(400).collect();
                found.push(format!("{place} holds secret {number}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A sign-up with a managed bot, whose token the master gets only at the second try.
async fn sign_up_by_link(world: &World) -> Result<scenes::Unpaid> {
    world.stage.sim.fault(&Fault::telegram("getManagedBotToken", REFUSED)).await?;
    world.stage.sim.fault(&Fault::telegram("getManagedBotToken", FaultKind::Withhold)).await?;
    scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await
}

/// A sign-up with a pasted token; Telegram breaks off while it is looked at, at first.
async fn sign_up_by_token(buyer: &Someone, bot: &BotName, token: &str) -> Result<String> {
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await?;
    buyer.say("Усы", "Чем занимается").await?;
    buyer.press("Барбершоп", "По какому времени").await?;
    buyer.press("Москва", "Шаг 4 из 6").await?;
    buyer.say("buyer@example.ru", "Создадим вашего бота").await?;
    buyer.sim.fault(&Fault::telegram("getMe", FaultKind::Down).of(bot)).await?;
    buyer.say(token, "Пришлите токен ещё раз").await?;
    buyer.sim.fault(&Fault::telegram("getMe", FaultKind::Withhold).of(bot)).await?;
    buyer.say(token, "Пришлите токен ещё раз").await?;
    buyer.say(token, "создан и привязан").await?;
    buyer.reads("Проверьте заказ").await?;
    scenes::accept(buyer).await?;
    buyer.press("Оплатить", "Счёт готов").await?;
    let payments = buyer.sim.payments().await?;
    Ok(payments.last().context("YooKassa knows no payment")?.id.clone())
}

/// The step that failed is recorded, in words.
async fn has_failed_at(world: &World, slug: &str, part: &str) -> Result<()> {
    let pool = world.registry().await?;
    until(world.stage.sim.patience(), &format!("step {part} of {slug} fails"), async || {
        let failed = sqlx::query_scalar::<_, i64>(
            "select count(*) from tenant_events join tenants t on t.id = tenant_id
              where t.slug = $1 and event = 'step_failed' and detail like $2 || ':%'",
        );
        let failed = failed.bind(slug).bind(part).fetch_one(&pool).await?;
        Ok((failed > 0).then_some(()))
    })
    .await?;
    pool.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_passwords_are_in_no_log_no_database_no_chat_and_no_output() -> Result<()> {
    let mut world = World::start().await?;
    let sim = world.stage.sim.clone();
    let unpaid = sign_up_by_link(&world).await?;
    let other = world.someone("Вера").await?;
    let own = sim.create_bot_of(other.person.id, "Усы", "own_usy_bot").await?;
    let payment = sign_up_by_token(&other, &own.bot, &own.token).await?;

    // Telegram fails in every way while the bots are started.
    for bot in [&unpaid.bot, &own.bot] {
        sim.fault(&Fault::telegram("getMe", FaultKind::Down).of(bot)).await?;
        sim.fault(&Fault::telegram("getMe", FaultKind::Withhold).of(bot)).await?;
        sim.fault(&Fault::telegram("getUpdates", FaultKind::Down).of(bot)).await?;
        sim.fault(&Fault::telegram("getUpdates", FaultKind::Withhold).of(bot)).await?;
    }
    sim.fault(&Fault::telegram("sendMessage", AFTER_EFFECT).of(&world.bot)).await?;
    let paid = unpaid.pay().await?;
    sim.pay(&payment).await?;
    let mut secrets = Vec::new();
    let mut slugs = Vec::new();
    for (buyer, bot) in [(&paid.buyer, &paid.bot), (&other, &own.bot)] {
        let slug = world.tenant_of(&bot.username).await?;
        has_failed_at(&world, &slug, "token").await?;
        buyer.reads("Ваш бот работает").await?;
        secrets.extend(secrets_of(&world, &slug, &sim.bot(bot).await?.token).await?);
        slugs.push(slug);
    }
    // The bots meet errors of their own.
    for bot in [&paid.bot, &own.bot] {
        let customer = world.someone("Борис").await?.with(&bot.username);
        sim.fault(&Fault::telegram("sendMessage", FaultKind::Withhold).of(bot)).await?;
        customer.start("Здесь можно записаться").await?;
    }
    assert_eq!(sim.faults().await?, [], "every fault has struck");

    // Operators see and hear of them.
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    let mut places = Vec::new();
    for (slug, bot) in slugs.iter().zip([&paid.bot, &own.bot]) {
        scenes::open_card(&operator, slug).await?;
        scenes::read_logs(&operator).await?;
        scenes::open_card(&operator, slug).await?;
        scenes::restart(&operator, bot).await?;
        places.push(("tenants show", world.master.cli(&["tenants", "show", slug]).await?));
        places.push(("tenants show --json", world.master.cli(&["tenants", "show", slug, "--json"]).await?));
        places.push(("tenants logs", world.master.cli(&["tenants", "logs", slug]).await?));
        places.push(("the tenant's log", docker::logs(&world.docker, slug).await?));
    }
    places.push(("tenants list", world.master.cli(&["tenants", "list", "--json"]).await?));
    places.push(("the chats", said(&world).await?));
    world.master.stop().await?;
    places.push(("the master's output", world.master.output()));
    places.push(("Postgres's log", postgres_log()?));
    places.push(("the database", dump(&world).await?));
    assert!(places.last().is_some_and(|(_, dump)| slugs.iter().all(|slug| dump.contains(slug))), "all are dumped");
    let database = Url::parse(&world.master.settings()["DATABASE_URL"])?;
    let (id, half) = world.bot.token.split_once(':').context("the token has two halves")?;
    assert_eq!(id, world.bot.bot.id.to_string());
    secrets.extend([half, play::world::MASTER_KEY, play::world::SHOP_KEY].map(str::to_owned));
    secrets.extend(database.password().filter(|word| word.len() >= 16).map(str::to_owned));
    assert_nowhere(&secrets, &places);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_cannot_be_made_leaves_no_password_in_postgres_log() -> Result<()> {
    let mut world = World::start().await?;
    let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
    // The statement with the password is held up and then cut off: Postgres writes down a statement that fails.
    let pool = world.registry().await?;
    let mut lock = pool.begin().await?;
    sqlx::query("lock table pg_auth_members in share mode").execute(&mut *lock).await?;
    let paid = unpaid.pay().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    let (pid, asked) = until(world.stage.sim.patience(), "the role is being made", async || {
        let waiting = sqlx::query_as::<_, (i32, String)>(
            "select pid, query from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock' and query like $1",
        );
        Ok(waiting.bind(format!("%alter role {slug} login%")).fetch_optional(&pool).await?)
    })
    .await?;
    sqlx::query("select pg_cancel_backend($1)").bind(pid).execute(&pool).await?;
    has_failed_at(&world, &slug, "role").await?;
    lock.rollback().await?;
    pool.close().await;
    paid.ready().await?;
    let secrets = secrets_of(&world, &slug, &world.stage.sim.bot(&paid.bot).await?.token).await?;
    world.master.stop().await?;
    let log = postgres_log()?;
    assert!(log.contains(&format!("alter role {slug} login")), "the statement is in Postgres's log");
    let output = world.master.output();
    assert_nowhere(&secrets, &[("Postgres's log", log), ("the statement", asked), ("the master's output", output)]);
    world.close().await
}
