//! The staff's screens: the fleet as a list and as cards, and the team. In both languages, on the shipped program.

mod albums;
mod english;
mod fleet;
mod group;
mod remove;
mod stop;
mod team;

use anyhow::{Context, Result};
use play::{people::Someone, scenes, world::World};
use sqlx::PgPool;

/// A world with one bot, and its slug.
async fn with_a_bot(business: &str) -> Result<(World, scenes::Paid, String)> {
    let world = World::start().await?;
    let paid = scenes::sell(&world.someone("Анна").await?, business).await?;
    let slug = world.tenant_of(&paid.bot.username).await?;
    Ok((world, paid, slug))
}

/// The data of a button that is on the screen.
async fn data_of(someone: &Someone, button: &str) -> Result<String> {
    let screen = someone.screen().await?;
    let found = screen.button(button).with_context(|| format!("there is no [{button}] on {screen:?}"))?;
    found.data.clone().with_context(|| format!("[{button}] carries nothing"))
}

/// What the owner lets somebody in by.
async fn invite(world: &World, role: &str) -> Result<String> {
    let owner = world.operator();
    owner.say("/staff", "Для сотрудников").await?;
    owner.press("Команда", "Команда").await?;
    owner.press("Добавить", "Кем будет").await?;
    let screen = owner.press(role, "Отправьте эту ссылку").await?;
    let link = screen.text.lines().find(|line| line.starts_with("https://t.me/")).context("no link")?;
    Ok(link.to_owned())
}

/// Somebody who has come by an invite.
async fn colleague(world: &World, name: &str, role: &str) -> Result<Someone> {
    let link = invite(world, role).await?;
    let someone = world.someone(name).await?;
    someone.sim.open(someone.person.id, &link).await?;
    someone.reads("Вас зовут в команду").await?;
    someone.press("Принять", "Для сотрудников").await?;
    Ok(someone)
}

/// The tenant's events of this kind, oldest first, with who did it.
async fn events(pool: &PgPool, slug: &str, event: &str) -> Result<Vec<(String, Option<String>)>> {
    Ok(sqlx::query_as(
        "select actor, detail from tenant_events join tenants on tenants.id = tenant_id
          where slug = $1 and event = $2 order by tenant_events.id",
    )
    .bind(slug)
    .bind(event)
    .fetch_all(pool)
    .await?)
}
