//! Who works here: how somebody comes, what each may do, and how somebody goes.

use anyhow::{Context, Result};
use play::{people::Someone, scenes, until, world::World};

use super::{colleague, data_of, invite, with_a_bot};
use crate::cli;

/// Commands in a person's own menu; none: they have everybody's.
async fn menu(world: &World, someone: &Someone) -> Result<Vec<String>> {
    let settings = world.stage.sim.bot(&world.bot).await?.settings;
    let own = settings.commands.iter().find(|set| set.scope["chat_id"] == someone.person.id);
    let name = |command: &serde_json::Value| command["command"].as_str().unwrap_or_default().to_owned();
    Ok(own.map(|set| set.commands.iter().map(name).collect()).unwrap_or_default())
}

/// A press that a person's screen has no button for.
async fn refused(someone: &Someone, data: &str) -> Result<()> {
    let screen = someone.screen().await?;
    let act = someone.sim.forge_press(someone.person.id, &someone.bot, screen.id, data).await?;
    let (note, alert) = someone.sim.wait_answer(&act).await?;
    let note = note.unwrap_or_default();
    anyhow::ensure!(alert && (note.contains("нет прав") || note.contains("только для операторов")), "{data}: {note}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_by_a_link_works_and_is_refused_at_once_when_they_are_removed() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let owner = world.operator();
    let link = invite(&world, "поддержка").await?;
    let petr = world.someone("Пётр").await?;
    petr.sim.open(petr.person.id, &link).await?;
    petr.reads("Роль — поддержка").await?;
    let accept = petr.tap("Принять").await?;
    petr.sim.wait_reply(&accept, "Для сотрудников").await?;
    world.stage.sim.redeliver(&world.bot, accept.update_id.context("no update")?).await?;
    owner.reads("В команде пополнение").await?;
    let commands = menu(&world, &petr).await?;
    assert!(["staff", "tenants"].iter().all(|name| commands.iter().any(|c| c == name)), "{commands:?}");
    assert!(!commands.iter().any(|name| name == "sell"), "{commands:?}");

    // The link has had its day.
    let late = world.someone("Опоздавший").await?;
    late.sim.open(late.person.id, &link).await?;
    late.reads("Эта ссылка уже не действует").await?;
    let code = link.rsplit_once("team_").context("no code")?.1;
    let act =
        late.sim.forge_press(late.person.id, &late.bot, late.screen().await?.id, &format!("t:yes:{code}")).await?;
    late.sim.wait_confirmed(&act).await?;
    late.say("/staff", "только для операторов").await?;

    // Looks and helps, and no more than that.
    let card = scenes::open_card(&petr, &slug).await?;
    for button in ["Остановить", "Журнал", "Удалить"] {
        assert!(card.button(button).is_none(), "{button}");
    }
    petr.press("Перезапустить", "Состояние").await?;
    let running = cli::comes_to(&world, &slug, "running").await?;
    let generation = running["generation"].as_i64().context("no generation")?;
    for act in ["stop", "logs", "ask_rm"] {
        refused(&petr, &format!("o:{act}:{slug}")).await?;
    }
    for data in [
        &format!("o:hold:{slug}:{generation}:0"),
        "o:letters:0",
        "o:resend:1:1",
        "o:refunded:1",
        "t:list:0",
        "t:add",
        "t:invite:owner",
        "t:role:1:owner",
        "t:rm:1",
    ] {
        refused(&petr, data).await?;
    }

    // Another role, and then none; the next press is refused in the middle of what was begun.
    owner.say("/staff", "Для сотрудников").await?;
    owner.press("Команда", "Пётр — поддержка").await?;
    owner.press("Пётр", "Роль — поддержка").await?;
    owner.press("Сделать — оператор", "Роль — оператор").await?;
    petr.reads("Теперь вы — оператор").await?;
    scenes::open_card(&petr, &slug).await?;
    petr.press("Остановить", "Выберите причину").await?;
    owner.press("Убрать из команды", "Убрать Пётр из команды").await?;
    owner.press("Да, убрать", "Команда").await?;
    petr.reads("Вы больше не в команде").await?;
    petr.sim.wait_text(petr.person.id, &petr.bot, "больше не в команде").await?;
    refused(&petr, &format!("o:card:{slug}")).await?;
    petr.say("пусть стоит", "Не понял").await?;
    petr.say("/tenants", "только для операторов").await?;
    assert!(cli::shown(&world, &slug).await?["hold_reason"].is_null());
    until(world.stage.sim.patience(), "his menu is everybody's", async || {
        Ok((!menu(&world, &petr).await?.iter().any(|name| name == "staff" || name == "tenants")).then_some(()))
    })
    .await?;
    owner.press("История", "Пётр больше не в команде").await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_awaited_of_an_operator_do_nothing_once_the_role_is_gone() -> Result<()> {
    let (world, _, slug) = with_a_bot("Усы").await?;
    cli::comes_to(&world, &slug, "running").await?;
    let petr = colleague(&world, "Пётр", "оператор").await?;
    scenes::open_card(&petr, &slug).await?;
    petr.press("Удалить", "Чтобы удалить, напишите").await?;
    // Behind the bot's back: what he was asked is still awaited.
    let pool = world.registry().await?;
    sqlx::query("update operators set removed_at = now() where telegram_id = $1")
        .bind(petr.person.id)
        .execute(&pool)
        .await?;
    pool.close().await;
    petr.say(&slug, "только для операторов").await?;
    assert_eq!(cli::shown(&world, &slug).await?["state"], "running");
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_is_kept_through_restarts_and_an_invite_is_one_for_a_tap() -> Result<()> {
    let mut world = World::start().await?;
    let owner = world.operator();
    owner.say("/staff", "Для сотрудников").await?;
    owner.press("Команда", "OWNER_IDS").await?;
    world.master.kill().await?;
    world.start_master().await?;
    owner.press("Добавить", "Кем будет").await?;
    let tap = owner.tap("владелец").await?;
    let screen = owner.sim.wait_reply(&tap, "Отправьте эту ссылку").await?;
    world.stage.sim.redeliver(&world.bot, tap.update_id.context("no update")?).await?;
    world.master.kill().await?;
    world.start_master().await?;
    let link = screen.text.lines().find(|line| line.starts_with("https://")).context("no link")?.to_owned();
    let second = world.someone("Вера").await?;
    second.sim.open(second.person.id, &link).await?;
    second.reads("Вас зовут в команду").await?;
    second.press("Не сейчас", "Если передумаете").await?;
    world.master.kill().await?;
    world.start_master().await?;
    second.sim.open(second.person.id, &link).await?;
    second.reads("Вас зовут в команду").await?;
    second.press("Принять", "Ваша роль — владелец").await?;
    let pool = world.registry().await?;
    let invites: i64 = sqlx::query_scalar("select count(*) from team_invites").fetch_one(&pool).await?;
    assert_eq!(invites, 1);

    // An owner by a row is an owner, and nobody removes themselves.
    second.press("Команда", "Вера — владелец").await?;
    second.press("Вера", "Свою роль меняет только другой владелец").await?;
    let id: i64 = sqlx::query_scalar("select id from operators").fetch_one(&pool).await?;
    for data in [format!("t:rm:{id}"), format!("t:role:{id}:support")] {
        let act = second.sim.forge_press(second.person.id, &second.bot, second.screen().await?.id, &data).await?;
        let (note, _) = second.sim.wait_answer(&act).await?;
        assert!(note.is_some_and(|note| note.contains("только другой владелец")), "{data}");
    }
    // A link that was withdrawn lets nobody in.
    let link = invite(&world, "оператор").await?;
    owner.press("Отозвать ссылку", "Команда").await?;
    let third = world.someone("Гость").await?;
    third.sim.open(third.person.id, &link).await?;
    third.reads("Эта ссылка уже не действует").await?;
    // Whoever is in already stays what they are.
    let link = invite(&world, "поддержка").await?;
    second.sim.open(second.person.id, &link).await?;
    second.reads("Вы уже в команде").await?;
    let posts: Vec<String> = sqlx::query_scalar("select role from operators").fetch_all(&pool).await?;
    assert_eq!(posts, ["owner"]);
    pool.close().await;
    assert!(data_of(&second, "Команда").await.is_ok());
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_card_opens_it_for_staff_and_the_greeting_for_everybody_else() -> Result<()> {
    let (world, paid, slug) = with_a_bot("Усы").await?;
    let link = format!("https://t.me/{}?start=card_{slug}", world.bot.bot.username);
    let owner = world.operator();
    owner.sim.open(owner.person.id, &link).await?;
    owner.reads("Состояние — ").await?;
    let stranger = world.someone("Злодей").await?;
    stranger.sim.open(stranger.person.id, &link).await?;
    stranger.reads("собственный Telegram-бот записи").await?;
    let read = stranger.sim.chat(stranger.person.id, &stranger.bot).await?;
    assert!(
        !read.messages.iter().any(|m| m.from_bot && (m.text.contains(&slug) || m.text.contains(&paid.bot.username)))
    );
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_of_many_with_the_longest_names_is_turned_over_and_every_screen_is_a_message() -> Result<()> {
    let world = World::start().await?;
    let owner = world.operator();
    owner.start("Здравствуйте").await?;
    let pool = world.registry().await?;
    for letter in ["𝕏", "<", "ש"] {
        sqlx::query(
            "with people as (
                insert into clients (telegram_id, name, username, language, created_at)
                select 5000000000000 + ascii($1) * 100 + n, repeat($1, 64), 'u' || ascii($1) || '_' || n, 'ru', now()
                  from generate_series(1, 20) n returning telegram_id, name)
             insert into operators (telegram_id, role, name, added_by, added_at)
             select telegram_id, 'operator', name, 1, now() from people",
        )
        .bind(letter)
        .execute(&pool)
        .await?;
    }
    sqlx::query(
        "insert into team_acts (at, actor, act, subject, role, was, cause)
         select now(), o.telegram_id, 'role', o.telegram_id, 'operator', 'support', 'test:' || o.id from operators o",
    )
    .execute(&pool)
    .await?;
    pool.close().await;
    owner.say("/staff", "Для сотрудников").await?;
    owner.press("Команда", "OWNER_IDS").await?;
    for _ in 0..3 {
        owner.press("→", "OWNER_IDS").await?;
    }
    assert!(owner.screen().await?.button("→").is_none(), "sixty people are on four pages");
    let last = owner.screen().await?;
    let person = &last.buttons[14][0];
    owner.press(&person.text, "Роль — оператор").await?;
    owner.press("Убрать из команды", "Доступ закроется сразу").await?;
    owner.press("Нет, оставить", "Роль — оператор").await?;
    owner.press("К команде", "OWNER_IDS").await?;
    owner.press("История", "теперь оператор").await?;
    owner.press("→", "теперь оператор").await?;
    world.close().await
}
