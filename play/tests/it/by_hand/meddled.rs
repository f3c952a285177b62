//! Every button of a sale by hand pressed by a stranger first and by its owner twice; strangers at the doors.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{meddler::Meddler, world::World};

use super::talk;
use crate::tongue::Tongue;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_second_tap_change_nothing_of_a_sale_by_hand() -> Result<()> {
    let world = World::start().await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let meddler = Meddler::in_world(&world).await?;
    let owner = talk::owner(&world, &tongue, "ru").await?.meddled_with(&meddler);
    talk::compose(&owner, &tongue, "invoice", async || Ok(())).await?;
    for (question, back) in [("days", "ask_days"), ("sum", "ask_sum"), ("how", "ask_how")] {
        owner.press(&t(&format!("sale.again.{question}")), &t(&format!("sale.{back}"))).await?;
        owner.say("/sell", &t("sale.home")).await?;
        owner.press(&t("sale.draft"), &t("sale.next_link_invoice")).await?;
    }
    let link = talk::agree(&owner, &tongue, "invoice").await?;
    let client = world.someone("Анна").await?.meddled_with(&meddler);
    talk::claim(&client, &tongue, &link, "Барбершоп").await?;
    client.press(&t("sale.connect_invoice"), &t("sale.connect_waits")).await?;
    owner.press(&t("sale.came"), &t("sale.came_ask")).await?;
    owner.press(&t("sale.came_yes"), &t("sale.state.settled")).await?;
    let mut patient = client.clone();
    patient.sim = patient.sim.with_patience(Duration::from_secs(240));
    patient.reads(&t("progress.ready")).await?;
    assert_eq!(talk::traces(&world).await?, [1, 1, 1, 1, 0]);

    // Cash for a bot that is there: the tap that agrees is the one that books.
    let slug = world.tenants().await?[0].0.clone();
    owner.say("/sell", &t("sale.home")).await?;
    owner.press(&t("sale.new"), &t("sale.whom")).await?;
    owner.press(&t("sale.find"), &t("sale.find_ask")).await?;
    owner.say(&slug, &t("sale.found")).await?;
    owner.press("Барбершоп", &t("sale.ask_days")).await?;
    owner.say("30", &t("sale.ask_sum")).await?;
    owner.say("300", &t("sale.ask_how")).await?;
    owner.press(&t("sale.how.transfer"), &t("sale.ask_note")).await?;
    owner.press(&t("sale.no_note"), &t("sale.next_renew")).await?;
    owner.press(&t("sale.agree"), &t("sale.state.settled")).await?;
    assert_eq!(talk::traces(&world).await?, [2, 2, 2, 1, 0]);

    // And one that is begun and dropped, and one that is called off.
    talk::compose(&owner, &tongue, "cash", async || Ok(())).await?;
    owner.press(&t("sale.drop"), &t("sale.home")).await?;
    talk::compose(&owner, &tongue, "cash", async || Ok(())).await?;
    talk::agree(&owner, &tongue, "cash").await?;
    owner.press(&t("sale.open"), &t("sale.state.wait_client")).await?;
    owner.press(&t("sale.link_new"), &t("sale.link_text")).await?;
    owner.press(&t("sale.open"), &t("sale.state.wait_client")).await?;
    owner.press(&t("sale.revoke"), &t("sale.revoke_ask")).await?;
    owner.press(&t("sale.revoke_yes"), &t("sale.state.revoked")).await?;
    assert_eq!(talk::traces(&world).await?, [2, 2, 2, 1, 0]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_owner_sells_or_sees_the_figures() -> Result<()> {
    let world = World::start().await?;
    for language in ["ru", "en"] {
        let tongue = Tongue::of(language)?;
        let denied = tongue.say("sale.denied");
        let stranger = world.someone_speaking("Злодей", language).await?;
        for command in ["/sell", "/stats"] {
            stranger.say(command, &denied).await?;
        }
        let screen = stranger.screen().await?;
        let acts = "home list:0 stats new fresh find renew:client_001 draft plan:1:m1 sum:1:100 how:1:cash nonote:1 again:1:days
                    ok:1:1 drop:1 card:1 link:1 came:1 came_yes:1 revoke:1 revoke_yes:1";
        for act in acts.split_whitespace() {
            let data = format!("s:{act}");
            let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, screen.id, &data).await?;
            let (told, alert) = stranger.sim.wait_answer(&act).await?;
            assert_eq!((told.as_deref(), alert), (Some(denied.as_str()), true), "{data}");
        }
        // The one button that is a client's, for an order that is not theirs, and one that is nobody's.
        for data in ["s:connect:1", "s:connect:999999"] {
            let act = stranger.sim.forge_press(stranger.person.id, &stranger.bot, screen.id, data).await?;
            let (told, _) = stranger.sim.wait_answer(&act).await?;
            assert_eq!(told.unwrap_or_default(), tongue.say("buyer.stale"), "{data}");
        }
        assert_eq!(stranger.screen().await?.text, screen.text);
        let made_up = stranger.sim.start(stranger.person.id, &stranger.bot, Some("sale_0123456789abcdef")).await?;
        stranger.sim.wait_reply(&made_up, &tongue.say("sale.link_gone")).await?;
    }
    assert_eq!(talk::traces(&world).await?, [0, 0, 0, 0, 0]);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_telegram_tells_twice_is_no_answer_to_the_next_question() -> Result<()> {
    let world = World::start().await?;
    let tongue = Tongue::of("ru")?;
    let t = |key: &str| tongue.say(key);
    let owner = talk::owner(&world, &tongue, "ru").await?;
    owner.say("/sell", &t("sale.home")).await?;
    owner.press(&t("sale.new"), &t("sale.whom")).await?;
    owner.press(&t("sale.fresh"), &t("sale.ask_days")).await?;
    let pool = world.registry().await?;
    type Answers = (Option<i32>, Option<i64>, Option<String>, i32);
    let draft = async || -> Result<Answers> {
        let row =
            sqlx::query_as("select days, amount_kopecks, note, revision from hand_sales").fetch_one(&pool).await?;
        Ok(row)
    };
    let again = async |update: Option<i64>| {
        owner.sim.redeliver(&world.bot, update.context("no update")?).await?;
        // What is said after it is answered after it.
        owner.say("/mybots", &t("client.none")).await?;
        owner.say("/sell", &t("sale.home")).await?;
        owner.press(&t("sale.draft"), "👤").await
    };
    let said = owner.sim.say(owner.person.id, &owner.bot, "45").await?;
    owner.sim.wait_reply(&said, &t("sale.ask_sum")).await?;
    again(said.update_id).await?;
    assert_eq!(draft().await?, (Some(45), None, None, 1), "45 days are no 45 roubles");
    let said = owner.sim.say(owner.person.id, &owner.bot, "300").await?;
    owner.sim.wait_reply(&said, &t("sale.ask_how")).await?;
    let pressed = owner.tap(&t("sale.how.cash")).await?;
    owner.sim.wait_reply(&pressed, &t("sale.ask_note")).await?;
    again(pressed.update_id).await?;
    let said = owner.sim.say(owner.person.id, &owner.bot, "от Анны").await?;
    owner.sim.wait_reply(&said, &t("sale.next_link")).await?;
    again(said.update_id).await?;
    assert_eq!(draft().await?, (Some(45), Some(30_000), Some("от Анны".into()), 4));
    pool.close().await;
    world.close().await
}
