//! Twelve tables, a Friday evening.

use anyhow::Result;
use play::{people::Someone, world::World};

use super::{Shift, introduces, next_friday, sums};
use crate::narrator::Narrator;

const ANY: &str = "Любой стол";

pub(super) async fn play(world: &World, narrator: &Narrator) -> Result<()> {
    let date = next_friday(world).await?;
    narrator
        .scene(
            "A restaurant is sold its bot",
            &["What stands in [brackets] is a button. The clock is played: an evening takes a minute."],
        )
        .await?;
    let shift = Shift::sold(world, narrator, ("Вера", "Ресторан «Причал»", "Ресторан"), date).await?;
    let owner = &shift.owner;
    shift.before("18:30", "Six tables are there; the owner adds six more, and asks for a digest", &[]).await?;
    owner.start("Это ваш бот для записи").await?;
    shift.accepts_what_is_there().await?;
    six_more_tables(owner).await?;
    shift.wants_evening_digest("23:30").await?;

    shift.before("19:00", "Guests book tables", &["A party gets the table that wastes fewest seats."]).await?;
    let two = shift.seats("Алла", "2", ANY, "19:00").await?;
    shift.seats("Борис", "4", "Стол 9", "19:00").await?;
    shift.seats("Вадим", "6", ANY, "19:00").await?;
    let eight = shift.seats("Галина", "8", ANY, "20:00").await?;
    shift.seats("Денис", "2", ANY, "20:00").await?;
    shift.seats("Ева", "3", "Стол 6", "20:00").await?;
    shift.seats("Злата", "4", "Стол 10", "21:00").await?;
    let late = shift.seats("Игорь", "2", "Стол 12", "21:00").await?;

    shift
        .at("17:30", "Somebody calls for tonight", &["The owner books for her; there is no chat to remind her in."])
        .await?;
    shift.calls("Кира 8 903 777-66-55", "5", "21:30").await?;
    two.reads("Ждём вас через").await?;
    shift
        .at("17:40", "Галина's eight will be later", &["Two tables are put together for them; she moves both herself."])
        .await?;
    eight.say("/my", "Ваши записи").await?;
    eight.press("20:00", "Запись подтверждена").await?;
    eight.press("🔄 Перенести", "Когда вам удобно").await?;
    eight.press_first(&shift.day_step(), "Выберите время").await?;
    eight.press("21:30", "Перенести").await?;
    eight.press_first("mv:", "Запись перенесена").await?;

    shift.at("19:03", "The first guests come", &[]).await?;
    shift.comes("19:00 Алла").await?;
    shift.comes("19:00 Вадим").await?;
    shift.at("19:20", "A couple walks in", &["They get what is free now."]).await?;
    shift.walk_in("2").await?;

    shift.at("21:40", "Игорь has not come", &["His table is free for whoever walks in."]).await?;
    shift.is_missed("21:00 Игорь").await?;
    late.reads("Ждём вас").await?;
    shift.walk_in("2").await?;

    shift
        .at("22:50", "The bill of a table", &["A table costs nothing; what its guests have paid is written down."])
        .await?;
    shift.pays("19:00 Алла", "4 200").await?;
    shift.pays("19:00 Вадим", "15 800").await?;

    shift.at("23:35", "The evening: what it came to", &["The bot's own digest, then its figures."]).await?;
    sums::add_up(&shift).await
}

/// Typed at once, with how many people each takes.
async fn six_more_tables(owner: &Someone) -> Result<()> {
    owner.say("/admin", "Что откроем?").await?;
    owner.press("💺 Мастера и столы", "Выберите, чтобы изменить").await?;
    owner.press("➕ Стол", "стол").await?;
    owner.say("Стол 7, 2\nСтол 8, 2\nСтол 9, 4\nСтол 10, 4\nСтол 11, 4\nСтол 12, 6", "Всё верно?").await?;
    owner.press("✅ Сохранить", "Сохранили").await?;
    Ok(())
}

