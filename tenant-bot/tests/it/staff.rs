//! What those who run the business do with one booking, each of them, and what others do at the same time.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tenant_bot::booking::{
    Booking, BookingId, Edit, Kopecks, NewVisit, Pick, Price, Refusal, ResourceId, Status, UserId, Wanted,
    policy::COMES_WITHIN,
};

use crate::shop::{OWNER, Shop, at, later, refusal_of};

pub(crate) const MANAGER: UserId = UserId(7002);
/// Has the schedule of Артём.
pub(crate) const STAFF: UserId = UserId(7003);
pub(crate) const VIEWER: UserId = UserId(7004);
const STRANGER: UserId = UserId(7999);

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

pub(crate) fn id_of(pick: Pick) -> ResourceId {
    match pick {
        Pick::One(id) => id,
        Pick::Any => unreachable!(),
    }
}

/// The barbershop with one of each role.
pub(crate) async fn staffed(connections: u32) -> Result<Shop> {
    let shop = Shop::with_connections(connections).await?;
    let artyom = id_of(shop.master("Артём").await?).0;
    for (user, role, whose) in
        [(MANAGER, "manager", "null"), (STAFF, "staff", &artyom.to_string()), (VIEWER, "viewer", "null")]
    {
        shop.run(&format!(
            "insert into admins (user_id, role, resource_id, added_at)
             values ({}, '{role}', {whose}, '2026-11-23T07:00Z')",
            user.0
        ))
        .await?;
    }
    Ok(shop)
}

async fn booked(shop: &Shop, n: i64, master: &str, starts_at: DateTime<Utc>) -> Result<Booking> {
    let customer = shop.customer(n).await?;
    let wish = shop.wish("Мужская стрижка", shop.master(master).await?, starts_at).await?;
    Ok(shop.book(customer, &wish, n).await.unwrap().booking)
}

async fn mark(shop: &Shop, by: UserId, id: BookingId, to: Status) -> Result<Status, Refusal> {
    refusal_of(shop.bookings.mark(by, id, to).await).map(|made| made.booking.status)
}

fn to(starts_at: DateTime<Utc>) -> NewVisit {
    NewVisit { wanted: None, starts_at, outside: false, shown: None }
}

async fn keys(shop: &Shop, chat: i64) -> Result<Vec<String>> {
    let keys = sqlx::query_scalar("select key from outbox where chat_id = $1 order by id").bind(chat);
    Ok(keys.fetch_all(&shop.pool).await?)
}

#[tokio::test]
async fn each_role_does_with_a_booking_what_the_table_says_and_nothing_else() -> Result<()> {
    let shop = staffed(4).await?;
    let theirs = booked(&shop, 1, "Артём", noon()).await?;
    let other = booked(&shop, 2, "Денис", noon()).await?;
    shop.clock.set(noon() + TimeDelta::minutes(5));
    let acts = async |by: UserId, b: &Booking| -> Result<[Option<Refusal>; 4]> {
        let two = later(0, noon()) + TimeDelta::hours(2);
        Ok([
            refusal_of(shop.bookings.staff_card(by, b.id).await).err(),
            refusal_of(shop.bookings.edit(by, b.id, Edit::Note("у окна")).await).err(),
            refusal_of(shop.bookings.quote_rebooking(by, b.id, &to(two)).await).err(),
            mark(&shop, by, b.id, Status::Arrived).await.err(),
        ])
    };
    let no = Some(Refusal::NotAdmin);
    assert_eq!(acts(STRANGER, &theirs).await?, [no; 4]);
    assert_eq!(acts(theirs.user, &theirs).await?, [no; 4], "a customer is nobody here");
    assert_eq!(acts(VIEWER, &theirs).await?, [None, no, no, no]);
    assert_eq!(acts(STAFF, &other).await?, [no; 4]);
    assert_eq!(acts(STAFF, &theirs).await?, [None; 4]);
    assert_eq!(acts(MANAGER, &other).await?, [None; 4]);
    for (by, id) in [(STRANGER, theirs.id), (VIEWER, theirs.id), (STAFF, other.id), (theirs.user, theirs.id)] {
        assert_eq!(refusal_of(shop.bookings.cancel_for(by, id, None).await).err(), no);
        let rebooked = shop.bookings.rebook(by, id, &to(noon() + TimeDelta::hours(2)), 9).await;
        assert_eq!(refusal_of(rebooked).err(), no);
    }
    // A stranger learns not even whether there is such a booking.
    assert_eq!(refusal_of(shop.bookings.staff_card(STRANGER, BookingId(999)).await).err(), no);
    assert_eq!(mark(&shop, STRANGER, BookingId(999), Status::Arrived).await.err(), no);
    let viewers = refusal_of(shop.bookings.staff_card(VIEWER, theirs.id).await).unwrap();
    assert!(viewers.marks.is_empty() && !viewers.may_cancel && !viewers.may_move && !viewers.may_edit);
    Ok(())
}

