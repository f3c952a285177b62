//! The ways of the staff, told in English.

use anyhow::Result;
use play::scenes;

use super::{data_of, with_a_bot};
use crate::cli;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_speaks_english_finds_stops_reads_and_removes_a_bot() -> Result<()> {
    let (mut world, paid, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let link = super::invite(&world, "оператор").await?;
    let peter = world.someone_speaking("Peter", "en").await?;
    peter.sim.open(peter.person.id, &link).await?;
    peter.reads("You are invited to the team").await?;
    world.master.kill().await?;
    world.start_master().await?;
    peter.press("Accept", "Your role — operator").await?;
    // Whoever let him in is told in their own language.
    world.operator().reads("В команде пополнение").await?;

    peter.press("Find", "Whom are we looking for").await?;
    world.master.kill().await?;
    world.start_master().await?;
    peter.say("усы", "State — running").await?;
    peter.press("Log", "the latest lines").await?;
    peter.say("/tenants усы", "State — running").await?;
    peter.press("Stop", "write your own").await?;
    world.master.kill().await?;
    world.start_master().await?;
    peter.say("debts", "State — stopped").await?;
    peter.press("Events", "to be stopped: debts — Peter").await?;
    peter.press("To the card", "(debts)").await?;
    let polls = peter.sim.bot(&paid.bot).await?.polls;
    peter.press("Start", "State — running").await?;
    assert!(peter.sim.bot(&paid.bot).await?.polls > polls);
    let stale = data_of(&peter, "Restart").await?;
    peter.press("Restart", "State").await?;
    let screen = peter.screen().await?;
    let act = peter.sim.forge_press(peter.person.id, &peter.bot, screen.id, &stale).await?;
    let (note, _) = peter.sim.wait_answer(&act).await?;
    assert!(note.is_some_and(|note| note.contains("Somebody else has changed")));
    cli::comes_to(&world, &slug, "running").await?;
    // The card may stand there just so already, and an edit that changes nothing is none: a new one is asked for.
    peter.say("/tenants усы", "State — running").await?;
    peter.press("Remove", "To remove it, write").await?;
    peter.say("yes", "That is not its name").await?;
    world.master.kill().await?;
    world.start_master().await?;
    let card = peter.say(&slug, "State — removed").await?;
    assert!(card.text.contains("Data are kept until"), "{}", card.text);
    assert_eq!(world.traces_of(&slug).await?, Vec::<String>::new());
    scenes::sell(&world.someone("Вера").await?, "Салон").await?;
    world.close().await
}
