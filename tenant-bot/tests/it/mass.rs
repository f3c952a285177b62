//! Many bookings changed at once: nothing lost, nothing doubled, and what was shown is what is done.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Result;
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Europe::Moscow;
use futures::future::join_all;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use tenant_bot::booking::{BookError, Kopecks};
use tenant_bot::booking::{
    Booking, BookingId, Fate, Hindrance, MassChange, MassDone, MassPlan, MassScope, MassWish, NewBlock, Pick, Price,
    Refusal, ResourceId, ServiceId, Status, UserId, Wrong, hours::Span, schedule::Block,
};

use crate::shop::{OWNER, Shop, at, later, refusal_of};

const OWNER_ID: UserId = UserId(OWNER);
/// Tuesday, noon in Moscow.
fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

fn tuesday() -> NaiveDate {
    "2026-11-24".parse().unwrap()
}

fn all_day(change: MassChange) -> MassWish {
    MassWish { scope: MassScope { days: (tuesday(), tuesday()), hours: None, resource: None }, change }
}

fn of(resource: ResourceId, change: MassChange) -> MassWish {
    let mut wish = all_day(change);
    wish.scope.resource = Some(resource);
    wish
}

fn one(pick: Pick) -> ResourceId {
    match pick {
        Pick::One(id) => id,
        Pick::Any => panic!("somebody"),
    }
}

async fn preview(shop: &Shop, wish: &MassWish) -> MassPlan {
    refusal_of(shop.bookings.mass_preview(OWNER_ID, wish).await).unwrap()
}

/// Shows it and does it.
async fn done(shop: &Shop, wish: &MassWish, update_id: i64) -> (MassPlan, Vec<Booking>) {
    let digest = preview(shop, wish).await.digest();
    match refusal_of(shop.bookings.mass_change(OWNER_ID, wish, digest, update_id).await).unwrap() {
        MassDone::Done(plan, made) => (plan, made),
        MassDone::Changed(plan) => panic!("it is no longer so: {plan:?}"),
    }
}

async fn book(shop: &Shop, user: i64, service: &str, pick: Pick, at: DateTime<Utc>) -> Result<Booking> {
    let user = shop.customer(user).await?;
    let wish = shop.wish(service, pick, at).await?;
    Ok(shop.book(user, &wish, user.0 * 1000 + at.timestamp() / 60).await.unwrap().booking)
}

/// Where bookings stand that stand, by their number.
async fn standing(shop: &Shop) -> Result<Vec<Booking>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from bookings where status in ('requested', 'confirmed', 'arrived') order by starts_at, id",
    )
    .fetch_all(&shop.pool)
    .await?;
    let mut all = Vec::new();
    for id in ids {
        all.push(shop.booking(BookingId(id)).await?);
    }
    Ok(all)
}

async fn letters(shop: &Shop) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select key from outbox order by key").fetch_all(&shop.pool).await?)
}

#[tokio::test]
async fn a_day_is_shifted_in_a_chain_and_everybody_is_told_once() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let mut old = Vec::new();
    for n in 0..4 {
        old.push(book(&shop, n + 1, "Мужская стрижка", artyom, noon() + TimeDelta::hours(n)).await?);
    }
    sqlx::query("delete from outbox").execute(&shop.pool).await?;
    let wish = all_day(MassChange::Shift(30));
    let (plan, made) = done(&shop, &wish, 900).await;
    assert_eq!((plan.all.len(), made.len(), plan.stays().count()), (4, 4, 0));
    for (was, is) in old.iter().zip(&made) {
        assert_eq!(is.starts_at, was.starts_at + TimeDelta::minutes(30));
        assert_eq!((is.moved_from, is.price, is.status), (Some(was.id), was.price, Status::Confirmed));
        assert_eq!(shop.booking(was.id).await?.status, Status::Moved);
        let history: Vec<String> =
            sqlx::query_scalar("select action from booking_history where booking_id = $1 order by id")
                .bind(was.id.0)
                .fetch_all(&shop.pool)
                .await?;
        assert_eq!(history, ["booked", "moved"]);
    }
    assert_eq!((shop.count("occupancy").await?, shop.breaches().await?), (4, 0));
    let mut expected: Vec<String> = made.iter().map(|booking| format!("rebooked:{}", booking.id.0)).collect();
    expected.sort();
    assert_eq!(letters(&shop).await?, expected, "the owner has done it, and sees it");
    let reminded: i64 = sqlx::query_scalar(
        "select count(*) from reminders r join bookings b on b.id = r.booking_id where r.state = 'due' and b.status = 'moved'",
    )
    .fetch_one(&shop.pool)
    .await?;
    assert_eq!(reminded, 0, "nobody is reminded of what is no more");
    assert!(shop.count("reminders").await? >= 4);
    let (action, detail): (String, serde_json::Value) =
        sqlx::query_as("select action, detail from audit_log order by id desc limit 1").fetch_one(&shop.pool).await?;
    assert_eq!((action.as_str(), detail["shift"].as_i64()), ("mass.shifted", Some(30)));
    let freed: i64 = sqlx::query_scalar("select count(*) from freed_times").fetch_one(&shop.pool).await?;
    assert_eq!(freed, 4, "whoever waits for such a time is looked for");
    Ok(())
}

