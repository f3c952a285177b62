//! Moves, requests, blocks, repeats, policies: one act after another on a real schema.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{Asia::Yekaterinburg, Europe::Moscow};
use tenant_bot::booking::{
    NewBlock, Pick, Refusal, Repeat, SeriesError, Status, UserId, Wish,
    hours::Span,
    schedule::{Block, BlockRepeats},
};

use crate::shop::{OWNER, Shop, at, later, refusal_of};

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

#[tokio::test]
async fn a_moved_booking_keeps_length_and_price_and_frees_its_old_time() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let old = shop.book(anna, &wish, 1).await.unwrap().booking;
    shop.run("update services set duration_minutes = 120, price_kopecks = 1 where name = 'Мужская стрижка'").await?;
    // Half an hour later: it overlaps itself, and that is nobody else's time.
    let to = noon() + TimeDelta::minutes(30);
    let moved = refusal_of(shop.bookings.move_to(anna, old.id, to, None, 2).await).unwrap();
    assert!(!moved.repeated);
    let new = moved.booking;
    assert_eq!((new.starts_at, new.ends_at, new.price), (to, to + TimeDelta::hours(1), old.price));
    assert_eq!((new.moved_from, shop.booking(old.id).await?.status), (Some(old.id), Status::Moved));
    assert_eq!(shop.count("occupancy").await?, 1);
    let again = refusal_of(shop.bookings.move_to(anna, old.id, to, None, 3).await).unwrap();
    assert!(again.repeated && again.booking.id == new.id, "a second press makes no second move");
    let card = refusal_of(shop.bookings.card(anna, old.id).await).unwrap();
    assert_eq!((card.moved_to, card.no_move), (Some(new.id), Some(Refusal::NoLonger)));
    let actions: Vec<(i64, String)> =
        sqlx::query_as("select booking_id, action from booking_history order by id").fetch_all(&shop.pool).await?;
    let words: Vec<&str> = actions.iter().map(|(_, a)| a.as_str()).collect();
    assert_eq!(words, ["booked", "moved", "made_by_move"]);
    Ok(())
}

#[tokio::test]
async fn a_move_that_cannot_be_leaves_everything_as_it_was() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris, artyom) = (shop.customer(1).await?, shop.customer(2).await?, shop.master("Артём").await?);
    let mine = shop.book(anna, &shop.wish("Мужская стрижка", artyom, noon()).await?, 1).await.unwrap().booking;
    let theirs = shop.wish("Мужская стрижка", artyom, noon() + TimeDelta::hours(2)).await?;
    shop.book(boris, &theirs, 2).await.unwrap();
    let to = async |starts_at, pick, n| {
        refusal_of(shop.bookings.move_to(anna, mine.id, starts_at, pick, n).await).map(|m| m.booking.who())
    };
    assert_eq!(to(theirs.starts_at, Some(artyom), 3).await, Err(Refusal::Taken));
    assert_eq!(to(at("2020-01-01T00:03:00Z"), None, 4).await, Err(Refusal::Past));
    assert_eq!(to(at("2026-11-24T00:17:00Z"), None, 5).await, Err(Refusal::Closed));
    assert_eq!(to(later(90, noon()), None, 6).await, Err(Refusal::TooFar(30)));
    assert_eq!(shop.booking(mine.id).await?, mine);
    let foreign = refusal_of(shop.bookings.move_to(boris, mine.id, noon(), None, 7).await);
    assert_eq!(foreign.err(), Some(Refusal::NoSuchBooking));
    // Asked for with whomever it is, another master steps in.
    assert_eq!(to(theirs.starts_at, None, 8).await, Ok("Денис".to_owned()));
    let moved = shop.bookings.ahead(anna).await?.1.remove(0);
    shop.clock.set(moved.starts_at - TimeDelta::minutes(119));
    let late = refusal_of(shop.bookings.move_to(anna, moved.id, later(1, noon()), None, 9).await);
    assert_eq!(late.err(), Some(Refusal::TooLateToMove(TimeDelta::hours(2))));
    Ok(())
}

