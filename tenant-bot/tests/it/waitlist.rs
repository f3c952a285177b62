//! Who waits for a time: offered in the queue's order, one time to one person at a time.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::Result;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::future::join_all;
use tenant_bot::{
    booking::{Booking, Pick, Refusal, Status, UserId, Wait, WaitState, WaitWish, Wanted},
    reminders::Errands,
};
use tokio_util::sync::CancellationToken;

use crate::shop::{OWNER, Shop, at, later, monday, refusal_of};

const ROUNDS: i64 = 20;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Wednesday, when Artyom and Ruslan work; Ruslan from noon.
const DAY: &str = "2026-11-25";

fn noon() -> DateTime<Utc> {
    at("2026-11-25T09:00:00Z")
}

async fn serve(shop: &Shop) -> Result<()> {
    Ok(Errands::new(shop.bookings.clone(), Duration::ZERO).do_due(&CancellationToken::new()).await?)
}

/// A haircut with Artyom on Wednesday at any time.
async fn wish(shop: &Shop) -> Result<WaitWish> {
    let wanted = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?.wanted;
    Ok(WaitWish { wanted, dates: (date(DAY), date(DAY)), hours: None })
}

async fn waits(shop: &Shop, user: i64, wish: &WaitWish) -> Result<Wait> {
    Ok(shop.bookings.wait(shop.customer(user).await?, wish, user).await?)
}

/// Every hour of Artyom's Wednesday is booked, by customers from 1001 on.
async fn full_day(shop: &Shop) -> Result<Vec<Booking>> {
    let mut bookings = Vec::new();
    for hour in 0..11 {
        let user = shop.customer(1001 + hour).await?;
        let starts_at = at("2026-11-25T07:00:00Z") + TimeDelta::hours(hour);
        let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, starts_at).await?;
        bookings.push(shop.book(user, &wish, 1001 + hour).await.unwrap().booking);
    }
    Ok(bookings)
}

/// What is kept for a person, and until when.
async fn offer(shop: &Shop, user: i64) -> Result<Option<(Booking, DateTime<Utc>)>> {
    let (_, waits) = shop.bookings.waits(UserId(user)).await?;
    Ok(waits.into_iter().find_map(|wait| match wait.state {
        WaitState::Offered(booking, until) => Some((*booking, until)),
        WaitState::Waiting => None,
    }))
}

async fn offers_told(shop: &Shop) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar("select chat_id from outbox where key like 'offer:%' order by id")
        .fetch_all(&shop.pool)
        .await?)
}

