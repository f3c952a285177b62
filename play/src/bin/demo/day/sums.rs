//! What a day has left: as the bot tells it, and as we count it in its tables.

use anyhow::{Context, Result, ensure};
use chrono::Days;

use super::{Shift, moment};

/// What we count.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    completed: i64,
    missed: i64,
    cancelled: i64,
    kopecks: i64,
}

/// The digest and the figures of the day say what the tables say.
///
/// # Errors
/// When they do not.
pub(super) async fn add_up(shift: &Shift<'_>) -> Result<()> {
    let digest = shift.owner.reads("как прошёл день").await?.text;
    let ours = count(shift).await?;
    let told = Sums {
        completed: number_after(&digest, "Состоял").unwrap_or_default(),
        missed: number_after(&digest, "Не приш").unwrap_or_default(),
        cancelled: number_after(&digest, "Отменен").unwrap_or_default(),
        kopecks: roubles_after(&digest, "Выручка").unwrap_or_default() * 100,
    };
    shift.owner.say("/admin", "Что откроем?").await?;
    shift.owner.press("📊 Аналитика", "Аналитика").await?;
    let figures = shift.owner.press("День", "Выручка").await?.text;
    let revenue = roubles_after(&figures, "Выручка").context("the figures say no revenue")? * 100;
    shift.owner.press("🖼 Картинкой", "").await?;
    println!("\n━━ What the day has left ━━");
    println!("   {:12} {:>10} {:>10}", "", "the bot", "the tables");
    for (label, told, ours) in [
        ("visits", told.completed, ours.completed),
        ("not come", told.missed, ours.missed),
        ("cancelled", told.cancelled, ours.cancelled),
        ("roubles", told.kopecks / 100, ours.kopecks / 100),
        ("in figures", revenue / 100, ours.kopecks / 100),
    ] {
        println!("   {label:12} {told:>10} {ours:>10}");
    }
    ensure!(told == ours && revenue == ours.kopecks, "the figures do not add up:\n{digest}\n{figures}\n{ours:?}");
    Ok(())
}

async fn count(shift: &Shift<'_>) -> Result<Sums> {
    let pool = shift.world.registry().await?;
    let slug = &shift.slug;
    let sql = format!(
        "select count(*) filter (where status = 'completed'), count(*) filter (where status = 'no_show'),
                count(*) filter (where status = 'cancelled' and id in
                    (select booking_id from {slug}.booking_history where action in ('booked', 'confirmed', 'made_by_move'))),
                coalesce(sum(coalesce(paid_kopecks, price_kopecks)) filter (where status = 'completed'), 0)::bigint
           from {slug}.bookings where starts_at >= $1 and starts_at < $2"
    );
    let (from, to) = (moment(shift.date, "00:00")?, moment(shift.date + Days::new(1), "00:00")?);
    let row: (i64, i64, i64, i64) =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(from).bind(to).fetch_one(&pool).await?;
    pool.close().await;
    let (completed, missed, cancelled, kopecks) = row;
    Ok(Sums { completed, missed, cancelled, kopecks })
}

/// The number in the line in which this stands.
fn number_after(text: &str, word: &str) -> Option<i64> {
    let line = text.lines().find(|line| line.contains(word))?;
    line.split_whitespace().find_map(|part| part.parse().ok())
}

/// «Выручка 12 300 ₽»: the sum that follows it, spaces and all.
fn roubles_after(text: &str, word: &str) -> Option<i64> {
    let (_, rest) = text.split_once(word)?;
    let digits: String = rest
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_digit() || c.is_whitespace())
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
