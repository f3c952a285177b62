//! The booking service on a real schema, one act after another.

use anyhow::Result;
use chrono::TimeDelta;
use tenant_bot::booking::{BookingId, Pick, Price, Refusal, ResourceId, ServiceId, Status, UserId, Wish};

use crate::shop::{OWNER, Shop, at, later, monday, refusal_of};

#[tokio::test]
async fn a_booking_takes_the_time_writes_history_and_tells_the_owner() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let artyom = shop.master("Артём").await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let made = shop.book(anna, &wish, 10).await.unwrap();
    assert!(!made.repeated);
    assert_eq!((made.booking.price, made.booking.status), (Price::exactly(180_000), Status::Confirmed));
    assert_eq!(made.booking.ends_at, at("2026-11-24T10:00:00Z"));
    assert_eq!((made.booking.customer_name.as_str(), made.booking.phone.as_str()), ("Анна", "+79161234567"));
    assert_eq!((shop.count("occupancy").await?, shop.count("booking_history").await?), (1, 1));
    let letter: (i64, String) = sqlx::query_as("select chat_id, key from outbox").fetch_one(&shop.pool).await?;
    assert_eq!(letter, (OWNER, format!("booked:{}:{OWNER}", made.booking.id.0)));

    let free = shop.free(anna, &wish.wanted, "2026-11-24").await?;
    assert!(free.contains(&"11:00".to_owned()) && free.contains(&"13:00".to_owned()), "{free:?}");
    assert!(!free.contains(&"11:30".to_owned()) && !free.contains(&"12:30".to_owned()), "{free:?}");
    Ok(())
}