#[tokio::test]
async fn a_freed_time_is_offered_to_the_first_then_to_the_next_and_each_is_told() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=3 {
        assert_eq!(waits(&shop, user, &wish).await?.state, WaitState::Waiting);
    }
    serve(&shop).await?;
    assert_eq!(offers_told(&shop).await?, [0; 0], "nothing is free");
    shop.cancel(bookings[4].user, bookings[4].id).await.unwrap();
    serve(&shop).await?;
    let (first, until) = offer(&shop, 1).await?.unwrap();
    assert_eq!((first.starts_at, first.status), (bookings[4].starts_at, Status::Held));
    assert_eq!(until, monday() + TimeDelta::minutes(15));
    assert_eq!(offers_told(&shop).await?, [1]);
    // It is kept from everybody else.
    let stranger = shop.customer(50).await?;
    assert_eq!(shop.free(stranger, &wish.wanted, DAY).await?, [""; 0]);
    // It is let pass: the next one is offered it, and the first is not offered it again.
    shop.bookings.pass_offer(UserId(1), first.id).await?;
    serve(&shop).await?;
    let (second, _) = offer(&shop, 2).await?.unwrap();
    assert_eq!(second.starts_at, bookings[4].starts_at);
    assert_eq!(offer(&shop, 1).await?, None);
    // The second one says nothing: the third one's turn comes when the time is over.
    shop.clock.advance(TimeDelta::minutes(15));
    serve(&shop).await?;
    let (third, _) = offer(&shop, 3).await?.unwrap();
    assert_eq!(third.starts_at, bookings[4].starts_at);
    assert_eq!(offers_told(&shop).await?, [1, 2, 3]);
    let made = shop.bookings.take_offer(UserId(3), third.id, 77).await?;
    assert_eq!((made.booking.status, made.booking.id, made.repeated), (Status::Confirmed, third.id, false));
    assert_eq!(made.booking.customer_name, "Анна");
    assert!(shop.count("reminders").await? >= 4, "it is reminded of as any other");
    let owners: i64 = sqlx::query_scalar("select count(*) from outbox where chat_id = $1 and key like 'booked:%'")
        .bind(OWNER)
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(owners, 12);
    assert_eq!(shop.bookings.waits(UserId(3)).await?.1.len(), 0);
    // Nobody is left over who could be offered anything: the two others have passed.
    serve(&shop).await?;
    assert_eq!(offers_told(&shop).await?, [1, 2, 3]);
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_everybody_passed_is_free_for_everybody_else() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    waits(&shop, 1, &wish).await?;
    shop.cancel(bookings[0].user, bookings[0].id).await.unwrap();
    serve(&shop).await?;
    let (held, _) = offer(&shop, 1).await?.unwrap();
    shop.bookings.pass_offer(UserId(1), held.id).await?;
    serve(&shop).await?;
    assert_eq!(shop.free(shop.customer(50).await?, &wish.wanted, DAY).await?, ["10:00"]);
    assert_eq!(
        refusal_of(shop.bookings.take_offer(UserId(1), held.id, 5).await).err(),
        Some(Refusal::OfferOver),
        "a button of the letter that was let pass"
    );
    assert_eq!(refusal_of(shop.bookings.pass_offer(UserId(1), held.id).await).err(), Some(Refusal::OfferOver));
    Ok(())
}

#[tokio::test]
async fn an_offer_is_over_at_its_time_even_if_nobody_has_ended_it() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    waits(&shop, 1, &wish(&shop).await?).await?;
    shop.cancel(bookings[0].user, bookings[0].id).await.unwrap();
    serve(&shop).await?;
    let (held, until) = offer(&shop, 1).await?.unwrap();
    shop.clock.set(until);
    assert_eq!(refusal_of(shop.bookings.take_offer(UserId(1), held.id, 5).await).err(), Some(Refusal::OfferOver));
    // Somebody else books it meanwhile: the hold is in nobody's way.
    let (stranger, wish) = (shop.customer(50).await?, shop.wish("Мужская стрижка", Pick::Any, held.starts_at).await?);
    assert!(shop.book(stranger, &wish, 50).await.is_ok());
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?, None);
    assert_eq!(shop.bookings.waits(UserId(1)).await?.1[0].state, WaitState::Waiting, "it waits on");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_time_that_is_free_already_is_offered_at_once() -> Result<()> {
    let shop = Shop::open().await?;
    let wait = waits(&shop, 1, &wish(&shop).await?).await?;
    let WaitState::Offered(hold, _) = &wait.state else { panic!("nothing was offered: {wait:?}") };
    assert_eq!(hold.starts_at, at("2026-11-25T07:00:00Z"), "the earliest of the day");
    assert_eq!(wait.what, "Мужская стрижка");
    serve(&shop).await?;
    assert_eq!(offers_told(&shop).await?, [0; 0], "who is looking at the answer needs no letter");
    assert_eq!(shop.bookings.wait(UserId(1), &wish(&shop).await?, 1).await?.state, wait.state, "the update again");
    Ok(())
}

#[tokio::test]
async fn only_hours_that_suit_are_offered() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let evening = WaitWish { hours: Some((18 * 60, 21 * 60)), ..wish(&shop).await? };
    waits(&shop, 1, &evening).await?;
    for morning in &bookings[..3] {
        shop.cancel(morning.user, morning.id).await.unwrap();
    }
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?, None);
    shop.cancel(bookings[9].user, bookings[9].id).await.unwrap();
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?.unwrap().0.starts_at, bookings[9].starts_at);
    Ok(())
}

