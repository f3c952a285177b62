//! A bot is stopped for a reason.

use anyhow::{Context, Result};
use play::scenes;

use super::{events, with_a_bot};
use crate::cli;

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_in_ones_own_words_is_kept_shown_and_understood_after_a_restart() -> Result<()> {
    let (mut world, paid, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    operator.press("Остановить", "Выберите причину").await?;
    world.master.kill().await?;
    world.start_master().await?;
    let act = operator.sim.say(operator.person.id, &operator.bot, "долг <b>100</b> & больше").await?;
    let card = operator.sim.wait_reply(&act, "Состояние — остановлен").await?;
    assert!(card.text.contains("(долг <b>100</b> & больше)"), "{}", card.text);
    // Telegram tells of the words once more.
    world.stage.sim.redeliver(&world.bot, act.update_id.context("no update")?).await?;
    scenes::start(&operator, &paid.bot).await?;
    let pool = world.registry().await?;
    let held = events(&pool, &slug, "hold").await?;
    let signed = format!("operator:{}", operator.person.id);
    assert_eq!(held, [(signed, Some("долг <b>100</b> & больше".to_owned()))]);
    pool.close().await;
    // Nothing is awaited any more.
    operator.say("долг", "Не понял").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_comes_after_somebody_elses_act_stops_nothing() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let operator = world.operator();
    scenes::open_card(&operator, &slug).await?;
    operator.press("Остановить", "Выберите причину").await?;
    world.master.cli(&["tenants", "restart", &slug]).await?;
    cli::comes_to(&world, &slug, "running").await?;
    operator.say("долги", "изменил кто-то другой").await?;
    operator.press("К карточке", "Состояние — работает").await?;
    // And who goes back is asked for nothing.
    operator.press("Остановить", "Выберите причину").await?;
    operator.press("К карточке", "Состояние — работает").await?;
    operator.say("долги", "Не понял").await?;
    assert!(cli::shown(&world, &slug).await?["hold_reason"].is_null());
    world.close().await
}
