//! A bot's token is in the container's environment, which is what it is for, and nowhere else.

use anyhow::Result;
use play::{docker, env, scenes, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_in_no_log_no_database_and_no_output() -> Result<()> {
    let mut world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    // An error path, too: errors like to tell the address that they failed at.
    let token = world.stage.sim.bot(&paid.bot).await?.token;
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    scenes::open_card(&operator, &slug).await?;
    scenes::restart(&operator, &paid.bot).await?;
    let shown = world.master.cli(&["tenants", "show", &slug, "--json"]).await?;
    let told = world.master.cli(&["tenants", "logs", &slug]).await?;
    let chat = format!("{:?}", operator.sim.chat(operator.person.id, &operator.bot).await?);
    world.master.stop().await?;

    let container = docker::inspect(&world.docker, &slug).await?.expect("the container is there");
    let in_env = container.config.and_then(|config| config.env).unwrap_or_default();
    assert!(in_env.iter().any(|line| *line == format!("BOT_TOKEN={token}")), "the bot has its token");

    let dump = tokio::process::Command::new(env::pg_bin_dir()?.join("pg_dump"))
        .arg(world.database.admin_url())
        .output()
        .await?;
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let dump = String::from_utf8(dump.stdout)?;
    assert!(dump.contains(&slug), "the dump has the tenant");

    let secrets = [
        token.as_str(),
        // A token without its bot's number is as good.
        token.split_once(':').map_or("", |(_, secret)| secret),
        &world.bot.token,
        play::world::MASTER_KEY,
        play::world::SHOP_KEY,
    ];
    for (place, text) in [
        ("the master's output", world.master.output()),
        ("the tenant's log", docker::logs(&world.docker, &slug).await?),
        ("the database", dump),
        ("tenants show", shown),
        ("tenants logs", told),
        ("the operator's chat", chat),
    ] {
        for secret in secrets {
            assert!(!text.contains(secret), "{place} holds a secret");
        }
        let bytes = hex::encode(token.as_bytes());
        assert!(!text.contains(&bytes), "{place} holds the token as bytes");
    }
    world.close().await
}
