//! A barbershop with its schema, its preset and its booking service, on a Monday morning.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use play::database::{Business, TenantSchema};
use secrecy::SecretString;
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::{Screen, Telegram},
    texts::Lang,
};
use sqlx::PgPool;
use tenant_bot::{
    booking::{
        BookError, BookingId, Bookings, Business as Known, Herald, Kopecks, Made, News, Pick, Profile, Refusal,
        ResourceId, ServiceId, UserId, Wish, contact::Contact,
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

/// One short line to each owner.
struct Lines;

impl Herald for Lines {
    fn letters(&self, _: &Known, news: News<'_>, owners: &[(UserId, Option<Lang>)], now: DateTime<Utc>) -> Vec<Letter> {
        let (event, booking) = match news {
            News::Booked(b) => ("booked", b),
            News::Cancelled(b) => ("cancelled", b),
        };
        let letter = |(owner, _): &(UserId, Option<Lang>)| Letter {
            key: format!("{event}:{}:{}", booking.id.0, owner.0),
            chat_id: owner.0,
            screen: Screen::text(event),
            due_at: now,
        };
        owners.iter().map(letter).collect()
    }
}

impl Shop {
    pub(crate) async fn open() -> Result<Self> {
        Self::with_connections(4).await
    }

    /// As many connections as a race needs; a tenant's role has fewer.
    pub(crate) async fn with_connections(most: u32) -> Result<Self> {
        let tenant = TenantSchema::create(&Business { owner_id: OWNER, now: monday(), ..Business::default() }).await?;
        tenant.database.run(&[format!("alter role {} connection limit {}", tenant.slug, most + 1)]).await?;
        let pool = tenant.pool(most).await?;
        let clock = Clock::fixed(monday());
        assert!(preset::apply_once(&pool, clock.now()).await?);
        // Nothing is sent here: the letters stay in the table.
        let telegram = Telegram::new(&SecretString::from("1:test".to_owned()), &"http://127.0.0.1:9/".parse()?)?;
        let outbox = Outbox::new(pool.clone(), telegram, clock.clone());
        let bookings = Bookings::new(pool.clone(), outbox, clock.clone(), Arc::new(Lines));
        Ok(Self { tenant, pool, clock, bookings })
    }

    /// Somebody who has given a name and a number.
    pub(crate) async fn customer(&self, id: i64) -> Result<UserId> {
        let who = Profile { id: UserId(id), first_name: "Аня", last_name: None, username: None, lang: Lang::Ru };
        let contact = Contact { name: "Анна".into(), phone: "+79161234567".into() };
        store::users::save(&self.pool, &who, Some(&contact), self.clock.now()).await?;
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
        let (id, minutes, kopecks): (i64, i32, i64) =
            sqlx::query_as("select id, duration_minutes, price_kopecks from services where name = $1")
                .bind(service)
                .fetch_one(&self.pool)
                .await?;
        Ok(Wish { service: ServiceId(id), pick, starts_at, shown: (minutes.into(), Kopecks(kopecks)) })
    }

    /// Books; a fault of the database fails the test.
    pub(crate) async fn book(&self, user: UserId, wish: &Wish, update_id: i64) -> Result<Made, Refusal> {
        refusal_of(self.bookings.book(user, wish, update_id).await)
    }

    pub(crate) async fn cancel(&self, user: UserId, id: BookingId) -> Result<Made, Refusal> {
        refusal_of(self.bookings.cancel(user, id).await)
    }

    pub(crate) async fn count(&self, table: &'static str) -> Result<i64> {
        let sql = match table {
            "bookings" => "select count(*) from bookings",
            "confirmed" => "select count(*) from bookings where status = 'confirmed'",
            "occupancy" => "select count(*) from occupancy",
            "booking_history" => "select count(*) from booking_history",
            "outbox" => "select count(*) from outbox",
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
        Err(BookError::Store(error)) => panic!("the database failed: {error}"),
    }
}

/// The same time of day, `days` later.
pub(crate) fn later(days: i64, moment: DateTime<Utc>) -> DateTime<Utc> {
    moment + TimeDelta::days(days)
}