#[tokio::test]
async fn a_request_keeps_its_time_until_the_business_has_answered() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("approval", "by_request").await?;
    let (anna, boris, artyom) = (shop.customer(1).await?, shop.customer(2).await?, shop.master("Артём").await?);
    let owner = UserId(OWNER);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let asked = shop.book(anna, &wish, 1).await.unwrap().booking;
    assert_eq!(asked.status, Status::Requested);
    assert_eq!(shop.book(boris, &wish, 2).await.err(), Some(Refusal::Taken));
    assert_eq!(refusal_of(shop.bookings.approve(anna, asked.id).await).err(), Some(Refusal::NotAdmin));
    let yes = refusal_of(shop.bookings.approve(owner, asked.id).await).unwrap();
    assert_eq!((yes.booking.status, yes.repeated), (Status::Confirmed, false));
    assert!(refusal_of(shop.bookings.approve(owner, asked.id).await).unwrap().repeated);
    assert_eq!(refusal_of(shop.bookings.decline(owner, asked.id, None).await).err(), Some(Refusal::NoLonger));
    // Moving what was agreed to is a wish again.
    let moved = refusal_of(shop.bookings.move_to(anna, asked.id, later(1, noon()), None, 3).await).unwrap().booking;
    assert_eq!(moved.status, Status::Requested);
    let no = refusal_of(shop.bookings.decline(owner, moved.id, Some("Заболел мастер")).await).unwrap();
    assert_eq!((no.booking.status, no.booking.cancel_reason.as_deref()), (Status::Cancelled, Some("Заболел мастер")));
    assert!(refusal_of(shop.bookings.decline(owner, moved.id, None).await).unwrap().repeated);
    assert_eq!(shop.count("occupancy").await?, 0);
    let letters: Vec<String> = sqlx::query_scalar("select key from outbox where chat_id = $1 order by id")
        .bind(anna.0)
        .fetch_all(&shop.pool)
        .await?;
    assert_eq!(letters, [format!("approved:{}", asked.id.0), format!("declined:{}", moved.id.0)]);
    Ok(())
}

#[tokio::test]
async fn a_block_shows_what_it_hits_and_lets_nothing_in_any_more() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, artyom, owner) = (shop.customer(1).await?, shop.master("Артём").await?, UserId(OWNER));
    let Pick::One(id) = artyom else { unreachable!() };
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let booked = shop.book(anna, &wish, 1).await.unwrap().booking;
    let span = Span { start: noon() - TimeDelta::hours(1), end: noon() + TimeDelta::hours(3) };
    let new = NewBlock { resource: Some(id), block: Block { span, repeats: None }, reason: Some("Врач") };
    assert_eq!(refusal_of(shop.bookings.block(anna, &new).await).err(), Some(Refusal::NotAdmin));
    let made = refusal_of(shop.bookings.block(owner, &new).await).unwrap();
    assert_eq!(made.hits, std::slice::from_ref(&booked));
    let free = shop.free(anna, &wish.wanted, "2026-11-24").await?;
    assert!(free.contains(&"10:00".to_owned()) && free.contains(&"15:00".to_owned()), "{free:?}");
    assert!(!free.iter().any(|t| ("10:30".."15:00").contains(&t.as_str())), "{free:?}");
    // What stood in its way may go; its time stays blocked.
    shop.cancel(anna, booked.id).await.unwrap();
    assert_eq!(shop.book(anna, &wish, 2).await.err(), Some(Refusal::Closed));
    assert!(refusal_of(shop.bookings.unblock(owner, made.id).await).unwrap());
    assert!(!refusal_of(shop.bookings.unblock(owner, made.id).await).unwrap());
    shop.book(anna, &wish, 3).await.unwrap();
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_block_that_comes_back_blocks_every_week_and_everybody() -> Result<()> {
    let shop = Shop::open().await?;
    shop.set("horizon_days", "60").await?;
    let (anna, owner) = (shop.customer(1).await?, UserId(OWNER));
    let span = Span { start: noon(), end: noon() + TimeDelta::hours(1) };
    let repeats = BlockRepeats { zone: Moscow, weekdays: vec![2], every_weeks: 2, until: None };
    let new = NewBlock { resource: None, block: Block { span, repeats: Some(repeats) }, reason: None };
    let hit = shop.wish("Мужская стрижка", Pick::Any, later(14, noon()) + TimeDelta::minutes(30)).await?;
    let hit = shop.book(anna, &hit, 1).await.unwrap().booking;
    assert_eq!(refusal_of(shop.bookings.block(owner, &new).await).unwrap().hits, [hit]);
    for (weeks, refused) in [(0, true), (1, false), (2, true), (3, false), (4, true)] {
        let wish = shop.wish("Стрижка машинкой", Pick::Any, later(7 * weeks, noon())).await?;
        let got = shop.book(anna, &wish, 10 + weeks).await;
        assert_eq!(got.as_ref().err(), refused.then_some(&Refusal::Closed), "week {weeks}");
        if let Ok(made) = got {
            shop.cancel(anna, made.booking.id).await.unwrap();
        }
    }
    Ok(())
}