#[tokio::test]
async fn what_is_said_of_a_visit_makes_sense_in_time_and_a_wrong_tap_is_taken_back() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    shop.clock.set(noon() - COMES_WITHIN - TimeDelta::seconds(1));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Arrived).await, Err(Refusal::TooEarly(COMES_WITHIN)));
    shop.clock.set(noon() - TimeDelta::minutes(10));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::NoShow).await, Err(Refusal::NotBegun));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Completed).await, Err(Refusal::NotBegun));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Cancelled).await, Err(Refusal::NoLonger));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Arrived).await, Ok(Status::Arrived));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Arrived).await, Ok(Status::Arrived), "twice is once");
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Confirmed).await, Ok(Status::Confirmed));
    shop.clock.set(noon() + TimeDelta::minutes(10));
    for to in [Status::NoShow, Status::Confirmed, Status::Completed, Status::Arrived, Status::NoShow] {
        assert_eq!(mark(&shop, STAFF, visit.id, to).await, Ok(to));
    }
    let card = refusal_of(shop.bookings.staff_card(STAFF, visit.id).await).unwrap();
    assert_eq!(card.marks, [Status::Arrived, Status::Completed, Status::Confirmed]);
    shop.clock.set(noon() + TimeDelta::minutes(60));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Arrived).await, Err(Refusal::Past));
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Completed).await, Ok(Status::Completed));
    let (_, _, deeds) = refusal_of(shop.bookings.history(STAFF, visit.id).await).unwrap();
    let words: Vec<&str> = deeds.iter().map(|deed| deed.action.as_str()).collect();
    let expected = "booked arrived confirmed no_show confirmed completed arrived no_show completed";
    assert_eq!(words, expected.split(' ').collect::<Vec<_>>());
    assert_eq!(keys(&shop, 1).await?, [""; 0], "nobody is written to about it");
    Ok(())
}

