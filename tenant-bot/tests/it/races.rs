//! Many at once: whatever they do, nobody gets what another has, and nobody is left without an answer.

use std::sync::Arc;

use anyhow::Result;
use chrono::TimeDelta;
use futures::future::join_all;
use tenant_bot::booking::{Pick, Refusal, UserId, Wish};

use crate::shop::{Shop, at, later};

const ROUNDS: i64 = 20;
const CUSTOMERS: i64 = 100;
const CONNECTIONS: u32 = 32;

/// Every customer presses one of the wishes, all at once; gives the wishes that were granted.
async fn all_at_once(shop: &Arc<Shop>, users: &[UserId], wishes: &[Wish], round: i64) -> Vec<Result<Wish, Refusal>> {
    let presses = users.iter().zip(wishes.iter().cycle()).zip(0..).map(|((user, wish), n)| {
        let (shop, user, wish) = (shop.clone(), *user, wish.clone());
        tokio::spawn(async move { shop.book(user, &wish, round * CUSTOMERS + n).await.map(|_| wish) })
    });
    join_all(presses).await.into_iter().map(|r| r.unwrap()).collect()
}

fn booked(results: &[Result<Wish, Refusal>]) -> usize {
    assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(Refusal::Taken))), "told something else: {results:?}");
    results.iter().filter(|r| r.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_customers_for_one_slot_one_is_booked_and_the_others_are_told() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let users = shop.customers((0..CUSTOMERS).map(|n| round * CUSTOMERS + n + 1)).await?;
        let wish = shop.wish("Мужская стрижка", artyom, later(round, at("2026-11-24T09:00:00Z"))).await?;
        let results = all_at_once(&shop, &users, &[wish], round).await;
        assert_eq!(booked(&results), 1, "round {round}");
    }
    assert_eq!(shop.count("bookings").await?, ROUNDS);
    assert_eq!(shop.count("occupancy").await?, ROUNDS);
    assert_eq!(shop.count("outbox").await?, ROUNDS, "one letter to the owner for each booking");
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_customers_for_three_overlapping_slots_one_is_booked() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let users = shop.customers((0..CUSTOMERS).map(|n| round * CUSTOMERS + n + 1)).await?;
        let noon = later(round, at("2026-11-24T09:00:00Z"));
        // 12:00–13:30, 12:30–13:30 and 13:00–13:30: every two overlap.
        let wishes = [
            shop.wish("Стрижка и борода", artyom, noon).await?,
            shop.wish("Мужская стрижка", artyom, noon + TimeDelta::minutes(30)).await?,
            shop.wish("Оформление бороды", artyom, noon + TimeDelta::minutes(60)).await?,
        ];
        let results = all_at_once(&shop, &users, &wishes, round).await;
        assert_eq!(booked(&results), 1, "round {round}");
    }
    assert_eq!(shop.count("bookings").await?, ROUNDS);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_customers_for_any_of_three_masters_three_are_booked() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    for round in 0..ROUNDS {
        let users = shop.customers((0..CUSTOMERS).map(|n| round * CUSTOMERS + n + 1)).await?;
        // All three work on Fridays, Saturdays and Sundays.
        let (week, day) = (round / 5, round % 5);
        let hour = at("2026-11-27T09:00:00Z") + TimeDelta::hours(2 * day);
        let wish = shop.wish("Мужская стрижка", Pick::Any, later(week * 7, hour)).await?;
        let results = all_at_once(&shop, &users, &[wish], round).await;
        assert_eq!(booked(&results), 3, "round {round}");
    }
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_presses_of_one_customer_for_twenty_slots_book_three() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let user = shop.customer(round + 1).await?;
        let mut wishes = Vec::new();
        for day in 0..20 {
            let start = later(day, at("2026-11-24T09:00:00Z")) + TimeDelta::minutes(30 * (round % 10));
            wishes.push(shop.wish("Стрижка машинкой", artyom, start).await?);
        }
        let presses = (0..).zip(wishes).map(|(n, wish)| {
            let shop = shop.clone();
            tokio::spawn(async move { shop.book(user, &wish, round * 20 + n).await.map(|m| m.booking) })
        });
        let results: Vec<_> = join_all(presses).await.into_iter().map(|r| r.unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 3, "round {round}: {results:?}");
        assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(Refusal::LimitReached(3)))), "{results:?}");
        for booking in results.into_iter().flatten() {
            shop.cancel(user, booking.id).await.unwrap();
        }
    }
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_confirmation_pressed_twenty_times_at_once_books_once() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    for round in 0..ROUNDS {
        let user = shop.customer(round + 1).await?;
        let start = at("2026-11-27T09:00:00Z") + TimeDelta::minutes(30 * (round / 3));
        let wish = shop.wish("Стрижка машинкой", Pick::Any, start).await?;
        let presses = (0..20).map(|n| {
            let (shop, wish) = (shop.clone(), wish.clone());
            tokio::spawn(async move { shop.book(user, &wish, round * 20 + n).await.unwrap() })
        });
        let made: Vec<_> = join_all(presses).await.into_iter().map(|r| r.unwrap()).collect();
        assert_eq!(made.iter().filter(|m| !m.repeated).count(), 1, "round {round}");
        assert!(made.iter().all(|m| m.booking.id == made[0].booking.id), "round {round}");
    }
    assert_eq!(shop.count("bookings").await?, ROUNDS);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn booking_and_cancelling_one_slot_over_and_over_never_overlaps() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(CONNECTIONS).await?);
    let artyom = shop.master("Артём").await?;
    let users = shop.customers(1..=40).await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let visitors = users.into_iter().map(|user| {
        let (shop, wish) = (shop.clone(), wish.clone());
        tokio::spawn(async move {
            for n in 0..10 {
                // Updates of different people never share a number.
                match shop.book(user, &wish, user.0 * 100 + n).await {
                    Ok(made) => assert!(!shop.cancel(user, made.booking.id).await.unwrap().repeated),
                    Err(refusal) => assert_eq!(refusal, Refusal::Taken),
                }
            }
        })
    });
    for visitor in join_all(visitors).await {
        visitor?;
    }
    assert_eq!((shop.count("confirmed").await?, shop.count("occupancy").await?), (0, 0));
    assert_eq!(shop.count("booking_history").await?, 2 * shop.count("bookings").await?);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}