#[tokio::test]
async fn a_move_and_a_removed_block_free_time_too() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=2 {
        waits(&shop, user, &wish).await?;
    }
    shop.bookings.move_to(bookings[2].user, bookings[2].id, later(1, bookings[2].starts_at), None, 9).await?;
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?.unwrap().0.starts_at, bookings[2].starts_at);
    shop.cancel(bookings[6].user, bookings[6].id).await.unwrap();
    let block = tenant_bot::booking::NewBlock {
        resource: None,
        block: tenant_bot::booking::schedule::Block {
            span: tenant_bot::booking::hours::Span { start: bookings[6].starts_at, end: bookings[6].ends_at },
            repeats: None,
        },
        reason: None,
    };
    let block = shop.bookings.block(UserId(OWNER), &block).await?;
    serve(&shop).await?;
    assert_eq!(offer(&shop, 2).await?, None, "it is blocked");
    assert!(shop.bookings.unblock(UserId(OWNER), block.id).await?);
    serve(&shop).await?;
    assert_eq!(offer(&shop, 2).await?.unwrap().0.starts_at, bookings[6].starts_at);
    Ok(())
}

#[tokio::test]
async fn who_leaves_lets_go_and_is_offered_nothing_more() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    let (one, two) = (waits(&shop, 1, &wish).await?, waits(&shop, 2, &wish).await?);
    shop.cancel(bookings[0].user, bookings[0].id).await.unwrap();
    serve(&shop).await?;
    let (held, _) = offer(&shop, 1).await?.unwrap();
    assert!(!shop.bookings.leave(UserId(2), one.id).await?, "somebody else's");
    assert!(shop.bookings.leave(UserId(1), one.id).await?);
    assert!(!shop.bookings.leave(UserId(1), one.id).await?, "it is gone");
    assert_eq!(shop.booking(held.id).await?.status, Status::Cancelled);
    assert_eq!(refusal_of(shop.bookings.take_offer(UserId(1), held.id, 5).await).err(), Some(Refusal::OfferOver));
    serve(&shop).await?;
    assert_eq!(offer(&shop, 2).await?.unwrap().0.starts_at, held.starts_at);
    assert!(shop.bookings.leave(UserId(2), two.id).await?);
    assert_eq!(shop.count("held").await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_queue_has_its_rules() -> Result<()> {
    let shop = Shop::open().await?;
    full_day(&shop).await?;
    let wish = wish(&shop).await?;
    let wait =
        async |user: UserId, wish: &WaitWish, update| refusal_of(shop.bookings.wait(user, wish, update).await).err();
    assert_eq!(wait(UserId(404), &wish, 1).await, Some(Refusal::NoContact), "never spoke to the bot");
    let anna = shop.customer(1).await?;
    shop.run("update users set consent_version = null, consent_at = null where user_id = 1").await?;
    assert_eq!(wait(anna, &wish, 1).await, Some(Refusal::NoConsent));
    let anna = shop.customer(1).await?;
    let dates = |from, to| WaitWish { dates: (date(from), date(to)), ..wish.clone() };
    assert_eq!(wait(anna, &dates("2026-11-22", "2026-11-22"), 2).await, Some(Refusal::Past));
    assert_eq!(wait(anna, &dates("2026-11-26", "2026-11-25"), 3).await, Some(Refusal::Closed));
    assert_eq!(wait(anna, &dates("2026-11-25", "2026-12-26"), 4).await, Some(Refusal::Closed), "32 days");
    assert_eq!(wait(anna, &dates("2027-02-01", "2027-02-02"), 5).await, Some(Refusal::TooFar(30)));
    for hours in [(600, 600), (700, 600), (0, 1441), (u16::MAX, u16::MAX)] {
        let crooked = WaitWish { hours: Some(hours), ..wish.clone() };
        assert_eq!(wait(anna, &crooked, 6).await, Some(Refusal::Closed), "{hours:?}");
    }
    let nothing = WaitWish { wanted: Wanted::one(tenant_bot::booking::ServiceId(404), Pick::Any), ..wish.clone() };
    assert_eq!(wait(anna, &nothing, 7).await, Some(Refusal::NoSuchService));
    // An update that Telegram repeats, and a second press, find what is there.
    let first = shop.bookings.wait(anna, &wish, 10).await?.id;
    assert_eq!(shop.bookings.wait(anna, &wish, 10).await?.id, first);
    assert_eq!(shop.bookings.wait(anna, &wish, 11).await?.id, first);
    for n in 1..5 {
        let other = WaitWish { hours: Some((600 + n, 660)), ..wish.clone() };
        assert_eq!(wait(anna, &other, 20 + i64::from(n)).await, None);
    }
    let sixth = WaitWish { hours: Some((610, 660)), ..wish.clone() };
    assert_eq!(wait(anna, &sixth, 30).await, Some(Refusal::NoWaiting));
    // What is past does not count.
    shop.clock.set(at("2026-11-26T07:00:00Z"));
    assert_eq!(shop.bookings.waits(anna).await?.1.len(), 0);
    assert_eq!(wait(anna, &dates("2026-11-27", "2026-11-27"), 31).await, None);
    shop.set("waitlist", "off").await?;
    assert_eq!(wait(shop.customer(2).await?, &dates("2026-11-27", "2026-11-27"), 32).await, Some(Refusal::NoWaiting));
    serve(&shop).await?;
    let over: i64 =
        sqlx::query_scalar("select count(*) from waitlist where state = 'over'").fetch_one(&shop.pool).await?;
    assert_eq!(over, 5);
    Ok(())
}

#[tokio::test]
async fn who_has_enough_bookings_is_passed_over_and_what_waits_for_approval_is_requested() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=2 {
        waits(&shop, user, &wish).await?;
    }
    shop.set("active_limit", "1").await?;
    let elsewhere = shop.wish("Мужская стрижка", Pick::Any, later(2, noon())).await?;
    shop.book(UserId(1), &elsewhere, 40).await.unwrap();
    shop.cancel(bookings[0].user, bookings[0].id).await.unwrap();
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?, None);
    let (held, _) = offer(&shop, 2).await?.unwrap();
    shop.set("approval", "by_request").await?;
    let made = shop.bookings.take_offer(UserId(2), held.id, 41).await?;
    assert_eq!(made.booking.status, Status::Requested);
    let told: i64 =
        sqlx::query_scalar("select count(*) from outbox where key like 'requested:%'").fetch_one(&shop.pool).await?;
    assert_eq!(told, 1);
    Ok(())
}

