//! Every button of a way through the bot, pressed by a stranger first, and a second time by whom it was made for.

use anyhow::Result;
use play::{meddler::Meddler, scenes, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_second_tap_change_nothing_on_the_way_to_a_bot() -> Result<()> {
    let world = World::start().await?;
    let meddler = Meddler::in_world(&world).await?;
    let buyer = world.someone("Анна").await?.meddled_with(&meddler);
    let paid = scenes::sell(&buyer, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;

    let operator = world.operator().meddled_with(&meddler);
    scenes::open_card(&operator, &slug).await?;
    scenes::stop(&operator).await?;
    operator.press("Запустить", "Состояние").await?;
    scenes::remove(&operator, &slug).await?;
    world.close().await
}
