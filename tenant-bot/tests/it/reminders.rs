//! What falls due by itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use sqlx::postgres::PgPoolOptions;
use tenant_bot::{
    booking::{Actor, Booking, Pick, Status, UserId},
    reminders::Errands,
};
use tokio_util::sync::CancellationToken;

use crate::shop::{OWNER, Shop, at, later};

const NEVER: Duration = Duration::from_millis(1500);

fn worker(shop: &Shop) -> Errands {
    Errands::new(shop.bookings.clone(), Duration::ZERO)
}

/// Does what is due at this moment.
async fn at_that_time(shop: &Shop, now: DateTime<Utc>) -> Result<()> {
    shop.clock.set(now);
    Ok(worker(shop).do_due(&CancellationToken::new()).await?)
}

/// A haircut on Wednesday at noon, booked on Monday morning.
async fn booked(shop: &Shop, user: UserId) -> Result<Booking> {
    let wish = shop.wish("Мужская стрижка", Pick::Any, at("2026-11-25T09:00:00Z")).await?;
    Ok(shop.book(user, &wish, user.0).await.unwrap().booking)
}

/// Letters to a person, in the order in which they were written, without the numbers in their keys.
async fn letters(shop: &Shop, to: i64) -> Result<Vec<String>> {
    let keys: Vec<String> = sqlx::query_scalar("select key from outbox where chat_id = $1 order by id")
        .bind(to)
        .fetch_all(&shop.pool)
        .await?;
    Ok(keys.into_iter().map(|key| key.split(':').next().unwrap_or_default().to_owned()).collect())
}

/// Kind and lead in hours, state and why, in order of time.
async fn rows(shop: &Shop, booking: &Booking) -> Result<Vec<(String, i32, String, Option<String>)>> {
    Ok(sqlx::query_as(
        "select kind, lead_minutes / 60, state, why from reminders where booking_id = $1 order by due_at, id",
    )
    .bind(booking.id.0)
    .fetch_all(&shop.pool)
    .await?)
}

fn row(kind: &str, lead: i32, why: Option<&str>) -> (String, i32, String, Option<String>) {
    let state = if why.is_some() { "dropped" } else { "done" };
    (kind.to_owned(), lead, state.to_owned(), why.map(str::to_owned))
}

/// Telegram has confirmed all letters so far.
async fn all_arrive(shop: &Shop) -> Result<()> {
    sqlx::query("update outbox set state = 'sent', settled_at = $1 where state = 'due'")
        .bind(shop.clock.now())
        .execute(&shop.pool)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_visit_is_reminded_of_three_times_then_completed_and_asked_about() -> Result<()> {
    let shop = Shop::open().await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    let start = booking.starts_at;
    let mut told = Vec::new();
    for (minutes, letter) in [
        (-24 * 60 - 1, None),
        (-24 * 60, Some("reminder")),
        (-24 * 60 + 1, None),
        (-120, Some("reminder")),
        (-60, Some("reminder")),
        (60, None),
        (119, None),
        (120, Some("how")),
        (500, None),
    ] {
        at_that_time(&shop, start + TimeDelta::minutes(minutes)).await?;
        told.extend(letter.map(str::to_owned));
        assert_eq!(letters(&shop, 1).await?, told, "{minutes} minutes from the beginning");
    }
    assert_eq!(
        rows(&shop, &booking).await?,
        [row("before", 24, None), row("before", 2, None), row("before", 1, None), row("finish", 0, None)]
    );
    assert_eq!(shop.booking(booking.id).await?.status, Status::Completed);
    let by: Vec<(String, Option<i64>)> =
        sqlx::query_as("select actor_kind, actor_id from booking_history where action = 'completed'")
            .fetch_all(&shop.pool)
            .await?;
    assert_eq!(by, [("system".to_owned(), None)]);
    Ok(())
}

#[tokio::test]
async fn after_downtime_the_nearest_reminder_is_said_and_the_others_are_dropped_with_why() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = booked(&shop, shop.customer(1).await?).await?;
    at_that_time(&shop, anna.starts_at - TimeDelta::minutes(30)).await?;
    assert_eq!(letters(&shop, 1).await?, ["reminder"]);
    let superseded = Some("superseded by a nearer one");
    assert_eq!(
        rows(&shop, &anna).await?[..3],
        [row("before", 24, superseded), row("before", 2, superseded), row("before", 1, None)]
    );
    Ok(())
}