#[tokio::test]
async fn repeats_are_booked_all_or_none_and_each_lives_by_itself() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris, artyom) = (shop.customer(1).await?, shop.customer(2).await?, shop.master("Артём").await?);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let in_the_way = Wish { starts_at: later(7, noon()) + TimeDelta::minutes(30), ..wish.clone() };
    shop.book(boris, &in_the_way, 1).await.unwrap();

    let repeat = Repeat { every_weeks: 1, times: 6 };
    let seen = refusal_of(shop.bookings.series(anna, &wish.wanted, noon(), repeat).await).unwrap();
    let conflicts: Vec<_> = seen.iter().map(|d| d.conflict).collect();
    assert_eq!(conflicts, [None, Some(Refusal::Taken), None, None, None, None], "also beyond the horizon");
    assert_eq!(seen[1].instead[0], later(7, noon()) - TimeDelta::minutes(30), "the nearest first");
    let mut starts: Vec<_> = seen.iter().map(|d| d.starts_at).collect();
    let refused = shop.bookings.book_series(anna, &wish, &starts, 2).await;
    let Err(SeriesError::Conflicts(fresh)) = refused else { panic!("{refused:?}") };
    assert_eq!(fresh, seen);
    assert_eq!(shop.count("bookings").await?, 1, "none is booked");

    starts[1] = seen[1].instead[0];
    let made = shop.bookings.book_series(anna, &wish, &starts, 3).await.unwrap();
    assert_eq!(made.iter().map(|m| m.booking.starts_at).collect::<Vec<_>>(), starts);
    assert!(made.iter().all(|m| m.booking.series == Some(made[0].booking.id)));
    let again = shop.bookings.book_series(anna, &wish, &starts, 4).await.unwrap();
    assert!(again.iter().all(|m| m.repeated) && again.len() == 6, "a second press finds them");
    assert_eq!(shop.count("bookings").await?, 7);

    // One of six ahead: two more single ones may be booked, a third may not.
    for (n, hour) in [(10, 2), (11, 4)] {
        let single = Wish { starts_at: noon() + TimeDelta::hours(hour), ..wish.clone() };
        shop.book(anna, &single, n).await.unwrap();
    }
    let fourth = Wish { starts_at: noon() + TimeDelta::hours(6), ..wish.clone() };
    assert_eq!(shop.book(anna, &fourth, 12).await.err(), Some(Refusal::LimitReached(3)));

    shop.cancel(anna, made[2].booking.id).await.unwrap();
    let third = made[3].booking.id;
    let moved = refusal_of(shop.bookings.move_to(anna, third, later(20, noon()), None, 13).await).unwrap().booking;
    assert_eq!(moved.series, Some(made[0].booking.id), "a moved one still belongs to its series");
    for n in [0, 1, 4, 5] {
        assert_eq!(shop.booking(made[n].booking.id).await?.status, Status::Confirmed, "{n}");
    }
    let many = Repeat { every_weeks: 1, times: 13 };
    let refused = refusal_of(shop.bookings.series(boris, &wish.wanted, noon(), many).await);
    assert_eq!(refused.err(), Some(Refusal::TooManyRepeats(12)));
    Ok(())
}

