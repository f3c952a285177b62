//! A barbershop with its schema, its preset and its booking service, on a Monday morning.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use play::database::{Business, TenantSchema};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::{Screen, Telegram},
    texts::Lang,
};
use sqlx::{AssertSqlSafe, PgPool};
use tenant_bot::{
    booking::{
        BookError, Booking, BookingId, Bookings, Business as Known, CONSENT_VERSION, Digest, Ended, Herald, Kopecks,
        Made, News, Pick, Price, Profile, Refusal, ResourceId, ServiceId, TeamNews, UserId, Want, Wanted, Wish, Word,
        contact::Contact,
    },
    preset, store,
};

pub(crate) const OWNER: i64 = 7001;

/// Monday, ten in the morning in Moscow.
pub(crate) fn monday() -> DateTime<Utc> {
    at("2026-11-23T07:00:00Z")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) struct Shop {
    pub(crate) tenant: TenantSchema,
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) bookings: Bookings,
}

/// One short line to each owner, and to the customer.
struct Lines;

impl Herald for Lines {
    fn letters(&self, _: &Known, news: News<'_>, owners: &[(UserId, Option<Lang>)], now: DateTime<Utc>) -> Vec<Letter> {
        let (event, id) = match news {
            News::Booked(b) => ("booked", b.id),
            News::Series(all) => ("series", all[0].id),
            News::Requested(b) => ("requested", b.id),
            News::Cancelled(b) => ("cancelled", b.id),
            News::Moved { to, .. } => ("moved", to.id),
            News::Mass(plan, _) => ("mass", plan.goes().next().unwrap().old.id),
            News::Rated(b, _, None) => ("rated", b.id),
            News::Rated(b, _, Some(_)) => ("commented", b.id),
        };
        let letter = |(owner, _): &(UserId, Option<Lang>)| Letter {
            key: format!("{event}:{}:{}", id.0, owner.0),
            chat_id: owner.0,
            screen: Screen::text(event),
            due_at: now,
        };
        owners.iter().map(letter).collect()
    }

    fn letter(&self, _: &Known, word: Word<'_>, _: Lang, now: DateTime<Utc>) -> Letter {
        let booking = word.booking();
        let event = match word {
            Word::Reminder(_, row) => format!("reminder:{row}"),
            Word::Approved(_) => format!("approved:{}", booking.id.0),
            Word::Declined(_) => format!("declined:{}", booking.id.0),
            Word::CalledOff(_) => format!("called_off:{}", booking.id.0),
            Word::BookedFor(_) => format!("booked_for:{}", booking.id.0),
            Word::Rebooked { .. } => format!("rebooked:{}", booking.id.0),
            Word::NewTimes(_, times) => format!("new_times:{}:{}", booking.id.0, times.len()),
            Word::Lapsed(_) => format!("lapsed:{}", booking.id.0),
            Word::Unanswered(_) => format!("unanswered:{}", booking.id.0),
            Word::Offer(_, _) => format!("offer:{}", booking.id.0),
            Word::HowWasIt(_) => format!("how:{}", booking.id.0),
        };
        Letter { screen: Screen::text(event.clone()), key: event, chat_id: booking.user.0, due_at: now }
    }

    fn card(&self, _: &Known, booking: &Booking, chat_id: i64, now: DateTime<Utc>) -> Letter {
        let key = format!("card:{}:{chat_id}", booking.id.0);
        Letter { screen: Screen::text(key.clone()), key, chat_id, due_at: now }
    }

    fn team_letter(
        &self,
        _: &Known,
        news: TeamNews<'_>,
        (whom, _): (UserId, Lang),
        key: &str,
        now: DateTime<Utc>,
    ) -> Letter {
        Letter { key: key.to_owned(), chat_id: whom.0, screen: Screen::text(format!("{news:?}")), due_at: now }
    }

    fn digest(&self, _: &Known, digest: &Digest, _: Lang) -> Screen {
        Screen::text(format!("digest {} {}: {}", digest.kind.word(), digest.date, digest.bookings.len()))
    }

    fn reason(&self, _: &Known, ended: Ended) -> String {
        format!("{ended:?}")
    }
}