#[tokio::test]
async fn what_is_too_late_to_help_is_dropped_and_says_so_and_the_visit_is_completed_all_the_same() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = booked(&shop, shop.customer(1).await?).await?;
    at_that_time(&shop, later(5, anna.starts_at)).await?;
    assert_eq!(letters(&shop, 1).await?, [""; 0]);
    let begun = Some("the visit has begun");
    assert_eq!(
        rows(&shop, &anna).await?,
        [
            row("before", 24, begun),
            row("before", 2, begun),
            row("before", 1, begun),
            row("finish", 0, Some("too late to ask"))
        ]
    );
    assert_eq!(shop.booking(anna.id).await?.status, Status::Completed);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_visit_is_spoken_of_no_more_and_a_moved_one_at_its_new_time() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let (cancelled, old) = (booked(&shop, anna).await?, booked(&shop, boris).await?);
    at_that_time(&shop, cancelled.starts_at - TimeDelta::hours(24)).await?;
    shop.cancel(anna, cancelled.id).await.unwrap();
    let moved = shop.bookings.move_to(boris, old.id, later(2, old.starts_at), None, 9).await?.booking;
    for (booking, why) in [(&cancelled, "cancelled"), (&old, "moved")] {
        let why = Some(why);
        assert_eq!(
            rows(&shop, booking).await?,
            [row("before", 24, None), row("before", 2, why), row("before", 1, why), row("finish", 0, why)]
        );
    }
    at_that_time(&shop, old.ends_at + TimeDelta::hours(3)).await?;
    assert_eq!((letters(&shop, 1).await?.len(), letters(&shop, 2).await?.len()), (1, 1), "nothing at the old times");
    for minutes in [-24 * 60, -120, -60, 120] {
        at_that_time(&shop, moved.starts_at + TimeDelta::minutes(minutes)).await?;
    }
    assert_eq!(letters(&shop, 1).await?, ["reminder"]);
    assert_eq!(letters(&shop, 2).await?, ["reminder", "reminder", "reminder", "reminder", "how"]);
    Ok(())
}

#[tokio::test]
async fn who_wants_no_reminders_gets_none_and_is_not_asked() -> Result<()> {
    let shop = Shop::open().await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    sqlx::query("update users set no_reminders_since = $1").bind(shop.clock.now()).execute(&shop.pool).await?;
    for minutes in [-24 * 60, -120, -60, 120] {
        at_that_time(&shop, booking.starts_at + TimeDelta::minutes(minutes)).await?;
    }
    assert_eq!(letters(&shop, 1).await?, [""; 0]);
    let none = Some("the customer wants none");
    assert_eq!(
        rows(&shop, &booking).await?,
        [row("before", 24, none), row("before", 2, none), row("before", 1, none), row("finish", 0, None)]
    );
    assert_eq!(shop.booking(booking.id).await?.status, Status::Completed);
    Ok(())
}

#[tokio::test]
async fn who_was_asked_and_is_silent_loses_the_time_and_everybody_is_told() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("free_unanswered_minutes", "180").await?;
    let customers = shop.customers(1..=3).await?;
    let mut bookings = Vec::new();
    for (customer, master) in customers.iter().zip(["Артём", "Артём", "Руслан"]) {
        let pick = shop.master(master).await?;
        let starts_at = at("2026-11-25T10:00:00Z") + TimeDelta::hours(if customer.0 == 2 { 1 } else { 0 });
        let wish = shop.wish("Мужская стрижка", pick, starts_at).await?;
        bookings.push(shop.book(*customer, &wish, customer.0).await.unwrap().booking);
    }
    at_that_time(&shop, bookings[1].starts_at - TimeDelta::hours(24)).await?;
    all_arrive(&shop).await?;
    shop.bookings.come(customers[1], bookings[1].id).await?;
    // Of the third one's letter nobody knows whether it arrived.
    shop.run("update outbox set state = 'unknown' where chat_id = 3").await?;
    at_that_time(&shop, bookings[1].starts_at - TimeDelta::hours(3)).await?;
    let mut statuses = Vec::new();
    for booking in &bookings {
        statuses.push(shop.booking(booking.id).await?.status);
    }
    assert_eq!(statuses, [Status::Cancelled, Status::Confirmed, Status::Confirmed]);
    let freed = shop.booking(bookings[0].id).await?;
    assert_eq!((freed.cancelled_by, freed.cancel_reason.as_deref()), (Some(Actor::System), Some("Unanswered")));
    assert_eq!(letters(&shop, 1).await?, ["reminder", "unanswered"]);
    assert_eq!(letters(&shop, OWNER).await?, ["booked", "booked", "booked", "cancelled"]);
    let why: Vec<(i64, Option<String>)> =
        sqlx::query_as("select booking_id, why from reminders where kind = 'unanswered' order by booking_id")
            .fetch_all(&shop.pool)
            .await?;
    assert_eq!(
        why.into_iter().map(|(_, why)| why).collect::<Vec<_>>(),
        [
            None,
            Some("the customer said that they come".to_owned()),
            Some("no reminder is known to have arrived in time".to_owned())
        ]
    );
    let dave = shop.customer(4).await?;
    let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, bookings[0].starts_at).await?;
    assert!(shop.book(dave, &wish, 4).await.is_ok(), "the time is free");
    Ok(())
}

