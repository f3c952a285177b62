//! Many at once, rule by rule: seats, tables together, visits with several masters, repeats, blocks, caps, holds, moves.
//! In each of twenty rounds nobody gets what another has, and nobody waits for one who waits for them.

use std::{future::Future, sync::Arc};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use tenant_bot::booking::{
    Made, NewBlock, Pick, Refusal, Repeat, SeriesError, UserId, Wanted, Wish, hours::Span, schedule::Block,
};

use crate::shop::{OWNER, Shop, at, later, refusal_of};

const ROUNDS: i64 = 20;
const CONNECTIONS: u32 = 24;

/// Monday to Friday of four weeks: a noon for each round.
fn noon(round: i64) -> DateTime<Utc> {
    later(round % 5 + 7 * (round / 5), at("2026-11-24T09:00:00Z"))
}

async fn opened() -> Result<Arc<Shop>> {
    let shop = Shop::with_connections(CONNECTIONS).await?;
    // Everybody every day, so that a round depends on nothing but the race.
    shop.run("delete from working_hours where resource_id is not null").await?;
    shop.set("horizon_days", "60").await?;
    Ok(Arc::new(shop))
}

async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    join_all(calls.into_iter().map(tokio::spawn)).await.into_iter().map(|done| done.unwrap()).collect()
}

async fn book(shop: Arc<Shop>, user: UserId, wish: Wish, update: i64) -> Result<Made, Refusal> {
    shop.book(user, &wish, update).await
}

