//! Whom news goes to, who may send it, and what is left of it.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use shared::broadcast::{self, Broadcast, BroadcastId, State};
use tenant_bot::{
    booking::{Audience, BookError, Letter, Pick, Refusal, UserId, Wrong, roles::Role},
    store,
};

use crate::shop::{OWNER, Shop, at, monday};

const OLEG: UserId = UserId(OWNER);

fn letter(message_id: i32, album: Option<&'static str>) -> Letter<'static> {
    Letter { message_id, album, text: "Скидка до пятницы\nвсем" }
}

/// A visit that took place so many days ago.
async fn was_here(shop: &Shop, user: i64, days: i64, status: &'static str) -> Result<()> {
    sqlx::query(
        "insert into bookings (user_id, service_id, resource_id, starts_at, ends_at, duration_minutes, price_kopecks, status,
                               customer_name, phone, update_id, created_at, cancelled_at)
         values ($1, (select min(id) from services), (select min(id) from resources), $2, $2 + interval '1 hour', 60, 100,
                 $3, 'А', '1', $4, $2, case $3 when 'cancelled' then $2 end)",
    )
    .bind(user)
    .bind(shop.clock.now() - TimeDelta::days(days))
    .bind(status)
    .bind(user * 1000 + days)
    .execute(&shop.pool)
    .await?;
    Ok(())
}

async fn count(shop: &Shop, audience: Audience) -> Result<i64> {
    Ok(shop.bookings.audiences(OLEG, &[audience]).await?[0])
}

async fn draft(shop: &Shop) -> Result<Broadcast> {
    broadcast::draft_of(&shop.pool, OWNER).await?.context("a draft")
}

#[tokio::test]
async fn everybody_with_an_ear_for_news_is_counted_once_and_each_audience_is_what_it_says() -> Result<()> {
    let shop = Shop::open().await?;
    shop.customers(1..=12).await?;
    shop.run("update users set no_broadcasts_since = '2026-01-01' where user_id = 1").await?;
    shop.run("update users set blocked_at = '2026-01-01' where user_id = 2").await?;
    shop.run("update users set unreachable_at = '2026-01-01' where user_id = 3").await?;
    shop.run("update users set caller = true where user_id = 4").await?;
    shop.run("update users set user_id = -5 where user_id = 5").await?;
    assert_eq!(count(&shop, Audience::All).await?, 7);
    // Somebody with two bookings ahead is one person.
    for (n, hour) in [(1, "2026-11-25T09:00:00Z"), (2, "2026-11-26T09:00:00Z")] {
        let wish = shop.wish("Мужская стрижка", Pick::Any, at(hour)).await?;
        shop.book(UserId(6), &wish, n).await.unwrap();
    }
    was_here(&shop, 6, 200, "completed").await?;
    assert_eq!(count(&shop, Audience::Upcoming).await?, 1);
    // Not for so long: the last visit counts; a cancelled one and a no-show are none; a booking ahead is no absence.
    was_here(&shop, 7, 61, "completed").await?;
    was_here(&shop, 7, 300, "completed").await?;
    was_here(&shop, 8, 59, "completed").await?;
    was_here(&shop, 9, 100, "cancelled").await?;
    was_here(&shop, 10, 100, "no_show").await?;
    was_here(&shop, 11, 90, "confirmed").await?;
    was_here(&shop, 1, 90, "completed").await?;
    assert_eq!(count(&shop, Audience::Absent { days: 60 }).await?, 2);
    assert_eq!(count(&shop, Audience::Absent { days: 30 }).await?, 3);
    shop.run("update users set tags = '{VIP,борода}' where user_id in (1, 6, 7)").await?;
    shop.run("update users set tags = '{VIP}' where user_id = 8").await?;
    assert_eq!(count(&shop, Audience::Tag { tag: "VIP".into() }).await?, 3);
    assert_eq!(count(&shop, Audience::Tag { tag: "vi".into() }).await?, 0);
    assert_eq!(shop.bookings.reader_tags(OLEG).await?, [("VIP".to_owned(), 3), ("борода".to_owned(), 2)]);
    Ok(())
}

