//! The bot of the version before, on today's tables: while a release goes through the fleet it runs on them for a while
//! (`docs/adr/0008-schema-versions.md`). Its statements stand here word for word, and run as the tenant's own role.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, Row};
use tenant_bot::booking::{Actor, Pick, Refusal, ResourceId, ServiceId, Status, UserId, Wanted};

use crate::shop::{Shop, at, later, refusal_of};

const SAVE_USER: &str =
    "insert into users (user_id, first_name, last_name, username, language, contact_name, phone, created_at, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         on conflict (user_id) do update
            set first_name = excluded.first_name, last_name = excluded.last_name, username = excluded.username,
                language = excluded.language, seen_at = excluded.seen_at,
                contact_name = coalesce(excluded.contact_name, users.contact_name),
                phone = coalesce(excluded.phone, users.phone)";
const LOCK_CONTACT: &str = "select contact_name, phone from users where user_id = $1 for no key update";
const TAKE: &str = "with time as (
             insert into occupancy (resource_id, during, kind, ref)
             values ($3, tstzrange($10, $11), 'booking', nextval(pg_get_serial_sequence('bookings', 'id')))
             on conflict do nothing returning ref)
         insert into bookings (id, user_id, service_id, resource_id, starts_at, ends_at, duration_minutes,
                               price_kopecks, status, customer_name, phone, update_id, created_at)
         select ref, $1, $2, $3, $4, $5, $6, $7, 'confirmed', $8, $9, $12, $13 from time
         returning id";
const FIND: &str = "select b.id, b.user_id, b.service_id, s.name as service_name, b.resource_id, r.name as resource_name,
                    b.starts_at, b.ends_at, b.price_kopecks, b.status, b.customer_name, b.phone
               from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id where b.id = $1";
const FIND_MADE_BY: &str = "select b.id, b.user_id, b.service_id, s.name as service_name, b.resource_id, r.name as resource_name,
                    b.starts_at, b.ends_at, b.price_kopecks, b.status, b.customer_name, b.phone
               from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id where b.user_id = $1 and b.update_id = $2";
const LIST_AHEAD: &str = "select b.id, b.user_id, b.service_id, s.name as service_name, b.resource_id, r.name as resource_name,
                    b.starts_at, b.ends_at, b.price_kopecks, b.status, b.customer_name, b.phone
               from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id where b.user_id = $1 and b.status = 'confirmed' and b.ends_at > $2 order by b.starts_at, b.id";
const LIST_WITHIN: &str = "select b.id, b.user_id, b.service_id, s.name as service_name, b.resource_id, r.name as resource_name,
                    b.starts_at, b.ends_at, b.price_kopecks, b.status, b.customer_name, b.phone
               from bookings b join services s on s.id = b.service_id join resources r on r.id = b.resource_id where b.starts_at >= $1 and b.starts_at < $2 and b.status = 'confirmed'
         order by b.starts_at, r.position, b.id";
const LOAD: &str = "select resource_id, count(*) from bookings
          where starts_at >= $1 and starts_at < $2 and status = 'confirmed' group by resource_id";
const TAKEN: &str = "select resource_id, lower(during), upper(during) from occupancy
          where resource_id = any($1) and during && tstzrange($2, $3)
          order by lower(during)";
const MARK_CANCELLED: &str =
    "update bookings set status = 'cancelled', cancelled_at = $2, cancelled_by = $3 where id = $1";
const FREE_BOOKING: &str = "delete from occupancy where kind = 'booking' and ref = $1";
const APPEND_HISTORY: &str = "insert into booking_history (booking_id, action, actor_id, at) values ($1, $2, $3, $4)";
const OFFERED: &str =
    "select s.id, s.name, s.duration_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.price_kopecks
           from services s
          where s.active
            and exists (select 1 from service_resources sr join resources r on r.id = sr.resource_id
                         where sr.service_id = s.id and r.active)
          order by s.position, s.id";
const LIST_DOING: &str =
    "select r.id, r.name, r.kind from resources r join service_resources sr on sr.resource_id = r.id
          where sr.service_id = $1 and r.active order by r.position, r.id";
const WEEKS: &str = "select resource_id, weekday, opens, closes from working_hours
          where resource_id is null or resource_id = any($1)";
const NEW_SERVICE: &str = "insert into services (name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_kopecks, position)
         values ($1, $2, $3, $4, $5, $6) returning id";
const NEW_RESOURCE: &str = "insert into resources (name, kind, position) values ($1, $2, $3) returning id";
const LINK: &str = "insert into service_resources (service_id, resource_id) values ($1, $2)";
const NEW_HOURS: &str = "insert into working_hours (resource_id, weekday, opens, closes) values ($1, $2, $3, $4)";

/// The bot of the version before.
struct Before<'a>(&'a PgPool);

