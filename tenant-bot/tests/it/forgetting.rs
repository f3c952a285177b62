//! Forgetting somebody while they, others and the queue are at work.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use tenant_bot::{
    booking::{Booking, Forgotten, Refusal, UserId, WaitWish},
    reminders::Errands,
};
use tokio_util::sync::CancellationToken;

use crate::{
    person::{ADELE, found, known, noon},
    shop::{Shop, refusal_of},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_and_booking_at_once_leave_nothing_half_done() -> Result<()> {
    let shop = Shop::with_connections(12).await?;
    let artyom = shop.master("Артём").await?;
    let wishes = [
        shop.wish("Мужская стрижка", artyom, noon()).await?,
        shop.wish("Мужская стрижка", artyom, noon() + TimeDelta::hours(2)).await?,
    ];
    for round in 0..20 {
        let user = known(&shop).await?;
        let first = shop.book(user, &wishes[0], round * 10).await.unwrap().booking;
        let (cancelled, booked, forgotten, again) = tokio::join!(
            shop.cancel(user, first.id),
            shop.book(user, &wishes[1], round * 10 + 1),
            shop.bookings.forget(user),
            shop.bookings.forget(user),
        );
        forgotten?;
        again?;
        assert!(matches!(cancelled, Ok(_) | Err(Refusal::NoSuchBooking | Refusal::NoLonger)), "{cancelled:?}");
        assert!(matches!(booked, Ok(_) | Err(Refusal::NoContact)), "{booked:?}");
        assert_eq!(shop.count("occupancy").await?, 0, "round {round}");
        assert_eq!(found(&shop, "+79031112233").await?, [""; 0], "round {round}");
    }
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_and_rating_at_once_lock_nobody_out() -> Result<()> {
    let shop = Shop::with_connections(12).await?;
    let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?;
    for round in 0..20 {
        shop.clock.set(noon() - TimeDelta::hours(20));
        let user = known(&shop).await?;
        let visit = shop.book(user, &wish, round).await.unwrap().booking;
        shop.clock.set(noon() + TimeDelta::hours(2));
        shop.run(&format!("update bookings set status = 'completed' where id = {}", visit.id.0)).await?;
        let (rated, again, forgotten) = tokio::join!(
            shop.bookings.rate(user, visit.id, 5),
            shop.bookings.rate(user, visit.id, 4),
            shop.bookings.forget(user),
        );
        for rated in [refusal_of(rated), refusal_of(again)] {
            assert!(matches!(rated, Ok(_) | Err(Refusal::NoSuchBooking)), "{rated:?}");
        }
        forgotten?;
        assert_eq!(found(&shop, "7412589630").await?, [""; 0], "round {round}");
        shop.run(&format!("delete from occupancy where ref = {}", visit.id.0)).await?;
    }
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

async fn serve(shop: &Shop) -> Result<()> {
    Ok(Errands::new(shop.bookings.clone(), Duration::ZERO).do_due(&CancellationToken::new()).await?)
}

/// Who is offered a time.
async fn offered(shop: &Shop) -> Result<Vec<i64>> {
    let sql = "select user_id from bookings where status = 'held' order by id";
    Ok(sqlx::query_scalar(sql).fetch_all(&shop.pool).await?)
}

/// Noon with Artyom is taken by one, and waited for by Adele and then by another.
async fn noon_is_waited_for(shop: &Shop, round: i64) -> Result<Booking> {
    let taken = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?;
    let holder = shop.customer(1000).await?;
    let booking = shop.book(holder, &taken, round * 10).await.unwrap().booking;
    let date = "2026-11-24".parse()?;
    let wish = WaitWish { wanted: taken.wanted, dates: (date, date), hours: Some((720, 780)) };
    for (user, update) in [(known(shop).await?, 1), (shop.customer(2).await?, 2)] {
        shop.bookings.wait(user, &wish, round * 10 + update).await?;
    }
    Ok(booking)
}

#[tokio::test]
async fn what_was_kept_for_who_is_forgotten_goes_to_the_next_in_the_queue() -> Result<()> {
    let shop = Shop::open().await?;
    let booking = noon_is_waited_for(&shop, 0).await?;
    shop.cancel(booking.user, booking.id).await.unwrap();
    serve(&shop).await?;
    assert_eq!(offered(&shop).await?, [ADELE]);
    assert_eq!(shop.bookings.forget(UserId(ADELE)).await?, Forgotten { cancelled: 0 });
    serve(&shop).await?;
    assert_eq!(offered(&shop).await?, [2]);
    assert_eq!(found(&shop, "7412589630").await?, [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_while_times_are_offered_loses_no_time_and_locks_nobody_out() -> Result<()> {
    let shop = Shop::with_connections(12).await?;
    for round in 0..20 {
        let booking = noon_is_waited_for(&shop, round).await?;
        let (cancelled, served, again, forgotten) = tokio::join!(
            shop.cancel(booking.user, booking.id),
            serve(&shop),
            serve(&shop),
            shop.bookings.forget(UserId(ADELE)),
        );
        cancelled.unwrap();
        served?;
        again?;
        forgotten?;
        serve(&shop).await?;
        assert_eq!(offered(&shop).await?, [2], "round {round}");
        assert_eq!(shop.breaches().await?, 0);
        for wait in shop.bookings.waits(UserId(2)).await?.1 {
            shop.bookings.leave(UserId(2), wait.id).await?;
        }
    }
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}