#[tokio::test]
async fn a_request_that_nobody_answers_lapses_when_its_time_comes() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("approval", "by_request").await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    assert_eq!(booking.status, Status::Requested);
    at_that_time(&shop, booking.starts_at - TimeDelta::seconds(1)).await?;
    assert_eq!(letters(&shop, 1).await?, [""; 0]);
    at_that_time(&shop, booking.starts_at).await?;
    assert_eq!(letters(&shop, 1).await?, ["lapsed"]);
    let booking = shop.booking(booking.id).await?;
    assert_eq!((booking.status, booking.cancelled_by), (Status::Cancelled, Some(Actor::System)));
    assert_eq!(rows(&shop, &booking).await?, [row("lapse", 0, None)]);
    assert_eq!(shop.count("occupancy").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_agreed_to_is_reminded_of_and_does_not_lapse() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("approval", "by_request").await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    shop.bookings.approve(UserId(OWNER), booking.id).await?;
    at_that_time(&shop, booking.starts_at - TimeDelta::hours(2)).await?;
    at_that_time(&shop, booking.starts_at).await?;
    assert_eq!(letters(&shop, 1).await?, ["approved", "reminder"]);
    assert_eq!(shop.booking(booking.id).await?.status, Status::Confirmed);
    Ok(())
}

/// Runs a worker until `done` gives something.
async fn until<T>(shop: &Shop, what: &str, done: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let (stop, errands) = (CancellationToken::new(), worker(shop));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { errands.run(stop).await }
    });
    let found = play::until(Duration::from_secs(20), what, done).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), running).await??;
    found
}