impl Before<'_> {
    async fn save(&self, user: i64, now: DateTime<Utc>) -> Result<()> {
        let query = sqlx::query(SAVE_USER).bind(user).bind("Аня").bind(None::<&str>).bind(None::<&str>).bind("ru");
        query.bind("Анна").bind("+79161234567").bind(now).execute(self.0).await?;
        Ok(())
    }

    /// Books an hour with ten minutes after it; none: the time is taken.
    async fn book(
        &self,
        user: i64,
        (service, resource): (i64, i64),
        starts_at: DateTime<Utc>,
        (update_id, now): (i64, DateTime<Utc>),
    ) -> Result<Option<i64>> {
        let mut tx = self.0.begin().await?;
        let contact: (Option<String>, Option<String>) =
            sqlx::query_as(LOCK_CONTACT).bind(user).fetch_one(&mut *tx).await?;
        let ends_at = starts_at + TimeDelta::hours(1);
        let id: Option<i64> = sqlx::query_scalar(TAKE)
            .bind(user)
            .bind(service)
            .bind(resource)
            .bind(starts_at)
            .bind(ends_at)
            .bind(60)
            .bind(180_000_i64)
            .bind(contact.0)
            .bind(contact.1)
            .bind(starts_at)
            .bind(ends_at + TimeDelta::minutes(10))
            .bind(update_id)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(id) = id {
            sqlx::query(APPEND_HISTORY).bind(id).bind("booked").bind(user).bind(now).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    async fn cancel(&self, user: i64, booking: i64, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.0.begin().await?;
        sqlx::query(MARK_CANCELLED).bind(booking).bind(now).bind(user).execute(&mut *tx).await?;
        sqlx::query(FREE_BOOKING).bind(booking).execute(&mut *tx).await?;
        sqlx::query(APPEND_HISTORY).bind(booking).bind("cancelled").bind(user).bind(now).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// What it shows of a person's bookings: number, service, state.
    async fn ahead(&self, user: i64, now: DateTime<Utc>) -> Result<Vec<(i64, String, String)>> {
        let rows = sqlx::query(LIST_AHEAD).bind(user).bind(now).fetch_all(self.0).await?;
        rows.iter().map(|r| Ok((r.try_get("id")?, r.try_get("service_name")?, r.try_get("status")?))).collect()
    }

    async fn found(&self, booking: i64) -> Result<String> {
        Ok(sqlx::query(FIND).bind(booking).fetch_one(self.0).await?.try_get("status")?)
    }
}

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

async fn haircut(shop: &Shop) -> Result<(i64, i64)> {
    let Pick::One(ResourceId(artyom)) = shop.master("Артём").await? else { unreachable!() };
    let service = sqlx::query_scalar("select id from services where name = 'Мужская стрижка'");
    Ok((service.fetch_one(&shop.pool).await?, artyom))
}

#[tokio::test]
async fn what_the_version_before_writes_passes_and_the_new_bot_works_with_it() -> Result<()> {
    let shop = Shop::open().await?;
    let (before, now, what) = (Before(&shop.pool), shop.clock.now(), haircut(&shop).await?);
    before.save(1, now).await?;
    before.save(1, now).await?;
    let booked = before.book(1, what, noon(), (1, now)).await?.unwrap();
    assert_eq!(before.book(1, what, noon() + TimeDelta::minutes(30), (2, now)).await?, None, "the time is taken");
    let moved = before.book(1, what, later(1, noon()), (3, now)).await?.unwrap();
    let made = sqlx::query(FIND_MADE_BY).bind(1_i64).bind(1_i64).fetch_one(&shop.pool).await?;
    assert_eq!(made.try_get::<i64, _>("id")?, booked);

    let anna = UserId(1);
    let (_, ahead) = shop.bookings.ahead(anna).await?;
    assert_eq!(ahead.iter().map(|b| b.id.0).collect::<Vec<_>>(), [booked, moved]);
    let first = &ahead[0];
    assert_eq!(
        (first.what(), first.who(), first.status),
        ("Мужская стрижка".into(), "Артём".into(), Status::Confirmed)
    );
    assert_eq!((first.lines.len(), first.price.from.0, first.party), (1, 180_000, 1));
    let free = shop.free(anna, &first.wanted(), "2026-11-24").await?;
    assert!(!free.contains(&"12:00".to_owned()) && free.contains(&"10:00".to_owned()), "{free:?}");

    let cancelled = shop.cancel(anna, first.id).await.unwrap().booking;
    assert_eq!((cancelled.status, cancelled.cancelled_by), (Status::Cancelled, Some(Actor::Customer)));
    let to = refusal_of(shop.bookings.move_to(anna, ahead[1].id, later(2, noon()), None, 9).await).unwrap().booking;
    assert_eq!((to.moved_from, to.price, to.lines.len()), (Some(ahead[1].id), ahead[1].price, 1));
    assert_eq!(shop.count("occupancy").await?, 1, "the old times are free");
    assert_eq!(shop.breaches().await?, 0);

    // What it cancels itself, the new bot reads.
    let dropped = before.book(1, what, noon(), (4, now)).await?.unwrap();
    before.cancel(1, dropped, now).await?;
    let card = refusal_of(shop.bookings.card(anna, tenant_bot::booking::BookingId(dropped)).await).unwrap();
    assert_eq!((card.booking.status, card.booking.cancelled_by), (Status::Cancelled, None));
    assert_eq!(before.found(dropped).await?, "cancelled");
    Ok(())
}

#[tokio::test]
async fn the_version_before_reads_and_cancels_what_the_new_bot_has_booked() -> Result<()> {
    let shop = Shop::open().await?;
    let (before, now, what) = (Before(&shop.pool), shop.clock.now(), haircut(&shop).await?);
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    let visit = shop.visit(&[("Мужская стрижка", artyom), ("Оформление бороды", artyom)], noon()).await?;
    let visit = shop.book(anna, &visit, 1).await.unwrap().booking;
    let single =
        shop.book(anna, &shop.wish("Мужская стрижка", artyom, later(1, noon())).await?, 2).await.unwrap().booking;
    // Of these it need not know; they are in nobody's way.
    let held = shop.wish("Мужская стрижка", artyom, later(2, noon())).await?;
    refusal_of(shop.bookings.hold(anna, &held.wanted, held.starts_at, 3).await).unwrap();
    shop.set("approval", "by_request").await?;
    let asked =
        shop.book(anna, &shop.wish("Мужская стрижка", artyom, later(3, noon())).await?, 4).await.unwrap().booking;

    let shown = before.ahead(1, now).await?;
    let first = (visit.id.0, "Мужская стрижка".to_owned(), "confirmed".to_owned());
    assert_eq!(shown[0], first, "the first of its services");
    assert_eq!(shown.iter().map(|b| b.0).collect::<Vec<_>>(), [visit.id.0, single.id.0]);
    before.save(2, now).await?;
    for taken in [visit.starts_at, visit.ends_at - TimeDelta::minutes(20), asked.starts_at] {
        assert_eq!(before.book(2, what, taken, (5, now)).await?, None, "{taken}");
    }
    let window = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    let taken = sqlx::query(TAKEN).bind([what.1]).bind(window.0).bind(window.1).fetch_all(&shop.pool).await?;
    assert_eq!(taken.len(), 1, "one stretch");
    let load: Vec<(i64, i64)> = sqlx::query_as(LOAD).bind(window.0).bind(window.1).fetch_all(&shop.pool).await?;
    assert_eq!(load, [(what.1, 1)]);
    assert_eq!(sqlx::query(LIST_WITHIN).bind(window.0).bind(window.1).fetch_all(&shop.pool).await?.len(), 1);

    before.cancel(1, visit.id.0, now).await?;
    let card = refusal_of(shop.bookings.card(anna, visit.id).await).unwrap();
    assert_eq!((card.booking.status, card.no_cancel), (Status::Cancelled, Some(Refusal::NoLonger)));
    assert!(before.book(2, what, noon(), (6, now)).await?.is_some(), "its time is free");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_the_version_before_sets_up_can_be_booked() -> Result<()> {
    let shop = Shop::open().await?;
    let (pool, before) = (&shop.pool, Before(&shop.pool));
    let service: i64 = sqlx::query_scalar(NEW_SERVICE)
        .bind("Бритьё опасной бритвой")
        .bind(45)
        .bind(0)
        .bind(15)
        .bind(150_000_i64)
        .bind(99)
        .fetch_one(pool)
        .await?;
    let resource: i64 = sqlx::query_scalar(NEW_RESOURCE).bind("Игорь").bind("person").bind(9).fetch_one(pool).await?;
    sqlx::query(LINK).bind(service).bind(resource).execute(pool).await?;
    sqlx::query(NEW_HOURS).bind(resource).bind(2_i16).bind(600_i16).bind(720_i16).execute(pool).await?;

    let offered = sqlx::query(OFFERED).fetch_all(pool).await?;
    let offered: Vec<i64> = offered.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    assert_eq!(offered.last(), Some(&service));
    assert_eq!(sqlx::query(LIST_DOING).bind(service).fetch_all(pool).await?.len(), 1);
    assert!(!sqlx::query(WEEKS).bind([resource]).fetch_all(pool).await?.is_empty());

    before.save(1, shop.clock.now()).await?;
    let wanted = Wanted::one(ServiceId(service), Pick::One(ResourceId(resource)));
    let free = shop.free(UserId(1), &wanted, "2026-11-24").await?;
    assert_eq!(free.first().map(String::as_str), Some("10:00"), "{free:?}");
    assert_eq!(free.last().map(String::as_str), Some("11:00"), "{free:?}");
    Ok(())
}
