//! The ways of a sale by hand, said in either language.

use anyhow::{Context, Result};
use play::{people::Someone, world::World};
use sandbox::wire::BotName;

use crate::tongue::{Tongue, link_in};

/// The owner, speaking this language.
pub(super) async fn owner(world: &World, tongue: &Tongue, language: &str) -> Result<Someone> {
    let owner = world.operator();
    owner.start("").await?;
    if language == "en" {
        owner.press("English", &tongue.say("buyer.greeting")).await?;
    }
    Ok(owner)
}

/// The owner composes a sale for somebody new, with a wrong word at each question, as far as the summary. `between` is
/// done between any two steps.
pub(super) async fn compose(
    owner: &Someone,
    tongue: &Tongue,
    how: &str,
    mut between: impl AsyncFnMut() -> Result<()>,
) -> Result<()> {
    let t = |key: &str| tongue.say(key);
    owner.say("/sell", &t("sale.home")).await?;
    between().await?;
    owner.press(&t("sale.new"), &t("sale.whom")).await?;
    between().await?;
    owner.press(&t("sale.fresh"), &t("sale.ask_days")).await?;
    between().await?;
    owner.say("3661", &t("sale.days_wrong")).await?;
    between().await?;
    owner.say("45", &t("sale.ask_sum")).await?;
    between().await?;
    owner.say("0", &t("sale.amount_wrong")).await?;
    between().await?;
    owner.say("1 500,50", &t("sale.ask_how")).await?;
    between().await?;
    owner.say("?", &t("sale.tap")).await?;
    between().await?;
    owner.press(&t(&format!("sale.how.{how}")), &t("sale.ask_note")).await?;
    between().await?;
    owner.say(&"я".repeat(501), &t("sale.note_long")).await?;
    between().await?;
    owner.say("от <Анны> & Ко", "📝 от <Анны> & Ко").await?;
    between().await
}

/// The owner agrees and gets the link for the client.
pub(super) async fn agree(owner: &Someone, tongue: &Tongue, how: &str) -> Result<String> {
    let key = if how == "invoice" { "sale.agree_invoice" } else { "sale.agree" };
    owner.press(&tongue.say(key), &tongue.say("sale.link_text")).await?;
    link_in(&owner.screen().await?.text)
}

/// The client opens the link, answers everything and accepts the terms: the one tap that is left is on the screen.
pub(super) async fn claim(client: &Someone, tongue: &Tongue, link: &str, business: &str) -> Result<BotName> {
    claim_with(client, tongue, link, business, async || Ok(())).await
}

/// The same, with something done between any two steps.
pub(super) async fn claim_with(
    client: &Someone,
    tongue: &Tongue,
    link: &str,
    business: &str,
    mut between: impl AsyncFnMut() -> Result<()>,
) -> Result<BotName> {
    let t = |key: &str| tongue.say(key);
    let opened = client.sim.open(client.person.id, link).await?;
    client.sim.wait_reply(&opened, "🎉").await?;
    between().await?;
    client.press(&t("sale.go"), &t("buyer.ask_name")).await?;
    between().await?;
    client.say(business, &t("buyer.ask_kind")).await?;
    between().await?;
    client.press_first("b:kind:barbershop", &t("buyer.ask_zone")).await?;
    between().await?;
    client.press_first("b:zone:Europe/Moscow", &t("buyer.ask_contact_plain")).await?;
    between().await?;
    client.say("anna@example.ru", &t("buyer.ask_bot")).await?;
    between().await?;
    let bot = client.follow(&t("buyer.make_bot")).await?.created.context("the link has created no bot")?;
    client.reads(&t("sale.summary_terms")).await?;
    between().await?;
    client.press(&t("buyer.accept"), &t("buyer.summary_accepted")).await?;
    between().await?;
    Ok(bot)
}

/// How much of everything there is: payments by hand, ledger lines, periods, tenants, and payments at `YooKassa`.
pub(super) async fn traces(world: &World) -> Result<[i64; 5]> {
    let pool = world.registry().await?;
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from payments where method <> 'yookassa'), (select count(*) from ledger),
                (select count(*) from subscription_periods), (select count(*) from tenants)",
    )
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    let asked = i64::try_from(world.stage.sim.payments().await?.len())?;
    Ok([counts.0, counts.1, counts.2, counts.3, asked])
}