#[tokio::test]
async fn bookings_of_the_version_before_are_taken_over_save_for_what_is_past() -> Result<()> {
    let shop = Shop::open().await?;
    let customers = shop.customers(1..=3).await?;
    let (soon, over) = (booked(&shop, customers[0]).await?, booked(&shop, customers[1]).await?);
    let wish = shop.wish("Мужская стрижка", Pick::Any, at("2026-11-25T11:00:00Z")).await?;
    let long_over = shop.book(customers[2], &wish, 3).await.unwrap().booking;
    shop.run("delete from reminders").await?;
    shop.run("delete from booking_lines").await?;
    for (booking, days) in [(&over, 2), (&long_over, 5)] {
        shop.run(&format!(
            "update bookings set starts_at = starts_at - interval '{days} days', ends_at = ends_at - interval '{days} days'
              where id = {}",
            booking.id.0
        ))
        .await?;
    }
    shop.clock.set(soon.starts_at - TimeDelta::minutes(90));
    for _ in 0..2 {
        until(&shop, "the visit that is over is asked about", async || {
            Ok((letters(&shop, 2).await? == ["how"]).then_some(()))
        })
        .await?;
        let due = |kind: &str, lead| (kind.to_owned(), lead, "due".to_owned(), None);
        assert_eq!(rows(&shop, &soon).await?, [due("before", 1), due("finish", 0)]);
        assert_eq!(rows(&shop, &over).await?, [row("finish", 0, None)]);
        assert_eq!(rows(&shop, &long_over).await?, []);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_at_once_settle_every_row_once() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(16).await?);
    let mut bookings = 0;
    for day in 0..5 {
        for hour in 0..9 {
            let starts_at = later(day, at("2026-11-25T08:00:00Z")) + TimeDelta::hours(hour);
            for name in ["Артём", "Денис", "Руслан"] {
                bookings += 1;
                let wish = shop.wish("Мужская стрижка", shop.master(name).await?, starts_at).await?;
                if shop.book(shop.customer(bookings).await?, &wish, bookings).await.is_err() {
                    bookings -= 1;
                }
            }
        }
    }
    assert!(bookings > 80, "{bookings}");
    shop.clock.set(at("2026-11-29T18:00:00Z") + TimeDelta::hours(3));
    let workers = (0..8).map(|_| {
        let shop = shop.clone();
        tokio::spawn(async move { worker(&shop).do_due(&CancellationToken::new()).await })
    });
    for ended in join_all(workers).await {
        ended??;
    }
    // Who met another worker's customer has left them to it; nothing is left over for long.
    worker(&shop).do_due(&CancellationToken::new()).await?;
    assert_eq!(shop.count("reminders").await?, 0);
    let (completed, asked): (i64, i64) = sqlx::query_as(
        "select (select count(*) from booking_history where action = 'completed'),
                (select count(*) from outbox where key like 'how:%')",
    )
    .fetch_one(&shop.pool)
    .await?;
    assert_eq!(completed, bookings);
    assert_eq!(
        asked
            + sqlx::query_scalar::<_, i64>("select count(*) from reminders where why = 'too late to ask'")
                .fetch_one(&shop.pool)
                .await?,
        bookings
    );
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_idle_worker_asks_nothing_until_it_is_rung() -> Result<()> {
    let shop = Shop::open().await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(Duration::from_secs(3600))
        .before_acquire(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(true) })
        })
        .connect(&shop.tenant.url)
        .await?;
    let desk = shop.desk_over(pool)?;
    let (stop, errands) = (CancellationToken::new(), Errands::new(desk.clone(), Duration::ZERO));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { errands.run(stop).await }
    });
    let settled = async || {
        let mut last = 0;
        play::until(Duration::from_secs(20), "the worker rests", async || {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = asked.load(Ordering::SeqCst);
            let rests = now > 0 && now == last;
            last = now;
            Ok(rests.then_some(now))
        })
        .await
    };
    let first = settled().await?;
    tokio::time::sleep(NEVER).await;
    assert_eq!(asked.load(Ordering::SeqCst), first, "the next reminder is a day off");
    // What somebody books is heard of, and a reminder that has fallen due meanwhile is said.
    shop.clock.set(booking.starts_at - TimeDelta::hours(2));
    let wish = shop.wish("Мужская стрижка", Pick::Any, later(3, booking.starts_at)).await?;
    desk.book(shop.customer(2).await?, &wish, 2).await?;
    play::until(Duration::from_secs(20), "it is said", async || {
        Ok((letters(&shop, 1).await? == ["reminder"]).then_some(()))
    })
    .await?;
    let second = settled().await?;
    tokio::time::sleep(NEVER).await;
    assert_eq!(asked.load(Ordering::SeqCst), second);
    stop.cancel();
    running.await?;
    Ok(())
}

#[tokio::test]
async fn what_falls_due_while_postgres_is_away_is_done_when_it_is_back() -> Result<()> {
    let shop = Shop::open().await?;
    let booking = booked(&shop, shop.customer(1).await?).await?;
    shop.clock.set(booking.starts_at - TimeDelta::hours(2));
    let role = &shop.tenant.slug;
    shop.tenant.database.run(&[format!("alter role {role} nologin")]).await?;
    shop.tenant
        .database
        .run(&[format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'")])
        .await?;
    let admin = shop.tenant.admin_pool().await?;
    let mut refused = 0;
    until(&shop, "it is said", async || {
        // The worker has met the closed door at least once when it opens.
        refused += 1;
        if refused == 15 {
            shop.tenant.database.run(&[format!("alter role {role} login")]).await?;
        }
        let said: i64 =
            sqlx::query_scalar("select count(*) from outbox where key like 'reminder:%'").fetch_one(&admin).await?;
        Ok((said == 1).then_some(()))
    })
    .await?;
    assert!(refused > 15);
    Ok(())
}
