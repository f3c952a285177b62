//! A visit in a customer's own calendar: the same one, however often it is moved.

use anyhow::Result;
use tenant_bot::booking::{Refusal, Status};

use crate::shop::{Shop, at, later, refusal_of};

#[tokio::test]
async fn a_visit_that_was_moved_is_known_by_its_first_booking() -> Result<()> {
    let shop = Shop::open().await?;
    let (anna, boris, artyom) = (shop.customer(1).await?, shop.customer(2).await?, shop.master("Артём").await?);
    let noon = at("2026-11-24T09:00:00Z");
    let first = shop.book(anna, &shop.wish("Мужская стрижка", artyom, noon).await?, 1).await.unwrap().booking.id;
    let dated = async |user, id| refusal_of(shop.bookings.dated(user, id).await);
    let seen = dated(anna, first).await.unwrap();
    assert_eq!((seen.first, seen.moves, seen.booking.id), (first, 0, first));

    let mut id = first;
    for (moves, update) in [(1, 11), (2, 12), (3, 13)] {
        let to = later(i64::from(moves), noon);
        id = refusal_of(shop.bookings.move_to(anna, id, to, None, update).await).unwrap().booking.id;
        let seen = dated(anna, id).await.unwrap();
        assert_eq!((seen.first, seen.moves, seen.booking.starts_at), (first, moves, to));
    }
    assert_eq!(dated(anna, first).await.err(), Some(Refusal::NoLonger), "the file of another took its place");
    assert_eq!(dated(boris, id).await.err(), Some(Refusal::NoSuchBooking));
    shop.cancel(anna, id).await.unwrap();
    let seen = dated(anna, id).await.unwrap();
    assert_eq!((seen.booking.status, seen.first), (Status::Cancelled, first));
    Ok(())
}

#[tokio::test]
async fn what_is_only_kept_for_a_while_goes_into_no_calendar() -> Result<()> {
    let shop = Shop::open().await?;
    let anna = shop.customer(1).await?;
    let wish = shop.wish("Мужская стрижка", shop.master("Артём").await?, at("2026-11-24T09:00:00Z")).await?;
    let held = refusal_of(shop.bookings.hold(anna, &wish.wanted, wish.starts_at, 1).await).unwrap().booking.id;
    assert_eq!(refusal_of(shop.bookings.dated(anna, held).await).err(), Some(Refusal::NoSuchBooking));
    Ok(())
}