#[tokio::test]
async fn what_no_button_offers_cannot_be_booked() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let artyom = shop.master("Артём").await?;
    let noon = at("2026-11-24T09:00:00Z");
    let good = shop.wish("Мужская стрижка", artyom, noon).await?;
    let cases = [
        ("in the past", at("2020-01-01T00:03:00Z"), Refusal::Past),
        ("in ten minutes", monday() + TimeDelta::minutes(10), Refusal::TooSoon(TimeDelta::hours(1))),
        ("in half a year", later(180, noon), Refusal::TooFar(30)),
        ("at night", at("2026-11-24T00:17:00Z"), Refusal::Closed),
        ("so late that it would end after closing", at("2026-11-24T17:30:00Z"), Refusal::Closed),
        ("between two steps", noon + TimeDelta::minutes(7), Refusal::Closed),
    ];
    for (n, (what, starts_at, refusal)) in (0..).zip(cases) {
        let wish = Wish { starts_at, ..good.clone() };
        assert_eq!(shop.book(anna, &wish, n).await.err(), Some(refusal), "{what}");
    }
    let other = |f: &dyn Fn(&mut Wish)| {
        let mut wish = good.clone();
        f(&mut wish);
        wish
    };
    // Ruslan does not work on Tuesdays.
    let ruslan = shop.master("Руслан").await?;
    assert_eq!(shop.book(anna, &other(&|w| w.wanted.wants[0].pick = ruslan), 20).await.err(), Some(Refusal::Closed));
    let nobody = other(&|w| w.wanted.wants[0].pick = Pick::One(ResourceId(999)));
    assert_eq!(shop.book(anna, &nobody, 21).await.err(), Some(Refusal::NoSuchResource));
    let nothing = other(&|w| w.wanted.wants[0].service = ServiceId(999));
    assert_eq!(shop.book(anna, &nothing, 22).await.err(), Some(Refusal::NoSuchService));
    let cheaper = other(&|w| w.shown.1 = Price::exactly(100));
    assert_eq!(shop.book(anna, &cheaper, 23).await.err(), Some(Refusal::OfferChanged));
    assert_eq!(shop.book(UserId(99), &good, 24).await.err(), Some(Refusal::NoContact));
    assert_eq!((shop.count("bookings").await?, shop.count("occupancy").await?, shop.count("outbox").await?), (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn a_repeated_update_finds_what_it_made_even_after_a_cancellation() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let wish = shop.wish("Мужская стрижка", Pick::Any, at("2026-11-27T09:00:00Z")).await?;
    let first = shop.book(anna, &wish, 10).await.unwrap();
    let pressed_again = shop.book(anna, &wish, 11).await.unwrap();
    assert!(pressed_again.repeated);
    assert_eq!(pressed_again.booking.id, first.booking.id);
    shop.cancel(anna, first.booking.id).await.unwrap();
    let repeated = shop.book(anna, &wish, 10).await.unwrap();
    assert_eq!((repeated.repeated, repeated.booking.status), (true, Status::Cancelled));
    assert_eq!(shop.count("bookings").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_booking_stays_and_its_time_is_free_for_another() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let artyom = shop.master("Артём").await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let booking = shop.book(anna, &wish, 10).await.unwrap().booking;
    assert_eq!(shop.book(boris, &wish, 11).await.err(), Some(Refusal::Taken));

    assert_eq!(shop.cancel(boris, booking.id).await.err(), Some(Refusal::NoSuchBooking), "somebody else's");
    assert_eq!(shop.cancel(anna, BookingId(999)).await.err(), Some(Refusal::NoSuchBooking));
    assert!(!shop.cancel(anna, booking.id).await.unwrap().repeated);
    assert!(shop.cancel(anna, booking.id).await.unwrap().repeated, "twice is once");

    shop.book(boris, &wish, 12).await.unwrap();
    let kept: (String, i64) = sqlx::query_as("select status, cancelled_by from bookings where id = $1")
        .bind(booking.id.0)
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(kept, ("cancelled".to_owned(), anna.0));
    let history: Vec<(i64, String)> =
        sqlx::query_as("select booking_id, action from booking_history order by id").fetch_all(&shop.pool).await?;
    let actions: Vec<&str> = history.iter().map(|(_, a)| a.as_str()).collect();
    assert_eq!(actions, ["booked", "cancelled", "booked"]);
    assert_eq!(shop.count("outbox").await?, 3, "the owner is told of each");
    Ok(())
}

#[tokio::test]
async fn a_customer_cannot_cancel_at_the_last_moment_or_afterwards() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let starts_at = at("2026-11-24T09:00:00Z");
    let wish = shop.wish("Мужская стрижка", Pick::Any, starts_at).await?;
    let id = shop.book(anna, &wish, 10).await.unwrap().booking.id;
    shop.clock.set(starts_at - TimeDelta::minutes(119));
    assert_eq!(shop.cancel(anna, id).await.err(), Some(Refusal::TooLateToCancel(TimeDelta::hours(2))));
    shop.clock.set(starts_at + TimeDelta::minutes(1));
    assert_eq!(shop.cancel(anna, id).await.err(), Some(Refusal::Past));
    assert_eq!(shop.count("confirmed").await?, 1);
    Ok(())
}

#[tokio::test]
async fn any_master_means_the_least_busy_one_who_can() -> Result<()> {
    let shop = Shop::open().await?;
    let friday = at("2026-11-27T09:00:00Z");
    let mut names = Vec::new();
    for (n, hours) in (1..).zip([0, 0, 0, 2, 2, 2]) {
        let user = shop.customer(n).await?;
        let wish = shop.wish("Мужская стрижка", Pick::Any, friday + TimeDelta::hours(hours)).await?;
        names.push(shop.book(user, &wish, n).await.unwrap().booking.who());
    }
    assert_eq!(names, ["Артём", "Денис", "Руслан", "Артём", "Денис", "Руслан"]);
    let late = shop.customer(99).await?;
    let wish = shop.wish("Мужская стрижка", Pick::Any, friday).await?;
    assert_eq!(shop.book(late, &wish, 99).await.err(), Some(Refusal::Taken));
    Ok(())
}

#[tokio::test]
async fn buffers_keep_their_time_free_and_a_booking_keeps_its_length_and_price() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let artyom = shop.master("Артём").await?;
    sqlx::query("update services set buffer_after_minutes = 15 where name = 'Мужская стрижка'")
        .execute(&shop.pool)
        .await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let booking = shop.book(anna, &wish, 10).await.unwrap().booking;
    let right_after = shop.wish("Стрижка машинкой", artyom, at("2026-11-24T10:00:00Z")).await?;
    assert_eq!(shop.book(boris, &right_after, 11).await.err(), Some(Refusal::Taken));

    sqlx::query("update services set duration_minutes = 120, price_kopecks = 1, buffer_after_minutes = 0")
        .execute(&shop.pool)
        .await?;
    let card = refusal_of(shop.bookings.card(anna, booking.id).await).unwrap();
    assert_eq!(card.booking, booking, "an edited service changes no booking");
    Ok(())
}

#[tokio::test]
async fn only_the_owner_sees_the_day_and_a_day_is_one_day() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    for (n, start) in (0..).zip(["2026-11-23T17:00:00Z", "2026-11-24T07:00:00Z", "2026-11-25T07:00:00Z"]) {
        let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, at(start)).await?;
        shop.book(anna, &wish, n).await.unwrap();
    }
    for (days_ahead, expected) in [(0, "2026-11-23T17:00:00Z"), (1, "2026-11-24T07:00:00Z")] {
        let (_, _, list) = refusal_of(shop.bookings.schedule(UserId(OWNER), days_ahead).await).unwrap();
        let starts: Vec<_> = list.iter().map(|b| b.starts_at).collect();
        assert_eq!(starts, [at(expected)]);
        assert_eq!(refusal_of(shop.bookings.schedule(anna, days_ahead).await).err(), Some(Refusal::NotAdmin));
    }
    Ok(())
}
