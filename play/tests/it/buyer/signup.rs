//! The ways through a sign-up that the main thread does not take: wrong answers, other ways to a bot, going away and
//! coming back, paying late or not at all. The shipped master, no container needed.

use anyhow::{Context, Result};
use play::{people::Someone, world::World};
use sandbox::wire::{Fault, FaultKind};

/// As far as the question for the bot, with wrong answers on the way.
async fn until_the_bot(buyer: &Someone) -> Result<()> {
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("3 месяца", "Как называется ваш бизнес").await?;
    buyer.say("  Усы <b>&</b> \n Борода ", "Чем занимается Усы <b>&</b> Борода").await?;
    buyer.press("Барбершоп", "По какому времени").await?;
    buyer.press("Самара", "Как с вами связаться").await?;
    buyer.say("+7 (912) 345-67-89", "Создадим вашего бота").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_get_a_word_on_what_to_do_and_lose_nothing() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    buyer.say("привет", "/start").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await?;
    buyer.say(&"я".repeat(65), "длиннее 64 знаков").await?;
    buyer.say("/help", "/start").await?;
    buyer.say("Усы", "Чем занимается").await?;
    buyer.say("стрижём", "Нажмите на одну из кнопок").await?;
    buyer.press("Барбершоп", "По какому времени").await?;
    buyer.say("Луна", "Такой зоны нет").await?;
    buyer.say("Asia/Almaty", "Как с вами связаться").await?;
    buyer.say("потом", "Не похоже ни на e-mail").await?;
    buyer.say("buyer@example.ru", "Создадим вашего бота").await?;
    buyer.say("мой бот", "не похоже на токен").await?;
    buyer.say("123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4", "Telegram не принял этот токен").await?;
    buyer.follow("Создать бота").await?;
    let summary = buyer.reads("Проверьте заказ").await?;
    for kept in ["Усы", "Алматы, Астана · UTC+5", "buyer@example.ru", "299 ₽"] {
        assert!(summary.text.contains(kept), "{kept} in {}", summary.text);
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_can_be_made_by_the_key_below_the_chat() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    until_the_bot(&buyer).await?;
    buyer.press("Кнопка не работает", "Есть ещё два способа").await?;
    let bound = buyer.key("Создать бота", "создан и привязан").await?;
    assert!(bound.removes_keys, "the key is still below the chat");
    let summary = buyer.reads("Проверьте заказ").await?;
    assert!(summary.text.contains("Самара"), "{}", summary.text);
    // The update and the service message tell of the same bot: one answer.
    let chat = buyer.sim.chat(buyer.person.id, &buyer.bot).await?;
    assert_eq!(chat.messages.iter().filter(|m| m.text.contains("создан и привязан")).count(), 1);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_token_is_taken_out_of_the_chat_and_binds_its_bot() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    until_the_bot(&buyer).await?;
    let own = buyer.sim.create_bot_of(buyer.person.id, "Усы", "own_usy_bot").await?;
    buyer.say(&own.token, "создан и привязан").await?;
    let summary = buyer.reads("Проверьте заказ").await?;
    assert!(summary.text.contains("@own_usy_bot"), "{}", summary.text);
    let chat = buyer.sim.chat(buyer.person.id, &buyer.bot).await?;
    assert!(chat.messages.iter().all(|m| !m.text.contains(&own.token)), "the token is still in the chat");
    // The same bot serves nobody else, and the master itself is for sale to nobody.
    let other = world.someone("Олег").await?;
    until_the_bot(&other).await?;
    other.say(&own.token, "уже используется").await?;
    other.say(&world.bot.token, "уже используется").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tap_makes_a_spare_bot_that_is_told_of_and_not_used() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    until_the_bot(&buyer).await?;
    let screen = buyer.screen().await?;
    let link = screen.button("🤖 Создать бота").and_then(|b| b.url.clone()).context("no link")?;
    let first = buyer.sim.open(buyer.person.id, &link).await?.created.context("no bot")?;
    buyer.reads("Проверьте заказ").await?;
    buyer.sim.open_new_bot(buyer.person.id, &link, None, Some("spare_usy_bot")).await?;
    let told = buyer.reads("в заказе уже есть").await?;
    assert!(told.text.contains("@spare_usy_bot") && told.text.contains(&first.username), "{}", told.text);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signup_goes_on_where_it_was_after_a_kill_and_a_restart() -> Result<()> {
    let mut world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await?;
    world.master.kill().await?;
    // Said while nobody listens: Telegram keeps it.
    let said = buyer.sim.say(buyer.person.id, &buyer.bot, "Усы").await?;
    world.start_master().await?;
    buyer.sim.wait_reply(&said, "Чем занимается").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Продолжить оформление", "Чем занимается").await?;
    // Given up and begun anew.
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Начать заново", "Отменить заказ?").await?;
    buyer.press("Да, отменить", "Заказ отменён").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn checking_a_payment_tells_the_truth() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    let unpaid = play::scenes::sign_up(&buyer, "Усы").await?;
    let told = |act: sandbox::wire::Act| {
        let sim = buyer.sim.clone();
        async move { anyhow::Ok(sim.wait_answer(&act).await?.0.unwrap_or_default()) }
    };
    assert!(told(buyer.tap("Проверить оплату").await?).await?.contains("не подтвердила"));
    // A stranger learns nothing of it.
    let stranger = world.someone("Злодей").await?;
    let greeting = stranger.start("собственный Telegram-бот записи").await?;
    for data in ["b:check:1", "b:pay:1"] {
        let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, greeting.id, data).await?;
        let (note, alert) = stranger.sim.wait_answer(&act).await?;
        let note = note.unwrap_or_default();
        assert!(alert && (note.contains("Такого счёта") || note.contains("устарела")), "{data}: {note}");
    }
    // Declined: the buyer is told and can try again; the new bill is another payment.
    buyer.sim.decline(&unpaid.payment_id, "insufficient_funds").await?;
    buyer.reads("Оплата не прошла").await?;
    buyer.press("Оплатить 299", "Счёт готов").await?;
    let payments = buyer.sim.payments().await?;
    assert_eq!(payments.len(), 2);
    // Given up, and then paid all the same: the money is owed back, and nothing is started.
    buyer.press("Отменить", "Отменить заказ?").await?;
    buyer.press("Да, отменить", "Заказ отменён").await?;
    buyer.sim.pay(&payments[1].id).await?;
    buyer.reads("Деньги вернём").await?;
    assert!(world.tenants().await?.is_empty());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_is_down_costs_a_buyer_another_tap_and_nothing_else() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Вера").await?;
    until_the_bot(&buyer).await?;
    buyer.follow("Создать бота").await?;
    buyer.reads("Проверьте заказ").await?;
    play::scenes::accept(&buyer).await?;
    buyer.sim.fault(&Fault::yookassa("POST /payments", FaultKind::Down)).await?;
    let act = buyer.tap("Оплатить").await?;
    let (note, _) = buyer.sim.wait_answer(&act).await?;
    assert!(note.unwrap_or_default().contains("ЮKassa сейчас не отвечает"));
    buyer.press("Оплатить", "Счёт готов").await?;
    assert_eq!(buyer.sim.payments().await?.len(), 1);
    world.close().await
}
