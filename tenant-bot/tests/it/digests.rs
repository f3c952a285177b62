//! Digests of the day: to whoever wants one, at their time, once.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use play::album::Album;
use tenant_bot::{
    booking::{BookError, BookingId, DigestKind, Refusal, UserId},
    reminders::Errands,
};
use tokio_util::sync::CancellationToken;

use crate::{
    albums::{FOLDER, Tongue, enters, types},
    running::Play,
    shop::{OWNER, Shop, at, monday},
};

const OLEG: UserId = UserId(OWNER);
const NINE: u16 = 540;

/// A worker that was just started does what is due at this moment.
async fn at_that_time(shop: &Shop, now: DateTime<Utc>) -> Result<()> {
    shop.clock.set(now);
    Ok(Errands::new(shop.bookings.clone(), Duration::ZERO).do_due(&CancellationToken::new()).await?)
}

async fn keys(shop: &Shop) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select key from outbox where key like 'digest:%' order by id").fetch_all(&shop.pool).await?)
}

async fn texts(shop: &Shop) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select body ->> 'text' from outbox where key like 'digest:%' order by id")
        .fetch_all(&shop.pool)
        .await?)
}

/// A haircut on Tuesday at this hour, Moscow's.
async fn booked(shop: &Shop, master: &str, hour: i64) -> Result<BookingId> {
    let anna = shop.customer(50).await?;
    let pick = shop.master(master).await?;
    let wish = shop.wish("Мужская стрижка", pick, at("2026-11-24T00:00:00Z") + TimeDelta::hours(hour - 3)).await?;
    Ok(shop.book(anna, &wish, hour).await.unwrap().booking.id)
}

#[tokio::test]
async fn a_digest_comes_at_its_minute_once_whoever_is_restarted() -> Result<()> {
    let shop = Shop::open().await?;
    booked(&shop, "Артём", 12).await?;
    at_that_time(&shop, at("2026-11-24T06:00:00Z")).await?;
    assert!(keys(&shop).await?.is_empty(), "nobody has asked for one");
    shop.bookings.set_digest(OLEG, DigestKind::Morning, Some(NINE)).await?;
    shop.run("delete from outbox where key like 'digest:%'").await?;
    at_that_time(&shop, at("2026-11-24T05:59:59Z")).await?;
    assert!(keys(&shop).await?.is_empty());
    for second in 0..3 {
        at_that_time(&shop, at("2026-11-24T06:00:00Z") + TimeDelta::seconds(second)).await?;
    }
    assert_eq!(keys(&shop).await?, [format!("digest:morning:2026-11-24:{OWNER}")]);
    assert_eq!(texts(&shop).await?, ["digest morning 2026-11-24: 1"]);
    at_that_time(&shop, at("2026-11-25T06:30:00Z")).await?;
    assert_eq!(keys(&shop).await?.len(), 2, "half an hour late is still of use");
    at_that_time(&shop, at("2026-11-26T09:30:00Z")).await?;
    assert_eq!(keys(&shop).await?.len(), 2, "half a day late is not");
    shop.bookings.set_digest(OLEG, DigestKind::Morning, None).await?;
    at_that_time(&shop, at("2026-11-27T06:00:00Z")).await?;
    assert_eq!(keys(&shop).await?.len(), 2, "off is off");
    Ok(())
}

#[tokio::test]
async fn two_workers_at_once_write_one_letter() -> Result<()> {
    let shop = Shop::with_connections(8).await?;
    booked(&shop, "Артём", 12).await?;
    shop.bookings.set_digest(OLEG, DigestKind::Evening, Some(1260)).await?;
    shop.clock.set(at("2026-11-24T18:00:00Z"));
    let work = || async {
        Errands::new(shop.bookings.clone(), Duration::ZERO).do_due(&CancellationToken::new()).await.unwrap();
    };
    tokio::join!(work(), work(), work(), work());
    assert_eq!(keys(&shop).await?, [format!("digest:evening:2026-11-24:{OWNER}")]);
    Ok(())
}