/// Nothing is sent here: the letters stay in the table.
fn desk(pool: &PgPool, clock: &Clock) -> Result<Bookings> {
    let telegram = Telegram::new(&SecretString::from("1:test".to_owned()), &"http://127.0.0.1:9/".parse()?)?;
    let outbox = Outbox::new(pool.clone(), telegram, clock.clone());
    Ok(Bookings::new(pool.clone(), outbox, clock.clone(), Arc::new(Lines)))
}

impl Shop {
    pub(crate) async fn open() -> Result<Self> {
        Self::with_connections(4).await
    }

    /// As many connections as a race needs; a tenant's role has fewer.
    pub(crate) async fn with_connections(most: u32) -> Result<Self> {
        Self::of_kind("barbershop", most).await
    }

    pub(crate) async fn of_kind(kind: &str, most: u32) -> Result<Self> {
        let business = Business { kind, owner_id: OWNER, now: monday(), ..Business::default() };
        let tenant = TenantSchema::create(&business).await?;
        tenant.database.run(&[format!("alter role {} connection limit {}", tenant.slug, most + 1)]).await?;
        let pool = tenant.pool(most).await?;
        let clock = Clock::fixed(monday());
        assert!(preset::apply_once(&pool, clock.now()).await?);
        let bookings = desk(&pool, &clock)?;
        Ok(Self { tenant, pool, clock, bookings })
    }

    /// Another desk of the same business.
    pub(crate) fn desk_over(&self, pool: PgPool) -> Result<Bookings> {
        desk(&pool, &self.clock)
    }

    /// Somebody who has given a name and a number.
    pub(crate) async fn customer(&self, id: i64) -> Result<UserId> {
        let who = Profile { id: UserId(id), first_name: "Аня", last_name: None, username: None, lang: Lang::Ru };
        let contact = Contact { name: "Анна".into(), phone: "+79161234567".into() };
        store::users::save(&self.pool, &who, Some(&contact), self.clock.now()).await?;
        sqlx::query("update users set consent_version = $2, consent_at = $3 where user_id = $1")
            .bind(id)
            .bind(CONSENT_VERSION)
            .bind(self.clock.now())
            .execute(&self.pool)
            .await?;
        Ok(who.id)
    }

    pub(crate) async fn customers(&self, ids: impl Iterator<Item = i64>) -> Result<Vec<UserId>> {
        let mut all = Vec::new();
        for id in ids {
            all.push(self.customer(id).await?);
        }
        Ok(all)
    }

    pub(crate) async fn master(&self, name: &str) -> Result<Pick> {
        let id =
            sqlx::query_scalar("select id from resources where name = $1").bind(name).fetch_one(&self.pool).await?;
        Ok(Pick::One(ResourceId(id)))
    }

    /// A wish for this service at that time, at the price of today.
    pub(crate) async fn wish(&self, service: &str, pick: Pick, starts_at: DateTime<Utc>) -> Result<Wish> {
        self.visit(&[(service, pick)], starts_at).await
    }

    /// The same for several services, one after another, at the lengths and prices of the services themselves.
    pub(crate) async fn visit(&self, services: &[(&str, Pick)], starts_at: DateTime<Utc>) -> Result<Wish> {
        let (mut wants, mut minutes, mut price) = (Vec::new(), 0, Price::exactly(0));
        for (name, pick) in services {
            let (id, length, from, to): (i64, i32, i64, Option<i64>) = sqlx::query_as(
                "select id, duration_minutes, price_kopecks, price_to_kopecks from services where name = $1",
            )
            .bind(name)
            .fetch_one(&self.pool)
            .await?;
            wants.push(Want { service: ServiceId(id), pick: *pick });
            minutes += i64::from(length);
            price = price.plus(Price { from: Kopecks(from), to: to.map(Kopecks) });
        }
        Ok(Wish {
            wanted: Wanted { wants, party: 1 },
            starts_at,
            shown: (minutes, price),
            comment: None,
            answers: Vec::new(),
            source: None,
        })
    }