#[tokio::test]
async fn a_window_beyond_the_horizon_is_looked_at_every_midnight() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("horizon_days", "3").await?;
    // Friday is full, Saturday lies beyond the horizon until Tuesday's midnight has passed.
    let wanted = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?.wanted;
    let friday = WaitWish { wanted, dates: (date("2026-11-26"), date("2026-11-28")), hours: Some((660, 661)) };
    shop.book(
        shop.customer(9).await?,
        &shop.wish("Мужская стрижка", shop.master("Артём").await?, at("2026-11-26T08:00:00Z")).await?,
        9,
    )
    .await
    .unwrap();
    assert_eq!(waits(&shop, 1, &friday).await?.state, WaitState::Waiting);
    shop.clock.set(at("2026-11-23T20:59:59Z"));
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?, None);
    shop.clock.set(at("2026-11-23T21:00:00Z"));
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?.unwrap().0.starts_at, at("2026-11-27T08:00:00Z"));
    Ok(())
}

#[tokio::test]
async fn forty_presses_take_an_offer_once() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(20).await?);
    let WaitState::Offered(hold, _) = waits(&shop, 1, &wish(&shop).await?).await?.state else { panic!("no offer") };
    let presses = (0..40).map(|n| {
        let (shop, id) = (shop.clone(), hold.id);
        tokio::spawn(async move { shop.bookings.take_offer(UserId(1), id, 100 + n).await.unwrap().repeated })
    });
    let repeated: Vec<bool> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(repeated.iter().filter(|r| !**r).count(), 1);
    let history: Vec<String> =
        sqlx::query_scalar("select action from booking_history order by id").fetch_all(&shop.pool).await?;
    assert_eq!(history, ["held", "booked"]);
    Ok(())
}

