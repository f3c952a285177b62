//! A sale by hand and the end of the program: at each question, and between the booking and its record.

use anyhow::Result;
use play::{
    audit,
    proxy::{Effect, Proxies},
    world::{Shape, World},
};
use std::time::Duration;
use tokio::sync::Mutex;

use super::talk;
use crate::tongue::Tongue;

const REST: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_by_hand_goes_on_where_it_was_after_a_kill_at_each_step() -> Result<()> {
    let world = World::start().await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let owner = talk::owner(&world, &tongue, "ru").await?;
    let client = world.someone("Анна").await?;
    let world = Mutex::new(world);
    // What was said is settled, then the master dies, and another one starts.
    let restart = async || {
        let mut world = world.lock().await;
        audit::at_rest(&world, REST).await?;
        world.master.kill().await?;
        world.start_master().await
    };
    talk::compose(&owner, &tongue, "transfer", restart).await?;
    let link = talk::agree(&owner, &tongue, "transfer").await?;
    restart().await?;
    talk::claim_with(&client, &tongue, &link, "Барбершоп", restart).await?;
    client.press(&t("sale.connect"), &t("sale.connected")).await?;
    let mut patient = client.clone();
    patient.sim = patient.sim.with_patience(REST);
    patient.reads(&t("progress.ready")).await?;
    let world = world.into_inner();
    assert_eq!(talk::traces(&world).await?, [1, 1, 1, 1, 0]);
    let letters = audit::at_rest(&world, REST).await?;
    assert_eq!((letters.unknown, letters.failed), (0, 0));
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_after_a_sale_by_hand_was_booked_does_not_book_it_again() -> Result<()> {
    killed_at_the_till(Effect::Done).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_before_a_sale_by_hand_was_booked_books_it_when_it_is_told_again() -> Result<()> {
    killed_at_the_till(Effect::NotDone).await
}

/// Three bookings are caught at their commit, one after the other: a client's tap, an owner's cash, an invoice's money.
/// Telegram tells of each tap again.
async fn killed_at_the_till(effect: Effect) -> Result<()> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let proxies = Proxies::before(&mut world.master)?;
    world.start_master().await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let owner = talk::owner(&world, &tongue, "ru").await?;
    talk::compose(&owner, &tongue, "cash", async || Ok(())).await?;
    let link = talk::agree(&owner, &tongue, "cash").await?;
    let client = world.someone("Анна").await?;
    talk::claim(&client, &tongue, &link, "Барбершоп").await?;
    let booked: &[&[&str]] = &[&["insert into ledger"], &["COMMIT"]];
    let done = i64::from(effect == Effect::Done);

    let trap = proxies.postgres.trap(booked, effect);
    let tap = client.tap(&t("sale.connect")).await?;
    trap.sprung().await?;
    world.master.kill().await?;
    assert_eq!(talk::traces(&world).await?, [done, done, done, done, 0]);
    proxies.disarm();
    world.start_master().await?;
    client.sim.wait_confirmed(&tap).await?;
    let mut patient = client.clone();
    patient.sim = patient.sim.with_patience(REST);
    patient.reads(&t("progress.ready")).await?;
    assert_eq!(talk::traces(&world).await?, [1, 1, 1, 1, 0]);

    let slug = world.tenants().await?[0].0.clone();
    for (n, how) in [(1, "cash"), (2, "invoice")] {
        // The button that stands on the tenant's card.
        let (screen, renew) = (owner.screen().await?.id, format!("s:renew:{slug}"));
        let begun = owner.sim.forge_press(owner.person.id, &owner.bot, screen, &renew).await?;
        owner.sim.wait_reply(&begun, &t("sale.ask_days")).await?;
        owner.say("30", &t("sale.ask_sum")).await?;
        owner.say("300", &t("sale.ask_how")).await?;
        owner.press(&t(&format!("sale.how.{how}")), &t("sale.ask_note")).await?;
        let summary = if how == "invoice" { "sale.next_renew_invoice" } else { "sale.next_renew" };
        owner.press(&t("sale.no_note"), &t(summary)).await?;
        let mut button = t("sale.agree");
        if how == "invoice" {
            owner.press(&t("sale.agree_invoice"), &t("sale.state.wait_renew")).await?;
            owner.press(&t("sale.came"), &t("sale.came_ask")).await?;
            button = t("sale.came_yes");
        }
        let trap = proxies.postgres.trap(booked, effect);
        let tap = owner.tap(&button).await?;
        trap.sprung().await?;
        world.master.kill().await?;
        assert_eq!(talk::traces(&world).await?[..3], [n + done, n + done, n + done]);
        proxies.disarm();
        world.start_master().await?;
        owner.sim.wait_confirmed(&tap).await?;
        owner.reads(&t("sale.state.settled")).await?;
        assert_eq!(talk::traces(&world).await?, [n + 1, n + 1, n + 1, 1, 0]);
    }
    let letters = audit::at_rest(&world, REST).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}