#[tokio::test]
async fn staff_are_told_of_their_own_and_strangers_of_nothing() -> Result<()> {
    let shop = Shop::open().await?;
    booked(&shop, "Артём", 12).await?;
    booked(&shop, "Денис", 13).await?;
    shop.run(
        "insert into admins (user_id, role, resource_id, added_at, morning_minute, evening_minute)
         select 3, 'staff', id, '2026-01-01', 540, 1260 from resources where name = 'Артём'",
    )
    .await?;
    shop.bookings.set_digest(OLEG, DigestKind::Morning, Some(NINE)).await?;
    at_that_time(&shop, at("2026-11-24T06:00:00Z")).await?;
    let told: Vec<(i64, String)> = sqlx::query_as(
        "select chat_id, body ->> 'text' from outbox where key like 'digest:%2026-11-24%' order by chat_id",
    )
    .fetch_all(&shop.pool)
    .await?;
    assert_eq!(told, [(3, "digest morning 2026-11-24: 1".into()), (OWNER, "digest morning 2026-11-24: 2".into())]);
    let (_, hers) = shop.bookings.digest_now(UserId(3), DigestKind::Evening).await?;
    assert!(hers.figures.is_none(), "money is not theirs to see");
    assert_eq!(hers.gaps.len(), 0);
    let (_, his) = shop.bookings.digest_now(OLEG, DigestKind::Evening).await?;
    assert!(his.figures.is_some());
    for denied in [
        shop.bookings.digest_times(UserId(99)).await.err(),
        shop.bookings.set_digest(UserId(99), DigestKind::Morning, Some(1)).await.err(),
        shop.bookings.digest_now(UserId(99), DigestKind::Morning).await.err(),
    ] {
        assert!(matches!(denied, Some(BookError::Refused(Refusal::NotAdmin))), "{denied:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_morning_tells_of_gaps_and_requests_and_a_closed_day_of_nothing() -> Result<()> {
    let shop = Shop::open().await?;
    let id = booked(&shop, "Артём", 12).await?;
    shop.clock.set(at("2026-11-24T06:00:00Z"));
    let (_, digest) = shop.bookings.digest_now(OLEG, DigestKind::Morning).await?;
    let (_, gaps) = digest.gaps.iter().find(|(name, _)| name == "Артём").unwrap();
    assert!(gaps.iter().any(|gap| gap.end == at("2026-11-24T09:00:00Z")), "until the haircut: {gaps:?}");
    assert!(gaps.iter().any(|gap| gap.start == at("2026-11-24T10:00:00Z")), "and from its end on: {gaps:?}");
    shop.run(&format!("update bookings set status = 'requested' where id = {}", id.0)).await?;
    assert_eq!(shop.bookings.digest_now(OLEG, DigestKind::Morning).await?.1.requests, 1);
    shop.run(&format!("update bookings set status = 'cancelled', cancelled_at = created_at where id = {}", id.0))
        .await?;
    shop.run("insert into schedule_exceptions (first_day, last_day) values ('2026-11-24', '2026-11-25')").await?;
    shop.bookings.set_digest(OLEG, DigestKind::Morning, Some(NINE)).await?;
    at_that_time(&shop, at("2026-11-24T06:00:00Z")).await?;
    assert!(keys(&shop).await?.is_empty(), "there is nothing to tell of a day off");
    Ok(())
}

/// Sets both, looks at both, and is written to when the time has come, by the running program.
async fn the_owner_wants_digests(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = play.stage.someone("Анна").await?;
    play.books(&anna, "12:00").await?;
    let owner = if code == "ru" { play.stage.someone("Ольга").await? } else { play.stage.english("Olga").await? };
    sqlx::query("insert into admins (user_id, role, name, added_at) values ($1, 'owner', 'Olga', $2)")
        .bind(owner.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    owner.start("Барбершоп «Борода»").await?;
    owner.press(&t("menu.admin"), "·").await?;
    let began = enters(&owner, &t("home.digest"), &t("digest.about")).await?;
    owner.press(&t("digest.set.evening"), &t("digest.which_time")).await?;
    types(&owner, "вечером", &t("typed.time")).await?;
    types(&owner, "21:30", "21:30").await?;
    owner.press(&t("console.save"), &t("digest.is_set")).await?;
    owner.press(&t("digest.set.morning"), &t("digest.which_time")).await?;
    // Not passed today: one that has just passed would come at once, before or after what is said of it.
    types(&owner, "11", "11:00").await?;
    owner.press(&t("console.save"), &t("digest.is_set")).await?;
    // A clock that is set wakes nobody who sleeps by the machine's; a bot that starts looks at once.
    play.clock.set(at("2026-11-24T08:00:30Z"));
    let play = play.restarted().await?;
    let morning = owner.reads("12:00 Мужская стрижка").await?;
    assert!(morning.text.contains("Анна Иванова, +79161234567"), "{}", morning.text);
    play.clock.set(at("2026-11-24T18:00:00Z"));
    play.run("update bookings set status = 'completed' where status = 'confirmed'").await?;
    play.clock.set(at("2026-11-24T18:30:30Z"));
    let play = play.restarted().await?;
    owner.reads("1\u{a0}800\u{a0}₽").await?;
    owner.press(&t("digest.preview"), "24").await?;
    owner.press(&t("button.back"), &t("digest.about")).await?;
    owner.press(&t("digest.off"), &t("digest.is_off")).await?;
    assert_eq!(play.count("select count(*) from outbox where key like 'digest:%'").await?, 2);
    Album::of(&owner, began).await?.assert_snapshot_in(FOLDER, &format!("digest_{code}"));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_wants_digests_in_russian() -> Result<()> {
    the_owner_wants_digests("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_wants_digests_in_english() -> Result<()> {
    the_owner_wants_digests("en").await
}
