//! What is kept of a person: by their leave, for them to have, and gone when they wish.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::{
    outbox::{Letter, Outbox},
    telegram::Screen,
    texts::Lang,
};
use sqlx::{AssertSqlSafe, PgPool};
use tenant_bot::booking::{
    Answer, CONSENT_VERSION, Forgotten, Pick, Profile, Refusal, Settings, Status, UserId, Wish, contact::Contact,
};

use crate::shop::{OWNER, Shop, at, later, refusal_of};

/// None of these occurs in anything else.
pub(crate) const ADELE: i64 = 7_412_589_630;
const TRACES: [&str; 9] = [
    "аделаидина",
    "7412589630",
    "Аделаида",
    "Бармалеева",
    "adele_1989",
    "+79031112233",
    "Ада для брони",
    "аллергия на лаванду",
    "кошка Дуся",
];

fn adele() -> Profile<'static> {
    Profile {
        id: UserId(ADELE),
        first_name: "Аделаида",
        last_name: Some("Бармалеева"),
        username: Some("adele_1989"),
        lang: Lang::Ru,
    }
}

fn contact() -> Contact {
    Contact { name: "Ада для брони".into(), phone: "+79031112233".into() }
}

pub(crate) fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

/// Somebody who has agreed and given a name and a number.
pub(crate) async fn known(shop: &Shop) -> Result<UserId> {
    shop.bookings.consent(&adele()).await?;
    shop.bookings.remember(&adele(), &contact()).await?;
    Ok(adele().id)
}

/// Where a word stands, table by table, whatever the column.
pub(crate) async fn found(shop: &Shop, word: &str) -> Result<Vec<String>> {
    traces(&shop.pool, word).await
}

/// The same, seen through this pool.
pub(crate) async fn traces(pool: &PgPool, word: &str) -> Result<Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = current_schema() order by 1",
    )
    .fetch_all(pool)
    .await?;
    assert!(tables.len() > 20, "{tables:?}");
    let mut hits = Vec::new();
    for table in tables {
        let sql = format!("select count(*) from \"{table}\" x where position($1 in x::text) > 0");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(word).fetch_one(pool).await?;
        if rows > 0 {
            hits.push(format!("{table}: {rows}"));
        }
    }
    Ok(hits)
}