#[tokio::test]
async fn the_rest_of_the_team_is_told_in_one_letter() -> Result<()> {
    let shop = Shop::open().await?;
    shop.run("insert into admins (user_id, role, added_at) values (7002, 'manager', now())").await?;
    let artyom = shop.master("Артём").await?;
    for n in 0..3 {
        book(&shop, n + 1, "Мужская стрижка", artyom, noon() + TimeDelta::hours(n)).await?;
    }
    sqlx::query("delete from outbox").execute(&shop.pool).await?;
    done(&shop, &all_day(MassChange::Cancel(Some("Прорвало трубу".into()))), 900).await;
    let team: Vec<String> = letters(&shop).await?.into_iter().filter(|key| !key.starts_with("called_off:")).collect();
    assert_eq!(team.len(), 1, "{team:?}");
    assert!(team[0].starts_with("mass:") && team[0].ends_with(":7002"), "{team:?}");
    let reasons: Vec<String> =
        sqlx::query_scalar("select distinct cancel_reason from bookings").fetch_all(&shop.pool).await?;
    assert_eq!(reasons, ["Прорвало трубу"]);
    assert_eq!(shop.count("occupancy").await?, 0);
    Ok(())
}

#[tokio::test]
async fn who_finds_no_room_stays_and_it_is_said_why() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let first = book(&shop, 1, "Мужская стрижка", artyom, at("2026-11-24T15:00:00Z")).await?;
    let second = book(&shop, 2, "Мужская стрижка", artyom, at("2026-11-24T16:00:00Z")).await?;
    let last = book(&shop, 3, "Мужская стрижка", artyom, at("2026-11-24T17:00:00Z")).await?;
    // It ends at nine, when the shop closes.
    let fates = |plan: &MassPlan| plan.all.iter().map(|p| p.fate.clone()).collect::<Vec<_>>();
    let plan = preview(&shop, &all_day(MassChange::Shift(30))).await;
    assert_eq!(fates(&plan)[2], Fate::Stays(Hindrance::Closed));
    assert_eq!(fates(&plan)[1], Fate::Stays(Hindrance::InTheWay(last.id)));
    assert_eq!(fates(&plan)[0], Fate::Stays(Hindrance::InTheWay(second.id)));
    // Earlier there is room for all.
    let plan = preview(&shop, &all_day(MassChange::Shift(-30))).await;
    assert_eq!(plan.stays().count(), 0);
    // A block in the way, and somebody of another day.
    let block =
        Block { span: Span { start: first.starts_at - TimeDelta::hours(1), end: first.starts_at }, repeats: None };
    let new = NewBlock { resource: Some(one(artyom)), block, reason: None };
    refusal_of(shop.bookings.block(OWNER_ID, &new).await).unwrap();
    let plan = preview(&shop, &all_day(MassChange::Shift(-30))).await;
    assert_eq!(fates(&plan)[0], Fate::Stays(Hindrance::Blocked));
    let wednesday = book(&shop, 4, "Мужская стрижка", artyom, later(1, second.starts_at)).await?;
    let plan = preview(&shop, &all_day(MassChange::On(tuesday().succ_opt().unwrap()))).await;
    assert_eq!(fates(&plan)[1], Fate::Stays(Hindrance::Taken));
    assert!(matches!(fates(&plan)[2], Fate::Becomes(_)));
    // Those that can go, go.
    let (plan, made) = done(&shop, &all_day(MassChange::On(tuesday().succ_opt().unwrap())), 900).await;
    assert_eq!((plan.stays().count(), made.len()), (1, 2));
    assert_eq!(shop.booking(second.id).await?, second);
    assert_eq!(shop.booking(wednesday.id).await?, wednesday);
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_day_goes_to_another_master_who_does_not_do_everything() -> Result<()> {
    let shop = Shop::open().await?;
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    let cut = book(&shop, 1, "Мужская стрижка", artyom, noon()).await?;
    let dye = book(&shop, 2, "Камуфляж седины", artyom, noon() + TimeDelta::hours(2)).await?;
    let busy = book(&shop, 3, "Мужская стрижка", denis, noon() + TimeDelta::hours(4)).await?;
    let clash = book(&shop, 4, "Мужская стрижка", artyom, noon() + TimeDelta::hours(4)).await?;
    let wish = of(one(artyom), MassChange::To(one(denis)));
    let (plan, made) = done(&shop, &wish, 900).await;
    let stays: BTreeMap<BookingId, Hindrance> = plan.stays().map(|(booking, why)| (booking.id, why)).collect();
    assert_eq!(stays, BTreeMap::from([(dye.id, Hindrance::Cannot), (clash.id, Hindrance::Taken)]));
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].moved_from, made[0].who().as_str(), made[0].starts_at), (Some(cut.id), "Денис", cut.starts_at));
    assert_eq!(shop.booking(busy.id).await?, busy);
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_service_becomes_another_at_its_length_and_price() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from services where name in ('Мужская стрижка', 'Стрижка и борода') order by position",
    )
    .fetch_all(&shop.pool)
    .await?;
    let (cut, both) = (ServiceId(ids[0]), ServiceId(ids[1]));
    let alone = book(&shop, 1, "Мужская стрижка", artyom, noon()).await?;
    let tight = book(&shop, 2, "Мужская стрижка", artyom, noon() + TimeDelta::hours(3)).await?;
    let next = book(&shop, 3, "Оформление бороды", artyom, noon() + TimeDelta::hours(4)).await?;
    let (plan, made) = done(&shop, &all_day(MassChange::Service { from: cut, to: both }), 900).await;
    assert_eq!(plan.all.len(), 2, "who has another service is not meant");
    let stays: Vec<_> = plan.stays().map(|(booking, why)| (booking.id, why)).collect();
    // The beard that follows is left as it is, and is in the way.
    assert_eq!(stays, [(tight.id, Hindrance::InTheWay(next.id))]);
    assert_eq!(made.len(), 1);
    let new = &made[0];
    assert_eq!((new.starts_at, new.ends_at - new.starts_at), (alone.starts_at, TimeDelta::minutes(90)));
    assert_eq!((new.price, new.what().as_str()), (Price::exactly(260_000), "Стрижка и борода"));
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_is_past_or_begun_and_what_is_not_meant_is_left_alone() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let early = book(&shop, 1, "Мужская стрижка", artyom, noon()).await?;
    let late = book(&shop, 2, "Мужская стрижка", artyom, noon() + TimeDelta::hours(4)).await?;
    let another_day = book(&shop, 3, "Мужская стрижка", artyom, later(1, noon())).await?;
    shop.clock.set(noon() + TimeDelta::minutes(1));
    let mut wish = all_day(MassChange::Shift(60));
    let plan = preview(&shop, &wish).await;
    assert_eq!(plan.all.iter().map(|p| p.old.id).collect::<Vec<_>>(), [late.id]);
    wish.scope.hours = Some((12 * 60, 16 * 60));
    assert_eq!(preview(&shop, &wish).await.all.len(), 0);
    wish.scope.hours = Some((16 * 60, 17 * 60));
    done(&shop, &wish, 900).await;
    assert_eq!((shop.booking(early.id).await?, shop.booking(another_day.id).await?), (early, another_day));
    // Into the past nothing goes.
    let plan = preview(&shop, &all_day(MassChange::Shift(-300))).await;
    assert!(plan.all.iter().all(|p| p.fate == Fate::Stays(Hindrance::Past)), "{plan:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_shown_is_done_or_nothing_is() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let booking = book(&shop, 1, "Мужская стрижка", artyom, noon()).await?;
    let wish = all_day(MassChange::Shift(30));
    let digest = preview(&shop, &wish).await.digest();
    book(&shop, 2, "Мужская стрижка", artyom, noon() + TimeDelta::hours(1)).await?;
    let before = standing(&shop).await?;
    let again = refusal_of(shop.bookings.mass_change(OWNER_ID, &wish, digest, 900).await).unwrap();
    let MassDone::Changed(plan) = again else { panic!("it was done") };
    assert_eq!((plan.all.len(), standing(&shop).await?), (2, before));
    let digest = plan.digest();
    let done = refusal_of(shop.bookings.mass_change(OWNER_ID, &wish, digest, 901).await).unwrap();
    assert!(matches!(done, MassDone::Done(..)));
    // A second press of the same button shifts nobody again.
    let twice = refusal_of(shop.bookings.mass_change(OWNER_ID, &wish, digest, 902).await).unwrap();
    assert!(matches!(twice, MassDone::Changed(_)));
    let moved: i64 = sqlx::query_scalar("select count(*) from bookings where moved_from = $1")
        .bind(booking.id.0)
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!((moved, shop.count("bookings").await?), (1, 4));
    Ok(())
}

