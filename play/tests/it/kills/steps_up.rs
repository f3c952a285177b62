//! On the way from an order to a bot that answers.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use play::{
    audit, docker,
    proxy::{Effect, Proxies, Proxy, Trap},
    scenes::{self, Paid, Unpaid},
    stack::Stack,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind, What};

use super::{NEVER, REST, catch, is_unrecorded, kill_and_restart, struck};

/// Where the sales are caught: the part whose record must be missing afterwards, and what is said on which socket.
const AT_POSTGRES: [(&str, &[&[&str]]); 4] = [
    ("schema", &[&["create schema client_"], &["COMMIT"]]),
    ("role", &[&["create role client_"], &["COMMIT"]]),
    ("migrations", &[&["search_path = client_"], &["insert into admins"], &["COMMIT"]]),
    ("ready", &[&["insert into outbox", "ready:client_"], &["COMMIT"]]),
];
const AT_DOCKER: [&[&[&str]]; 2] =
    [&[&["POST /", "/containers/create", "client_"]], &[&["POST /", "/containers/client_", "/start"]]];
/// A Redis that says nothing is given up after two seconds and tried again: each of these tries is caught too, so that
/// nothing is recorded before the kill.
const TRIES: usize = 6;
const AT_TELEGRAM: [&str; 2] = ["getMe", "deleteWebhook"];

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_after_any_effect_on_the_way_up_and_before_its_record_ends_with_one_of_everything() -> Result<()>
{
    on_the_way_up(Effect::Done).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_before_any_effect_on_the_way_up_ends_with_one_of_everything() -> Result<()> {
    on_the_way_up(Effect::NotDone).await
}

/// Sales that stand before the till.
struct Queue {
    waiting: BTreeMap<&'static str, Unpaid>,
    paid: Vec<Paid>,
}

impl Queue {
    async fn sign_up(world: &World, names: &[&'static str]) -> Result<Self> {
        let mut waiting = BTreeMap::new();
        for name in names {
            waiting.insert(*name, scenes::sign_up(&world.someone(name).await?, name).await?);
        }
        Ok(Self { waiting, paid: Vec::new() })
    }

    fn bot(&self, name: &str) -> Result<String> {
        Ok(self.waiting.get(name).context("nobody of that name")?.bot.username.clone())
    }

    async fn pay(&mut self, name: &str) -> Result<String> {
        let paid = self.waiting.remove(name).context("nobody of that name")?.pay().await?;
        let bot = paid.bot.username.clone();
        self.paid.push(paid);
        Ok(bot)
    }
}

/// A trap for the tenant that the next money makes, and for no other that is tried again meanwhile.
async fn of_the_next(world: &World, proxy: &Proxy, steps: &[&[&str]], effect: Effect) -> Result<Trap> {
    let pool = world.registry().await?;
    let number: i64 =
        sqlx::query_scalar("select last_value + is_called::int from tenant_number").fetch_one(&pool).await?;
    pool.close().await;
    let slug = format!("client_{number:03}");
    let steps: Vec<Vec<String>> =
        steps.iter().map(|words| words.iter().map(|word| word.replace("client_", &slug)).collect()).collect();
    let words: Vec<Vec<&str>> = steps.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
    let words: Vec<&[&str]> = words.iter().map(Vec::as_slice).collect();
    Ok(proxy.trap(&words, effect))
}

async fn on_the_way_up(effect: Effect) -> Result<()> {
    let done = effect == Effect::Done;
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let proxies = Proxies::before(&mut world.master)?;
    world.start_master().await?;
    let sim = world.stage.sim.clone();
    let names = [
        "schema",
        "role",
        "migrations",
        "ready",
        "create",
        "start",
        "getMe",
        "deleteWebhook",
        "revoked",
        "inbox",
        "redis_user",
        "money",
    ];
    let mut queue = Queue::sign_up(&world, &names).await?;
    let late = world.someone("checkout").await?;
    let late_bot = scenes::order(&late, "checkout").await?;
    scenes::accept(&late).await?;

    let mut unrecorded = Vec::new();
    for (name, steps) in AT_POSTGRES {
        let trap = of_the_next(&world, &proxies.postgres, steps, effect).await?;
        let bot = queue.pay(name).await?;
        trap.sprung().await.context(name)?;
        // The commit that says *ready* is the record itself.
        if !(done && name == "ready") {
            unrecorded.push((bot, name));
        }
    }
    for (name, steps) in ["create", "start"].into_iter().zip(AT_DOCKER) {
        let trap = of_the_next(&world, &proxies.docker, steps, effect).await?;
        let bot = queue.pay(name).await?;
        trap.sprung().await.context(name)?;
        unrecorded.push((bot, "container"));
    }
    for method in AT_TELEGRAM {
        let seq = catch(&world, method, &queue.bot(method)?, done).await?;
        unrecorded.push((queue.pay(method).await?, "token"));
        struck(&world, seq, 1).await.context(method)?;
    }
    // Its owner has taken a new token, so the step has to ask for it.
    sim.revoke_token(queue.bot("revoked")?, false).await?;
    let seq = catch(&world, "getManagedBotToken", &world.bot.bot.username, done).await?;
    unrecorded.push((queue.pay("revoked").await?, "token"));
    struck(&world, seq, 1).await?;
    // A tap that opens a payment.
    let seq = sim.now().await?;
    sim.fault(&Fault::yookassa("POST /payments", if done { FaultKind::Hang } else { NEVER })).await?;
    late.tap("Оплатить").await?;
    struck(&world, seq, 1).await?;
    if done {
        sim.wait_event(seq, "the payment is made", sim.patience(), |event| {
            matches!(event.what, What::PaymentCreated { .. })
        })
        .await?;
    }
    // The last three need no Redis that answers. The one whose notification is caught may be polled and booked at any
    // moment after, so whoever needs to know the next tenant's number comes before it.
    let mut redis = Vec::new();
    for _ in 0..TRIES {
        redis.push(of_the_next(&world, &proxies.redis, &[&["SETUSER", "client_"]], effect).await?);
    }
    unrecorded.push((queue.pay("redis_user").await?, "redis_user"));
    redis.remove(0).sprung().await.context("redis_user")?;
    let trap = proxies.postgres.trap(&[&["insert into payment_inbox"]], effect);
    queue.pay("inbox").await?;
    trap.sprung().await.context("inbox")?;
    // One booking at a time is made, so nobody can be caught after this.
    let money = proxies.postgres.trap(&[&["insert into ledger"], &["COMMIT"]], effect);
    queue.pay("money").await?;
    money.sprung().await.context("money")?;
    world.master.kill().await?;

    let pool = world.registry().await?;
    for (bot, part) in &unrecorded {
        is_unrecorded(&pool, bot, part).await?;
    }
    let booked: i64 = sqlx::query_scalar("select count(*) from ledger").fetch_one(&pool).await?;
    pool.close().await;
    let commits = if done { 1 } else { 0 };
    // The one whose notification was caught may have been asked about meanwhile, as without any notification.
    assert!((10 + commits..=11 + commits).contains(&booked), "{booked} booked");

    let killed = std::time::Instant::now();
    proxies.disarm();
    sim.clear_faults().await?;
    world.start_master().await?;
    // What the tap has written is looked at again: the same payment, and its page by letter.
    late.reads("Счёт готов").await?;
    let mut sales = queue.paid;
    sales.push(scenes::take_bill(&late, late_bot).await?.pay().await?);
    for sale in &sales {
        sale.patient(REST).ready().await?;
    }
    let letters = audit::at_rest(&world, REST).await?;
    eprintln!(
        "13 sales caught ({effect:?}) were all at rest {:.1} s after the kill: {letters:?}",
        killed.elapsed().as_secs_f64()
    );
    audit::sold_once_each(&world, &sales).await?;
    audit::nothing_was_said_twice(&world, letters).await?;
    world.close().await
}

/// The tenants' network is there before all other tenants; the first of all makes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_master_killed_after_the_network_was_made_finds_it_and_makes_no_second_one() -> Result<()> {
    // The sandbox is to be reached, and listens on another network.
    let engine = docker::connect()?;
    let apart = docker::Scratch::network(&engine).await?;
    let stack = Stack { ours_for_containers: Some(apart.gateway), ..Stack::shared()? };
    for effect in [Effect::Done, Effect::NotDone] {
        let shape = Shape { without_master: true, stack: Some(stack.clone()), ..Shape::default() };
        let mut world = World::shaped(shape).await?;
        let proxies = Proxies::before(&mut world.master)?;
        world.start_master().await?;
        let unpaid = scenes::sign_up(&world.someone("Анна").await?, "Барбершоп").await?;
        let trap = proxies.docker.trap(&[&["POST /", "/networks/create"]], effect);
        let paid = unpaid.pay().await?;
        trap.sprung().await?;
        assert_eq!(docker::networks(&world.docker, &world.instance).await?.len(), usize::from(effect == Effect::Done));
        kill_and_restart(&mut world, &proxies).await?;
        paid.patient(REST).ready().await?;
        let letters = audit::at_rest(&world, REST).await?;
        assert_eq!(docker::networks(&world.docker, &world.instance).await?.len(), 1);
        audit::sold_once_each(&world, &[paid]).await?;
        audit::nothing_was_said_twice(&world, letters).await?;
        world.close().await?;
    }
    Ok(())
}
