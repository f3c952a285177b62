//! The work chat: a group with the bookings' cards, whose buttons ask who presses them.

use anyhow::{Context, Result, ensure};
use play::people::Someone;
use sandbox::wire::{Act, ChatMessage};

use crate::{
    running::{Play, buttons},
    shop::{at, monday},
};

struct Office {
    play: Play,
    group: i64,
    anna: Someone,
    stranger: Someone,
}

impl Office {
    /// A group that the owner has connected, and a customer who has booked since: Tuesday, noon, with Artyom.
    async fn open() -> Result<Self> {
        let office = Self::connected().await?;
        office.play.books(&office.anna, "12:00").await?;
        office.play.stage.sim.wait_in(office.group, "Анна Иванова").await?;
        Ok(office)
    }

    async fn connected() -> Result<Self> {
        let play = Play::begin("barbershop", monday()).await?;
        let (anna, stranger) = (play.stage.someone("Аня").await?, play.stage.someone("Прохожий").await?);
        let sim = &play.stage.sim;
        let owner = play.stage.owner.person.id;
        let group = sim.create_group("Смена", owner).await?.group.id;
        sim.put_bot(group, "boroda_bot", "member").await?;
        sim.join(group, stranger.person.id).await?;
        let command = Self::command(&play).await?;
        sim.say_in(group, owner, &command).await?;
        sim.wait_in(group, "Группа подключена").await?;
        Ok(Self { play, group, anna, stranger })
    }

    /// What connects a group, from the console.
    async fn command(play: &Play) -> Result<String> {
        let owner = &play.stage.owner;
        owner.say("/admin", "Барбершоп «Борода»").await?;
        owner.press("Рабочий чат", "Подключите группу").await.or(owner.press("Рабочий чат", "Группы").await)?;
        let screen = owner.press("Подключить группу", "/start@").await?;
        let command = screen.text.split_once("/start@").context("no command")?.1;
        Ok(format!("/start@{}", command.split_whitespace().take(2).collect::<Vec<_>>().join(" ")))
    }

    async fn card(&self, contains: &str) -> Result<ChatMessage> {
        self.play.stage.sim.wait_in(self.group, contains).await.map_err(Into::into)
    }

    async fn press(&self, user: i64, button: &str) -> Result<Option<String>> {
        let act: Act = self.play.stage.sim.press_in(self.group, user, button).await?;
        let (note, _) = self.play.stage.sim.wait_answer(&act).await?;
        self.play.stage.sim.wait_confirmed(&act).await?;
        Ok(note)
    }

    async fn by_owner(&self, button: &str, shows: &str) -> Result<ChatMessage> {
        let note = self.press(self.play.stage.owner.person.id, button).await?;
        ensure!(note.is_none(), "{button}: {note:?}");
        self.card(shows).await
    }

    async fn status(&self) -> Result<String> {
        Ok(sqlx::query_scalar("select status from bookings where status <> 'held' order by id desc limit 1")
            .fetch_one(&self.play.pool)
            .await?)
    }

