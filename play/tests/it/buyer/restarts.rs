//! The master dies at every step, and what was said goes on from there; what comes twice counts once.

use anyhow::Result;
use play::{redis, world::World};

use super::{Buyer, LANGUAGES, carried, order, orders};

#[tokio::test(flavor = "multi_thread")]
async fn a_signup_that_is_interrupted_at_every_step_comes_to_its_bill() -> Result<()> {
    let mut world = World::start().await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        let sim = buyer.0.sim.clone();
        let (id, bot) = (buyer.0.person.id, buyer.0.bot.clone());
        buyer.write("/start").await?;
        let steps: [(&str, &str); 6] = [
            ("b:plans", "b:plan:"),
            ("b:plan:m1", "b:plans"),
            ("Усы", "b:kind:"),
            ("b:kind:salon", "b:zone:"),
            ("b:zone:Europe/Moscow", "b:share"),
            ("anna@example.ru", "b:other"),
        ];
        for (act, leads_to) in steps {
            world.master.kill().await?;
            // Said and pressed while nobody listens: Telegram keeps it.
            match act.starts_with("b:") {
                true => sim.press_data(id, &bot, act).await?,
                false => sim.say(id, &bot, act).await?,
            };
            world.start_master().await?;
            buyer.comes_to(leads_to).await?;
        }
        world.master.kill().await?;
        let link = buyer.0.screen().await?.buttons.iter().flatten().find_map(|b| b.url.clone()).unwrap_or_default();
        sim.open(id, &link).await?;
        world.start_master().await?;
        buyer.comes_to("b:accept:").await?;
        for (act, leads_to) in [("b:accept:", "b:pay:"), ("b:pay:", "b:check:")] {
            world.master.kill().await?;
            sim.press_data(id, &bot, &buyer.data_like(act).await?).await?;
            world.start_master().await?;
            buyer.comes_to(leads_to).await?;
        }
        let order = order(&world).await?;
        assert_eq!((order.business_name.as_deref(), order.kind.as_deref()), (Some("Усы"), Some("salon")));
        assert_eq!(order.state, "awaiting_payment");
    }
    assert_eq!(world.stage.sim.payments().await?.len(), 2);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_gone_back_is_still_there_after_a_restart_and_loses_only_the_place_when_redis_forgets() -> Result<()> {
    let mut world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("bot").await?;
    buyer.tap("b:ask:contact").await?;
    buyer.tap("b:ask:zone").await?;
    buyer.tap("b:ask:kind").await?;
    buyer.tap("b:ask:name").await?;
    world.master.kill().await?;
    let said = buyer.0.sim.say(buyer.0.person.id, &buyer.0.bot, "Борода").await?;
    world.start_master().await?;
    buyer.0.sim.wait_reply(&said, "Создадим вашего бота").await?;
    assert_eq!(order(&world).await?.business_name.as_deref(), Some("Борода"));
    // The same, and Redis has forgotten meanwhile: the words are no answer to anything, and nothing is lost.
    buyer.tap("b:ask:contact").await?;
    let mut connection = redis::admin_at(&world.stack.redis_url).await?;
    let key = format!("master:step:{}", buyer.0.person.id);
    let forgotten: i64 = ::redis::cmd("DEL").arg(&key).query_async(&mut connection).await?;
    assert_eq!(forgotten, 1, "the place was not kept in Redis");
    let told = buyer.write("other@example.ru").await?;
    assert!(told.text.contains("не похоже на токен"), "{}", told.text);
    assert_eq!(order(&world).await?.contact.as_deref(), Some("anna@example.ru"));
    let asked = buyer.tap("b:on").await?;
    assert!(carried(&asked).contains(&"b:other".to_owned()));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_comes_twice_counts_once() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    let other = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("name").await?;
    let (sim, id, bot) = (&buyer.0.sim, buyer.0.person.id, &buyer.0.bot);
    let acts =
        [("Усы", "name"), ("b:kind:barbershop", "kind"), ("b:zone:Europe/Samara", "zone"), ("79123456789", "contact")];
    for (what, question) in acts {
        let act = match what.starts_with("b:") {
            true => sim.press_data(id, bot, what).await?,
            false => sim.say(id, bot, what).await?,
        };
        sim.wait_confirmed(&act).await?;
        let (before, said) = (order(&world).await?, sim.chat(id, bot).await?.messages.len());
        let update = act.update_id.unwrap_or_default();
        sim.redeliver(bot, update).await?;
        // What stands behind it in the queue is done, so it is done too.
        other.write("/help").await?;
        assert_eq!(order(&world).await?, before, "{question} was answered twice");
        assert_eq!(sim.chat(id, bot).await?.messages.len(), said, "{question} was asked twice");
    }
    assert_eq!(orders(&world).await?.len(), 1);
    world.close().await
}
