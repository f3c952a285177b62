//! Every button pressed by a stranger first, and twice by its owner: the first changes nothing of anybody else's, the
//! second does nothing a second time, and both get an answer.

use anyhow::{Context, Result, ensure};
use play::people::Someone;
use sandbox::wire::ChatMessage;

use crate::{
    running::Play,
    shop::{at, monday},
};

pub(crate) struct Watched<'a> {
    play: &'a Play,
    anna: Someone,
    stranger: Someone,
    /// A message in the stranger's own chat, to forge presses on.
    message_id: i32,
}

impl<'a> Watched<'a> {
    async fn begin(play: &'a Play) -> Result<Self> {
        let anna = play.stage.someone("Аня").await?;
        Self::over(play, &anna).await
    }

    /// Over the shoulder of this one.
    pub(crate) async fn over(play: &'a Play, anna: &Someone) -> Result<Self> {
        let (anna, stranger) = (anna.clone(), play.stage.someone("Злодей").await?);
        let message_id = stranger.start("Здравствуйте").await?.id;
        Ok(Self { play, anna, stranger, message_id })
    }

    /// Whatever stands, but for what is only kept while somebody types.
    async fn fate(&self) -> Result<String> {
        let mut fate = String::new();
        for query in [
            "select id, user_id, status, starts_at, party from bookings where status <> 'held'",
            "select booking_id, position, service_id, resource_ids, starts_at from booking_lines",
            "select id, user_id, state, wanted from waitlist",
            "select booking_id, rating, comment from feedback",
            "select id, booking_id, action from booking_history where action <> 'held' and booking_id in (select id from bookings where status <> 'held')",
            "select user_id, contact_name, phone, note, tags, discount_percent, blocked_at from users
              where phone is not null or caller",
            "select booking_id, customer_name, note, paid_kopecks from bookings b cross join lateral (select b.id as booking_id) i",
            "select id, action, subject from audit_log",
        ] {
            let sql = format!("select coalesce(string_agg(t::text, e'\\n' order by t::text), '') from ({query}) t");
            let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.play.pool).await?;
            fate.push_str(&rows);
            fate.push('\n');
        }
        Ok(fate)
    }

    async fn send(&self, who: &Someone, message_id: i32, data: &str) -> Result<()> {
        let act = who.sim.forge_press(who.person.id, &who.bot, message_id, data).await?;
        let (note, _) = who.sim.wait_answer(&act).await.with_context(|| format!("{data} got no answer"))?;
        ensure!(!note.unwrap_or_default().contains("Что-то пошло не так"), "{data} went wrong");
        Ok(who.sim.wait_confirmed(&act).await?)
    }

    pub(crate) async fn press(&self, button: &str, expected: &str) -> Result<ChatMessage> {
        let chat = self.anna.sim.chat(self.anna.person.id, &self.anna.bot).await?;
        let found = chat.messages.iter().rev().find_map(|m| Some((m.id, m.button(button)?.data.clone()?)));
        let (message_id, data) = found.with_context(|| format!("no button «{button}»"))?;
        let before = self.fate().await?;
        self.send(&self.stranger, self.message_id, &data).await?;
        ensure!(self.fate().await? == before, "a stranger's press of {data} has changed something");
        let reply = self.anna.press(button, expected).await?;
        let done = self.fate().await?;
        self.send(&self.anna, message_id, &data).await?;
        ensure!(self.fate().await? == done, "a second tap on {data} has done something");
        Ok(reply)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_second_taps_change_nothing_on_the_way_to_a_booking() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let watched = Watched::begin(&play).await?;
    let anna = &watched.anna;
    anna.start("Здравствуйте").await?;
    watched.press("📅 Записаться", "Выберите услугу").await?;
    watched.press("Мужская стрижка", "К кому").await?;
    watched.press("Артём", "Когда вам удобно?").await?;
    watched.press("›", "Когда вам удобно?").await?;
    watched.press("‹", "Когда вам удобно?").await?;
    watched.press("24", "Выберите время").await?;
    watched.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    watched.press("Аня", "номер телефона").await?;
    anna.say("89161234567", "Проверьте").await?;
    watched.press("➕ Добавить услугу", "Выберите услугу").await?;
    watched.press("Оформление бороды", "К кому").await?;
    watched.press("Денис", "Проверьте").await?;
    watched.press("➖ Убрать последнюю", "Проверьте").await?;
    watched.press("🔁 Повторять", "Как часто").await?;
    watched.press("Каждую неделю", "Сколько всего").await?;
    watched.press("2", "Проверьте даты").await?;
    watched.press("Без повторов", "Проверьте, всё ли верно").await?;
    watched.press("💬 Комментарий", "Что передать?").await?;
    anna.say("Здравствуйте", "Проверьте").await?;
    watched.press("✅ Записаться", "Вы записаны!").await?;
    assert_eq!(play.count("select count(*) from bookings where status <> 'cancelled'").await?, 1);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_second_taps_change_nothing_of_a_booking_that_stands() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let watched = Watched::begin(&play).await?;
    let anna = &watched.anna;
    play.books(anna, "12:00").await?;
    watched.press("📅 В календарь", "Откройте файл").await?;
    watched.press("📋 Мои записи", "Ваши записи").await?;
    watched.press("вт 24.11 12:00", "Запись подтверждена").await?;
    watched.press("🔄 Перенести", "Когда вам удобно?").await?;
    watched.press("24", "Выберите время").await?;
    watched.press("15:00", "Перенести запись?").await?;
    watched.press("✅ Перенести", "Запись перенесена").await?;
    assert_eq!(play.count("select count(*) from bookings where status = 'confirmed'").await?, 1);
    anna.say("/my", "Ваши записи").await?;
    watched.press("вт 24.11 15:00", "Запись подтверждена").await?;
    watched.press("❌ Отменить", "Отменить эту запись?").await?;
    watched.press("Да, отменить", "Запись отменена").await?;
    watched.press("🔁 Записаться ещё раз", "Когда вам удобно?").await?;
    watched.press("25", "Выберите время").await?;
    watched.press("🔔 Сообщить", "На какие дни").await?;
    watched.press("Только ср, 25 ноября", "В какое время").await?;
    watched.press("Утром", "").await?;
    assert_eq!(play.count("select count(*) from waitlist").await?, 1);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_second_taps_change_nothing_of_what_is_said_about_a_visit() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let watched = Watched::begin(&play).await?;
    let anna = &watched.anna;
    play.books(anna, "12:00").await?;
    anna.press("📋 Мои записи", "Ваши записи").await?;
    watched.press("вт 24.11 12:00", "Запись подтверждена").await?;
    watched.press("👍 Приду", "ждём вас").await?;
    assert_eq!(play.count("select count(*) from bookings where coming_at is not null").await?, 1);
    play.clock.set(at("2026-11-24T10:30:00Z"));
    play.run("update bookings set status = 'completed' where status = 'confirmed'").await?;
    anna.say("/my", "Предстоящих записей нет").await?;
    watched.press("🕓 Прошедшие", "Прошедшие").await?;
    watched.press("вт 24.11 12:00", "Визит состоялся").await?;
    watched.press("3 ⭐", "Спасибо за честность").await?;
    anna.say("Долго ждал", "Спасибо, передали!").await?;
    play.end().await
}