#[tokio::test]
async fn only_those_who_may_and_only_what_makes_sense() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = one(shop.master("Артём").await?);
    shop.run(&format!(
        "insert into admins (user_id, role, resource_id, added_at) values (7003, 'staff', {}, now()), (7004, 'viewer', null, now())",
        artyom.0
    ))
    .await?;
    let wish = all_day(MassChange::Shift(30));
    for nobody in [1, 7003, 7004] {
        let user = UserId(nobody);
        assert_eq!(refusal_of(shop.bookings.mass_preview(user, &wish).await).err(), Some(Refusal::NotAdmin));
        assert_eq!(refusal_of(shop.bookings.mass_change(user, &wish, 0, 1).await).err(), Some(Refusal::NotAdmin));
    }
    let wrong = async |wish: MassWish| match shop.bookings.mass_preview(OWNER_ID, &wish).await {
        Err(BookError::Wrong(wrong)) => Some(wrong),
        _ => None,
    };
    assert_eq!(wrong(all_day(MassChange::Shift(0))).await, Some(Wrong::TooFar));
    assert_eq!(wrong(all_day(MassChange::Shift(i64::MIN + 1))).await, Some(Wrong::TooFar));
    assert_eq!(wrong(all_day(MassChange::Cancel(Some("я".repeat(201))))).await, Some(Wrong::TooLong(200)));
    let mut long = all_day(MassChange::Shift(30));
    long.scope.days.1 = NaiveDate::MAX;
    assert_eq!(wrong(long).await, Some(Wrong::TooMany(62)));
    Ok(())
}