/// A hold that was offered: its number, whose it was, and the places in the history at which it was made and ended.
type Told = (i64, i64, i64, Option<i64>);

/// Every hold of this beginning that anybody was told of and that is younger than `since`, in order.
async fn told_of(shop: &Shop, starts_at: DateTime<Utc>, since: i64) -> Result<Vec<Told>> {
    Ok(sqlx::query_as(
        "select b.id, b.user_id, min(h.id) filter (where h.action = 'held'),
                min(h.id) filter (where h.action in ('lapsed', 'cancelled'))
           from bookings b join booking_history h on h.booking_id = b.id
          where b.starts_at = $1 and b.id > $2 and exists (select 1 from outbox o where o.key = 'offer:' || b.id)
          group by b.id, b.user_id order by 3",
    )
    .bind(starts_at)
    .bind(since)
    .fetch_all(&shop.pool)
    .await?)
}

/// In every round several times become free while workers, those who wait, and strangers who book press at once, and
/// offers run out in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_press_a_freed_time_is_offered_to_one_at_a_time_and_got_by_one() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(24).await?);
    shop.set("active_limit", "100").await?;
    let wish = wish(&shop).await?;
    let everybody: Vec<i64> = (1..=8).collect();
    let (mut taken_by_offer, mut booked_by_strangers) = (0, 0);
    for round in 0..ROUNDS {
        // A day that is full, of which three hours become free.
        let day = later(round % 4, at("2026-11-25T07:00:00Z"));
        shop.run("update waitlist set state = 'left', offered_until = null, look_at = null where state in ('waiting', 'offered')").await?;
        shop.run("delete from occupancy").await?;
        shop.run("update bookings set status = 'cancelled', held_until = null, cancelled_at = coalesce(cancelled_at, created_at)").await?;
        let mut full = Vec::new();
        for hour in 0..11 {
            let user = shop.customer(1001 + hour).await?;
            let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, day + TimeDelta::hours(hour)).await?;
            full.push(shop.book(user, &wish, round * 10_000 + 1001 + hour).await.unwrap().booking);
        }
        let local = day.date_naive();
        let wish = WaitWish { dates: (local, local), ..wish.clone() };
        for user in &everybody {
            let user = shop.customer(*user).await?;
            shop.bookings.wait(user, &wish, round * 10_000 + user.0).await?;
        }
        let freed: Vec<Booking> = [2, 5, 8].map(|hour| full[hour].clone()).into();
        let mut presses = Vec::new();
        for booking in freed.clone() {
            let shop = shop.clone();
            presses.push(tokio::spawn(async move {
                shop.cancel(booking.user, booking.id).await.unwrap();
                Ok::<_, anyhow::Error>((0, 0))
            }));
        }
        for worker in 0..4 {
            let shop = shop.clone();
            presses.push(tokio::spawn(async move {
                for step in 0..6 {
                    if worker == 0 && step % 2 == 1 {
                        // Whatever was offered runs out.
                        shop.clock.advance(TimeDelta::minutes(15));
                    }
                    serve(&shop).await?;
                }
                Ok((0, 0))
            }));
        }
        for user in everybody.clone() {
            let shop = shop.clone();
            presses.push(tokio::spawn(async move {
                let mut taken = 0;
                for step in 0..12_i64 {
                    if let Some((hold, _)) = offer(&shop, user).await? {
                        if (user + step) % 3 == 0 {
                            refusal_of(shop.bookings.pass_offer(UserId(user), hold.id).await).ok();
                        } else if let Ok(made) = refusal_of(
                            shop.bookings.take_offer(UserId(user), hold.id, round * 10_000 + 100 * user + step).await,
                        ) {
                            taken += i64::from(!made.repeated);
                        }
                    }
                    tokio::task::yield_now().await;
                }
                Ok((taken, 0))
            }));
        }
        // Strangers are after one of the times; the others are for those who wait.
        for (n, booking) in (0_i64..).zip(freed.iter().take(1).cycle().take(4).cloned()) {
            let shop = shop.clone();
            presses.push(tokio::spawn(async move {
                let stranger = shop.customer(2000 + n).await?;
                let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, booking.starts_at).await?;
                let mut booked = 0;
                for step in 0..6 {
                    match shop.book(stranger, &wish, round * 10_000 + 5000 + n * 10 + step).await {
                        Ok(made) => booked += i64::from(!made.repeated),
                        Err(refusal) => assert!(matches!(refusal, Refusal::Taken), "{refusal:?}"),
                    }
                }
                Ok((0, booked))
            }));
        }
        for ended in join_all(presses).await {
            let (taken, booked) = ended??;
            taken_by_offer += taken;
            booked_by_strangers += booked;
        }
        shop.clock.advance(TimeDelta::minutes(16));
        serve(&shop).await?;
        assert_eq!(shop.breaches().await?, 0, "round {round}");
        for booking in &freed {
            // One after another: each offer was over before the next one of that time was made.
            let told = told_of(&shop, booking.starts_at, full[10].id.0).await?;
            for pair in told.windows(2) {
                let (before, after) = (&pair[0], &pair[1]);
                assert!(before.3.is_some_and(|ended| ended < after.2), "round {round}: {before:?} {after:?}");
            }
            let standing: i64 = sqlx::query_scalar(
                "select count(*) from bookings where starts_at = $1 and status in ('held', 'requested', 'confirmed')",
            )
            .bind(booking.starts_at)
            .fetch_one(&shop.pool)
            .await?;
            assert!(standing <= 1, "round {round}: {standing}");
        }
        let doubled: Vec<(i64, i64)> = sqlx::query_as(
            "select user_id, count(*) from waitlist where state = 'offered' group by user_id having count(*) > 1",
        )
        .fetch_all(&shop.pool)
        .await?;
        assert_eq!(doubled, []);
    }
    let letters: Vec<i64> = offers_told(&shop).await?;
    let told: HashSet<i64> = letters.iter().copied().collect();
    assert!(told.len() > 3 && taken_by_offer > 0 && booked_by_strangers > 0, "{taken_by_offer} {booked_by_strangers}");
    let left: i64 = sqlx::query_scalar("select count(*) from freed_times").fetch_one(&shop.pool).await?;
    assert_eq!(left, 0);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