/// A letter of the past, to the person or about them.
async fn sent(shop: &Shop, key: &str, chat_id: i64, text: &str, state: &str) -> Result<()> {
    let letter = Letter { key: key.into(), chat_id, screen: Screen::text(text), due_at: shop.clock.now() };
    let mut conn = shop.pool.acquire().await?;
    assert!(Outbox::enqueue(&mut conn, shop.clock.now(), &letter).await?);
    sqlx::query("update outbox set state = $2, settled_at = case when $2 <> 'due' then created_at end where key = $1")
        .bind(key)
        .bind(state)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_kept_of_a_name_before_its_owner_agrees_and_newer_words_are_asked_anew() -> Result<()> {
    let shop = Shop::open().await?;
    let agreed_at = async || -> Result<DateTime<Utc>> {
        Ok(sqlx::query_scalar("select consent_at from users").fetch_one(&shop.pool).await?)
    };
    let remembered = async || refusal_of(shop.bookings.remember(&adele(), &contact()).await);
    assert_eq!(remembered().await, Err(Refusal::NoConsent));
    assert_eq!(found(&shop, "+79031112233").await?, [""; 0]);
    let before = shop.bookings.settings(adele().id).await?;
    assert_eq!(before, Settings { language: None, broadcasts: true, reminders: true, consented: false });

    shop.bookings.consent(&adele()).await?;
    assert_eq!(remembered().await, Ok(()));
    assert_eq!(shop.bookings.contact(adele().id).await?, Some(contact()));
    let first = agreed_at().await?;
    shop.clock.advance(TimeDelta::hours(1));
    shop.bookings.consent(&adele()).await?;
    assert_eq!(agreed_at().await?, first, "who agrees twice has agreed the first time");

    shop.run("update users set consent_version = '2020-01'").await?;
    assert!(!shop.bookings.settings(adele().id).await?.consented);
    assert_eq!(remembered().await, Err(Refusal::NoConsent));
    let wish = shop.wish("Мужская стрижка", Pick::Any, noon()).await?;
    assert_eq!(shop.book(adele().id, &wish, 1).await.err(), Some(Refusal::NoConsent));
    shop.bookings.consent(&adele()).await?;
    assert_eq!((remembered().await, agreed_at().await? > first), (Ok(()), true));
    Ok(())
}

#[tokio::test]
async fn a_language_that_was_chosen_by_hand_stays_whatever_telegram_says() -> Result<()> {
    let shop = Shop::open().await?;
    let language = async || shop.bookings.settings(adele().id).await.map(|s| s.language);
    shop.bookings.greet(&adele()).await?;
    assert_eq!(language().await?, None, "it follows Telegram");
    shop.bookings.speak(&adele(), Lang::En).await?;
    shop.bookings.greet(&adele()).await?;
    assert_eq!(language().await?, Some(Lang::En));
    shop.bookings.speak(&adele(), Lang::Ru).await?;
    shop.bookings.greet(&Profile { lang: Lang::En, ..adele() }).await?;
    assert_eq!(language().await?, Some(Lang::Ru));
    Ok(())
}

#[tokio::test]
async fn news_and_reminders_are_switched_by_themselves() -> Result<()> {
    let shop = Shop::open().await?;
    let set = async |broadcasts, reminders| -> Result<(bool, bool)> {
        shop.bookings.subscribe(&adele(), broadcasts, reminders).await?;
        let settings = shop.bookings.settings(adele().id).await?;
        Ok((settings.broadcasts, settings.reminders))
    };
    let since = async || -> Result<Option<DateTime<Utc>>> {
        Ok(sqlx::query_scalar("select no_broadcasts_since from users").fetch_one(&shop.pool).await?)
    };
    assert_eq!(set(Some(false), None).await?, (false, true));
    let first = since().await?;
    shop.clock.advance(TimeDelta::hours(1));
    assert_eq!(set(Some(false), Some(false)).await?, (false, false));
    assert_eq!(since().await?, first, "since when it is off is kept");
    assert_eq!(set(None, Some(true)).await?, (false, true));
    assert_eq!(set(Some(true), None).await?, (true, true));
    assert_eq!(since().await?, None);
    Ok(())
}

/// A person with a past: a visit that was rated, a cancelled one, one ahead, one asked for, a hold, a place in the queue,
/// letters.
async fn with_a_past(shop: &Shop) -> Result<UserId> {
    let user = known(shop).await?;
    let artyom = shop.master("Артём").await?;
    let wish = |starts_at, wish: &Wish| Wish {
        starts_at,
        comment: Some("аллергия на лаванду".into()),
        answers: vec![Answer { question: "Кто с вами?".into(), answer: "кошка Дуся".into() }],
        source: Some("instagram".into()),
        ..wish.clone()
    };
    let haircut = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let visited = shop.book(user, &wish(noon(), &haircut), 101).await.unwrap().booking;
    shop.run(&format!("update bookings set status = 'completed' where id = {}", visited.id.0)).await?;
    shop.run(&format!(
        "insert into feedback (booking_id, user_id, rating, comment, created_at)
         values ({}, {ADELE}, 5, 'Спасибо, ваша Аделаида', '2026-11-24T12:00Z')",
        visited.id.0
    ))
    .await?;
    let dropped = shop.book(user, &wish(later(2, noon()), &haircut), 102).await.unwrap().booking;
    shop.cancel(user, dropped.id).await.unwrap();
    shop.run(&format!("update bookings set cancel_reason = 'Аделаида заболела' where id = {}", dropped.id.0)).await?;
    shop.run("update booking_history set detail = 'Аделаида заболела' where action = 'cancelled'").await?;
    let ahead = shop.book(user, &wish(later(3, noon()), &haircut), 103).await.unwrap().booking;
    shop.set("approval", "by_request").await?;
    shop.book(user, &wish(later(4, noon()), &haircut), 104).await.unwrap();
    refusal_of(shop.bookings.hold(user, &haircut.wanted, later(5, noon()), 105).await).unwrap();
    shop.run(&format!(
        "insert into waitlist (user_id, visit, wanted, turn_at, created_at, update_id)
         values ({ADELE}, '[]', '[2026-11-25T00:00Z,2026-11-26T00:00Z)', '2026-11-23T07:00Z', '2026-11-23T07:00Z', 106)"
    ))
    .await?;
    // And what the business has written of her.
    shop.run(&format!(
        "update users set note = 'Аделаида любит тишину', tags = '{{аделаидина}}', discount_percent = 5 where user_id = {ADELE}"
    ))
    .await?;
    shop.run(&format!("update bookings set note = 'у Аделаида кошка' where user_id = {ADELE}")).await?;
    shop.run(&format!(
        "insert into audit_log (at, actor_id, actor_name, action, subject, detail)
         values ('2026-11-23T07:00Z', {OWNER}, 'Олег', 'customer.noted', 'Ада для брони',
                 jsonb_build_object('customer', {ADELE}))"
    ))
    .await?;
    sent(shop, "update:101:0", ADELE, "Здравствуйте, Аделаида!", "sent").await?;
    sent(shop, "reminder:900", ADELE, "Аделаида, ждём вас завтра", "failed").await?;
    sent(shop, "reminder:901", ADELE, "Аделаида, ждём вас через час", "due").await?;
    let about = format!("Новая запись: <a href=\"tg://user?id={ADELE}\">Ада для брони</a>");
    sent(shop, "update:2000:0", OWNER, &about, "sent").await?;
    sent(shop, "update:2001:0", OWNER, "Сегодня: Ада для брони, +79031112233", "sent").await?;
    sent(shop, &format!("told:{}:{OWNER}", ahead.id.0), OWNER, "Запись Аделаида", "unknown").await?;
    // And what is none of hers.
    sent(shop, "update:2002:0", OWNER, "Сегодня: Борис, +79160000000", "sent").await?;
    Ok(user)
}

#[tokio::test]
async fn whoever_asks_gets_everything_that_is_kept_of_them_and_nothing_of_others() -> Result<()> {
    let shop = Shop::open().await?;
    let user = with_a_past(&shop).await?;
    let boris = shop.customer(2).await?;
    shop.set("approval", "at_once").await?;
    let other = shop.wish("Мужская стрижка", shop.master("Денис").await?, noon()).await?;
    shop.book(boris, &other, 1).await.unwrap();

    let told = shop.bookings.export(user).await?;
    for trace in TRACES {
        assert!(told.to_string().contains(trace), "{trace} in {told:#}");
    }
    assert_eq!(told["person"]["consent"]["version"], CONSENT_VERSION);
    assert_eq!(told["person"]["note"], "Аделаида любит тишину", "it is about them");
    assert_eq!(told["bookings"][0]["note"], "у Аделаида кошка");
    let bookings = told["bookings"].as_array().unwrap();
    assert_eq!(bookings.len(), 5, "{told:#}");
    assert_eq!(bookings[0]["lines"][0]["service"], "Мужская стрижка");
    assert_eq!(bookings[0]["lines"][0]["resources"][0], "Артём");
    assert_eq!(bookings[0]["feedback"]["stars"], 5);
    assert_eq!(bookings[0]["came_from"], "instagram");
    let done: Vec<&str> =
        bookings[1]["history"].as_array().unwrap().iter().filter_map(|h| h["what"].as_str()).collect();
    assert_eq!(done, ["booked", "cancelled"]);
    assert_eq!(told["waitlist"].as_array().unwrap().len(), 1);
    let letters: Vec<&str> =
        told["messages_to_you"].as_array().unwrap().iter().filter_map(|m| m["text"].as_str()).collect();
    assert_eq!(letters.len(), 3, "{letters:?}");

    let of_nobody = shop.bookings.export(UserId(404)).await?;
    assert_eq!((of_nobody["person"].clone(), of_nobody["bookings"].clone()), (Value::Null, serde_json::json!([])));
    let of_boris = shop.bookings.export(boris).await?.to_string();
    assert!(TRACES.iter().all(|trace| !of_boris.contains(trace)), "{of_boris}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_who_asks_to_be_forgotten_but_figures() -> Result<()> {
    let shop = Shop::open().await?;
    let user = with_a_past(&shop).await?;
    for trace in TRACES {
        assert!(!found(&shop, trace).await?.is_empty(), "{trace} is kept");
    }
    let before = shop.count("bookings").await?;
    let forgotten = shop.bookings.forget(user).await?;
    assert_eq!(forgotten, Forgotten { cancelled: 2 }, "one that stood and one that was asked for");
    for trace in TRACES {
        assert_eq!(found(&shop, trace).await?, [""; 0], "{trace}");
    }
    // The business keeps its figures: what was booked, when, at what price, and how it was liked.
    assert_eq!(shop.count("bookings").await?, before);
    let (visits, stars, stands): (i64, i64, i64) = sqlx::query_as(
        "select count(*) filter (where status = 'completed' and price_kopecks > 0),
                (select sum(rating) from feedback), count(*) filter (where status in ('held', 'requested', 'confirmed'))
           from bookings where user_id < 0",
    )
    .fetch_one(&shop.pool)
    .await?;
    assert_eq!((visits, stars, stands), (1, 5, 0));
    assert_eq!(shop.count("occupancy").await?, 1, "only the visit that took place");
    let due: Vec<i64> = sqlx::query_scalar(
        "select distinct r.booking_id from reminders r join bookings b on b.id = r.booking_id
          where r.state = 'due' and b.status <> 'completed'",
    )
    .fetch_all(&shop.pool)
    .await?;
    assert_eq!(due, [0; 0], "nothing falls due any more about what was cancelled");
    let owners: i64 = sqlx::query_scalar("select count(*) from outbox where chat_id = $1 and key like 'cancelled:%'")
        .bind(OWNER)
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(owners, 3, "of the one cancelled before, and of two now");
    assert_eq!(found(&shop, "Борис, +79160000000").await?, ["outbox: 1"], "others' letters stay");
    assert_eq!(shop.breaches().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_forgotten_begin_from_nothing_and_may_be_forgotten_again() -> Result<()> {
    let shop = Shop::open().await?;
    assert_eq!(shop.bookings.forget(UserId(404)).await?, Forgotten { cancelled: 0 });
    let user = with_a_past(&shop).await?;
    assert_eq!(shop.bookings.forget(user).await?, Forgotten { cancelled: 2 });
    assert_eq!(shop.bookings.forget(user).await?, Forgotten { cancelled: 0 });
    assert_eq!(shop.bookings.ahead(user).await?.1, []);
    assert_eq!(shop.bookings.past(user, 0, 10).await?.1, []);
    assert_eq!(shop.bookings.contact(user).await?, None);
    let wish = shop.wish("Мужская стрижка", Pick::Any, later(3, noon())).await?;
    assert_eq!(shop.book(user, &wish, 1).await.err(), Some(Refusal::NoContact));

    shop.bookings.greet(&adele()).await?;
    assert!(!shop.bookings.settings(user).await?.consented);
    known(&shop).await?;
    shop.book(user, &wish, 2).await.unwrap();
    assert_eq!(shop.bookings.forget(user).await?, Forgotten { cancelled: 1 });
    for trace in TRACES {
        assert_eq!(found(&shop, trace).await?, [""; 0], "{trace}");
    }
    let nobodies: i64 = sqlx::query_scalar("select count(*) from users where user_id < 0 and forgotten_at is not null")
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(nobodies, 2);
    Ok(())
}

#[tokio::test]
async fn a_visit_that_has_begun_is_not_cancelled_by_forgetting() -> Result<()> {
    let shop = Shop::open().await?;
    let user = known(&shop).await?;
    let visit = shop.book(user, &shop.wish("Мужская стрижка", Pick::Any, noon()).await?, 1).await.unwrap().booking;
    shop.clock.set(noon() + TimeDelta::minutes(10));
    assert_eq!(shop.bookings.forget(user).await?, Forgotten { cancelled: 0 });
    let kept = shop.booking(visit.id).await?;
    assert_eq!((kept.status, kept.user.0 < 0, kept.phone.as_str()), (Status::Confirmed, true, ""));
    Ok(())
}

#[tokio::test]
async fn an_owner_is_forgotten_as_a_customer_and_stays_an_owner() -> Result<()> {
    let shop = Shop::open().await?;
    let owner = shop.customer(OWNER).await?;
    let (anna, artyom) = (shop.customer(1).await?, shop.master("Артём").await?);
    shop.set("approval", "by_request").await?;
    let asked = shop.book(anna, &shop.wish("Мужская стрижка", artyom, noon()).await?, 1).await.unwrap().booking;
    refusal_of(shop.bookings.approve(owner, asked.id).await).unwrap();
    let own = shop.wish("Мужская стрижка", artyom, later(1, noon())).await?;
    shop.book(owner, &own, 2).await.unwrap();
    assert_eq!(shop.bookings.forget(owner).await?, Forgotten { cancelled: 1 });
    refusal_of(shop.bookings.schedule(owner, 1).await).unwrap();
    let staff: Option<i64> = sqlx::query_scalar("select actor_id from booking_history where action = 'confirmed'")
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(staff, Some(OWNER), "what they did for the business stays theirs");
    assert_eq!(shop.booking(asked.id).await?.user, anna);
    Ok(())
}