#[tokio::test]
async fn a_group_goes_as_a_whole_and_joins_one_that_is_there() -> Result<()> {
    let shop = Shop::of_kind("studio", 4).await?;
    shop.run("update services set capacity = 3 where id = (select min(id) from services)").await?;
    let (name, master): (String, i64) = sqlx::query_as(
        "select s.name, sr.resource_id from services s join service_resources sr on sr.service_id = s.id
          where s.id = (select min(id) from services) order by sr.resource_id limit 1",
    )
    .fetch_one(&shop.pool)
    .await?;
    let pick = Pick::One(ResourceId(master));
    let free = {
        let user = shop.customer(99).await?;
        let wish = shop.wish(&name, pick, noon()).await?;
        shop.free(user, &wish.wanted, "2026-11-24").await?
    };
    let begins = |n: usize| {
        let time = chrono::NaiveTime::parse_from_str(&free[n], "%H:%M").unwrap();
        tuesday().and_time(time).and_local_timezone(Moscow).unwrap().to_utc()
    };
    let first = begins(0);
    for user in 1..=2 {
        book(&shop, user, &name, pick, first).await?;
    }
    let (plan, made) = done(&shop, &all_day(MassChange::On(tuesday().succ_opt().unwrap())), 900).await;
    assert_eq!((plan.stays().count(), made.len()), (0, 2), "{plan:?}");
    assert_eq!((shop.count("sessions").await?, shop.count("seats").await?, shop.breaches().await?), (1, 2, 0));
    let sessions: Vec<_> = made.iter().map(|b| b.lines[0].session).collect();
    assert!(sessions[0].is_some() && sessions[0] == sessions[1], "they sit together again");
    // Two more come to a group of three where two sit: the first of them finds the last seat.
    for user in 3..=4 {
        book(&shop, user, &name, pick, first).await?;
    }
    let (plan, made) = done(&shop, &all_day(MassChange::On(tuesday().succ_opt().unwrap())), 901).await;
    let stays: Vec<Hindrance> = plan.stays().map(|(_, why)| why).collect();
    assert_eq!((made.len(), stays), (1, vec![Hindrance::TooSmall]));
    assert_eq!((shop.count("sessions").await?, shop.count("seats").await?, shop.breaches().await?), (2, 4, 0));
    Ok(())
}