impl Shift<'_> {
    async fn wants_evening_digest(&self, time: &str) -> Result<()> {
        let owner = &self.owner;
        owner.say("/admin", "Что откроем?").await?;
        owner.press("Сводки", "Короткая сводка о дне").await?;
        owner.press("🌙 Время", "Во сколько присылать?").await?;
        owner.say(time, time).await?;
        owner.press("✅ Сохранить", "Договорились").await?;
        Ok(())
    }

    /// New guests book a table for the evening that is played.
    async fn seats(&self, name: &str, party: &str, table: &str, time: &str) -> Result<Someone> {
        let guest = self.guest(name).await?;
        guest.start("Здесь можно записаться").await?;
        guest.press("Записаться", "Выберите услугу").await?;
        guest.press("Столик", "Сколько вас будет").await?;
        // Where only one table fits, nobody is asked which.
        if guest.press(party, "").await?.text.contains("Какой стол") {
            guest.press(table, "Когда вам удобно").await?;
        }
        guest.press_first(&self.day_step(), "Выберите время").await?;
        guest.press(time, "Согласие на обработку").await?;
        introduces(&guest).await?;
        guest.press("✅ Записаться", "Вы записаны").await?;
        Ok(guest)
    }

    async fn begins_a_booking(&self, whom: &str) -> Result<()> {
        self.owner.say("/admin", "Что откроем?").await?;
        self.owner.press("➕ Записать клиента", "Кого записываем?").await?;
        match whom {
            "" => self.owner.press("🚶 Без имени", "").await?,
            caller => {
                self.owner.press("➕ Новый клиент", "имя и телефон").await?;
                self.owner.say(caller, "Новый клиент").await?;
                self.owner.press("✅ Сохранить", "").await?
            }
        };
        self.owner.press("Столик", "Сколько человек?").await?;
        Ok(())
    }

    /// The owner books for somebody who calls, for today.
    async fn calls(&self, who: &str, party: &str, time: &str) -> Result<()> {
        self.begins_a_booking(who).await?;
        self.owner.press(party, "Кто принимает?").await?;
        self.owner.press("Кто свободен", "На какой день?").await?;
        self.owner.say("сегодня", "Во сколько?").await?;
        self.owner.say(time, "Проверьте").await?;
        self.owner.press("✅ Записать", "Записали").await?;
        Ok(())
    }

    /// Guests without a name sit down now.
    async fn walk_in(&self, party: &str) -> Result<()> {
        self.begins_a_booking("").await?;
        self.owner.press(party, "Кто принимает?").await?;
        self.owner.press("Кто свободен", "На какой день?").await?;
        self.owner.press("🕐 Прямо сейчас", "Проверьте").await?;
        self.owner.press("✅ Записать", "Записали").await?;
        Ok(())
    }

    async fn opens(&self, booking: &str) -> Result<()> {
        self.owner.say("/admin", "Что откроем?").await?;
        self.owner.press("🗓 Расписание", "Расписание").await?;
        self.owner.press(booking, "№").await?;
        Ok(())
    }

    async fn comes(&self, booking: &str) -> Result<()> {
        self.opens(booking).await?;
        self.owner.press("👋 Пришёл", "Клиент пришёл").await?;
        Ok(())
    }

    async fn is_missed(&self, booking: &str) -> Result<()> {
        self.opens(booking).await?;
        self.owner.press("🚫 Не пришёл", "Клиент не пришёл").await?;
        Ok(())
    }

    /// What a table's guests have paid.
    async fn pays(&self, booking: &str, sum: &str) -> Result<()> {
        self.opens(booking).await?;
        self.owner.press("✏️ Изменить", "Что изменить?").await?;
        self.owner.press("💰 Оплата", "Сколько клиент заплатил").await?;
        self.owner.say(sum, "Всё верно?").await?;
        self.owner.press("✅ Сохранить", "Изменили").await?;
        Ok(())
    }
}
