//! Three chairs, a Friday.

use anyhow::Result;
use play::{people::Someone, world::World};

use super::{Shift, introduces, next_friday, sums};
use crate::narrator::Narrator;

const CUT: &str = "Мужская стрижка";

pub(super) async fn play(world: &World, narrator: &Narrator) -> Result<()> {
    let date = next_friday(world).await?;
    narrator
        .scene(
            "A barbershop with three chairs is sold its bot",
            &["What stands in [brackets] is a button. The clock is played: a day takes a minute."],
        )
        .await?;
    let shift = Shift::sold(world, narrator, ("Олег", "Барбершоп «Борода»", "Барбершоп"), date).await?;
    let owner = &shift.owner;
    let artyom = shift.guest("Артём").await?;
    shift
        .before(
            "18:30",
            "The owner asks for digests and lets a barber run his own chair",
            &["The bot began with what barbershops usually offer; everything of it can be changed from «Управление»."],
        )
        .await?;
    owner.start("Это ваш бот для записи").await?;
    shift.accepts_what_is_there().await?;
    wants_digests(owner).await?;
    invites(owner, &artyom).await?;

    shift.before("19:00", "Customers book", &["Each writes to the bot; nobody answers them but the bot."]).await?;
    let boris = shift.books("Борис", (CUT, "Артём"), "10:00").await?;
    shift.books("Виктор", ("Стрижка и борода", "Денис"), "10:00").await?;
    shift.books("Глеб", (CUT, "Руслан"), "12:00").await?;
    shift.books("Даня", ("Детская стрижка", "Артём"), "12:00").await?;
    let zhora = shift.books("Жора", (CUT, "Артём"), "15:00").await?;
    shift.books("Егор", ("Королевское бритьё", "Денис"), "15:00").await?;
    shift.books("Илья", ("Стрижка машинкой", "Руслан"), "18:00").await?;
    shift.books("Кирилл", (CUT, "Денис"), "17:00").await?;
    let zakhar = shift.guest("Захар").await?;
    shift.waits(&zakhar, (CUT, "Артём")).await?;

    shift
        .at("09:05", "The morning: the owner reads what the day will be", &["Reminders go out by themselves."])
        .await?;
    owner.reads("8 записей").await?;
    boris.reads("Ждём вас через").await?;

    shift.at("10:02", "Артём's first customer is here", &["He sees his own chair only."]).await?;
    opens(&artyom, "10:00 Борис").await?;
    artyom.press("👋 Пришёл", "Клиент пришёл").await?;
    shift.at("11:00", "And goes", &[]).await?;
    artyom.press("✅ Состоялся", "Визит состоялся").await?;

    shift
        .at(
            "11:40",
            "Жора cancels, and whoever waited for such a time is asked first",
            &["The time is kept for Захар for a quarter of an hour."],
        )
        .await?;
    zhora.say("/my", "Ваши записи").await?;
    zhora.press("15:00", "Запись подтверждена").await?;
    zhora.press("❌ Отменить", "Отменить").await?;
    zhora.press("Да, отменить", "отменена").await?;
    zakhar.reads("Освободилось").await?;
    zakhar.press("✅", "Вы записаны").await?;

    shift.at("12:10", "Somebody calls, and somebody walks in", &["The owner books for both of them."]).await?;
    owner.say("/admin", "Что откроем?").await?;
    owner.press("➕ Записать клиента", "Кого записываем?").await?;
    owner.press("➕ Новый клиент", "имя и телефон").await?;
    owner.say("Лев 8 903 555-44-33", "+79035554433").await?;
    owner.press("✅ Сохранить", "На какую услугу?").await?;
    owner.press(CUT, "Кто принимает?").await?;
    owner.press("Руслан", "На какой день?").await?;
    owner.say("сегодня", "Во сколько?").await?;
    owner.press("16:00", "Проверьте").await?;
    owner.press("✅ Записать", "Записали").await?;
    owner.say("/admin", "Что откроем?").await?;
    owner.press("➕ Записать клиента", "Кого записываем?").await?;
    owner.press("🚶 Без имени", "На какую услугу?").await?;
    owner.press("Стрижка машинкой", "Кто принимает?").await?;
    owner.press("Денис", "На какой день?").await?;
    owner.press("🕐 Прямо сейчас", "Проверьте").await?;
    owner.press("✅ Записать", "Записали").await?;

    shift.at("14:00", "Two hours after the visit Борис has been asked how it was", &[]).await?;
    boris.press("5 ⭐", "⭐").await?;

    shift.at("18:20", "Илья does not come", &[]).await?;
    opens(owner, "18:00 Илья").await?;
    owner.press("🚫 Не пришёл", "Клиент не пришёл").await?;

    shift
        .at("20:00", "News for everybody who wants them", &["Seen as the customers see it before it goes out."])
        .await?;
    shift.writes_to_all("В субботу с 10 до 12 — минус 20 % на бороду. Записывайтесь!").await?;

    shift.at("21:35", "The evening: what it came to", &["The bot's own digest, then its figures."]).await?;
    sums::add_up(&shift).await
}