#[tokio::test]
async fn who_leaves_early_or_does_not_come_leaves_the_rest_to_whoever_walks_in() -> Result<()> {
    let shop = staffed(4).await?;
    shop.run("update services set buffer_after_minutes = 10 where name = 'Мужская стрижка'").await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    let taken = async || -> Result<Vec<(DateTime<Utc>, DateTime<Utc>)>> {
        let sql = "select lower(during), upper(during) from occupancy where ref = $1";
        Ok(sqlx::query_as(sql).bind(visit.id.0).fetch_all(&shop.pool).await?)
    };
    let minutes = |n| noon() + TimeDelta::minutes(n);
    shop.clock.set(minutes(20));
    mark(&shop, STAFF, visit.id, Status::Completed).await.unwrap();
    assert_eq!(taken().await?, [(noon(), minutes(30))], "until it was tidied up");
    mark(&shop, STAFF, visit.id, Status::Arrived).await.unwrap();
    assert_eq!(taken().await?, [(noon(), minutes(70))], "a wrong tap is taken back");
    mark(&shop, STAFF, visit.id, Status::NoShow).await.unwrap();
    assert_eq!(taken().await?, [(noon(), minutes(20))]);
    let wanted = shop.wish("Стрижка машинкой", shop.master("Артём").await?, noon()).await?.wanted;
    let whom = tenant_bot::booking::ForWhom::Guest("Гость");
    let order = tenant_bot::booking::Order { whom, wanted, starts_at: minutes(20), outside: false, shown: None };
    let guest = refusal_of(shop.bookings.book_for(STAFF, &order, 77).await).unwrap().booking;
    assert_eq!(mark(&shop, STAFF, visit.id, Status::Confirmed).await, Err(Refusal::Taken), "somebody has it now");
    assert_eq!(shop.booking(visit.id).await?.status, Status::NoShow);
    assert_eq!(taken().await?, [(noon(), minutes(20))], "a refusal leaves it");
    refusal_of(shop.bookings.cancel_for(STAFF, guest.id, None).await).unwrap();
    mark(&shop, STAFF, visit.id, Status::Confirmed).await.unwrap();
    assert_eq!(taken().await?, [(noon(), minutes(70))]);
    let freed: i64 = sqlx::query_scalar("select count(*) from freed_times").fetch_one(&shop.pool).await?;
    assert_eq!(freed, 3, "whoever waits for such a time is looked for");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_booking_that_the_business_cancels_is_free_again_and_its_customer_hears_why() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    // Too late for the customer, not for the business.
    shop.clock.set(noon() - TimeDelta::minutes(5));
    let why = Some("Мастер заболел");
    let made = refusal_of(shop.bookings.cancel_for(STAFF, visit.id, why).await).unwrap();
    assert_eq!((made.booking.status, made.booking.cancel_reason.as_deref()), (Status::Cancelled, why));
    assert!(refusal_of(shop.bookings.cancel_for(MANAGER, visit.id, None).await).unwrap().repeated);
    assert_eq!((shop.count("occupancy").await?, shop.count("reminders").await?), (0, 0));
    assert_eq!(keys(&shop, 1).await?, [format!("called_off:{}", visit.id.0)]);
    let freed: i64 = sqlx::query_scalar("select count(*) from freed_times").fetch_one(&shop.pool).await?;
    assert_eq!(freed, 1, "whoever waits for such a time is looked for");
    let over = booked(&shop, 2, "Артём", noon() + TimeDelta::hours(3)).await?;
    shop.clock.set(over.ends_at);
    assert_eq!(refusal_of(shop.bookings.cancel_for(STAFF, over.id, None).await).err(), Some(Refusal::Past));
    Ok(())
}

