//! The language is the person's choice, and everything follows it.

use anyhow::{Context, Result};
use play::{scenes, world::World};

use super::Buyer;

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_language_is_that_of_every_screen_letter_and_command_from_then_on() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    assert!(buyer.write("/start").await?.text.contains("Здравствуйте"));
    let both = buyer.write("/language").await?;
    assert!(both.button("✓ 🇷🇺 Русский").is_some() && both.button("🇬🇧 English").is_some(), "{both:?}");
    let greeting = buyer.tap("b:lang:en").await?;
    assert!(greeting.text.contains("Hello"), "{}", greeting.text);
    let bot = buyer.0.sim.bot(&buyer.0.bot).await?;
    let id = buyer.0.person.id;
    let menu = bot.settings.commands.iter().find(|set| set.scope.get("chat_id").and_then(|c| c.as_i64()) == Some(id));
    let menu = serde_json::to_string(&menu.context("the chat has no menu of its own")?.commands)?;
    assert!(menu.contains("Write to support") && !menu.contains("tenants"), "{menu}");
    // Their Telegram still says Russian with every word.
    let summary = buyer.goes_to("sum").await?;
    assert!(summary.text.contains("Check your order"), "{}", summary.text);
    let payment = buyer.bill().await?;
    buyer.0.sim.decline(&payment.id, "insufficient_funds").await?;
    buyer.0.reads("The payment did not go through").await?;
    // And back again by the greeting's button; the letter of the money follows.
    buyer.write("/start").await?;
    assert!(buyer.tap("b:lang:ru").await?.text.contains("Здравствуйте"));
    buyer.tap("b:on").await?;
    buyer.tap_like("b:pay:").await?;
    buyer.comes_to("b:check:").await?;
    let again = buyer.0.sim.payments().await?.pop().context("no payment")?;
    buyer.0.sim.pay(&again.id).await?;
    buyer.0.reads("Оплата получена").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_changed_after_paying_is_that_of_the_letter_that_the_bot_works() -> Result<()> {
    let world = World::start().await?;
    let buyer = world.someone("Анна").await?;
    let unpaid = scenes::sign_up(&buyer, "Барбершоп").await?;
    buyer.sim.forge_press(buyer.person.id, &buyer.bot, buyer.screen().await?.id, "b:lang:en").await?;
    buyer.reads("Hello").await?;
    unpaid.pay().await?;
    buyer.reads("Your bot is running").await?;
    world.close().await
}