#[tokio::test]
async fn an_overdue_hold_is_in_nobodys_way_and_a_letter_that_cannot_be_written_undoes_all() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    book(&shop, 1, "Мужская стрижка", artyom, noon()).await?;
    let (held, anna) =
        (shop.customer(2).await?, shop.wish("Мужская стрижка", artyom, noon() + TimeDelta::hours(1)).await?);
    refusal_of(shop.bookings.hold(held, &anna.wanted, anna.starts_at, 5).await).unwrap();
    let wish = all_day(MassChange::Shift(60));
    assert_eq!(preview(&shop, &wish).await.stays().map(|(_, why)| why).collect::<Vec<_>>(), [Hindrance::Taken]);
    shop.clock.set(shop.clock.now() + TimeDelta::hours(1));
    let digest = preview(&shop, &wish).await.digest();
    // The notices are rows of the same transaction.
    shop.run("alter table outbox rename to elsewhere").await.unwrap_err();
    shop.tenant.database.run(&[format!("alter table {}.outbox rename to elsewhere", shop.tenant.slug)]).await?;
    let before = standing(&shop).await?;
    assert!(matches!(shop.bookings.mass_change(OWNER_ID, &wish, digest, 900).await, Err(BookError::Store(_))));
    assert_eq!(standing(&shop).await?, before);
    shop.tenant.database.run(&[format!("alter table {}.elsewhere rename to outbox", shop.tenant.slug)]).await?;
    let (_, made) = done(&shop, &wish, 901).await;
    assert_eq!((made.len(), shop.breaches().await?), (1, 0));
    Ok(())
}

/// A booking as the naive model has it: who, from, to (minutes since the day's midnight), day.
type Plain = (i64, i64, i64, i64);

fn plain(booking: &Booking) -> Plain {
    let local = booking.starts_at.with_timezone(&Moscow);
    let from = i64::from(local.hour() * 60 + local.minute());
    let day = (local.date_naive() - tuesday()).num_days();
    (booking.lines[0].resources[0].0, day, from, from + (booking.ends_at - booking.starts_at).num_minutes())
}

fn overlap(a: Plain, b: Plain) -> bool {
    a.0 == b.0 && a.1 == b.1 && a.2 < b.3 && b.2 < a.3
}

/// Twenty random days of three masters without buffers, each changed by random wishes; every outcome is held against what a
/// person with a pencil would say.
#[tokio::test]
async fn whatever_the_day_and_the_wish_nothing_is_lost_and_nothing_is_doubled() -> Result<()> {
    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let shop = Shop::open().await?;
    // Everybody works alike, so that the pencil needs no calendar.
    shop.run("delete from working_hours where resource_id is not null").await?;
    let masters: Vec<i64> = sqlx::query_scalar("select id from resources order by id").fetch_all(&shop.pool).await?;
    let services: Vec<String> =
        sqlx::query_scalar("select name from services order by id limit 3").fetch_all(&shop.pool).await?;
    let mut update = 10_000;
    for round in 0..20_i64 {
        shop.run("update bookings set status = 'completed' where status in ('confirmed', 'requested')").await?;
        shop.run("delete from occupancy").await?;
        for n in 0..chance.random_range(1..14_i64) {
            let pick = Pick::One(ResourceId(masters[chance.random_range(0..3)]));
            let service = &services[chance.random_range(0..services.len())];
            let minute = chance.random_range(0..20) * 30;
            let day = i64::from(chance.random_range(0..5_u8) == 0);
            let starts_at = later(day, at("2026-11-24T07:00:00Z")) + TimeDelta::minutes(minute);
            let user = shop.customer(round * 100 + n + 1).await?;
            let wish = shop.wish(service, pick, starts_at).await?;
            update += 1;
            let _ = shop.book(user, &wish, update).await;
        }
        for _ in 0..3 {
            let wish = some_wish(&mut chance, &masters);
            update += 1;
            check(&shop, &wish, update).await?;
        }
    }
    Ok(())
}

