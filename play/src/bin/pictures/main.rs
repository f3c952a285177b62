//! Pages that show chats as people see them, made from what the real programs say; `scripts/pictures` photographs them.

mod phone;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use play::{
    people::Someone,
    scenes,
    world::{Shape, World},
};

use crate::phone::Phone;

/// Plays a sale, a booking and an operator's look, and writes one page for each picture.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the pages go; the folder exists.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // The number that reads best.
    let world = World::shaped(Shape { first_tenant: Some(1), ..Shape::default() }).await?;
    let pages = play(&world).await?;
    for (name, phones) in pages {
        let file = arguments.folder.join(format!("{name}.html"));
        fs::write(&file, phone::page(&phones)).with_context(|| file.display().to_string())?;
    }
    world.close().await
}

type Pages = Vec<(&'static str, Vec<Phone>)>;

async fn play(world: &World) -> Result<Pages> {
    let anna = world.someone("Анна").await?;
    anna.start("собственный Telegram-бот записи").await?;
    let greeting = look(&anna, 1).await?;
    let bot = scenes::order(&anna, "Барбершоп «Борода»").await?;
    let summary = look(&anna, 1).await?;
    let unpaid = scenes::bill(&anna, bot).await?;
    let paid = unpaid.pay().await?;
    paid.ready().await?;
    // The message that tells of the start is edited until it is over.
    anna.reads("запущен").await?;
    let sale = vec![greeting, summary, look(&anna, 2).await?];

    let customer = world.someone("Борис").await?.with(&paid.bot.username);
    customer.start("Здесь можно записаться").await?;
    let menu = look(&customer, 1).await?;
    customer.press("Записаться", "Выберите услугу").await?;
    customer.press("Мужская стрижка", "К кому вас записать").await?;
    customer.press("Любой мастер", "Когда вам удобно").await?;
    let month = look(&customer, 1).await?;
    scenes::book_a_haircut(&customer).await?;
    let booking = vec![menu, month, look(&customer, 1).await?];

    let slug = world.tenant_of(&paid.bot.username).await?;
    let operator = world.operator();
    operator.say("/tenants", "Боты клиентов").await?;
    let list = look(&operator, 1).await?;
    operator.press(&slug, "Состояние").await?;
    let fleet = vec![list, look(&operator, 1).await?];
    anna.say("/mybots", &paid.bot.username).await?;
    anna.reads("работает").await?;
    let mine = vec![look(&anna, 1).await?];
    Ok(vec![("sale", sale), ("booking", booking), ("fleet", fleet), ("mine", mine)])
}

/// The last messages of the chat.
async fn look(someone: &Someone, last: usize) -> Result<Phone> {
    Ok(Phone::new(&someone.sim.chat(someone.person.id, &someone.bot).await?, last))
}