/// Morning and evening, as the owner types it.
async fn wants_digests(owner: &Someone) -> Result<()> {
    owner.say("/admin", "Что откроем?").await?;
    owner.press("Сводки", "Короткая сводка о дне").await?;
    owner.press("🌅 Время", "Во сколько присылать?").await?;
    owner.say("9", "09:00").await?;
    owner.press("✅ Сохранить", "Договорились").await?;
    owner.press("🌙 Время", "Во сколько присылать?").await?;
    owner.say("21:30", "21:30").await?;
    owner.press("✅ Сохранить", "Договорились").await?;
    Ok(())
}

async fn invites(owner: &Someone, barber: &Someone) -> Result<()> {
    owner.say("/admin", "Что откроем?").await?;
    owner.press("👥 Команда", "Кто ведёт дела").await?;
    owner.press("➕ Пригласить", "Кем будет").await?;
    owner.press("✂️ Сотрудник", "Чьё расписание").await?;
    let made = owner.press("Артём", "https://t.me/").await?;
    let link = made.text.split_whitespace().find(|word| word.starts_with("https://")).unwrap_or_default().to_owned();
    let act = barber.sim.open(barber.person.id, &link).await?;
    barber.sim.wait_reply(&act, "Вас приглашают").await?;
    barber.press("✅ Вступить", "теперь вы здесь сотрудник").await?;
    Ok(())
}

/// One of the team opens a booking of today.
async fn opens(who: &Someone, booking: &str) -> Result<()> {
    who.say("/admin", "Что откроем?").await?;
    who.press("🗓 Расписание", "Расписание").await?;
    who.press(booking, "Запись подтверждена").await?;
    Ok(())
}

impl Shift<'_> {
    /// A new customer books a service with somebody for the day that is played.
    async fn books(&self, name: &str, (what, who): (&str, &str), time: &str) -> Result<Someone> {
        let guest = self.guest(name).await?;
        guest.start("Здесь можно записаться").await?;
        guest.press("Записаться", "Выберите услугу").await?;
        guest.press(what, "К кому вас записать").await?;
        guest.press(who, "Когда вам удобно").await?;
        guest.press_first(&self.day_step(), "Выберите время").await?;
        guest.press(time, "Согласие на обработку").await?;
        introduces(&guest).await?;
        guest.press("✅ Записаться", "Вы записаны").await?;
        Ok(guest)
    }

    /// A new customer wants a time of that day that is taken.
    async fn waits(&self, guest: &Someone, (what, who): (&str, &str)) -> Result<()> {
        guest.start("Здесь можно записаться").await?;
        guest.press("Записаться", "Выберите услугу").await?;
        guest.press(what, "К кому вас записать").await?;
        guest.press(who, "Когда вам удобно").await?;
        guest.press_first(&self.day_step(), "Выберите время").await?;
        guest.press("🔔 Сообщить, если освободится", "На какие дни").await?;
        guest.press_first(&self.wait_step(), "В какое время").await?;
        guest.press("Днём", "Согласие").await?;
        guest.press("✅ Согласен", "Как вас зовут").await?;
        guest.press_first("me", "номер телефона").await?;
        guest.key("Отправить мой номер", "").await?;
        Ok(())
    }
}
