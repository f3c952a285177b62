//! What customers say about visits, before and after.

use std::sync::Arc;

use anyhow::Result;
use futures::future::join_all;
use tenant_bot::booking::{Booking, Pick, Refusal, Status, UserId};

use crate::shop::{Shop, at, later, monday, refusal_of};

/// A haircut tomorrow at noon.
async fn booked(shop: &Shop, user: UserId) -> Result<Booking> {
    let wish = shop.wish("Мужская стрижка", Pick::Any, at("2026-11-24T09:00:00Z")).await?;
    Ok(shop.book(user, &wish, 1).await.unwrap().booking)
}

/// The same, which has taken place.
async fn visited(shop: &Shop, user: UserId) -> Result<Booking> {
    let booking = booked(shop, user).await?;
    shop.clock.set(booking.ends_at);
    shop.run(&format!("update bookings set status = 'completed' where id = {}", booking.id.0)).await?;
    shop.booking(booking.id).await
}

async fn letters(shop: &Shop, like: &str) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from outbox where key like $1").bind(like).fetch_one(&shop.pool).await?)
}

#[tokio::test]
async fn who_says_that_they_come_says_it_once_and_only_of_a_visit_of_theirs_that_is_ahead() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let id = booked(&shop, anna).await?.id;
    assert_eq!(refusal_of(shop.bookings.come(boris, id).await).err(), Some(Refusal::NoSuchBooking));
    let made = shop.bookings.come(anna, id).await?;
    assert_eq!((made.booking.coming_at, made.repeated), (Some(monday()), false));
    shop.clock.advance(chrono::TimeDelta::minutes(5));
    let again = shop.bookings.come(anna, id).await?;
    assert_eq!((again.booking.coming_at, again.repeated), (Some(monday()), true));
    let said: i64 = sqlx::query_scalar("select count(*) from booking_history where action = 'coming'")
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(said, 1);
    shop.clock.set(made.booking.starts_at);
    assert_eq!(refusal_of(shop.bookings.come(anna, id).await).err(), Some(Refusal::Past));
    Ok(())
}

#[tokio::test]
async fn a_cancelled_visit_is_not_come_to() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let id = booked(&shop, anna).await?.id;
    shop.cancel(anna, id).await.unwrap();
    assert_eq!(refusal_of(shop.bookings.come(anna, id).await).err(), Some(Refusal::NoLonger));
    Ok(())
}

#[tokio::test]
async fn twenty_presses_of_different_stars_at_once_leave_one_rating_and_one_letter() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(20).await?);
    let anna = shop.customer(1).await?;
    let id = visited(&shop, anna).await?.id;
    let presses = (0..20_u8).map(|n| {
        let shop = shop.clone();
        tokio::spawn(async move { shop.bookings.rate(anna, id, n % 5 + 1).await.unwrap() })
    });
    let rated: Vec<_> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
    let first: Vec<_> = rated.iter().filter(|r| !r.repeated).collect();
    assert_eq!(first.len(), 1);
    assert!(rated.iter().all(|r| r.stars == first[0].stars), "everybody is told what stands");
    let stored: Vec<i16> = sqlx::query_scalar("select rating from feedback").fetch_all(&shop.pool).await?;
    assert_eq!(stored, [i16::from(first[0].stars)]);
    assert_eq!(letters(&shop, "rated:%").await?, 1);
    Ok(())
}

#[tokio::test]
async fn only_a_visit_of_ones_own_that_took_place_lately_is_rated() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let booking = booked(&shop, anna).await?;
    let rate = async |user, stars| refusal_of(shop.bookings.rate(user, booking.id, stars).await).err();
    assert_eq!(rate(anna, 5).await, Some(Refusal::NothingToRate), "it is ahead");
    shop.clock.set(booking.ends_at);
    shop.run("update bookings set status = 'completed'").await?;
    assert_eq!(rate(boris, 1).await, Some(Refusal::NoSuchBooking));
    assert_eq!(rate(anna, 0).await, Some(Refusal::NothingToRate));
    assert_eq!(rate(anna, 6).await, Some(Refusal::NothingToRate));
    shop.clock.set(later(14, booking.ends_at));
    assert_eq!(rate(anna, 5).await, Some(Refusal::NothingToRate), "too long ago");
    shop.clock.set(later(13, booking.ends_at));
    assert_eq!(rate(anna, 5).await, None);
    shop.clock.set(later(30, booking.ends_at));
    assert_eq!(rate(anna, 1).await, None, "what stands is shown, however late");
    assert_eq!(shop.bookings.rate(anna, booking.id, 1).await?.stars, 5);
    Ok(())
}

#[tokio::test]
async fn words_are_added_once_to_stars_that_are_there() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let booking = visited(&shop, anna).await?;
    assert_eq!(booking.status, Status::Completed);
    assert!(!shop.bookings.comment(anna, booking.id, "Отлично").await?, "no stars yet");
    shop.bookings.rate(anna, booking.id, 5).await?;
    assert_eq!(refusal_of(shop.bookings.comment(boris, booking.id, "Чужое").await).err(), Some(Refusal::NoSuchBooking));
    assert!(!shop.bookings.comment(anna, booking.id, " \n").await?, "no words");
    let long = format!("  Отлично\0!{}", "я".repeat(2000));
    assert!(shop.bookings.comment(anna, booking.id, &long).await?);
    assert!(!shop.bookings.comment(anna, booking.id, "И ещё").await?, "once");
    let stored: String = sqlx::query_scalar("select comment from feedback").fetch_one(&shop.pool).await?;
    assert!(stored.starts_with("Отлично!я") && stored.chars().count() == 1000, "{stored}");
    assert_eq!((letters(&shop, "rated:%").await?, letters(&shop, "commented:%").await?), (1, 1));
    Ok(())
}