fn some_wish(chance: &mut impl Rng, masters: &[i64]) -> MassWish {
    let change = match chance.random_range(0..4_u8) {
        0 => MassChange::To(ResourceId(masters[chance.random_range(0..3)])),
        1 => MassChange::On(tuesday().succ_opt().unwrap()),
        2 => MassChange::Cancel(None),
        _ => MassChange::Shift([-90, -60, -30, 30, 45, 60, 120][chance.random_range(0..7)]),
    };
    let resource = (chance.random_range(0..2_u8) == 0).then(|| ResourceId(masters[chance.random_range(0..3)]));
    let hours = (chance.random_range(0..3_u8) == 0).then_some((13 * 60, 18 * 60));
    MassWish { scope: MassScope { days: (tuesday(), tuesday()), hours, resource }, change }
}

async fn check(shop: &Shop, wish: &MassWish, update: i64) -> Result<()> {
    let before = standing(shop).await?;
    let meant = |booking: &Booking| {
        let (who, day, from, _) = plain(booking);
        day == 0
            && wish.scope.hours.is_none_or(|(a, b)| (i64::from(a)..i64::from(b)).contains(&from))
            && wish.scope.resource.is_none_or(|resource| resource.0 == who)
    };
    let wanted = |(who, day, from, to): Plain| match wish.change {
        MassChange::Shift(by) => (who, day, from + by, to + by),
        MassChange::To(to_whom) => (to_whom.0, day, from, to),
        MassChange::On(date) => (who, (date - tuesday()).num_days(), from, to),
        _ => (who, day, from, to),
    };
    let shown = preview(shop, wish).await;
    // Each that is meant and would change is there once, and no other.
    let named: Vec<BookingId> = shown.all.iter().map(|p| p.old.id).collect();
    let cancels = matches!(wish.change, MassChange::Cancel(_));
    let changes = |b: &&Booking| meant(b) && (cancels || wanted(plain(b)) != plain(b));
    let expected: Vec<BookingId> = before.iter().filter(changes).map(|b| b.id).collect();
    assert_eq!(named, expected, "{wish:?}");
    // Where everybody is in the end, by the pencil.
    let goes: BTreeMap<BookingId, bool> =
        shown.all.iter().map(|p| (p.old.id, !matches!(p.fate, Fate::Stays(_)))).collect();
    let mut ends: Vec<Plain> = before
        .iter()
        .filter(|b| !(cancels && goes.get(&b.id) == Some(&true)))
        .map(|b| if goes.get(&b.id) == Some(&true) { wanted(plain(b)) } else { plain(b) })
        .collect();
    for (booking, why) in shown.stays() {
        let to = wanted(plain(booking));
        let closed = to.2 < 10 * 60 || to.3 > 21 * 60;
        let others = before.iter().filter(|b| b.id != booking.id);
        let mut places = others.map(|b| if goes.get(&b.id) == Some(&true) { wanted(plain(b)) } else { plain(b) });
        match why {
            Hindrance::Closed => assert!(closed, "{booking:?} {wish:?}"),
            Hindrance::Taken | Hindrance::InTheWay(_) => {
                assert!(!closed && places.any(|other| overlap(other, to)), "{why:?} {booking:?} {wish:?}");
            }
            other => panic!("{other:?} {booking:?} {wish:?}"),
        }
    }
    let result = refusal_of(shop.bookings.mass_change(OWNER_ID, wish, shown.digest(), update).await).unwrap();
    match result {
        MassDone::Changed(plan) => assert!(plan.goes().next().is_none(), "it was not done: {wish:?}"),
        MassDone::Done(plan, made) => {
            assert_eq!(plan.digest(), shown.digest());
            assert_eq!(made.len(), if cancels { 0 } else { plan.goes().count() });
        }
    }
    let after = standing(shop).await?;
    let mut got: Vec<Plain> = after.iter().map(plain).collect();
    ends.sort_unstable();
    got.sort_unstable();
    assert_eq!(got, ends, "{wish:?}");
    for booking in before.iter().filter(|b| goes.get(&b.id) != Some(&true)) {
        assert_eq!(shop.booking(booking.id).await?, *booking, "touched");
    }
    assert_eq!(shop.breaches().await?, 0);
    let taken: i64 = sqlx::query_scalar("select count(*) from occupancy").fetch_one(&shop.pool).await?;
    assert_eq!(usize::try_from(taken)?, after.len(), "one stretch each");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_change_among_customers_who_book_and_cancel_gives_nobody_what_another_has() -> Result<()> {
    let shop = Arc::new(Shop::with_connections(24).await?);
    let artyom = shop.master("Артём").await?;
    let mut shifted = 0;
    for round in 0..20_i64 {
        let day = round % 5;
        let date = tuesday() + chrono::Days::new(u64::try_from(day)?);
        let ten = later(day, at("2026-11-24T07:00:00Z"));
        let users = shop.customers((0..12).map(|n| round * 100 + n + 1)).await?;
        let mut mine = Vec::new();
        for (n, user) in users.iter().take(4).enumerate() {
            let wish = shop.wish("Стрижка машинкой", artyom, ten + TimeDelta::minutes(60 * i64::try_from(n)?)).await?;
            if let Ok(made) = shop.book(*user, &wish, round * 100 + i64::try_from(n)?).await {
                mine.push((*user, made.booking.id));
            }
        }
        let scope = MassScope { days: (date, date), hours: None, resource: None };
        let wish = MassWish { scope, change: MassChange::Shift(30) };
        let shown = preview(&shop, &wish).await;
        let press = {
            let (shop, wish, digest) = (shop.clone(), wish.clone(), shown.digest());
            tokio::spawn(async move {
                matches!(
                    refusal_of(shop.bookings.mass_change(OWNER_ID, &wish, digest, round * 100 + 50).await),
                    Ok(MassDone::Done(..))
                )
            })
        };
        let mut others = Vec::new();
        for (n, user) in users.iter().enumerate().skip(4) {
            let minutes = 30 * i64::try_from(n)?;
            let wish = shop.wish("Стрижка машинкой", artyom, ten + TimeDelta::minutes(minutes)).await?;
            let (shop, user, n) = (shop.clone(), *user, i64::try_from(n)?);
            others.push(tokio::spawn(async move {
                match shop.book(user, &wish, round * 100 + 10 + n).await {
                    Ok(_) | Err(Refusal::Taken) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }));
        }
        for (user, id) in mine.into_iter().take(2) {
            let shop = shop.clone();
            others.push(tokio::spawn(async move {
                match shop.cancel(user, id).await {
                    Ok(_) | Err(Refusal::NoLonger | Refusal::NoSuchBooking) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }));
        }
        shifted += i64::from(press.await?);
        for other in join_all(others).await {
            other?;
        }
        assert_eq!(shop.breaches().await?, 0, "round {round}");
        // Every booking is accounted for: it stands, is cancelled, or another one took its place.
        let lost: i64 = sqlx::query_scalar(
            "select count(*) from bookings b where b.status = 'moved'
                and (select count(*) from bookings n where n.moved_from = b.id) <> 1",
        )
        .fetch_one(&shop.pool)
        .await?;
        assert_eq!(lost, 0, "round {round}");
    }
    eprintln!("{shifted} of 20 were done");
    assert_eq!(shop.deadlocks().await?, 0);
    Ok(())
}

#[tokio::test]
async fn prices_with_a_discount_stay_less_when_a_service_changes() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let user = shop.customer(1).await?;
    shop.run("update users set discount_percent = 10").await?;
    let mut wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    wish.shown.1 = Price { from: Kopecks(162_000), to: None };
    shop.book(user, &wish, 1).await.unwrap();
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from services where name in ('Мужская стрижка', 'Стрижка и борода') order by position",
    )
    .fetch_all(&shop.pool)
    .await?;
    let change = MassChange::Service { from: ServiceId(ids[0]), to: ServiceId(ids[1]) };
    let (_, made) = done(&shop, &all_day(change), 900).await;
    assert_eq!((made[0].price, made[0].office.discount_percent), (Price::exactly(234_000), 10));
    Ok(())
}

/// The owner shifts a day of two visits, one of which finds no room; and cancels what is left.
async fn console(code: &str) -> Result<()> {
    let play = crate::running::Play::begin("barbershop", crate::shop::monday()).await?;
    let tongue = crate::albums::Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Боря").await?);
    play.books(&anna, "12:00").await?;
    play.books(&boris, "20:00").await?;
    let boss = crate::blocks::boss(&play, code).await?;
    boss.say("/admin", "Барбершоп «Борода»").await?;
    boss.press(&t("home.mass"), &t("mass.what_kind")).await?;
    boss.press(&t("mass.kind.shift"), &t("mass.ask_days")).await?;
    boss.press("24.11", &t("mass.ask_by")).await?;
    boss.say(if code == "ru" { "скоро" } else { "soon" }, "⚠️").await?;
    boss.press(if code == "ru" { "+30 мин" } else { "+30 min" }, "24.11").await?;
    boss.press(&t("mass.change_hours"), &t("mass.ask_hours")).await?;
    boss.say("10-22", "10:00–22:00").await?;
    boss.press(&t("mass.see"), "➡️ 12:30").await?;
    boss.press("✅", &t("mass.what_kind")).await?;
    anna.reads("Мы перенесли вашу запись").await?;
    boss.press(&t("mass.kind.to"), &t("mass.ask_days")).await?;
    boss.press("24.11", &t("mass.ask_from_whom")).await?;
    boss.press("Артём", &t("mass.ask_to")).await?;
    boss.press("Руслан", "Руслан").await?;
    boss.press(&t("mass.see"), "⚠️").await?;
    boss.press(&t("button.back"), "Руслан").await?;
    boss.press(&t("mass.change_what"), &t("mass.ask_to")).await?;
    boss.press("Денис", "Денис").await?;
    boss.press(&t("mass.see"), "➡️ Денис").await?;
    boss.press("✅", &t("mass.what_kind")).await?;
    boss.press(&t("mass.kind.svc"), &t("mass.ask_days")).await?;
    boss.say("24.11", &t("mass.ask_from")).await?;
    boss.press("Мужская стрижка", &t("mass.ask_into")).await?;
    boss.press("Стрижка машинкой", "Стрижка машинкой").await?;
    boss.press(&t("mass.see"), "➡️ Стрижка машинкой").await?;
    boss.press("✅", &t("mass.what_kind")).await?;
    boss.press(&t("mass.kind.on"), &t("mass.ask_days")).await?;
    boss.press("24.11", &t("mass.ask_on")).await?;
    boss.press("27.11", "27").await?;
    boss.press(&t("mass.see"), "27.11").await?;
    boss.press("✅", &t("mass.what_kind")).await?;
    boss.press(&t("mass.kind.off"), &t("mass.ask_days")).await?;
    boss.say(if code == "ru" { "27 ноября" } else { "27 November" }, &t("mass.ask_reason")).await?;
    boss.say("Прорвало трубу", "Прорвало трубу").await?;
    boss.press(&t("mass.see"), "❌").await?;
    boss.press("❌", &t("mass.what_kind")).await?;
    boris.reads("Причина: Прорвало трубу").await?;
    play::album::Album::of(&boss, 0).await?.assert_snapshot_in(crate::albums::FOLDER, &format!("mass_{code}"));
    if code == "ru" {
        play::album::Album::of(&anna, 0).await?.assert_snapshot_in(crate::albums::FOLDER, "mass_customer");
    }
    let left = play.count("select count(*) from bookings where status in ('confirmed', 'requested')").await?;
    assert_eq!(left, 0);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_bookings_from_the_console_in_russian() -> Result<()> {
    console("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_bookings_from_the_console_in_english() -> Result<()> {
    console("en").await
}
