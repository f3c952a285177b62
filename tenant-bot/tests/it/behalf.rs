//! Booking for others: callers, walk-ins, customers who are known.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tenant_bot::booking::{
    BookError, Booking, ForWhom, Order, Pick, Price, Refusal, Status, UserId, Wanted, contact::Contact,
};

use crate::{
    shop::{OWNER, Shop, at, later, refusal_of},
    staff::{MANAGER, STAFF, VIEWER, staffed},
};

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

async fn wanted(shop: &Shop, pick: Pick) -> Result<Wanted> {
    Ok(shop.wish("Мужская стрижка", pick, noon()).await?.wanted)
}

async fn book(
    shop: &Shop,
    by: UserId,
    (whom, wanted): (ForWhom<'_>, &Wanted),
    (starts_at, outside): (DateTime<Utc>, bool),
    update_id: i64,
) -> Result<Booking, Refusal> {
    let order = Order { whom, wanted: wanted.clone(), starts_at, outside, shown: None };
    refusal_of(shop.bookings.book_for(by, &order, update_id).await).map(|made| made.booking)
}

fn boris() -> Contact {
    Contact { name: "Борис".into(), phone: "+79035554433".into() }
}

#[tokio::test]
async fn a_caller_is_written_down_booked_and_never_written_to() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = wanted(&shop, shop.master("Артём").await?).await?;
    let caller = refusal_of(shop.bookings.write_down(STAFF, &boris()).await).unwrap();
    assert!(caller.0 < 0, "no id of Telegram's");
    assert_eq!(refusal_of(shop.bookings.write_down(MANAGER, &boris()).await), Ok(caller), "the same person");
    let booked = book(&shop, STAFF, (ForWhom::Known(caller), &visit), (noon(), false), 1).await.unwrap();
    assert_eq!((booked.status, booked.office.made_by), (Status::Confirmed, Some(STAFF)));
    assert_eq!((booked.customer_name.as_str(), booked.phone.as_str()), ("Борис", "+79035554433"));
    let (_, _, deeds) = refusal_of(shop.bookings.history(STAFF, booked.id).await).unwrap();
    assert_eq!(deeds[0].detail.as_deref(), Some("by word of mouth"), "how they agreed is noted");
    let kinds: Vec<String> = sqlx::query_scalar("select kind from reminders").fetch_all(&shop.pool).await?;
    assert_eq!(kinds, ["finish"], "they cannot be reminded");
    refusal_of(shop.bookings.cancel_for(STAFF, booked.id, None).await).unwrap();
    let below_zero: i64 =
        sqlx::query_scalar("select count(*) from outbox where chat_id <= 0").fetch_one(&shop.pool).await?;
    assert_eq!(below_zero, 0);
    let told: Vec<i64> = sqlx::query_scalar("select chat_id from outbox where key like 'booked:%' order by chat_id")
        .fetch_all(&shop.pool)
        .await?;
    assert_eq!(told, [OWNER, MANAGER.0, VIEWER.0], "everybody of the team who sees it but who made it");
    Ok(())
}

#[tokio::test]
async fn a_walk_in_begins_this_very_minute_and_twice_is_once() -> Result<()> {
    let shop = staffed(4).await?;
    shop.clock.set(at("2026-11-24T09:07:42Z"));
    let visit = wanted(&shop, Pick::Any).await?;
    let now = at("2026-11-24T09:07:00Z");
    let first = book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (now, false), 7).await.unwrap();
    assert_eq!((first.starts_at, first.who().as_str()), (now, "Артём"), "into one's own day");
    let again = book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (now, false), 7).await.unwrap();
    assert_eq!(again.id, first.id);
    let second = book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (now, false), 8).await;
    assert_eq!(second.err(), Some(Refusal::Taken));
    let guests: i64 = sqlx::query_scalar("select count(*) from users where caller").fetch_one(&shop.pool).await?;
    assert_eq!(guests, 1, "a refusal leaves nobody");
    let minute_ago =
        book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (at("2026-11-24T09:05:00Z"), false), 9).await;
    assert_eq!(minute_ago.err(), Some(Refusal::Past));
    refusal_of(shop.bookings.mark(STAFF, first.id, Status::Arrived).await).unwrap();
    Ok(())
}