    async fn cards(&self) -> Result<usize> {
        let group = self.play.stage.sim.group(self.group).await?;
        Ok(group.messages.iter().filter(|m| m.from_bot && m.text.contains("Анна Иванова")).count())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_asks_who_presses_it_and_shows_what_is_so() -> Result<()> {
    let office = Office::open().await?;
    let card = office.card("Запись").await?;
    assert_eq!(buttons(&card), [vec!["🙂 Пришёл", "🚫 Не пришёл"], vec!["❌ Отменить"]]);
    insta::assert_snapshot!("work_chat_card", card.text);
    for button in ["Пришёл", "Не пришёл", "Отменить"] {
        let note = office.press(office.stranger.person.id, button).await?;
        ensure!(note.as_deref().is_some_and(|note| note.contains("для тех, кто здесь работает")), "{button}: {note:?}");
    }
    // The customer is no member of the team either, though it is her booking.
    office.play.stage.sim.join(office.group, office.anna.person.id).await?;
    ensure!(office.press(office.anna.person.id, "Отменить").await?.is_some());
    assert_eq!(office.status().await?, "confirmed");
    // Too early for the owner; at noon it is time.
    let note = office.press(office.play.stage.owner.person.id, "🙂 Пришёл").await?;
    ensure!(note.is_some(), "a day before nobody is here");
    office.play.clock.set(at("2026-11-24T08:55:00Z"));
    let card = office.by_owner("🙂 Пришёл", "Клиент пришёл").await?;
    assert_eq!(office.status().await?, "arrived");
    assert_eq!(buttons(&card), [vec!["✔️ Состоялся", "🚫 Не пришёл"], vec!["↩️ Ещё не пришёл"]]);
    office.by_owner("Ещё не пришёл", "Запись").await?;
    assert_eq!(office.status().await?, "confirmed");
    let ask = office.by_owner("❌ Отменить", "Отменить эту запись?").await?;
    assert_eq!(buttons(&ask), [vec!["❌ Да, отменить"], vec!["‹ Назад"]]);
    office.by_owner("‹ Назад", "Запись").await?;
    assert_eq!(office.status().await?, "confirmed");
    office.by_owner("❌ Отменить", "Отменить эту запись?").await?;
    let card = office.by_owner("Да, отменить", "Отменена командой").await?;
    assert!(buttons(&card).is_empty());
    assert_eq!((office.status().await?.as_str(), office.cards().await?), ("cancelled", 1));
    office.anna.reads("вашу запись пришлось отменить").await?;
    office.play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_answered_in_the_group() -> Result<()> {
    let office = Office::connected().await?;
    office.play.setting("approval", "by_request").await?;
    office.anna.start("Здравствуйте").await?;
    office.play.looks(&office.anna).await?;
    office.play.chooses(&office.anna, "12:00").await?;
    office.anna.press("✅", "").await?;
    office.card("Заявка, ждёт ответа").await?;
    ensure!(office.press(office.stranger.person.id, "Подтвердить").await?.is_some());
    office.by_owner("❌ Отказать", "Отказать клиенту?").await?;
    office.by_owner("‹ Назад", "Заявка, ждёт ответа").await?;
    office.by_owner("✅ Подтвердить", "Запись").await?;
    office.anna.reads("Ваша запись подтверждена").await?;
    office.play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_edited_whoever_changes_its_booking() -> Result<()> {
    let office = Office::open().await?;
    let anna = &office.anna;
    anna.say("/my", "Ваши записи").await?;
    anna.press("24.11", "Запись подтверждена").await?;
    anna.press("Перенести", "Когда вам удобно?").await?;
    anna.press("25", "UTC+3").await?;
    anna.press("15:00", "25 ноября, 15:00").await?;
    anna.press("✅", "перенес").await?;
    office.card("Запись перенесена").await?;
    let moved = office.card("25 ноября, 15:00").await?;
    ensure!(office.cards().await? == 2, "a move is news");
    anna.say("/my", "Ваши записи").await?;
    anna.press("25.11", "Запись подтверждена").await?;
    anna.press("Отменить", "25 ноября, 15:00").await?;
    anna.press("Да", "отменена").await?;
    let cancelled = office.card("Отменена клиентом").await?;
    assert_eq!((cancelled.id, office.cards().await?), (moved.id, 2), "the same card");
    office.play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_grows_and_the_bot_is_thrown_out() -> Result<()> {
    let office = Office::connected().await?;
    let sim = &office.play.stage.sim;
    let grown = sim.upgrade_group(office.group).await?;
    let office = Office { group: grown.group.id, ..office };
    office.play.books(&office.anna, "12:00").await?;
    office.card("Анна Иванова").await?;
    office.play.stage.sim.put_bot(office.group, "boroda_bot", "kicked").await?;
    office.play.stage.owner.reads("больше нет в группе «Смена»").await?;
    assert_eq!(office.play.count("select count(*) from work_chats").await?, 0);
    // Nobody writes there any more.
    let boris = office.play.stage.someone("Боря").await?;
    office.play.books(&boris, "15:00").await?;
    assert_eq!(office.play.count("select count(*) from outbox where key like 'card:%'").await?, 1);
    office.play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_connects_one_group_once() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let sim = play.stage.sim.clone();
    let owner = play.stage.owner.person.id;
    let command = Office::command(&play).await?;
    let (first, second) =
        (sim.create_group("Первая", owner).await?.group.id, sim.create_group("Вторая", owner).await?.group.id);
    for group in [first, second] {
        sim.put_bot(group, "boroda_bot", "member").await?;
    }
    sim.say_in(first, owner, &command).await?;
    sim.wait_in(first, "Группа подключена").await?;
    sim.say_in(second, owner, &command).await?;
    sim.wait_in(second, "ссылка уже не действует").await?;
    for nonsense in ["/start@boroda_bot", "/start@boroda_bot x' or 1=1", "/start@other_bot abc"] {
        let act = sim.say_in(second, owner, nonsense).await?;
        sim.wait_confirmed(&act).await.ok();
    }
    assert_eq!(play.count("select count(*) from work_chats").await?, 1);
    // Taken away in the console, its old cards answer that they are stale.
    let boss = &play.stage.owner;
    boss.say("/admin", "Барбершоп «Борода»").await?;
    boss.press("Рабочий чат", "Группы").await?;
    boss.press("Первая", "Подключена").await?;
    boss.press("Отключить", "Группа отключена").await?;
    assert_eq!(play.count("select count(*) from work_chats").await?, 0);
    play.end().await
}