    /// Changes something that only the admin's screens will change.
    pub(crate) async fn run(&self, sql: &str) -> Result<()> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn set(&self, key: &str, value: &str) -> Result<()> {
        sqlx::query(
            "insert into settings (key, value, updated_at) values ($1, $2, $3)
             on conflict (key) do update set value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .bind(self.clock.now())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The wall-clock times that are shown as free on a date.
    pub(crate) async fn free(&self, user: UserId, wanted: &Wanted, date: &str) -> Result<Vec<String>> {
        let date: NaiveDate = date.parse()?;
        let openings = refusal_of(self.bookings.openings(user, wanted, Some((date, date))).await).unwrap();
        let zone = openings.business.zone;
        let shown = |at: DateTime<Utc>| at.with_timezone(&zone).format("%H:%M").to_string();
        Ok(openings.days.get(&date).into_iter().flatten().map(|slot| shown(slot.starts_at)).collect())
    }

    pub(crate) async fn booking(&self, id: BookingId) -> Result<Booking> {
        Ok(store::bookings::find(&self.pool, id).await?.unwrap())
    }

    /// Books; a fault of the database fails the test.
    pub(crate) async fn book(&self, user: UserId, wish: &Wish, update_id: i64) -> Result<Made, Refusal> {
        refusal_of(self.bookings.book(user, wish, update_id).await)
    }

    pub(crate) async fn cancel(&self, user: UserId, id: BookingId) -> Result<Made, Refusal> {
        refusal_of(self.bookings.cancel(user, id).await)
    }

    /// Stretches of one resource that overlap, whatever Postgres promises; and seats beyond a group's number.
    pub(crate) async fn breaches(&self) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "select (select count(*) from occupancy a join occupancy b on a.id < b.id and a.resource_id = b.resource_id
                      where a.during && b.during)
                  + (select count(*) from seats t join sessions s on s.id = t.session_id where t.number > s.capacity)
                  + (select count(*) from bookings a join booking_lines la on la.booking_id = a.id
                       join booking_lines lb on lb.booking_id > la.booking_id and lb.resource_ids && la.resource_ids
                       join bookings b on b.id = lb.booking_id
                      where a.status in ('requested', 'confirmed') and b.status in ('requested', 'confirmed')
                        and la.session_id is null and lb.session_id is null
                        and la.starts_at < lb.starts_at + lb.duration_minutes * interval '1 minute'
                        and lb.starts_at < la.starts_at + la.duration_minutes * interval '1 minute')",
        )
        .fetch_one(&self.pool)
        .await?)
    }

    pub(crate) async fn count(&self, table: &'static str) -> Result<i64> {
        let sql = match table {
            "bookings" => "select count(*) from bookings",
            "confirmed" => "select count(*) from bookings where status = 'confirmed'",
            "occupancy" => "select count(*) from occupancy",
            "booking_history" => "select count(*) from booking_history",
            "outbox" => "select count(*) from outbox",
            "seats" => "select count(*) from seats",
            "sessions" => "select count(*) from sessions",
            "held" => "select count(*) from bookings where status = 'held'",
            "reminders" => "select count(*) from reminders where state = 'due'",
            other => anyhow::bail!("what is {other}?"),
        };
        Ok(sqlx::query_scalar(sql).fetch_one(&self.pool).await?)
    }

    /// The database's own count, when every connection of the tenant has reported.
    pub(crate) async fn deadlocks(&self) -> Result<i64> {
        self.pool.close().await;
        let mut admin = play::database::connect(&self.tenant.database.admin_url()).await?;
        let limit = std::time::Duration::from_secs(20);
        play::until(limit, "the tenant's connections are gone", async || {
            let left: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where usename = $1")
                .bind(&self.tenant.slug)
                .fetch_one(&mut admin)
                .await?;
            Ok((left == 0).then_some(()))
        })
        .await?;
        Ok(sqlx::query_scalar("select deadlocks from pg_stat_database where datname = $1")
            .bind(self.tenant.database.name())
            .fetch_one(&mut admin)
            .await?)
    }
}

pub(crate) fn refusal_of<T>(result: Result<T, BookError>) -> Result<T, Refusal> {
    match result {
        Ok(value) => Ok(value),
        Err(BookError::Refused(refusal)) => Err(refusal),
        Err(BookError::Wrong(wrong)) => panic!("{wrong}"),
        Err(BookError::Store(error)) => panic!("the database failed: {error}"),
    }
}

/// The same time of day, `days` later.
pub(crate) fn later(days: i64, moment: DateTime<Utc>) -> DateTime<Utc> {
    moment + TimeDelta::days(days)
}
