//! The main job, played with the real programs and told as it happens; `scripts/demo` sets the stage.
//!
//! A line that does not come ends the play: it is named, and the exit status is not zero.

mod day;
mod keep;
mod narrator;
mod summary;

use std::{io::IsTerminal, process::ExitCode};

use anyhow::{Result, ensure};
use clap::Parser;
use play::{
    docker, redis, scenes,
    world::{Shape, World},
};

use crate::{narrator::Narrator, summary::Summary};

/// Plays a sale, a booking and an operator's day.
#[derive(Debug, Parser)]
struct Arguments {
    /// Leave everything up, with the tenant running, and say how to go on.
    #[arg(long)]
    keep: bool,
    /// Play a business's working day instead.
    #[arg(long, conflicts_with = "keep")]
    day: Option<day::Day>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    if let Some(day) = arguments.day {
        return day::run(day, std::io::stdout().is_terminal()).await;
    }
    let first_tenant = number_one_if_free().await?;
    let world = World::shaped(Shape { first_tenant, lasting: arguments.keep, flood: true, ..Shape::default() }).await?;
    let narrator = Narrator::new(world.stage.sim.clone(), std::io::stdout().is_terminal());
    let told = narrator.during(play(&world, &narrator, arguments.keep)).await;
    let summary = match told {
        Ok(summary) => summary,
        Err(error) => {
            let output = world.master.output();
            let lines: Vec<&str> = output.lines().collect();
            eprintln!("\nThe last lines of the master:");
            lines.iter().skip(lines.len().saturating_sub(20)).for_each(|line| eprintln!("  {line}"));
            return Err(error);
        }
    };
    println!("{summary}");
    if arguments.keep {
        return keep::keep(world, &summary);
    }
    world.close().await
}

/// The scenes. Those of an operator who removes the bot are not played when it is to be kept.
async fn play(world: &World, narrator: &Narrator, keep: bool) -> Result<Summary> {
    let business = "Барбершоп «Борода»";
    narrator
        .scene(
            "A barber signs up in the master bot, creates a bot in one tap and pays",
            &[
                "@slotyard_bot is the master bot: it sells booking bots and runs them.",
                "Анна owns a barbershop. What stands in [brackets] is a button.",
            ],
        )
        .await?;
    let anna = world.someone("Анна").await?;
    let unpaid = scenes::sign_up(&anna, business).await?;
    narrator.scene("The money comes, and the bot is provisioned", &[
        "YooKassa tells the master; the master asks YooKassa back and believes only that answer. Then it makes a Postgres",
        "schema and role, a Redis user and a container. Анна watches one message being edited.",
    ]).await?;
    let paid = unpaid.pay().await?;
    paid.ready().await?;
    let slug = world.tenant_of(&paid.bot.username).await?;

    narrator
        .scene(
            "A customer books a haircut in the new bot",
            &["The bot runs in its own container. Борис has never seen it before."],
        )
        .await?;
    let owner = anna.with(&paid.bot.username);
    owner.start("Это ваш бот для записи").await?;
    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    scenes::book_a_haircut(&customer).await?;
    scenes::see_the_booking(&owner, "Борис").await?;
    let mut summary = summary::gather(world, &slug, &paid).await?;

    narrator
        .scene("An operator looks after it", &["Ольга owns this Slotyard. She works in the master bot, too."])
        .await?;
    let operator = world.operator();
    operator.start("собственный Telegram-бот записи").await?;
    scenes::open_card(&operator, &slug).await?;
    scenes::stop(&operator).await?;
    scenes::start(&operator, &paid.bot).await?;
    scenes::restart(&operator, &paid.bot).await?;
    scenes::read_logs(&operator).await?;
    customer.start("Здесь можно записаться").await?;
    customer.press("Мои записи", "Ваши записи").await?;

    if !keep {
        narrator
            .scene(
                "The operator removes it",
                &["She types its name, then the container, the role and the Redis user go; the data are put aside."],
            )
            .await?;
        scenes::open_card(&operator, &slug).await?;
        scenes::remove(&operator, &slug).await?;
        let left = world.traces_of(&slug).await?;
        ensure!(left.is_empty(), "after the removal there is still: {}", left.join(", "));
        summary.removed = true;
    }
    Ok(summary)
}

/// `client_001` reads best, but on somebody's Docker it may be taken.
async fn number_one_if_free() -> Result<Option<u32>> {
    let taken = docker::inspect(&docker::connect()?, "client_001").await?.is_some()
        || redis::users().await?.iter().any(|user| user == "client_001")
        || play::database::role_exists("client_001").await?;
    Ok((!taken).then_some(1))
}
