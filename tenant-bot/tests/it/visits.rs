//! Visits of several services, tables that are put together, groups with seats, holds: what they take and what they free.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tenant_bot::booking::{Pick, Price, Refusal, Status, Wanted, Wish};

use crate::shop::{Shop, at, refusal_of};

/// What is taken of whom, by the clock of Moscow.
async fn taken(shop: &Shop) -> Result<Vec<String>> {
    let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select r.name, lower(o.during), upper(o.during) from occupancy o join resources r on r.id = o.resource_id
          order by r.name, lower(o.during)",
    )
    .fetch_all(&shop.pool)
    .await?;
    let hour = |at: DateTime<Utc>| at.with_timezone(&chrono_tz::Europe::Moscow).format("%H:%M").to_string();
    Ok(rows.into_iter().map(|(name, from, to)| format!("{name} {}-{}", hour(from), hour(to))).collect())
}

#[tokio::test]
async fn services_of_one_visit_follow_one_another_with_one_master_or_several() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run("update services set buffer_before_minutes = 5, buffer_after_minutes = 10").await?;
    let (anna, artyom, denis) = (shop.customer(1).await?, shop.master("Артём").await?, shop.master("Денис").await?);
    let noon = at("2026-11-24T09:00:00Z");
    let alone = shop.visit(&[("Мужская стрижка", artyom), ("Оформление бороды", artyom)], noon).await?;
    let made = shop.book(anna, &alone, 1).await.unwrap().booking;
    assert_eq!((made.what().as_str(), made.who().as_str()), ("Мужская стрижка + Оформление бороды", "Артём"));
    assert_eq!((made.ends_at - made.starts_at, made.price), (TimeDelta::minutes(90), Price::exactly(280_000)));
    assert_eq!(taken(&shop).await?, ["Артём 11:55-13:40"], "one stretch: no pause within a visit");
    shop.cancel(anna, made.id).await.unwrap();
    assert_eq!(taken(&shop).await?, [""; 0]);

    let both = shop.visit(&[("Мужская стрижка", artyom), ("Оформление бороды", denis)], noon).await?;
    let made = shop.book(anna, &both, 2).await.unwrap().booking;
    assert_eq!(made.who(), "Артём, Денис");
    assert_eq!(taken(&shop).await?, ["Артём 11:55-13:10", "Денис 12:55-13:40"]);
    let starts: Vec<DateTime<Utc>> = made.lines.iter().map(|l| l.starts_at).collect();
    assert_eq!(starts, [noon, noon + TimeDelta::hours(1)]);
    Ok(())
}

#[tokio::test]
async fn of_a_visit_that_cannot_be_had_whole_nothing_is_taken() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    let noon = at("2026-11-24T09:00:00Z");
    let later = shop.wish("Оформление бороды", denis, noon + TimeDelta::hours(1)).await?;
    shop.book(boris, &later, 1).await.unwrap();
    let visit = shop.visit(&[("Мужская стрижка", artyom), ("Оформление бороды", denis)], noon).await?;
    assert_eq!(shop.book(anna, &visit, 2).await.err(), Some(Refusal::Taken));
    assert_eq!((shop.count("bookings").await?, shop.count("occupancy").await?), (1, 1));
    // With anybody for the second part there is still a way.
    let anybody = shop.visit(&[("Мужская стрижка", artyom), ("Оформление бороды", Pick::Any)], noon).await?;
    assert_eq!(shop.book(anna, &anybody, 3).await.unwrap().booking.who(), "Артём");
    let too_many = shop.visit(&[("Стрижка машинкой", Pick::Any); 5], noon).await?;
    assert_eq!(shop.book(boris, &too_many, 4).await.err(), Some(Refusal::VisitTooLong(4)));
    Ok(())
}

#[tokio::test]
async fn who_does_it_has_a_length_and_a_price_of_their_own() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    let Pick::One(id) = artyom else { unreachable!() };
    shop.run(&format!(
        "update service_resources set duration_minutes = 75, price_kopecks = 250000, price_to_kopecks = 300000
          where resource_id = {} and service_id = (select id from services where name = 'Мужская стрижка')",
        id.0
    ))
    .await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    assert_eq!(shop.book(anna, &wish, 1).await.err(), Some(Refusal::OfferChanged), "shown as the service itself says");
    let quote = refusal_of(shop.bookings.quote(anna, &wish.wanted, wish.starts_at).await).unwrap();
    assert_eq!(quote.ends_at - quote.starts_at, TimeDelta::minutes(75));
    let wish = Wish { shown: (75, quote.price), ..wish };
    let made = shop.book(anna, &wish, 2).await.unwrap().booking;
    assert_eq!((made.price.from.0, made.price.to.map(|k| k.0)), (250_000, Some(300_000)));
    Ok(())
}

