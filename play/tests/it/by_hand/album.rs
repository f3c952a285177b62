//! The whole way in both languages, word for word: an owner sells for cash, by invoice and more time for a bot that
//! runs, the clients pay nothing here, and the owner sees it in the figures.

use std::time::Duration;

use anyhow::Result;
use play::{album::Album, audit, world::World};

use super::talk;
use crate::tongue::Tongue;

const READY: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_for_cash_and_a_renewal_by_invoice_in_russian() -> Result<()> {
    whole_way("ru").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_for_cash_and_a_renewal_by_invoice_in_english() -> Result<()> {
    whole_way("en").await
}

async fn whole_way(language: &str) -> Result<()> {
    let world = World::start().await?;
    let tongue = Tongue::of(language)?;
    let t = |key: &str| tongue.say(key);
    let owner = talk::owner(&world, &tongue, language).await?;
    let from = world.stage.sim.now().await?;
    talk::compose(&owner, &tongue, "cash", async || Ok(())).await?;
    let link = talk::agree(&owner, &tongue, "cash").await?;
    // The owner tries the link out, and it is not used up by that.
    let tried = owner.sim.open(owner.person.id, &link).await?;
    owner.sim.wait_reply(&tried, &t("sale.state.wait_client")).await?;
    Album::of(&owner, from).await?.assert_snapshot(&format!("sale_by_hand_{language}"));

    let client = world.someone_speaking("Анна", language).await?;
    talk::claim(&client, &tongue, &link, "Барбершоп").await?;
    Album::of(&client, 0).await?.assert_snapshot(&format!("sale_by_hand_client_{language}"));
    client.press(&t("sale.connect"), &t("sale.connected")).await?;
    let mut patient = client.clone();
    patient.sim = patient.sim.with_patience(READY);
    patient.reads(&t("progress.ready")).await?;
    // One payment, one line, one period, one tenant; YooKassa has heard of nothing.
    assert_eq!(talk::traces(&world).await?, [1, 1, 1, 1, 0]);
    owner.reads(&t("sale.letter.sold")).await?;
    // The link is of no use to anybody any more, and tells its client so kindly.
    let again = client.sim.open(client.person.id, &link).await?;
    client.sim.wait_reply(&again, &t("sale.used_you")).await?;
    let other = world.someone_speaking("Борис", language).await?;
    let late = other.sim.open(other.person.id, &link).await?;
    other.sim.wait_reply(&late, &t("sale.used")).await?;
    other.say("/mybots", &t("client.none")).await?;

    // More time for the bot that runs, by an invoice that is paid later.
    audit::at_rest(&world, READY).await?;
    let from = world.stage.sim.now().await?;
    owner.say("/sell", &t("sale.home")).await?;
    owner.press(&t("sale.new"), &t("sale.whom")).await?;
    owner.press(&t("sale.find"), &t("sale.find_ask")).await?;
    owner.say("у", &t("sale.find_wrong")).await?;
    owner.say("шиномонтаж%_", &t("sale.find_none")).await?;
    owner.say("барБЕР", &t("sale.found")).await?;
    owner.press_first("s:renew:", &t("sale.ask_days")).await?;
    owner.press("2499", &t("sale.ask_sum_proposed")).await?;
    owner.press_first("s:sum:", &t("sale.ask_how")).await?;
    owner.press(&t("sale.how.invoice"), &t("sale.ask_note")).await?;
    owner.press(&t("sale.no_note"), &t("sale.next_renew_invoice")).await?;
    owner.press(&t("sale.again.note"), &t("sale.ask_note")).await?;
    owner.say("счёт № 7", "счёт № 7").await?;
    owner.press(&t("sale.agree_invoice"), &t("sale.state.wait_renew")).await?;
    assert_eq!(talk::traces(&world).await?, [1, 1, 1, 1, 0], "an invoice is no money");
    owner.press(&t("sale.came"), &t("sale.came_ask")).await?;
    owner.press(&t("sale.came_yes"), &t("sale.state.settled")).await?;
    assert_eq!(talk::traces(&world).await?, [2, 2, 2, 1, 0]);
    client.reads(&t("sale.letter.renewed")).await?;
    let stats = owner.say("/stats", "3999,50 ₽").await?;
    assert!(stats.text.contains("1500,50 ₽") && stats.text.contains("2499 ₽"), "{}", stats.text);
    Album::of(&owner, from).await?.assert_snapshot(&format!("renewal_by_hand_{language}"));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_called_off_keeps_the_answers_and_a_card_pays_instead() -> Result<()> {
    let world = World::start().await?;
    for language in ["ru", "en"] {
        let tongue = Tongue::of(language)?;
        let t = |key: &str| tongue.say(key);
        let owner = talk::owner(&world, &tongue, language).await?;
        talk::compose(&owner, &tongue, "invoice", async || Ok(())).await?;
        let link = talk::agree(&owner, &tongue, "invoice").await?;
        let client = world.someone_speaking("Анна", language).await?;
        talk::claim(&client, &tongue, &link, "Салон").await?;
        // The invoice is not paid: everything is ready, and nothing starts.
        client.press(&t("sale.connect_invoice"), &t("sale.connect_waits")).await?;
        owner.reads(&t("sale.letter.waits")).await?;
        let other = world.someone_speaking("Борис", language).await?;
        let late = other.sim.open(other.person.id, &link).await?;
        other.sim.wait_reply(&late, &t("sale.taken")).await?;
        owner.press(&t("sale.open"), &t("sale.state.wait_money")).await?;
        owner.press(&t("sale.revoke"), &t("sale.revoke_ask")).await?;
        owner.press(&t("sale.revoke_yes"), &t("sale.state.revoked")).await?;
        client.reads(&t("sale.letter.called_off")).await?;
        Album::of(&client, 0).await?.assert_snapshot(&format!("sale_called_off_{language}"));
        // Opened once more it leads nowhere, and the answers are all there.
        let again = client.sim.open(client.person.id, &link).await?;
        client.sim.wait_reply(&again, &t("sale.link_gone")).await?;
        client.start(&t("buyer.greeting")).await?;
        let summary = client.press(&t("buyer.go_on"), "299 ₽").await?;
        assert!(summary.text.contains("Салон"), "{}", summary.text);
        client.press("299", &t("buyer.pay_page")).await?;
    }
    assert_eq!(talk::traces(&world).await?, [0, 0, 0, 0, 2]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_notes_of_any_kind_fit_on_every_screen_of_a_sale() -> Result<()> {
    let world = World::start().await?;
    let tongue = Tongue::of("ru")?;
    let owner = talk::owner(&world, &tongue, "ru").await?;
    let t = |key: &str| tongue.say(key);
    for (n, business) in
        ["😀".repeat(64), "<".repeat(64), "\u{202e}مقهى".to_owned(), "&lt;b&gt;</b>".to_owned()].iter().enumerate()
    {
        owner.say("/sell", &t("sale.home")).await?;
        owner.press(&t("sale.new"), &t("sale.whom")).await?;
        owner.press(&t("sale.fresh"), &t("sale.ask_days")).await?;
        owner.say("3660", &t("sale.ask_sum")).await?;
        owner.say("1000000", &t("sale.ask_how")).await?;
        owner.press(&t("sale.how.invoice"), &t("sale.ask_note")).await?;
        owner.say(&"<😀&".repeat(125), &t("sale.next_link_invoice")).await?;
        let link = talk::agree(&owner, &tongue, "invoice").await?;
        let name = if n == 0 { "𝕬".repeat(64) } else { "<i>&".repeat(16) };
        let client = world.someone(&name).await?;
        talk::claim(&client, &tongue, &link, business).await?;
        client.press(&t("sale.connect_invoice"), &t("sale.connect_waits")).await?;
        owner.reads(&format!("Продажа №{} — клиент всё заполнил", n + 1)).await?;
        owner.press(&t("sale.came"), &t("sale.came_ask")).await?;
        owner.press(&t("sale.back"), &t("sale.state.wait_money")).await?;
        owner.press(&t("sale.revoke"), &t("sale.revoke_ask")).await?;
    }
    world.close().await
}