/// The worker is killed again and again while it goes through the queue: what is free at the end is offered all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_loses_no_freed_time() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(8).await?);
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=11 {
        waits(&shop, user, &wish).await?;
    }
    for (n, booking) in (0_u64..).zip(&bookings) {
        shop.cancel(booking.user, booking.id).await.unwrap();
        for kill in 0..4 {
            let worker = tokio::spawn({
                let shop = shop.clone();
                async move { serve(&shop).await }
            });
            tokio::time::sleep(Duration::from_micros(300 * (n * 7 + kill * 5) % 9000)).await;
            worker.abort();
            worker.await.ok();
        }
    }
    serve(&shop).await?;
    let mut starts = HashSet::new();
    for user in 1..=11 {
        let (held, _) = offer(&shop, user).await?.unwrap();
        assert!(starts.insert(held.starts_at), "{} twice", held.starts_at);
    }
    let mut told = offers_told(&shop).await?;
    told.sort_unstable();
    assert_eq!(told, (1..=11).collect::<Vec<_>>(), "each was told once");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_offer_does_not_outlive_a_rule_that_forbids_it() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    waits(&shop, 1, &wish).await?;
    shop.cancel(bookings[4].user, bookings[4].id).await.unwrap();
    serve(&shop).await?;
    let (hold, _) = offer(&shop, 1).await?.unwrap();
    shop.run(&format!("insert into schedule_exceptions (first_day, last_day) values ('{DAY}', '{DAY}')")).await?;
    let taken = refusal_of(shop.bookings.take_offer(UserId(1), hold.id, 77).await);
    assert_eq!(taken.err(), Some(Refusal::OfferOver));
    assert_eq!(shop.booking(hold.id).await?.status, Status::Cancelled);
    assert_eq!(shop.bookings.waits(UserId(1)).await?.1[0].state, WaitState::Waiting, "and waits on");
    Ok(())
}

