//! B1–B4: it starts, writes, and there is something behind every button.

use anyhow::{Result, ensure};
use play::{people::Someone, scenes};
use sandbox::wire::{Button, ChatMessage};

use super::{count, sold};

#[tokio::test(flavor = "multi_thread")]
async fn b1_both_programs_start_and_answer() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    assert!(world.master.cli(&["tenants", "list"]).await?.contains(&slug));
    world.someone("Борис").await?.with(&paid.bot.username).start("Здесь можно записаться").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_booking_is_made_with_its_history_and_b3_all_of_it_carries_its_time() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let pool = world.registry().await?;
    let made = format!(
        "select count(*) from {slug}.bookings b join {slug}.booking_history h on h.booking_id = b.id
           join {slug}.users u on u.user_id = b.user_id
          where h.action = 'booked' and b.user_id = {}",
        customer.person.id
    );
    assert_eq!(count(&pool, made).await?, 1);
    // A moment without its zone is what that product could not write.
    let zoneless = format!(
        "select count(*) from information_schema.columns where table_schema in ('public', '{slug}')
            and table_name not like '\\_sqlx%'
            and (data_type in ('timestamp without time zone', 'time without time zone')
                 -- Rules by the business's own clocks have dates; what happens is a moment.
                 or data_type = 'date' and (table_name, column_name) not in
                    (('schedule_exceptions', 'first_day'), ('schedule_exceptions', 'last_day'),
                     ('blocked_slots', 'repeats_until'), ('capped_days', 'day'), ('analytics', 'day')))"
    );
    assert_eq!(count(&pool, zoneless).await?, 0);
    pool.close().await;
    world.close().await
}

/// What is there when `open` was answered. The buttons of the message before go with it, and that is no answer.
async fn shown(who: &Someone, open: &str) -> Result<ChatMessage> {
    let act = who.sim.say(who.person.id, &who.bot, open).await?;
    who.sim.wait_confirmed(&act).await?;
    who.screen().await
}

/// Presses every button of the screen that `open` shows, each on a fresh one; all are answered without a complaint.
async fn every_button(who: &Someone, open: &str) -> Result<usize> {
    let screen = shown(who, open).await?;
    let buttons: Vec<Button> = screen.buttons.into_iter().flatten().filter(|button| button.data.is_some()).collect();
    for button in &buttons {
        let fresh = shown(who, open).await?;
        let act = who.sim.press_on(who.person.id, &who.bot, fresh.id, &button.text).await?;
        let (note, alert) = who.sim.wait_answer(&act).await?;
        ensure!(!alert, "[{}] of {open} is answered with {note:?}", button.text);
        // What it shows comes behind its answer.
        who.sim.wait_confirmed(&act).await?;
    }
    Ok(buttons.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_there_is_something_behind_every_button_that_is_shown() -> Result<()> {
    let (world, paid, slug) = sold().await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    let owner = paid.buyer.with(&paid.bot.username);
    owner.start("Это ваш бот для записи").await?;
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    let buyer = world.someone("Вера").await?;
    buyer.start("собственный Telegram-бот записи").await?;
    for (who, open) in
        [(&customer, "/start"), (&owner, "/start"), (&owner, "/admin"), (&buyer, "/start"), (&operator, "/tenants")]
    {
        ensure!(every_button(who, open).await? > 0, "{open} shows no button");
    }
    scenes::open_card(&operator, &slug).await?;
    scenes::read_logs(&operator).await?;
    world.close().await
}