#[tokio::test]
async fn the_letters_are_those_that_were_counted() -> Result<()> {
    let shop = Shop::open().await?;
    shop.customers(1..=5).await?;
    shop.run("update users set tags = '{VIP}' where user_id in (2, 3)").await?;
    shop.bookings.draft_broadcast(OLEG, letter(10, None)).await?;
    shop.bookings.aim_broadcast(OLEG, &Audience::Tag { tag: "VIP".into() }).await?;
    let drafted = shop.bookings.broadcast_draft(OLEG).await?;
    assert_eq!((drafted.people, drafted.broadcast.title.as_str()), (2, "Скидка до пятницы"));
    let mut conn = shop.pool.acquire().await?;
    let whom = store::broadcasts::Whom { kind: "tag", absent_for: TimeDelta::zero(), tag: "VIP" };
    assert_eq!(store::broadcasts::write_letters(&mut conn, drafted.broadcast.id, whom, shop.clock.now()).await?, 2);
    let chats: Vec<i64> = sqlx::query_scalar("select chat_id from broadcast_letters where state = 'due' order by 1")
        .fetch_all(&mut *conn)
        .await?;
    assert_eq!(chats, [2, 3]);
    Ok(())
}

#[tokio::test]
async fn whoever_has_blocked_the_bot_is_marked_until_they_speak_again() -> Result<()> {
    let shop = Shop::open().await?;
    shop.customers(1..=3).await?;
    store::broadcasts::mark_unreachable(&shop.pool, &[1, 3, 99], shop.clock.now()).await?;
    assert_eq!(count(&shop, Audience::All).await?, 1);
    assert_eq!(store::broadcasts::language_of_reader(&shop.pool, 1).await?, None);
    assert!(store::broadcasts::language_of_reader(&shop.pool, 2).await?.is_some());
    // As `/start` does.
    shop.customer(1).await?;
    assert_eq!(count(&shop, Audience::All).await?, 2);
    Ok(())
}

#[tokio::test]
async fn messages_of_one_album_come_together_and_anything_else_takes_their_place() -> Result<()> {
    let shop = Shop::open().await?;
    assert!(!shop.bookings.draft_broadcast(OLEG, letter(11, Some("a"))).await?);
    assert!(shop.bookings.draft_broadcast(OLEG, letter(13, Some("a"))).await?);
    assert!(shop.bookings.draft_broadcast(OLEG, letter(12, Some("a"))).await?);
    // The same update once more.
    assert!(shop.bookings.draft_broadcast(OLEG, letter(12, Some("a"))).await?);
    let album = draft(&shop).await?;
    assert_eq!(album.source.message_ids, [11, 12, 13]);
    for id in 14..=20 {
        shop.bookings.draft_broadcast(OLEG, letter(id, Some("a"))).await?;
    }
    let eleventh = shop.bookings.draft_broadcast(OLEG, letter(21, Some("a"))).await;
    assert!(matches!(eleventh, Err(BookError::Wrong(Wrong::TooMany(10)))));
    shop.bookings.draft_broadcast(OLEG, letter(30, Some("b"))).await?;
    assert_eq!(draft(&shop).await?.source.message_ids, [30]);
    shop.bookings.draft_broadcast(OLEG, letter(31, None)).await?;
    shop.bookings.draft_broadcast(OLEG, letter(32, None)).await?;
    assert_eq!((draft(&shop).await?.source.message_ids, draft(&shop).await?.id), (vec![32], album.id));
    Ok(())
}

#[tokio::test]
async fn only_those_who_may_write_to_customers_do_and_each_act_is_noted_once() -> Result<()> {
    let shop = Shop::open().await?;
    shop.customers(1..=3).await?;
    let (staff, stranger) = (UserId(2), UserId(3));
    let code = shop.bookings.invite(OLEG, Role::Viewer, None).await?;
    let who = tenant_bot::booking::Profile {
        id: staff,
        first_name: "Вера",
        last_name: None,
        username: None,
        lang: shared::texts::Lang::Ru,
    };
    shop.bookings.join_team(&who, &code).await?;
    shop.bookings.draft_broadcast(OLEG, letter(10, None)).await?;
    let id = draft(&shop).await?.id;
    for user in [staff, stranger] {
        let no = |result: Result<(), BookError>| matches!(result, Err(BookError::Refused(Refusal::NotAdmin)));
        assert!(no(shop.bookings.draft_broadcast(user, letter(1, None)).await.map(drop)));
        assert!(no(shop.bookings.broadcasts(user, 0, 5).await.map(drop)));
        assert!(no(shop.bookings.broadcast_draft(user).await.map(drop)));
        assert!(no(shop.bookings.audiences(user, &[Audience::All]).await.map(drop)));
        assert!(no(shop.bookings.reader_tags(user).await.map(drop)));
        assert!(no(shop.bookings.aim_broadcast(user, &Audience::All).await));
        assert!(no(shop.bookings.drop_broadcast_draft(user).await));
        assert!(no(shop.bookings.send_broadcast(user, id, None).await.map(drop)));
        assert!(no(shop.bookings.broadcast_card(user, id).await.map(drop)));
        assert!(no(shop.bookings.pause_broadcast(user, id).await.map(drop)));
        assert!(no(shop.bookings.resume_broadcast(user, id).await.map(drop)));
        assert!(no(shop.bookings.stop_broadcast(user, id).await.map(drop)));
    }
    // A tap twice, and then some.
    let sent = shop.bookings.send_broadcast(OLEG, id, None).await?;
    assert!(sent.begins && sent.people == 3);
    shop.bookings.send_broadcast(OLEG, id, None).await?;
    assert_eq!(shop.bookings.pause_broadcast(OLEG, id).await?.broadcast.state, State::Scheduled);
    shop.bookings.stop_broadcast(OLEG, id).await?;
    assert_eq!(shop.bookings.stop_broadcast(OLEG, id).await?.broadcast.state, State::Stopped);
    assert_eq!(shop.bookings.resume_broadcast(OLEG, id).await?.broadcast.state, State::Stopped);
    let deeds: Vec<String> =
        sqlx::query_scalar("select action from audit_log where action like 'broadcast.%' order by id")
            .fetch_all(&shop.pool)
            .await?;
    assert_eq!(deeds, ["broadcast.started", "broadcast.stopped"]);
    assert!(matches!(shop.bookings.broadcast_card(OLEG, BroadcastId(999)).await, Err(BookError::Wrong(Wrong::Gone))));
    Ok(())
}