#[tokio::test]
async fn outside_the_hours_only_who_runs_the_whole_business_books_and_never_over_anybody() -> Result<()> {
    let shop = staffed(4).await?;
    let artyom = shop.master("Артём").await?;
    let visit = wanted(&shop, artyom).await?;
    let night = at("2026-11-24T19:30:00Z");
    let guest = ForWhom::Guest("Гость");
    let shown = refusal_of(shop.bookings.quote_for(MANAGER, guest, &visit, night).await).unwrap();
    assert!(shown.1, "it is said that this is outside the hours");
    assert!(!refusal_of(shop.bookings.quote_for(MANAGER, guest, &visit, noon()).await).unwrap().1);
    assert_eq!(book(&shop, MANAGER, (guest, &visit), (night, false), 1).await.err(), Some(Refusal::Closed));
    assert_eq!(book(&shop, STAFF, (guest, &visit), (night, true), 2).await.err(), Some(Refusal::Closed));
    let booked = book(&shop, MANAGER, (guest, &visit), (night, true), 3).await.unwrap();
    assert_eq!(booked.starts_at, night);
    let over = book(&shop, MANAGER, (guest, &visit), (night + TimeDelta::minutes(30), true), 4).await;
    assert_eq!(over.err(), Some(Refusal::Taken));
    // A block is no closing time.
    let Pick::One(id) = artyom else { unreachable!() };
    let span = tenant_bot::booking::hours::Span { start: noon(), end: noon() + TimeDelta::hours(2) };
    let block = tenant_bot::booking::schedule::Block { span, repeats: None };
    let new = tenant_bot::booking::NewBlock { resource: Some(id), block, reason: None };
    refusal_of(shop.bookings.block(MANAGER, &new).await).unwrap();
    assert!(book(&shop, MANAGER, (guest, &visit), (noon(), true), 5).await.is_err(), "nor over a block");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn whoever_is_nobody_books_for_nobody_and_staff_only_for_their_own() -> Result<()> {
    let shop = staffed(4).await?;
    let (anna, denis) = (shop.customer(1).await?, shop.master("Денис").await?);
    let visit = wanted(&shop, denis).await?;
    for by in [VIEWER, anna, UserId(7999)] {
        let refused = book(&shop, by, (ForWhom::Known(anna), &visit), (noon(), false), 1).await;
        assert_eq!(refused.err(), Some(Refusal::NotAdmin));
        assert_eq!(refusal_of(shop.bookings.write_down(by, &boris()).await).err(), Some(Refusal::NotAdmin));
    }
    let foreign = book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (noon(), false), 2).await;
    assert_eq!(foreign.err(), Some(Refusal::NotAdmin), "into somebody else's day");
    let own = wanted(&shop, Pick::Any).await?;
    let unknown = book(&shop, STAFF, (ForWhom::Known(anna), &own), (noon(), false), 3).await;
    assert_eq!(unknown.err(), Some(Refusal::NoSuchCustomer), "she has never been to Артём");
    assert_eq!(shop.count("bookings").await?, 0);
    let made = book(&shop, MANAGER, (ForWhom::Known(anna), &visit), (noon(), false), 4).await.unwrap();
    let keys: Vec<String> =
        sqlx::query_scalar("select key from outbox where chat_id = 1").fetch_all(&shop.pool).await?;
    assert_eq!(keys, [format!("booked_for:{}", made.id.0)], "who has a chat is told");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_walk_in_and_a_customer_for_one_slot_one_gets_it_twenty_times() -> Result<()> {
    let shop = Arc::new(staffed(8).await?);
    let artyom = shop.master("Артём").await?;
    for round in 0..20 {
        let starts_at = later(round, noon());
        let customer = shop.customer(100 + round).await?;
        let wish = shop.wish("Мужская стрижка", artyom, starts_at).await?;
        let walk_in = tokio::spawn({
            let (shop, visit) = (shop.clone(), wish.wanted.clone());
            async move {
                book(&shop, MANAGER, (ForWhom::Guest("Гость"), &visit), (starts_at, false), 500 + round).await
            }
        });
        let booking = tokio::spawn({
            let (shop, wish) = (shop.clone(), wish.clone());
            async move { shop.book(customer, &wish, round).await.map(|made| made.booking) }
        });
        let both = [walk_in.await?, booking.await?];
        let won = both.iter().filter(|one| one.is_ok()).count();
        assert_eq!(won, 1, "round {round}: {both:?}");
        assert!(both.iter().all(|one| matches!(one, Ok(_) | Err(Refusal::Taken))), "{both:?}");
    }
    assert_eq!((shop.count("bookings").await?, shop.count("occupancy").await?), (20, 20));
    assert_eq!(shop.breaches().await?, 0);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_discount_is_the_same_wherever_the_price_is_read() -> Result<()> {
    let shop = staffed(4).await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    shop.run("update users set discount_percent = 15 where user_id = 1").await?;
    shop.run("update services set price_kopecks = 99999 where name = 'Мужская стрижка'").await?;
    let less = Price::exactly(84_999);
    let mut wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let quote = refusal_of(shop.bookings.quote(anna, &wish.wanted, noon()).await).unwrap();
    assert_eq!((quote.price, quote.lines[0].price, quote.discount_percent), (less, less, 15));
    assert_eq!(shop.book(anna, &wish, 1).await.err(), Some(Refusal::OfferChanged), "the full price was not shown");
    wish.shown = (60, less);
    // A hold keeps it too.
    let held = refusal_of(shop.bookings.hold(anna, &wish.wanted, noon(), 2).await).unwrap().booking;
    assert_eq!((held.price, held.office.discount_percent), (less, 15));
    let booked = shop.book(anna, &wish, 3).await.unwrap().booking;
    assert_eq!((booked.id, booked.price, booked.lines[0].price), (held.id, less, less));
    assert_eq!(booked.office.discount_percent, 15);
    // Another one today changes nothing of what was agreed, and a move keeps it.
    shop.run("update users set discount_percent = 0 where user_id = 1").await?;
    let moved = refusal_of(shop.bookings.move_to(anna, booked.id, noon() + TimeDelta::hours(2), None, 4).await);
    let moved = moved.unwrap().booking;
    assert_eq!((moved.price, moved.office.discount_percent), (less, 15));
    shop.run("update bookings set status = 'completed' where status = 'confirmed'").await?;
    let card = refusal_of(shop.bookings.customer(MANAGER, anna).await).unwrap();
    assert_eq!(card.customer.figures.money, less.from, "the figures count what was agreed");
    let mut boris = shop.wish("Мужская стрижка", artyom, later(1, noon())).await?;
    boris.shown = (60, Price::exactly(99_999));
    let full = shop.book(shop.customer(2).await?, &boris, 5).await.unwrap().booking;
    assert_eq!(full.price, Price::exactly(99_999));
    Ok(())
}

#[tokio::test]
async fn what_is_free_for_others_is_what_can_be_booked_for_them() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = wanted(&shop, shop.master("Артём").await?).await?;
    let day = noon().date_naive();
    // Long before any notice would allow, and past the customers' horizon.
    for date in [day, day + chrono::Days::new(60)] {
        let openings =
            refusal_of(shop.bookings.openings_for(STAFF, ForWhom::Guest("Гость"), &visit, Some((date, date))).await);
        let openings = openings.unwrap();
        let times = &openings.days[&date];
        assert_eq!(times.len(), 21, "half hours from ten until eight");
        let last = times.last().unwrap().starts_at;
        let n = last.timestamp();
        book(&shop, STAFF, (ForWhom::Guest("Гость"), &visit), (last, false), n).await.unwrap();
    }
    let lost = shop.bookings.openings_for(VIEWER, ForWhom::Guest("Гость"), &visit, None).await;
    assert!(matches!(lost, Err(BookError::Refused(Refusal::NotAdmin))));
    Ok(())
}
