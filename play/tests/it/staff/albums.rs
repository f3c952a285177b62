//! The staff's screens word for word, in both languages.

use anyhow::{Context, Result};
use play::{album::Album, people::Someone, scenes, until, world::World};

use crate::cli;

/// Words of one language: buttons, and what follows them.
struct Words {
    code: &'static str,
    name: &'static str,
    home: &'static str,
    team: &'static str,
    add: &'static str,
    role: &'static str,
    link: &'static str,
    accept: &'static str,
    tenants: &'static str,
    running: &'static str,
    all: &'static str,
    find: &'static str,
    found_none: &'static str,
    back: &'static str,
    state: &'static str,
    stop: &'static str,
    reason: &'static str,
    stopped: &'static str,
    to_card: &'static str,
    remove: &'static str,
    keep: &'static str,
    history: &'static str,
    member: &'static str,
    out: &'static str,
    out_yes: &'static str,
    to_team: &'static str,
}

const RU: Words = Words {
    code: "ru",
    name: "Пётр",
    home: "Для сотрудников",
    team: "Команда",
    add: "Добавить",
    role: "оператор",
    link: "https://",
    accept: "Принять",
    tenants: "Боты клиентов",
    running: "работает: 1",
    all: "🟢 работает: 1",
    find: "Найти",
    found_none: "никого не нашлось",
    back: "К списку",
    state: "Состояние",
    stop: "Остановить",
    reason: "Технические работы",
    stopped: "Состояние — остановлен",
    to_card: "К карточке",
    remove: "Удалить",
    keep: "Не удалять",
    history: "История",
    member: "Роль",
    out: "Убрать из команды",
    out_yes: "Да, убрать",
    to_team: "К команде",
};

const EN: Words = Words {
    code: "en",
    name: "Peter",
    home: "For staff",
    team: "Team",
    add: "Add",
    role: "operator",
    link: "https://",
    accept: "Accept",
    tenants: "Clients' bots",
    running: "running: 1",
    all: "🟢 running: 1",
    find: "Find",
    found_none: "Nobody was found",
    back: "To the list",
    state: "State",
    stop: "Stop",
    reason: "Maintenance",
    stopped: "State — stopped",
    to_card: "To the card",
    remove: "Remove",
    keep: "Do not remove",
    history: "History",
    member: "Role",
    out: "Remove from the team",
    out_yes: "Yes, remove",
    to_team: "To the team",
};

#[tokio::test(flavor = "multi_thread")]
async fn the_staffs_screens_read_as_they_were_written() -> Result<()> {
    for words in [RU, EN] {
        let world = World::start().await?;
        let paid = scenes::sell(&world.someone("Анна").await?, "Барбершоп «Борода»").await?;
        let slug = world.tenant_of(&paid.bot.username).await?;
        cli::comes_to(&world, &slug, "running").await?;
        // An owner who speaks this language.
        let owner = world.someone_speaking("Olga", words.code).await?;
        owner.start("").await?;
        let pool = world.registry().await?;
        sqlx::query("insert into operators (telegram_id, role, name, added_by, added_at) values ($1, 'owner', 'Olga', 1, now())")
            .bind(owner.person.id)
            .execute(&pool)
            .await?;
        pool.close().await;
        let from = world.stage.sim.now().await?;
        fleet(&owner, &words, &slug).await?;
        Album::of(&owner, from).await?.assert_snapshot(&format!("staff_fleet_{}", words.code));
        let from = world.stage.sim.now().await?;
        team(&world, &owner, &words).await?;
        Album::of(&owner, from).await?.assert_snapshot(&format!("staff_team_{}", words.code));
        world.close().await?;
    }
    Ok(())
}

async fn fleet(owner: &Someone, words: &Words, slug: &str) -> Result<()> {
    owner.say("/staff", words.home).await?;
    owner.press(words.tenants, words.tenants).await?;
    owner.press(words.running, words.all).await?;
    owner.press(words.find, "🔎").await?;
    owner.say("нет такого", words.found_none).await?;
    owner.press(words.back, words.tenants).await?;
    owner.press(slug, words.state).await?;
    owner.press(words.stop, slug).await?;
    owner.press(words.reason, words.stopped).await?;
    owner.press(words.remove, slug).await?;
    owner.say("nonsense", slug).await?;
    owner.press(words.to_card, words.stopped).await?;
    owner.press(words.remove, slug).await?;
    owner.press(words.keep, words.stopped).await.map(drop)
}

async fn team(world: &World, owner: &Someone, words: &Words) -> Result<()> {
    owner.say("/staff", words.home).await?;
    owner.press(words.team, words.team).await?;
    owner.press(words.add, words.role).await?;
    let screen = owner.press(words.role, words.link).await?;
    let link = screen.text.lines().find(|line| line.starts_with(words.link)).context("no link")?.to_owned();
    let colleague = world.someone_speaking(words.name, words.code).await?;
    colleague.sim.open(colleague.person.id, &link).await?;
    until(world.stage.sim.patience(), "the invite is there", async || {
        Ok(colleague.screen().await.ok().filter(|screen| screen.button(words.accept).is_some()))
    })
    .await?;
    colleague.press(words.accept, words.home).await?;
    owner.reads(&format!("{} — ", words.name)).await?;
    owner.say("/staff", words.home).await?;
    owner.press(words.team, words.name).await?;
    owner.press(words.name, words.member).await?;
    owner.press(words.out, words.name).await?;
    owner.press(words.out_yes, words.team).await?;
    owner.press(words.history, words.name).await?;
    owner.press(words.to_team, words.team).await?;
    Album::of(&colleague, 0).await?.assert_snapshot(&format!("staff_colleague_{}", words.code));
    Ok(())
}