#[tokio::test]
async fn the_business_moves_a_booking_to_any_minute_whatever_binds_customers() -> Result<()> {
    let shop = staffed(4).await?;
    shop.set("daily_cap", "1").await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    shop.run("update users set blocked_at = '2026-11-23T07:00Z' where user_id = 1").await?;
    shop.run("update services set duration_minutes = 120, price_kopecks = 1 where name = 'Мужская стрижка'").await?;
    shop.clock.set(noon() - TimeDelta::minutes(1));
    refusal_of(shop.bookings.edit(STAFF, visit.id, Edit::Note("любит кофе")).await).unwrap();
    // Not on a step, tomorrow, within its own time.
    let new_time = noon() + TimeDelta::minutes(17);
    let shown = refusal_of(shop.bookings.quote_rebooking(STAFF, visit.id, &to(new_time)).await).unwrap();
    assert_eq!((shown.new.price, shown.new.ends_at - new_time), (visit.price, TimeDelta::hours(1)));
    assert!(!shown.outside);
    let made = refusal_of(shop.bookings.rebook(STAFF, visit.id, &to(new_time), 50).await).unwrap();
    let new = made.booking;
    assert_eq!((new.starts_at, new.price, new.moved_from), (new_time, visit.price, Some(visit.id)));
    assert_eq!(new.office.note.as_deref(), Some("любит кофе"), "what was noted stays with the visit");
    assert_eq!(new.status, Status::Confirmed);
    let again = refusal_of(shop.bookings.rebook(STAFF, visit.id, &to(new_time), 51).await).unwrap();
    assert!(again.repeated && again.booking.id == new.id);
    assert_eq!(keys(&shop, 1).await?, [format!("rebooked:{}", new.id.0)]);
    assert!(keys(&shop, STAFF.0).await?.iter().all(|key| !key.starts_with("moved:")), "who did it knows");
    assert!(keys(&shop, OWNER).await?.contains(&format!("moved:{}:{OWNER}", new.id.0)));
    let past = refusal_of(shop.bookings.rebook(STAFF, new.id, &to(noon() - TimeDelta::hours(1)), 52).await);
    assert_eq!(past.err(), Some(Refusal::Past));
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn another_service_has_its_own_length_and_price_and_that_is_shown_before() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    let next = booked(&shop, 2, "Артём", noon() + TimeDelta::hours(2)).await?;
    let longer = shop.wish("Стрижка и борода", shop.master("Артём").await?, noon()).await?.wanted;
    let change = |starts_at, shown| NewVisit { wanted: Some(longer.clone()), starts_at, outside: false, shown };
    let shown = refusal_of(shop.bookings.quote_rebooking(MANAGER, visit.id, &change(noon(), None)).await).unwrap();
    assert_eq!((shown.old.price, shown.new.price), (Price::exactly(180_000), Price::exactly(260_000)));
    assert_eq!(shown.new.ends_at - shown.new.starts_at, TimeDelta::minutes(90));
    // What was shown is no longer so.
    let other = Some((90, Price::exactly(1)));
    let stale = refusal_of(shop.bookings.rebook(MANAGER, visit.id, &change(noon(), other), 60).await);
    assert_eq!(stale.err(), Some(Refusal::OfferChanged));
    assert_eq!(shop.booking(visit.id).await?.status, Status::Confirmed, "a refusal leaves it");
    // It would reach into the next one.
    let late = noon() + TimeDelta::minutes(45);
    let hit = refusal_of(shop.bookings.rebook(MANAGER, visit.id, &change(late, None), 61).await);
    assert_eq!(hit.err(), Some(Refusal::Taken));
    let fits = Some((90, Price::exactly(260_000)));
    let made = refusal_of(shop.bookings.rebook(MANAGER, visit.id, &change(noon(), fits), 62).await).unwrap();
    assert_eq!(made.booking.what(), "Стрижка и борода");
    assert_eq!(shop.booking(next.id).await?, next);
    // And to somebody else, at the price that was agreed.
    let denis = Wanted { wants: made.booking.wanted().wants, ..longer };
    let mut wanted = denis;
    wanted.wants[0].pick = shop.master("Денис").await?;
    let other = NewVisit { wanted: Some(wanted), starts_at: noon(), outside: false, shown: None };
    let own = refusal_of(shop.bookings.rebook(STAFF, made.booking.id, &other, 63).await);
    assert_eq!(own.err(), Some(Refusal::NotAdmin), "nobody of the staff fills somebody else's day");
    let moved = refusal_of(shop.bookings.rebook(MANAGER, made.booking.id, &other, 64).await).unwrap().booking;
    assert_eq!((moved.who().as_str(), moved.price), ("Денис", Price::exactly(260_000)));
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_stands_in_a_booking_is_written_by_the_business_and_read_as_people_type() -> Result<()> {
    let shop = staffed(4).await?;
    let visit = booked(&shop, 1, "Артём", noon()).await?;
    let edit = async |what| refusal_of(shop.bookings.edit(STAFF, visit.id, what).await).map(|made| made.booking);
    assert_eq!(edit(Edit::Name("  Анна   Ивановна ")).await.unwrap().customer_name, "Анна Ивановна");
    assert_eq!(edit(Edit::Phone("8 (903) 111-22-33")).await.unwrap().phone, "+79031112233");
    assert_eq!(edit(Edit::Phone("нет")).await.err(), Some(Refusal::NotUnderstood));
    assert_eq!(edit(Edit::Name("12")).await.err(), Some(Refusal::NotUnderstood));
    let endless = "я".repeat(1001);
    assert_eq!(edit(Edit::Note(&endless)).await.err(), Some(Refusal::NotUnderstood));
    assert_eq!(edit(Edit::Note(" аллергия ")).await.unwrap().office.note.as_deref(), Some("аллергия"));
    assert_eq!(edit(Edit::Paid(Some(Kopecks(150_000)))).await.unwrap().office.paid, Some(Kopecks(150_000)));
    let stored = shop.booking(visit.id).await?;
    assert_eq!((stored.customer_name.as_str(), stored.office.paid), ("Анна Ивановна", Some(Kopecks(150_000))));
    assert_eq!(edit(Edit::Note("")).await.unwrap().office.note, None);
    let before = shop.count("booking_history").await?;
    assert!(refusal_of(shop.bookings.edit(STAFF, visit.id, Edit::Note("")).await).unwrap().repeated);
    assert_eq!(shop.count("booking_history").await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_move_by_the_business_and_a_cancellation_by_the_customer_one_comes_true() -> Result<()> {
    let shop = Arc::new(staffed(8).await?);
    let (mut moved, mut cancelled) = (0, 0);
    for round in 0..20 {
        let visit = booked(&shop, 100 + round, "Артём", later(round, noon())).await?;
        let mover = tokio::spawn({
            let shop = shop.clone();
            let new_time = visit.starts_at + TimeDelta::minutes(30);
            async move { refusal_of(shop.bookings.rebook(MANAGER, visit.id, &to(new_time), 1000 + round).await) }
        });
        let canceller = tokio::spawn({
            let shop = shop.clone();
            async move { shop.cancel(visit.user, visit.id).await }
        });
        let (mover, canceller) = (mover.await?, canceller.await?);
        match (&mover, &canceller) {
            (Ok(_), Err(Refusal::NoLonger)) => moved += 1,
            (Err(Refusal::NoLonger), Ok(_)) => cancelled += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(moved + cancelled, 20);
    assert_eq!(shop.count("occupancy").await?, moved, "what was cancelled holds nothing");
    assert_eq!(shop.breaches().await?, 0);
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_day_shows_who_works_who_comes_and_what_is_free_between() -> Result<()> {
    let shop = staffed(4).await?;
    booked(&shop, 1, "Артём", noon()).await?;
    booked(&shop, 2, "Денис", noon()).await?;
    let day = noon().date_naive();
    let artyom = id_of(shop.master("Артём").await?);
    let clocks = |spans: &[tenant_bot::booking::hours::Span]| -> Vec<String> {
        let show = |at: DateTime<Utc>| at.with_timezone(&chrono_tz::Europe::Moscow).format("%H:%M").to_string();
        spans.iter().map(|span| format!("{}-{}", show(span.start), show(span.end))).collect()
    };
    let sheet = refusal_of(shop.bookings.sheet(UserId(OWNER), (day, day), None).await).unwrap();
    assert_eq!(sheet.days[0].bookings.len(), 2);
    let column = &sheet.days[0].columns[0];
    assert_eq!((column.resource, clocks(&column.work)), (artyom, vec!["10:00-21:00".to_owned()]));
    assert_eq!(clocks(&column.free), ["10:00-12:00", "13:00-21:00"]);
    assert_eq!(sheet.days[0].columns.len(), 3);
    let own = refusal_of(shop.bookings.sheet(STAFF, (day, day), None).await).unwrap();
    assert_eq!((own.resources.len(), own.days[0].columns.len(), own.days[0].bookings.len()), (1, 1, 1));
    let others = id_of(shop.master("Денис").await?);
    let none = refusal_of(shop.bookings.sheet(STAFF, (day, day), Some(others)).await).unwrap();
    assert_eq!((none.days[0].columns.len(), none.days[0].bookings.len()), (0, 0));
    let stranger = shop.bookings.sheet(STRANGER, (day, day), None).await;
    assert_eq!(refusal_of(stranger).err(), Some(Refusal::NotAdmin));
    shop.clock.set(noon() + TimeDelta::minutes(90));
    let later = refusal_of(shop.bookings.sheet(STAFF, (day, day), None).await).unwrap();
    assert_eq!(clocks(&later.days[0].columns[0].free), ["13:30-21:00"], "what is over is not free");
    Ok(())
}
