//! A working day, played with the real programs on the sandbox's clock, and what it leaves: told as it happens, and counted
//! twice, by the bot and by us.

mod barbershop;
mod restaurant;
mod sums;

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use clap::ValueEnum;
use play::{
    people::Someone,
    scenes,
    world::{Shape, World},
};
use sandbox::wire::BotName;

use crate::narrator::Narrator;

/// Which business works.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Day {
    /// Three chairs, from the morning to the evening.
    Barbershop,
    /// Twelve tables, an evening.
    Restaurant,
}

/// A business at work.
pub(crate) struct Shift<'a> {
    world: &'a World,
    narrator: &'a Narrator,
    bot: BotName,
    slug: String,
    owner: Someone,
    date: NaiveDate,
}

/// Where the businesses of the play are.
const ZONE: Tz = Tz::Europe__Moscow;

/// Plays it, and says what it has left.
///
/// # Errors
/// When a line does not come, or the figures do not add up.
pub(crate) async fn run(day: Day, colours: bool) -> Result<()> {
    let world = World::shaped(Shape { played_time: true, ..Shape::default() }).await?;
    let narrator = Narrator::new(world.stage.sim.clone(), colours);
    narrator
        .during(async {
            match day {
                Day::Barbershop => barbershop::play(&world, &narrator).await,
                Day::Restaurant => restaurant::play(&world, &narrator).await,
            }
        })
        .await?;
    world.close().await
}

impl<'a> Shift<'a> {
    /// A business that was just sold, on the day before; the bot runs in its container.
    async fn sold(
        world: &'a World,
        narrator: &'a Narrator,
        (owner, business, kind): (&str, &str, &str),
        date: NaiveDate,
    ) -> Result<Self> {
        let buyer = world.someone(owner).await?;
        world.stage.sim.set_clock(moment(date.pred_opt().context("a day before")?, "18:00")?).await?;
        let paid = scenes::sign_up_kind(&buyer, business, kind).await?.pay().await?;
        paid.patient(Duration::from_secs(60)).ready().await?;
        let slug = world.tenant_of(&paid.bot.username).await?;
        let owner = buyer.with(&paid.bot.username);
        Ok(Self { world, narrator, bot: paid.bot, slug, owner, date })
    }

    /// It is that late, and this happens.
    async fn at(&self, time: &str, title: &str, explained: &[&str]) -> Result<()> {
        self.narrator.scene(&format!("{time} · {title}"), explained).await?;
        self.world.stage.sim.set_clock(moment(self.date, time)?).await?;
        Ok(())
    }

    /// Somebody who speaks to the bot.
    async fn guest(&self, name: &str) -> Result<Someone> {
        Ok(self.world.someone(name).await?.with(&self.bot.username))
    }

    /// The day before, still.
    async fn before(&self, time: &str, title: &str, explained: &[&str]) -> Result<()> {
        self.narrator.scene(&format!("the day before, {time} · {title}"), explained).await?;
        let eve = self.date.pred_opt().context("a day before")?;
        self.world.stage.sim.set_clock(moment(eve, time)?).await?;
        Ok(())
    }

    /// The step of a draft that chooses the day that is played.
    fn day_step(&self) -> String {
        self.date.format("day:%Y%m%d").to_string()
    }

    /// The step of a draft that waits for a time of that day alone.
    fn wait_step(&self) -> String {
        self.date.format("wait:%Y%m%d:d").to_string()
    }

    /// The first run: what the kind of business began with is right, and the rest is for later.
    async fn accepts_what_is_there(&self) -> Result<()> {
        let owner = &self.owner;
        for step in ["Шаг 2 из 6", "Шаг 3 из 6", "Шаг 4 из 6", "Шаг 5 из 6", "Шаг 6 из 6"] {
            owner.press("Дальше ›", step).await?;
        }
        owner.press("✅ Всё готово", "Бот готов принимать записи").await?;
        Ok(())
    }

    /// Something for everybody, now.
    async fn writes_to_all(&self, text: &str) -> Result<()> {
        let owner = &self.owner;
        owner.say("/admin", "Что откроем?").await?;
        owner.press("📣 Рассылки", "Рассылки").await?;
        owner.press("✍️ Новая рассылка", "Пришлите сообщение").await?;
        owner.say(text, "Выберите, кому отправить").await?;
        owner.press("👀 Посмотреть", "Отправляем?").await?;
        owner.press("🚀 Отправить сейчас", "Рассылка").await?;
        owner.reads("закончена: дошло").await?;
        Ok(())
    }
}

/// A new customer says who they are; the last screen before the booking.
async fn introduces(guest: &Someone) -> Result<()> {
    guest.press("✅ Согласен", "Как вас зовут").await?;
    guest.press_first("me", "номер телефона").await?;
    guest.key("Отправить мой номер", "Проверьте, всё ли верно").await?;
    Ok(())
}

/// The first Friday that is two days off at least.
async fn next_friday(world: &World) -> Result<NaiveDate> {
    let today = world.stage.sim.clock().await?.at.with_timezone(&ZONE).date_naive();
    let mut date = today + Days::new(2);
    while date.weekday() != Weekday::Fri {
        date = date + Days::new(1);
    }
    Ok(date)
}

fn moment(date: NaiveDate, time: &str) -> Result<DateTime<Utc>> {
    let local = date.and_time(NaiveTime::parse_from_str(time, "%H:%M")?);
    Ok(ZONE.from_local_datetime(&local).single().context("a time that is there once")?.to_utc())
}