#[tokio::test]
async fn what_would_reach_nobody_or_begin_in_the_past_is_not_sent() -> Result<()> {
    let shop = Shop::open().await?;
    shop.bookings.draft_broadcast(OLEG, letter(10, None)).await?;
    let id = draft(&shop).await?.id;
    let nobody = shop.bookings.send_broadcast(OLEG, id, None).await;
    assert!(matches!(nobody, Err(BookError::Wrong(Wrong::NoReaders))));
    let past = shop.bookings.send_broadcast(OLEG, id, Some(monday())).await;
    assert!(matches!(past, Err(BookError::Wrong(Wrong::InPast))));
    // By then there may be somebody.
    let later = shop.bookings.send_broadcast(OLEG, id, Some(monday() + TimeDelta::days(1))).await?;
    assert_eq!((later.broadcast.state, later.begins), (State::Scheduled, false));
    Ok(())
}

#[tokio::test]
async fn whoever_asks_to_be_forgotten_is_written_to_no_more_and_is_in_no_list() -> Result<()> {
    let shop = Shop::open().await?;
    shop.customers([4_400_044, 2].into_iter()).await?;
    shop.bookings.draft_broadcast(OLEG, letter(10, None)).await?;
    let id = draft(&shop).await?.id;
    let all = store::broadcasts::Whom { kind: "all", absent_for: TimeDelta::zero(), tag: "" };
    let mut conn = shop.pool.acquire().await?;
    store::broadcasts::write_letters(&mut conn, id, all, shop.clock.now()).await?;
    shop.bookings.forget(UserId(4_400_044)).await?;
    assert_eq!(crate::person::traces(&shop.pool, "4400044").await?, Vec::<String>::new());
    let tally = broadcast::tally(&mut *conn, id).await?;
    assert_eq!((tally.all, tally.due, tally.skipped), (2, 1, 1));
    Ok(())
}

/// Whoever stops a broadcast and whoever settles its letters lock in one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_stopping_and_marking_at_once_end_and_leave_no_letter_behind() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(8).await?);
    shop.customers(1..=40).await?;
    shop.bookings.draft_broadcast(OLEG, letter(10, None)).await?;
    let id = draft(&shop).await?.id;
    let all = store::broadcasts::Whom { kind: "all", absent_for: TimeDelta::zero(), tag: "" };
    store::broadcasts::write_letters(&mut *shop.pool.acquire().await?, id, all, shop.clock.now()).await?;
    shop.run("update broadcasts set state = 'running', starts_at = created_at, began_at = created_at").await?;
    let forgets = async {
        for n in 1..=20 {
            shop.bookings.forget(UserId(n)).await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    let marks = async {
        for n in (1..=40).rev() {
            store::broadcasts::mark_unreachable(&shop.pool, &[n, n + 1], shop.clock.now()).await?;
        }
        Ok(())
    };
    let stops = async { Ok(shop.bookings.stop_broadcast(OLEG, id).await.map(drop)?) };
    let (a, b, c) = tokio::join!(forgets, marks, stops);
    a.and(b).and(c)?;
    let tally = broadcast::tally(&shop.pool, id).await?;
    assert_eq!((tally.all, tally.due, tally.stopped + tally.skipped), (40, 0, 40), "{tally:?}");
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}