#[tokio::test]
async fn policies_are_asked_where_it_is_done() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let try_it = async |n| shop.book(anna, &wish, n).await.map(|m| m.booking.status);
    shop.run("update users set consent_version = null, consent_at = null").await?;
    assert_eq!(try_it(1).await, Err(Refusal::NoConsent));
    shop.customer(1).await?;
    shop.run("update users set blocked_at = seen_at").await?;
    assert_eq!(try_it(2).await, Err(Refusal::Blocked));
    shop.run("update users set blocked_at = null").await?;
    shop.set("admits", "nobody").await?;
    assert_eq!(try_it(3).await, Err(Refusal::NotNow));
    shop.set("admits", "known").await?;
    assert_eq!(try_it(4).await, Err(Refusal::OnlyKnown));
    shop.set("admits", "everyone").await?;
    shop.set("no_show_limit", "1").await?;
    let first = try_it(5).await;
    assert_eq!(first, Ok(Status::Confirmed));
    shop.run("update bookings set status = 'no_show'").await?;
    let next = Wish { starts_at: noon() + TimeDelta::hours(2), ..wish.clone() };
    assert_eq!(shop.book(anna, &next, 6).await.unwrap().booking.status, Status::Requested, "who did not come, asks");

    for (key, n) in [("daily_cap", 20), ("resource_daily_cap", 30), ("customer_daily_cap", 40)] {
        shop.set(key, "2").await?;
        let third = Wish { starts_at: noon() + TimeDelta::hours(4), ..wish.clone() };
        assert_eq!(shop.book(anna, &third, n).await.err(), Some(Refusal::DayFull), "{key}");
        assert_eq!(shop.free(anna, &wish.wanted, "2026-11-24").await?, [""; 0], "{key}: nothing is shown");
        let denis = shop.wish("Мужская стрижка", shop.master("Денис").await?, third.starts_at).await?;
        let boris = shop.customer(2).await?;
        match shop.book(boris, &denis, n + 1).await {
            Ok(made) => {
                assert_ne!(key, "daily_cap");
                shop.cancel(boris, made.booking.id).await.unwrap();
            }
            Err(refusal) => assert_eq!((key, refusal), ("daily_cap", Refusal::DayFull)),
        }
        shop.set(key, "off").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_business_that_changes_its_zone_keeps_its_moments_and_works_by_its_new_clocks() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let booked = shop.book(anna, &wish, 1).await.unwrap().booking;
    assert_eq!(refusal_of(shop.bookings.change_zone(anna, Yekaterinburg).await).err(), Some(Refusal::NotAdmin));
    refusal_of(shop.bookings.change_zone(UserId(OWNER), Yekaterinburg).await).unwrap();
    assert_eq!(shop.booking(booked.id).await?.starts_at, noon());
    let free = shop.free(anna, &wish.wanted, "2026-11-25").await?;
    assert_eq!((free.first().map(String::as_str), free.last().map(String::as_str)), (Some("10:00"), Some("20:00")));
    // A block that comes back keeps its hour: made for noon in Moscow, it is noon in Yekaterinburg.
    refusal_of(shop.bookings.change_zone(UserId(OWNER), Moscow).await).unwrap();
    let span = Span { start: later(2, noon()), end: later(2, noon()) + TimeDelta::hours(1) };
    let repeats = BlockRepeats { zone: Moscow, weekdays: vec![4, 5], every_weeks: 1, until: None };
    let new = NewBlock { resource: None, block: Block { span, repeats: Some(repeats) }, reason: None };
    refusal_of(shop.bookings.block(UserId(OWNER), &new).await).unwrap();
    refusal_of(shop.bookings.change_zone(UserId(OWNER), Yekaterinburg).await).unwrap();
    let friday = shop.free(anna, &wish.wanted, "2026-11-27").await?;
    assert!(!friday.contains(&"12:00".to_owned()) && friday.contains(&"14:00".to_owned()), "{friday:?}");
    // 12:00 in Moscow is 14:00 in Yekaterinburg.
    let tuesday = shop.free(anna, &wish.wanted, "2026-11-24").await?;
    assert!(!tuesday.contains(&"14:00".to_owned()) && tuesday.contains(&"12:00".to_owned()), "{tuesday:?}");
    Ok(())
}

#[tokio::test]
async fn a_schedule_never_runs_out() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    // Nobody has touched the bot for eleven years.
    shop.clock.advance(TimeDelta::days(7 * 52 * 11));
    let wish = shop.wish("Мужская стрижка", Pick::Any, later(7 * 52 * 11, noon())).await?;
    shop.book(anna, &wish, 1).await.unwrap();
    Ok(())
}