async fn clean(shop: &Shop) -> Result<()> {
    assert_eq!(shop.breaches().await?, 0);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_of_a_group_are_taken_once_each() -> Result<()> {
    let shop = opened().await?;
    shop.run("update services set capacity = 10 where name = 'Мужская стрижка'").await?;
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let users = shop.customers((1..=24).map(|n| round * 100 + n)).await?;
        let wish = shop.wish("Мужская стрижка", artyom, noon(round)).await?;
        // Parties of one and of two: of ten seats at least nine are taken, and never eleven.
        let calls = users.iter().zip(0..).map(|(user, n)| {
            let wanted = Wanted { party: 1 + u16::try_from(n % 2).unwrap(), ..wish.wanted.clone() };
            book(shop.clone(), *user, Wish { wanted, ..wish.clone() }, round * 1000 + n)
        });
        let made = at_once(calls).await;
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken))), "{made:?}");
        let seats: u16 = made.iter().flatten().map(|m| m.booking.party).sum();
        assert!((9..=10).contains(&seats), "round {round}: {seats}");
        let in_rows: i64 = sqlx::query_scalar(
            "select count(*) from seats t join bookings b on b.id = t.booking_id where b.starts_at = $1",
        )
        .bind(wish.starts_at)
        .fetch_one(&shop.pool)
        .await?;
        assert_eq!(in_rows, i64::from(seats), "a chair for each");
    }
    assert_eq!(shop.count("sessions").await?, ROUNDS, "one group a round");
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_fills_and_empties_at_once_is_one_group_or_none() -> Result<()> {
    let shop = opened().await?;
    shop.run("update services set capacity = 3 where name = 'Мужская стрижка'").await?;
    let artyom = shop.master("Артём").await?;
    let users = shop.customers(1..=12).await?;
    let wish = shop.wish("Мужская стрижка", artyom, noon(0)).await?;
    let beard = shop.wish("Оформление бороды", artyom, noon(0)).await?;
    let calls = users.iter().map(|user| {
        let (shop, user) = (shop.clone(), *user);
        let wish = if user.0 % 4 == 0 { beard.clone() } else { wish.clone() };
        async move {
            for n in 0..ROUNDS {
                match shop.book(user, &wish, user.0 * 1000 + n).await {
                    Ok(made) => {
                        shop.cancel(user, made.booking.id).await.unwrap();
                    }
                    Err(refusal) => assert_eq!(refusal, Refusal::Taken),
                }
            }
        }
    });
    at_once(calls).await;
    assert_eq!((shop.count("sessions").await?, shop.count("seats").await?, shop.count("occupancy").await?), (0, 0, 0));
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_that_need_two_masters_in_either_order_do_not_wait_for_one_another_for_ever() -> Result<()> {
    let shop = opened().await?;
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    for round in 0..ROUNDS {
        let users = shop.customers((1..=16).map(|n| round * 100 + n)).await?;
        let orders = [[artyom, denis], [denis, artyom]];
        let mut wishes = Vec::new();
        for [first, second] in orders {
            let visit = [("Стрижка машинкой", first), ("Оформление бороды", second)];
            wishes.push(shop.visit(&visit, noon(round)).await?);
        }
        let calls = users.iter().zip(wishes.iter().cycle()).zip(0..);
        let made =
            at_once(calls.map(|((user, wish), n)| book(shop.clone(), *user, wish.clone(), round * 1000 + n))).await;
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken))), "{made:?}");
        // 12:00 with the one and 12:30 with the other: one visit of each order fits beside the other.
        let booked = made.iter().flatten().count();
        assert!((1..=2).contains(&booked), "round {round}: {booked}");
    }
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_are_put_together_are_nobody_elses() -> Result<()> {
    let shop = opened().await?;
    shop.run("update resources set seats = 2").await?;
    shop.run("insert into combinations (resource_ids) select array_agg(id order by id) from resources").await?;
    shop.run(
        "insert into combinations (resource_ids) select array_agg(id order by id desc) from resources where id <> 2",
    )
    .await?;
    for round in 0..ROUNDS {
        let users = shop.customers((1..=16).map(|n| round * 100 + n)).await?;
        let wish = shop.wish("Мужская стрижка", Pick::Any, noon(round)).await?;
        let calls = users.iter().zip(0..).map(|(user, n)| {
            let wanted = Wanted { party: [2, 4, 6][usize::try_from(n).unwrap() % 3], ..wish.wanted.clone() };
            book(shop.clone(), *user, Wish { wanted, ..wish.clone() }, round * 1000 + n)
        });
        let made = at_once(calls).await;
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken))), "{made:?}");
        let tables: usize = made.iter().flatten().flat_map(|m| &m.booking.lines).map(|l| l.resources.len()).sum();
        assert!((2..=3).contains(&tables), "round {round}: {tables} of three tables");
    }
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_series_that_cross_both_are_whole_or_nothing() -> Result<()> {
    let shop = opened().await?;
    shop.set("active_limit", "100").await?;
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let first = noon(round % 5) + TimeDelta::minutes(30 * (round / 5));
        let users = shop.customers((1..=8).map(|n| round * 100 + n)).await?;
        let wish = shop.wish("Стрижка машинкой", artyom, first).await?;
        let calls = users.iter().zip(0..).map(|(user, n)| {
            let (shop, user, wish) = (shop.clone(), *user, wish.clone());
            // Every week from the first date, or every second from a later one: they cross.
            let (from, repeat) = match n % 2 {
                0 => (first, Repeat { every_weeks: 1, times: 4 }),
                _ => (later(14, first), Repeat { every_weeks: 2, times: 3 }),
            };
            async move {
                let dates = refusal_of(shop.bookings.series(user, &wish.wanted, from, repeat).await).unwrap();
                let starts: Vec<_> = dates.iter().map(|d| d.starts_at).collect();
                (starts.len(), shop.bookings.book_series(user, &wish, &starts, round * 1000 + n).await)
            }
        });
        let mut booked = 0;
        for (wanted, made) in at_once(calls).await {
            match made {
                Ok(made) => {
                    assert_eq!(made.len(), wanted);
                    booked += 1;
                }
                Err(SeriesError::Conflicts(dates)) => assert!(dates.iter().any(|d| d.conflict.is_some())),
                Err(SeriesError::Failed(error)) => panic!("{error}"),
            }
        }
        assert_eq!(booked, 1, "round {round}: all of these series cross");
    }
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_and_a_booking_of_one_moment_know_of_each_other() -> Result<()> {
    let shop = opened().await?;
    let artyom = shop.master("Артём").await?;
    let Pick::One(resource) = artyom else { unreachable!() };
    let mut both = [0, 0];
    for round in 0..ROUNDS {
        let users = shop.customers((1..=8).map(|n| round * 100 + n)).await?;
        let wish = shop.wish("Мужская стрижка", artyom, noon(round)).await?;
        let span = Span { start: noon(round) - TimeDelta::minutes(30), end: noon(round) + TimeDelta::minutes(90) };
        let block = {
            let shop = shop.clone();
            tokio::spawn(async move {
                let new = NewBlock { resource: Some(resource), block: Block { span, repeats: None }, reason: None };
                refusal_of(shop.bookings.block(UserId(OWNER), &new).await).unwrap()
            })
        };
        let made =
            at_once(users.iter().zip(0..).map(|(u, n)| book(shop.clone(), *u, wish.clone(), round * 1000 + n))).await;
        let block = block.await?;
        let booked: Vec<_> = made.iter().flatten().map(|m| m.booking.id).collect();
        let hits: Vec<_> = block.hits.iter().map(|b| b.id).collect();
        assert!(booked.len() <= 1, "round {round}");
        assert_eq!(booked, hits, "round {round}: whoever is in a block is shown to who made it");
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken | Refusal::Closed))), "{made:?}");
        both[booked.len()] += 1;
        let late = shop.wish("Стрижка машинкой", artyom, noon(round) + TimeDelta::minutes(60)).await?;
        assert!(shop.book(users[0], &late, round * 1000 + 99).await.is_err(), "and later nothing gets in");
    }
    println!("the block came first in {} rounds, a booking in {}", both[0], both[1]);
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_cap_is_reached_and_never_passed() -> Result<()> {
    let shop = opened().await?;
    shop.set("daily_cap", "5").await?;
    shop.set("resource_daily_cap", "2").await?;
    for round in 0..ROUNDS {
        let users = shop.customers((1..=20).map(|n| round * 100 + n)).await?;
        let mut wishes = Vec::new();
        for n in 0..20 {
            let at = noon(round) + TimeDelta::minutes(30 * (n % 7));
            wishes.push(shop.wish("Стрижка машинкой", Pick::Any, at).await?);
        }
        let calls = users.iter().zip(wishes).zip(0..);
        let made = at_once(calls.map(|((user, wish), n)| book(shop.clone(), *user, wish, round * 1000 + n))).await;
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken | Refusal::DayFull))), "{made:?}");
        let booked: Vec<_> = made.iter().flatten().map(|m| m.booking.who()).collect();
        assert_eq!(booked.len(), 5, "round {round}");
        for name in ["Артём", "Денис", "Руслан"] {
            assert!(booked.iter().filter(|who| *who == name).count() <= 2, "{name} in round {round}");
        }
    }
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdue_hold_goes_to_one_of_those_who_want_its_time() -> Result<()> {
    let shop = opened().await?;
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let sleeper = shop.customer(round * 100 + 50).await?;
        let users = shop.customers((1..=16).map(|n| round * 100 + n)).await?;
        let wish = shop.wish("Мужская стрижка", artyom, noon(round)).await?;
        refusal_of(shop.bookings.hold(sleeper, &wish.wanted, wish.starts_at, round * 1000 + 50).await).unwrap();
        shop.clock.advance(TimeDelta::minutes(11));
        let mut calls: Vec<_> =
            users.iter().zip(0..).map(|(u, n)| book(shop.clone(), *u, wish.clone(), round * 1000 + n)).collect();
        // Its owner wakes up at the same moment, and is as welcome as anybody.
        calls.push(book(shop.clone(), sleeper, wish.clone(), round * 1000 + 99));
        let made = at_once(calls).await;
        assert!(made.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken))), "{made:?}");
        assert_eq!(made.iter().flatten().count(), 1, "round {round}");
        assert_eq!(shop.count("held").await?, 0, "round {round}");
        shop.clock.advance(-TimeDelta::minutes(11));
    }
    clean(&shop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_bookings_that_want_each_others_places_none_is_lost() -> Result<()> {
    let shop = opened().await?;
    let artyom = shop.master("Артём").await?;
    for round in 0..ROUNDS {
        let users = shop.customers((1..=6).map(|n| round * 100 + n)).await?;
        let hour = |n: i64| noon(round) + TimeDelta::hours(n);
        let mut ids = Vec::new();
        for (user, n) in users.iter().zip(0..) {
            let wish = shop.wish("Мужская стрижка", artyom, hour(n)).await?;
            ids.push(shop.book(*user, &wish, round * 1000 + n).await.unwrap().booking.id);
        }
        // Everybody wants the place of the next one; the last one a free hour, or that of the first.
        let last = if round % 2 == 0 { 6 } else { 0 };
        let calls = users.iter().zip(ids).zip(0..).map(|((user, id), n)| {
            let (shop, user, to) = (shop.clone(), *user, hour(if n == 5 { last } else { n + 1 }));
            async move {
                refusal_of(shop.bookings.move_to(user, id, to, Some(artyom), round * 1000 + 100 + n).await)
                    .map(|made| made.booking.starts_at)
            }
        });
        let moved = at_once(calls).await;
        assert!(moved.iter().all(|m| matches!(m, Ok(_) | Err(Refusal::Taken))), "{moved:?}");
        let standing: i64 = sqlx::query_scalar(
            "select count(*) from bookings where status = 'confirmed' and starts_at between $1 and $2",
        )
        .bind(hour(0))
        .bind(hour(6))
        .fetch_one(&shop.pool)
        .await?;
        assert_eq!(standing, 6, "round {round}: nobody lost theirs");
    }
    clean(&shop).await
}
