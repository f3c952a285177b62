//! The whole thread, from a sign-up to nothing left.

use anyhow::Result;
use play::{docker, redis, scenes, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_becomes_a_container_that_books_haircuts_until_it_is_removed() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Анна").await?;
    let paid = scenes::sell(&buyer, "Барбершоп «Борода»").await?;
    let bot = &paid.bot;
    let slug = world.tenant_of(&bot.username).await?;

    let container = docker::inspect(&world.docker, &slug).await?.expect("the container exists");
    let host = container.host_config.expect("it has limits");
    assert_eq!(host.memory, Some(64 << 20));
    assert_eq!(host.readonly_rootfs, Some(true));
    assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
    assert!(host.pids_limit.is_some_and(|limit| limit > 0), "{:?}", host.pids_limit);
    let left = world.traces_of(&slug).await?;
    for part in ["container", "schema", "role", "Redis user", "Redis key"] {
        assert!(left.iter().any(|trace| trace.starts_with(part)), "{part} in {left:?}");
    }
    assert_eq!(redis::keys(&format!("{slug}:heartbeat")).await?.len(), 1);

    // A bot may write only to who has opened it.
    let owner = buyer.with(&bot.username);
    owner.start("Здесь можно записаться").await?;
    let customer = world.someone("Борис").await?.with(&bot.username);
    scenes::book_a_haircut(&customer).await?;
    scenes::see_the_booking(&owner, "Борис").await?;

    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    scenes::open_card(&operator, &slug).await?;
    scenes::stop(&operator).await?;
    scenes::start(&operator, bot).await?;
    scenes::restart(&operator, bot).await?;
    scenes::read_logs(&operator).await?;
    customer.start("Здесь можно записаться").await?;
    customer.press("Мои записи", "Ваши записи").await?;

    scenes::open_card(&operator, &slug).await?;
    scenes::remove(&operator).await?;
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    world.close().await
}