/// A restaurant of three tables: for two, for four, for four; the last two may be put together.
async fn restaurant() -> Result<Shop> {
    let shop = Shop::of_kind("restaurant", 4).await?;
    shop.run("delete from service_resources").await?;
    shop.run("delete from combinations").await?;
    shop.run("update resources set active = false").await?;
    shop.run(
        "insert into resources (id, name, kind, seats, position)
         values (901, 'Малый', 'table', 2, 1), (902, 'Левый', 'table', 4, 2), (903, 'Правый', 'table', 4, 3)",
    )
    .await?;
    shop.run("insert into combinations (resource_ids) values ('{902,903}')").await?;
    shop.run(
        "insert into service_resources (service_id, resource_id)
         select id, r from services, unnest('{901,902,903}'::bigint[]) as r",
    )
    .await?;
    shop.run("update services set buffer_after_minutes = 0").await?;
    Ok(shop)
}

#[tokio::test]
async fn a_party_gets_the_smallest_table_that_fits_and_a_large_one_gets_two() -> Result<()> {
    let shop = restaurant().await?;
    let seven = at("2026-11-24T16:00:00Z");
    let wish = shop.wish("Столик", Pick::Any, seven).await?;
    let party = |party| Wish { wanted: Wanted { party, ..wish.wanted.clone() }, ..wish.clone() };
    let mut tables = Vec::new();
    for (n, size) in (1..).zip([2, 3, 2]) {
        let guest = shop.customer(n).await?;
        tables.push(shop.book(guest, &party(size), n).await.unwrap().booking.who());
    }
    assert_eq!(tables, ["Малый", "Левый", "Правый"]);
    let family = shop.customer(9).await?;
    assert_eq!(shop.book(family, &party(8), 9).await.err(), Some(Refusal::Taken));
    let late = Wish { starts_at: seven + TimeDelta::hours(2), ..party(8) };
    let made = shop.book(family, &late, 10).await.unwrap().booking;
    assert_eq!((made.who().as_str(), made.party), ("Левый + Правый", 8));
    assert_eq!(taken(&shop).await?.iter().filter(|t| t.ends_with("21:00-23:00")).count(), 2, "both tables are taken");
    assert_eq!(shop.book(family, &party(9), 11).await.err(), Some(Refusal::PartyTooLarge(8)));
    // Nobody sits at one half of what is put together.
    let small = Wish { starts_at: late.starts_at, ..party(4) };
    assert_eq!(shop.book(shop.customer(10).await?, &small, 12).await.err(), Some(Refusal::Taken));
    shop.cancel(family, made.id).await.unwrap();
    shop.book(shop.customer(10).await?, &small, 13).await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_group_fills_seat_by_seat_and_goes_when_the_last_one_leaves() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run("update services set capacity = 4 where name = 'Мужская стрижка'").await?;
    let artyom = shop.master("Артём").await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let anna = shop.customer(1).await?;
    let two = Wish { wanted: Wanted { party: 2, ..wish.wanted.clone() }, ..wish.clone() };
    let first = shop.book(anna, &two, 1).await.unwrap().booking;
    let left = async || -> Result<Option<u16>> {
        let date = "2026-11-24".parse()?;
        let open = refusal_of(shop.bookings.openings(anna, &wish.wanted, Some((date, date))).await).unwrap();
        Ok(open.days[&date].iter().find(|s| s.starts_at == wish.starts_at).and_then(|s| s.seats_left))
    };
    assert_eq!(left().await?, Some(2));
    let boris = shop.customer(2).await?;
    let three = Wish { wanted: Wanted { party: 3, ..wish.wanted.clone() }, ..wish.clone() };
    assert_eq!(shop.book(boris, &three, 2).await.err(), Some(Refusal::Taken), "two seats are left");
    let second = shop.book(boris, &wish, 3).await.unwrap().booking;
    assert_eq!((shop.count("sessions").await?, shop.count("seats").await?), (1, 3));
    // Another service with the same master at that time is not to be had; nor is the group half an hour later.
    let beard = shop.wish("Оформление бороды", artyom, wish.starts_at).await?;
    assert_eq!(shop.book(boris, &beard, 4).await.err(), Some(Refusal::Taken));
    shop.cancel(anna, first.id).await.unwrap();
    assert_eq!((left().await?, shop.count("occupancy").await?), (Some(3), 1));
    shop.cancel(boris, second.id).await.unwrap();
    assert_eq!((shop.count("sessions").await?, shop.count("occupancy").await?), (0, 0));
    shop.book(boris, &beard, 5).await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_hold_keeps_its_time_becomes_the_booking_and_is_ended_by_whoever_wants_it_when_overdue() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris) = (shop.customer(1).await?, shop.customer(2).await?);
    let artyom = shop.master("Артём").await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    let held = refusal_of(shop.bookings.hold(anna, &wish.wanted, wish.starts_at, 1).await).unwrap();
    assert_eq!(held.until, shop.clock.now() + TimeDelta::minutes(10));
    assert_eq!(shop.book(boris, &wish, 2).await.err(), Some(Refusal::Taken));
    assert!(shop.free(anna, &wish.wanted, "2026-11-24").await?.contains(&"12:00".to_owned()), "her own is free to her");
    assert!(!shop.free(boris, &wish.wanted, "2026-11-24").await?.contains(&"12:00".to_owned()));
    let made = shop.book(anna, &wish, 3).await.unwrap().booking;
    assert_eq!((made.id, made.status, made.held_until), (held.booking.id, Status::Confirmed, None));
    assert_eq!(shop.count("occupancy").await?, 1);

    // One hold a person: choosing another time lets the first one go.
    let later = |hours| wish.starts_at + TimeDelta::hours(hours);
    let first = refusal_of(shop.bookings.hold(boris, &wish.wanted, later(2), 4).await).unwrap();
    let second = refusal_of(shop.bookings.hold(boris, &wish.wanted, later(4), 5).await).unwrap();
    assert_eq!(shop.booking(first.booking.id).await?.status, Status::Cancelled);
    shop.clock.advance(TimeDelta::minutes(10));
    assert!(shop.free(anna, &wish.wanted, "2026-11-24").await?.contains(&"16:00".to_owned()));
    let overdue = Wish { starts_at: later(4), ..wish.clone() };
    shop.book(anna, &overdue, 6).await.unwrap();
    assert_eq!(shop.booking(second.booking.id).await?.status, Status::Cancelled);
    assert_eq!(shop.book(boris, &overdue, 7).await.err(), Some(Refusal::Taken), "he was too late");
    refusal_of(shop.bookings.hold(boris, &wish.wanted, later(6), 8).await).unwrap();
    shop.bookings.let_go(boris).await?;
    assert_eq!((shop.count("held").await?, shop.count("occupancy").await?), (0, 2));
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_hold_does_not_outlive_a_rule_that_forbids_it() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let artyom = shop.master("Артём").await?;
    let wish = shop.wish("Мужская стрижка", artyom, at("2026-11-24T09:00:00Z")).await?;
    refusal_of(shop.bookings.hold(anna, &wish.wanted, wish.starts_at, 1).await).unwrap();
    shop.run("insert into schedule_exceptions (first_day, last_day) values ('2026-11-24', '2026-11-24')").await?;
    assert_eq!(shop.book(anna, &wish, 2).await.err(), Some(Refusal::Closed));
    assert_eq!(shop.count("confirmed").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_group_in_which_nobody_sits_for_good_is_in_nobodys_way() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run("update services set capacity = 4 where name = 'Мужская стрижка'").await?;
    let (anna, boris, artyom) = (shop.customer(1).await?, shop.customer(2).await?, shop.master("Артём").await?);
    let noon = at("2026-11-24T09:00:00Z");
    let wish = shop.wish("Мужская стрижка", artyom, noon).await?;
    // The only member moves by half an hour, over the group's own time.
    let booked = shop.book(anna, &wish, 1).await.unwrap().booking;
    let to = noon + TimeDelta::minutes(30);
    let moved = refusal_of(shop.bookings.move_to(anna, booked.id, to, Some(artyom), 2).await).unwrap().booking;
    assert_eq!((moved.starts_at, shop.count("sessions").await?, shop.count("seats").await?), (to, 1, 1));
    shop.cancel(anna, moved.id).await.unwrap();
    // Whoever thinks about a group may think about another service at that time instead.
    refusal_of(shop.bookings.hold(anna, &wish.wanted, noon, 3).await).unwrap();
    let beard = shop.wish("Оформление бороды", artyom, noon).await?;
    refusal_of(shop.bookings.hold(anna, &beard.wanted, noon, 4).await).unwrap();
    assert_eq!(shop.count("sessions").await?, 0);
    // And a group of somebody who fell asleep over it gives way to anybody.
    refusal_of(shop.bookings.hold(anna, &wish.wanted, noon, 5).await).unwrap();
    assert_eq!(shop.book(boris, &beard, 6).await.err(), Some(Refusal::Taken));
    shop.clock.advance(TimeDelta::minutes(10));
    assert!(shop.free(boris, &beard.wanted, "2026-11-24").await?.contains(&"12:00".to_owned()));
    shop.book(boris, &beard, 7).await.unwrap();
    assert_eq!((shop.count("sessions").await?, shop.breaches().await?), (0, 0));
    Ok(())
}
