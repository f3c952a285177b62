//! At every message of a whole sale: Telegram has it, the answer is withheld, and the master is killed. And at the
//! poll that confirms what was answered.

use anyhow::Result;
use play::{
    audit,
    people::Someone,
    proxy::Proxies,
    scenes, until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind};

use super::{NEVER, REST, kill_and_restart, struck};

/// The messages that the master sends in a sale, by a part of their text; and two that it answers besides.
const MESSAGES: [&str; 9] = [
    "собственный Telegram-бот записи",
    "Чем занимается",
    "Создадим вашего бота",
    "создан и привязан",
    "Проверьте заказ",
    "Оплата получена",
    "Ваш бот работает",
    "Есть ещё два способа",
    "Боты клиентов",
];

async fn until_the_name(buyer: &Someone) -> Result<()> {
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await.map(drop)
}

async fn until_the_contact(buyer: &Someone) -> Result<()> {
    until_the_name(buyer).await?;
    buyer.say("Усы", "Чем занимается").await?;
    buyer.press("Барбершоп", "По какому времени").await?;
    buyer.press("Москва", "Как с вами связаться").await.map(drop)
}

async fn until_the_bot(buyer: &Someone) -> Result<()> {
    until_the_contact(buyer).await?;
    buyer.say("buyer@example.ru", "Создадим вашего бота").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_at_any_message_of_a_sale_says_nothing_twice_and_counts_what_it_cannot_know() -> Result<()> {
    at_every_message(true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_before_any_message_has_left_does_not_guess_and_counts_it_too() -> Result<()> {
    at_every_message(false).await
}

async fn at_every_message(done: bool) -> Result<()> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let proxies = Proxies::before(&mut world.master)?;
    world.start_master().await?;
    let sim = world.stage.sim.clone();
    // So that the operator's list is never empty, which it says in other words.
    scenes::sell(&world.someone("0").await?, "Раньше").await?;
    let (first, name, contact) = (world.someone("1").await?, world.someone("2").await?, world.someone("3").await?);
    let (bound, summary, other) = (world.someone("4").await?, world.someone("5").await?, world.someone("6").await?);
    let (paid, ready) = (world.someone("7").await?, world.someone("8").await?);
    until_the_name(&name).await?;
    until_the_contact(&contact).await?;
    for buyer in [&bound, &summary, &other] {
        until_the_bot(buyer).await?;
    }
    let sales = [scenes::sign_up(&paid, "Оплачено").await?, scenes::sign_up(&ready, "Готово").await?];
    audit::at_rest(&world, REST).await?;

    // What is said while nobody listens comes in one batch, and a batch is handled chat by chat side by side: so each
    // chat can be caught at a message of its own, and all at once.
    world.master.stop().await?;
    let seq = sim.now().await?;
    for text in MESSAGES {
        let kind = if done { FaultKind::Hang } else { NEVER };
        sim.fault(&Fault::telegram("sendMessage", kind).of(&world.bot).saying(text)).await?;
    }
    sim.start(first.person.id, &first.bot, None).await?;
    sim.say(name.person.id, &name.bot, "Усы").await?;
    sim.say(contact.person.id, &contact.bot, "buyer@example.ru").await?;
    bound.follow("Создать бота").await?;
    summary.follow("Создать бота").await?;
    other.tap("Кнопка не работает").await?;
    let operator = world.operator();
    sim.say(operator.person.id, &operator.bot, "/tenants").await?;
    world.start_master().await?;
    let mut sold = Vec::new();
    for sale in sales {
        sold.push(sale.pay().await?);
    }
    // One message caught of each kind: those of «bound» and «paid» are caught in whichever of two chats is first.
    if let Err(error) = struck(&world, seq, MESSAGES.len()).await {
        return Err(error.context(format!("these caught nobody: {:?}", sim.faults().await?)));
    }
    let killed = std::time::Instant::now();
    kill_and_restart(&mut world, &proxies).await?;
    let letters = audit::at_rest(&world, REST).await?;
    eprintln!(
        "{} messages caught (Telegram has them: {done}) were settled {:.1} s after the kill: {letters:?}",
        MESSAGES.len(),
        killed.elapsed().as_secs_f64()
    );
    let caught = i64::try_from(MESSAGES.len())?;
    assert_eq!((letters.unknown, letters.failed), (caught, 0));
    audit::nothing_was_said_twice(&world, letters).await?;
    for sale in &sold {
        let customer = world.someone("Борис").await?.with(&sale.bot.username);
        customer.start("Здесь можно записаться").await?;
    }
    // The talk goes on where it was, also where the question never arrived.
    name.start("собственный Telegram-бот записи").await?;
    name.press("Продолжить оформление", "Чем занимается").await?;
    world.close().await
}

/// What was said is confirmed, so the poll that did it waits for what is said next, and a fault catches the one after.
async fn a_poll_waits(world: &World) -> Result<()> {
    let sim = &world.stage.sim;
    until(sim.patience(), "a poll waits", async || Ok((sim.bot(&world.bot).await?.pending == 0).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_was_answered_and_not_confirmed_is_not_answered_again() -> Result<()> {
    let mut world = World::start().await?;
    let sim = world.stage.sim.clone();
    let buyer = world.someone("Анна").await?;
    until_the_name(&buyer).await?;
    a_poll_waits(&world).await?;
    // The poll that would confirm the answer never reaches Telegram.
    let seq = sim.now().await?;
    sim.fault(&Fault::telegram("getUpdates", NEVER).of(&world.bot)).await?;
    let said = sim.say(buyer.person.id, &buyer.bot, "Усы").await?;
    sim.wait_reply(&said, "Чем занимается").await?;
    struck(&world, seq, 1).await?;
    audit::at_rest(&world, REST).await?;
    assert_eq!(sim.bot(&world.bot).await?.pending, 1, "nothing was confirmed");
    world.master.kill().await?;
    sim.clear_faults().await?;
    world.start_master().await?;
    sim.wait_confirmed(&said).await?;
    let letters = audit::at_rest(&world, REST).await?;
    audit::nothing_was_said_twice(&world, letters).await?;

    // And one that Telegram has confirmed while its answer, with the next words in it, never came back.
    let seq = sim.now().await?;
    sim.fault(&Fault::telegram("getUpdates", FaultKind::Hang).of(&world.bot)).await?;
    let pressed = buyer.tap("Барбершоп").await?;
    sim.wait_reply(&pressed, "По какому времени").await?;
    struck(&world, seq, 1).await?;
    let lost = buyer.tap("Москва").await?;
    world.master.kill().await?;
    sim.clear_faults().await?;
    world.start_master().await?;
    sim.wait_reply(&lost, "Как с вами связаться").await?;
    let letters = audit::at_rest(&world, REST).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
