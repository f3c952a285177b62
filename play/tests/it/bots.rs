//! The lives of clients' bots in Telegram: made twice, revoked, renamed, given away; and silence where one should come.

use std::time::Duration;

use anyhow::Result;
use play::{people::Someone, scenes, until, world::World};
use sandbox::wire::{Fault, FaultKind};

const PATIENCE: Duration = Duration::from_secs(180);

async fn told(person: &Someone, words: &str) -> Result<usize> {
    let chat = person.sim.chat(person.person.id, &person.bot).await?;
    Ok(chat.messages.iter().filter(|m| m.from_bot && m.text.contains(words)).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_managed_bot_comes_back_by_itself_under_its_new_name() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone().with_patience(PATIENCE);
    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    sim.rename_bot(paid.bot.id, "renamed_barber_bot").await?;
    let revoked = sim.revoke_token(paid.bot.id, false).await?;
    until(PATIENCE, "the bot polls with a token that nobody has told us", async || {
        let now = sim.bot(paid.bot.id).await?;
        assert_eq!(now.token, revoked.token, "it is fetched, not replaced once more");
        Ok((now.polls > revoked.polls + 2).then_some(()))
    })
    .await?;
    let customer = world.someone("Борис").await?.with("renamed_barber_bot");
    customer.start("Здесь можно записаться").await?;
    // The registry follows the name.
    operator.say("/tenants", "Боты клиентов").await?;
    operator.press(&slug, "@renamed_barber_bot").await?;
    let pool = world.registry().await?;
    let incidents: i64 = sqlx::query_scalar("select count(*) from incidents where detail->>'what' = 'token_dead'")
        .fetch_one(&pool)
        .await?;
    assert_eq!(incidents, 0, "a token that is fetched anew is nobody's trouble");
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_changes_hands_goes_on_serving_who_pays_and_all_three_are_told_once() -> Result<()> {
    let world = World::start().await?;
    let sim = world.stage.sim.clone();
    let operator = world.operator();
    operator.start("Здравствуйте").await?;
    let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    // The new owner is in the middle of a sign-up: the bot must not slip into it.
    let heir = world.someone("Борис").await?;
    scenes::answer_all_but_the_bot(&heir, "Салон").await?;
    sim.transfer_bot(&paid.bot, heir.person.id).await?;
    sim.transfer_bot(&paid.bot, heir.person.id).await?;
    heir.reads("за него платит и им управляет Анна").await?;
    paid.buyer.reads("теперь другой владелец").await?;
    operator.reads("Бот сменил владельца").await?;
    until(PATIENCE, "the master has dealt with both updates", async || {
        Ok((sim.bot(&world.bot).await?.pending == 0).then_some(()))
    })
    .await?;
    for (person, words) in
        [(&heir, "платит и им управляет"), (&paid.buyer, "другой владелец"), (&operator, "сменил владельца")]
    {
        assert_eq!(told(person, words).await?, 1, "{words}");
    }
    let pool = world.registry().await?;
    let (tenants, bound): (i64, i64) = sqlx::query_as(
        "select (select count(*) from tenants where owner_telegram_id = $1), (select count(bot_id) from orders where state = 'draft')",
    )
    .bind(paid.buyer.person.id)
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    assert_eq!((tenants, bound), (1, 0));
    world.someone("Вера").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tap_makes_a_spare_bot_that_is_told_of_and_never_started() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Анна").await?;
    let link = {
        let screen = scenes::answer_all_but_the_bot(&buyer, "Барбершоп").await?;
        screen.button("Создать бота").and_then(|b| b.url.clone()).unwrap_or_default()
    };
    let sim = &world.stage.sim;
    let first = sim.open_new_bot(buyer.person.id, &link, None, Some("first_tap_bot")).await?.created;
    buyer.reads("Бот @first_tap_bot создан и привязан").await?;
    let second = sim.open_new_bot(buyer.person.id, &link, None, Some("second_tap_bot")).await?.created;
    buyer.reads("@second_tap_bot создан, но в заказе уже есть @first_tap_bot").await?;
    assert!(first.is_some() && second.is_some());
    let pool = world.registry().await?;
    let orders: Vec<i64> = sqlx::query_scalar("select bot_id from orders").fetch_all(&pool).await?;
    assert_eq!(orders, [first.map_or(0, |bot| bot.id)]);
    let known: i64 = sqlx::query_scalar("select count(*) from bots").fetch_one(&pool).await?;
    assert_eq!(known, 2, "the spare one is recorded");
    pool.close().await;
    assert_eq!(sim.bot("second_tap_bot").await?.polls, 0);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_no_bot_for_ten_minutes_is_shown_the_other_ways_once() -> Result<()> {
    let world = World::start().await?;
    let (silent, quick) = (world.someone("Анна").await?, world.someone("Борис").await?);
    scenes::answer_all_but_the_bot(&silent, "Барбершоп").await?;
    scenes::sign_up(&quick, "Салон").await?;
    let pool = world.registry().await?;
    let age = async |minutes: i32| {
        let aged = sqlx::query("update orders set updated_at = now() - make_interval(mins => $1)").bind(minutes);
        aged.execute(&pool).await
    };
    age(9).await?;
    // A look that has happened since: what is due by it is written.
    let looked = world.someone("Вера").await?;
    scenes::answer_all_but_the_bot(&looked, "Студия").await?;
    assert_eq!(told(&silent, "Вот ещё два способа").await?, 0, "nine minutes are no silence");
    age(11).await?;
    let mut patient = silent.clone();
    patient.sim = patient.sim.with_patience(PATIENCE);
    patient.reads("Вот ещё два способа").await?;
    assert!(silent.sim.chat(silent.person.id, &silent.bot).await?.keys.iter().flatten().any(|k| k.asks_bot.is_some()));
    // Another is told at a later look than the first: had the first been due again, it would have come too.
    let late = world.someone("Глеб").await?;
    scenes::answer_all_but_the_bot(&late, "Клиника").await?;
    age(12).await?;
    let mut patient = late.clone();
    patient.sim = patient.sim.with_patience(PATIENCE);
    patient.reads("Вот ещё два способа").await?;
    assert_eq!(told(&silent, "Вот ещё два способа").await?, 1);
    assert_eq!(told(&quick, "Вот ещё два способа").await?, 0, "the bot had come");
    pool.close().await;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_taken_out_of_the_chat_is_to_be_deleted_by_its_owner() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Анна").await?;
    let own = world.stage.sim.create_bot_of(buyer.person.id, "Борода", "boroda_own_bot").await?;
    scenes::answer_all_but_the_bot(&buyer, "Барбершоп").await?;
    let refused = FaultKind::Status { code: 400, retry_after: None, after_effect: false };
    world.stage.sim.fault(&Fault::telegram("deleteMessage", refused).of(&world.bot)).await?;
    buyer.sim.say(buyer.person.id, &buyer.bot, &own.token).await?;
    buyer.reads("удалите его сами").await?;
    // It is a good token all the same.
    buyer.reads("Проверьте заказ").await?;
    world.close().await
}
