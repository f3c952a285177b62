//! Whole conversations in both languages, word for word.

use anyhow::Result;
use play::{album::Album, people::Someone};
use shared::texts::{Lang, Texts};

use crate::{
    running::Play,
    shop::{at, monday},
};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// The texts of one language, by their keys.
pub(crate) struct Tongue {
    texts: Texts,
    lang: Lang,
}

impl Tongue {
    pub(crate) fn of(code: &str) -> Result<Self> {
        Ok(Self { texts: Texts::load("tenant")?, lang: Lang::from_code(Some(code)) })
    }

    /// The text up to its first placeholder or line's end, without marks.
    pub(crate) fn say(&self, key: &str) -> String {
        let text = self.texts.plain(self.lang, key, &[]);
        let text =
            ["<b>", "</b>", "<i>", "</i>", "<code>", "</code>"].iter().fold(text, |text, tag| text.replace(tag, ""));
        text.split(['{', '\n']).find(|part| !part.trim().is_empty()).unwrap_or_default().trim().to_owned()
    }
}

/// Opens a room from the console's first screen, which every new room changes: an album of the room begins here.
pub(crate) async fn enters(who: &Someone, room: &str, expected: &str) -> Result<u64> {
    let press = who.tap(room).await?;
    who.sim.wait_reply(&press, expected).await?;
    Ok(press.seq)
}

/// Types something into a form; when this is over, what was typed is deleted, which an album tells.
pub(crate) async fn types(who: &Someone, text: &str, expected: &str) -> Result<()> {
    let act = who.sim.say(who.person.id, &who.bot, text).await?;
    who.sim.wait_reply(&act, expected).await?;
    Ok(who.sim.wait_confirmed(&act).await?)
}

async fn somebody(play: &Play, code: &str) -> Result<Someone> {
    if code == "ru" { play.stage.someone("Анна").await } else { play.stage.english("Anna").await }
}

async fn introduced(anna: &Someone, t: &impl Fn(&str) -> String) -> Result<()> {
    anna.press(&t("person.consent.yes"), &t("name.ask")).await?;
    anna.press("Ann", &t("phone.ask")).await.or(anna.press("Анна", &t("phone.ask")).await)?;
    anna.say("+7 916 123-45-67", &t("confirm.head")).await?;
    Ok(())
}

async fn way_to_a_booking(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.setting("address", "Москва, ул. Ленина, 1").await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = somebody(&play, code).await?;
    anna.start("Барбершоп «Борода»").await?;
    anna.press(&t("menu.book"), &t("service.choose")).await?;
    anna.press("Мужская стрижка", &t("resource.choose.person")).await?;
    anna.press(&t("resource.any.person"), &t("day.choose")).await?;
    anna.press("24", "UTC+3").await?;
    anna.press("12:00", &t("person.consent.ask")).await?;
    introduced(&anna, &t).await?;
    anna.press(&t("confirm.more"), &t("service.choose")).await?;
    anna.press("Оформление бороды", &t("resource.choose.person")).await?;
    anna.press("Артём", &t("confirm.head")).await?;
    anna.press(&t("confirm.comment"), &t("comment.ask")).await?;
    anna.say("OK", &t("confirm.head")).await?;
    anna.press(&t("confirm.yes"), &t("booked.head")).await?;
    anna.press(&t("menu.mine"), &t("mine.head")).await?;
    anna.press("24.11", &t("card.confirmed")).await?;
    anna.press(&t("card.move"), &t("day.choose")).await?;
    anna.press("25", "UTC+3").await?;
    anna.press("15:00", &t("move.ask")).await?;
    anna.press(&t("move.yes"), &t("move.done")).await?;
    anna.press(&t("menu.mine"), &t("mine.head")).await?;
    anna.press("25.11", &t("card.confirmed")).await?;
    anna.press(&t("card.cancel"), &t("cancel.ask")).await?;
    anna.press(&t("cancel.yes"), &t("cancel.done")).await?;
    anna.press(&t("menu.mine"), &t("mine.none")).await?;
    anna.press(&t("mine.past"), &t("mine.past_head")).await?;
    Album::of(&anna, 0).await?.assert_snapshot_in(FOLDER, &format!("booking_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_a_booking_and_back_in_russian() -> Result<()> {
    way_to_a_booking("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_a_booking_and_back_in_english() -> Result<()> {
    way_to_a_booking("en").await
}

async fn the_rest(code: &str) -> Result<()> {
    let play = Play::begin("restaurant", monday()).await?;
    play.setting("active_limit", "9").await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = somebody(&play, code).await?;
    anna.start("").await?;
    // A party, and the same table every week.
    anna.press(&t("menu.book"), &t("service.choose")).await?;
    let ask = if code == "ru" { "Сколько вас будет?" } else { "How many of you" };
    anna.press("Столик", ask).await?;
    anna.press("3", &t("resource.choose.table")).await?;
    anna.press("Стол 3", &t("day.choose")).await?;
    anna.press("24", "UTC+3").await?;
    anna.press("19:00", &t("person.consent.ask")).await?;
    introduced(&anna, &t).await?;
    anna.press(&t("confirm.repeat"), &t("repeat.how_often")).await?;
    let (weekly, both) =
        if code == "ru" { ("Каждую неделю", "на 2 даты") } else { ("Every week", "Book 2 dates") };
    anna.press(weekly, weekly).await?;
    anna.press("2", &t("repeat.head")).await?;
    anna.press(both, &t("booked.head")).await?;
    // The queue.
    anna.press(&t("button.menu"), "Барбершоп «Борода»").await?;
    anna.press(&t("menu.book"), &t("service.choose")).await?;
    anna.press("Столик", ask).await?;
    anna.press("2", &t("resource.choose.table")).await?;
    play.run("insert into schedule_exceptions (first_day, last_day) values ('2026-11-01', '2027-02-01')").await?;
    let none = if code == "ru" { "свободного времени нет" } else { "there is no free time" };
    anna.press(&t("resource.any.table"), none).await?;
    anna.press(&t("wait.offer"), "Столик").await?;
    anna.press("30.11", &t("wait.part")).await?;
    anna.press(&t("wait.evening"), &t("wait.joined")).await?;
    anna.press(&t("menu.mine"), &t("mine.head")).await?;
    // A visit that took place.
    play.clock.set(at("2026-11-24T19:00:00Z"));
    play.run("update bookings set status = 'completed' where status = 'confirmed' and starts_at < '2026-11-25'")
        .await?;
    anna.say("/my", &t("mine.head")).await?;
    anna.press(&t("mine.past"), &t("mine.past_head")).await?;
    anna.press("24.11 19:00", &t("card.completed")).await?;
    anna.press("2 ⭐", "⭐⭐").await?;
    anna.say("...", &t("rate.thanks")).await?;
    anna.say("???", &t("menu.not_understood")).await?;
    Album::of(&anna, 0).await?.assert_snapshot_in(FOLDER, &format!("the_rest_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parties_repeats_queue_and_ratings_in_russian() -> Result<()> {
    the_rest("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parties_repeats_queue_and_ratings_in_english() -> Result<()> {
    the_rest("en").await
}