#[tokio::test]
async fn the_time_of_somebody_who_stopped_typing_goes_to_who_waits() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    shop.cancel(bookings[4].user, bookings[4].id).await.unwrap();
    let typing = shop.customer(60).await?;
    let held = refusal_of(shop.bookings.hold(typing, &wish.wanted, bookings[4].starts_at, 1).await).unwrap();
    waits(&shop, 1, &wish).await?;
    serve(&shop).await?;
    assert_eq!(offer(&shop, 1).await?, None);
    shop.clock.advance(TimeDelta::minutes(10));
    serve(&shop).await?;
    assert_eq!(shop.booking(held.booking.id).await?.status, Status::Cancelled);
    assert_eq!(offer(&shop, 1).await?.unwrap().0.starts_at, bookings[4].starts_at);
    Ok(())
}

#[tokio::test]
async fn a_seat_of_a_group_that_becomes_free_is_offered_too() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run("update services set capacity = 2 where name = 'Мужская стрижка'").await?;
    let group = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?;
    let (anna, boris) = (shop.customer(11).await?, shop.customer(12).await?);
    let annas = shop.book(anna, &group, 11).await.unwrap().booking;
    shop.book(boris, &group, 12).await.unwrap();
    // Only at noon, when both seats are taken.
    let at_noon = WaitWish { hours: Some((12 * 60, 12 * 60 + 1)), ..wish(&shop).await? };
    for user in 1..=2 {
        assert_eq!(waits(&shop, user, &at_noon).await?.state, WaitState::Waiting);
    }
    shop.cancel(anna, annas.id).await.unwrap();
    serve(&shop).await?;
    let (held, _) = offer(&shop, 1).await?.unwrap();
    assert_eq!(offer(&shop, 2).await?, None, "one seat is one offer");
    shop.bookings.take_offer(UserId(1), held.id, 5).await?;
    assert_eq!((shop.count("seats").await?, shop.breaches().await?), (2, 0));
    Ok(())
}

#[tokio::test]
async fn who_asks_to_be_forgotten_lets_go_what_was_kept_and_the_next_has_it() -> Result<()> {
    let shop = Shop::open().await?;
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=2 {
        waits(&shop, user, &wish).await?;
    }
    shop.cancel(bookings[0].user, bookings[0].id).await.unwrap();
    serve(&shop).await?;
    let (held, _) = offer(&shop, 1).await?.unwrap();
    shop.bookings.forget(UserId(1)).await?;
    serve(&shop).await?;
    assert_eq!(offer(&shop, 2).await?.unwrap().0.starts_at, held.starts_at);
    let states: Vec<String> =
        sqlx::query_scalar("select state from waitlist order by id").fetch_all(&shop.pool).await?;
    assert_eq!(states, ["left", "offered"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_workers_look_the_first_in_the_queue_is_served_first() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(16).await?);
    let bookings = full_day(&shop).await?;
    let wish = wish(&shop).await?;
    for user in 1..=8 {
        waits(&shop, user, &wish).await?;
    }
    // One time after another becomes free, and each is taken: it is always the turn of the next.
    for (turn, booking) in (1_i64..).zip(bookings.iter().take(8)) {
        shop.cancel(booking.user, booking.id).await.unwrap();
        let workers = (0..6).map(|_| {
            let shop = shop.clone();
            tokio::spawn(async move { serve(&shop).await })
        });
        for ended in join_all(workers).await {
            ended??;
        }
        let told = offers_told(&shop).await?;
        assert_eq!(told, (1..=turn).collect::<Vec<_>>());
        let (held, _) = offer(&shop, turn).await?.unwrap();
        shop.bookings.take_offer(UserId(turn), held.id, 500 + turn).await?;
    }
    assert_eq!((shop.breaches().await?, shop.deadlocks().await?), (0, 0));
    Ok(())
}
