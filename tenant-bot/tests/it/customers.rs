//! Customers: found however they are looked for, known by what they came to, written about, forgotten.

use anyhow::Result;
use chrono::{DateTime, Utc};
use tenant_bot::booking::{Edit, Kopecks, Profile, Refusal, UserId, Written, contact::Contact};

use crate::{
    shop::{OWNER, Shop, at, later, refusal_of},
    staff::{MANAGER, STAFF, VIEWER, staffed},
};

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

async fn person(shop: &Shop, id: i64, name: &str, phone: &str) -> Result<UserId> {
    let user = shop.customer(id).await?;
    let lang = shared::texts::Lang::Ru;
    let who = Profile { id: user, first_name: name, last_name: None, username: Some("some_one"), lang };
    let contact = Contact { name: name.into(), phone: phone.into() };
    tenant_bot::store::users::save(&shop.pool, &who, Some(&contact), shop.clock.now()).await?;
    Ok(user)
}

async fn found(shop: &Shop, by: UserId, typed: &str) -> Result<Vec<i64>, Refusal> {
    let found = refusal_of(shop.bookings.customers(by, Some(typed), (0, 10)).await)?;
    Ok(found.list.into_iter().map(|one| one.user.0).collect())
}

#[tokio::test]
async fn people_are_found_by_part_of_a_name_in_any_case_and_by_digits_in_any_spelling() -> Result<()> {
    let shop = staffed(4).await?;
    person(&shop, 1, "Алёна Королёва", "+79161234567").await?;
    person(&shop, 2, "ПЁТР", "+79035554433").await?;
    let caller = shop.bookings.write_down(MANAGER, &Contact { name: "Семён 100%".into(), phone: "".into() }).await?;
    for typed in ["алена", "АЛЁНА", "королев", "лена к", " Алёна  Королева "] {
        assert_eq!(found(&shop, MANAGER, typed).await, Ok(vec![1]), "{typed}");
    }
    assert_eq!(found(&shop, MANAGER, "пет").await, Ok(vec![2]));
    assert_eq!(found(&shop, MANAGER, "семен").await, Ok(vec![caller.0]));
    assert_eq!(found(&shop, MANAGER, "н 100%").await, Ok(vec![caller.0]));
    assert_eq!(found(&shop, MANAGER, "%а").await, Ok(vec![]), "no pattern, but what was typed");
    for typed in ["8 916 123", "+7 (916) 123-45-67", "123-45-67", "79161234567", "4567"] {
        assert_eq!(found(&shop, MANAGER, typed).await, Ok(vec![1]), "{typed}");
    }
    assert_eq!(found(&shop, MANAGER, "@some_one").await, Ok(vec![1, 2]));
    for by in [UserId(1), UserId(7999)] {
        assert_eq!(found(&shop, by, "пет").await, Err(Refusal::NotAdmin));
    }
    assert_eq!(found(&shop, VIEWER, "пет").await, Err(Refusal::NotAdmin));
    Ok(())
}

#[tokio::test]
async fn the_staff_know_those_who_come_to_them_and_what_they_came_to() -> Result<()> {
    let shop = staffed(4).await?;
    let (anna, boris) =
        (person(&shop, 1, "Анна", "+79161234567").await?, person(&shop, 2, "Борис", "+79035554433").await?);
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    for (n, user, master, day) in [(1, anna, artyom, 0), (2, anna, denis, 0), (3, boris, denis, 6)] {
        let hours = chrono::TimeDelta::hours(2 * n);
        let wish = shop.wish("Мужская стрижка", master, later(day, noon()) + hours).await?;
        shop.book(user, &wish, n).await.unwrap();
    }
    shop.clock.set(later(2, noon()));
    assert_eq!(found(&shop, STAFF, "б").await, Ok(vec![]));
    assert_eq!(refusal_of(shop.bookings.customer(STAFF, boris).await).err(), Some(Refusal::NoSuchCustomer));
    assert_eq!(refusal_of(shop.bookings.bookings_of(STAFF, boris, (0, 9)).await).err(), Some(Refusal::NoSuchCustomer));
    let own = refusal_of(shop.bookings.customer(STAFF, anna).await).unwrap();
    assert_eq!((own.customer.figures.visits, own.may_edit), (1, false));
    let all = refusal_of(shop.bookings.customer(MANAGER, anna).await).unwrap();
    assert_eq!((all.customer.figures.visits, all.customer.figures.money), (2, Kopecks(360_000)));
    let list = refusal_of(shop.bookings.bookings_of(STAFF, anna, (0, 9)).await).unwrap().1;
    assert_eq!(list.len(), 1);
    let ahead = refusal_of(shop.bookings.customer(MANAGER, boris).await).unwrap().customer.figures;
    assert_eq!((ahead.visits, ahead.next.is_some(), ahead.last), (0, true, None));
    let everybody = refusal_of(shop.bookings.customers(MANAGER, None, (0, 1)).await).unwrap();
    assert_eq!((everybody.list.len(), everybody.more, everybody.all), (1, true, Some(2)));
    Ok(())
}

#[tokio::test]
async fn a_card_counts_visits_no_shows_cancellations_money_and_stars() -> Result<()> {
    let shop = staffed(4).await?;
    shop.set("active_limit", "9").await?;
    let (anna, artyom) = (person(&shop, 1, "Анна", "+79161234567").await?, shop.master("Артём").await?);
    let mut ids = Vec::new();
    for day in 0..5 {
        let wish = shop.wish("Мужская стрижка", artyom, later(day, noon())).await?;
        ids.push(shop.book(anna, &wish, day).await.unwrap().booking.id);
    }
    shop.cancel(anna, ids[4]).await.unwrap();
    shop.clock.set(later(3, noon()) - chrono::TimeDelta::hours(1));
    refusal_of(shop.bookings.mark(STAFF, ids[0], tenant_bot::booking::Status::Completed).await).unwrap();
    refusal_of(shop.bookings.mark(STAFF, ids[1], tenant_bot::booking::Status::NoShow).await).unwrap();
    refusal_of(shop.bookings.edit(STAFF, ids[0], Edit::Paid(Some(Kopecks(200_000)))).await).unwrap();
    refusal_of(shop.bookings.rate(anna, ids[0], 4).await).unwrap();
    let figures = refusal_of(shop.bookings.customer(MANAGER, anna).await).unwrap().customer.figures;
    // The third took place although nobody said so; what was really taken counts before the price.
    assert_eq!((figures.visits, figures.no_shows, figures.cancelled), (2, 1, 1));
    assert_eq!(figures.money, Kopecks(380_000));
    assert_eq!((figures.last, figures.next), (Some(later(2, noon())), Some(later(3, noon()))));
    assert_eq!(figures.ratings, (1, 4));
    Ok(())
}

#[tokio::test]
async fn what_is_written_of_a_customer_counts_and_is_noted_without_its_words() -> Result<()> {
    let shop = staffed(4).await?;
    let anna = person(&shop, 1, "Анна", "+79161234567").await?;
    let write = async |by, what| refusal_of(shop.bookings.write_of(by, anna, what).await);
    for by in [STAFF, VIEWER, anna] {
        assert_eq!(write(by, Written::Discount(50)).await, Err(Refusal::NotAdmin));
    }
    write(MANAGER, Written::Note(" любит тишину ")).await.unwrap();
    write(MANAGER, Written::Tag("#VIP")).await.unwrap();
    write(MANAGER, Written::Tag("vip")).await.unwrap();
    write(MANAGER, Written::Tag("постоянная")).await.unwrap();
    write(MANAGER, Written::NoTag("постоянная")).await.unwrap();
    write(MANAGER, Written::Discount(10)).await.unwrap();
    assert_eq!(write(MANAGER, Written::Discount(101)).await, Err(Refusal::NotUnderstood));
    assert_eq!(write(MANAGER, Written::Tag("")).await, Err(Refusal::NotUnderstood));
    let card = refusal_of(shop.bookings.customer(UserId(OWNER), anna).await).unwrap().customer;
    assert_eq!((card.note.as_deref(), card.discount_percent), (Some("любит тишину"), 10));
    assert_eq!(card.tags, ["vip"]);
    assert_eq!(refusal_of(shop.bookings.tags(MANAGER).await).unwrap(), [("vip".to_owned(), 1)]);
    // Somebody who has never booked is in no list of customers, whatever tag they have.
    assert!(refusal_of(shop.bookings.customers_with(MANAGER, "vip", (0, 5)).await).unwrap().list.is_empty());
    let log: Vec<(String, String)> =
        sqlx::query_as("select action, detail::text from audit_log order by id").fetch_all(&shop.pool).await?;
    let actions: Vec<&str> = log.iter().map(|(action, _)| action.as_str()).collect();
    let expected = ["noted", "tagged", "tagged", "untagged", "discounted"].map(|deed| format!("customer.{deed}"));
    assert_eq!(actions, expected);
    assert!(log.iter().all(|(_, detail)| !detail.contains("тишину")), "{log:?}");
    Ok(())
}

#[tokio::test]
async fn who_is_blocked_keeps_their_bookings_and_makes_no_more() -> Result<()> {
    let shop = staffed(4).await?;
    let (anna, artyom) = (person(&shop, 1, "Анна", "+79161234567").await?, shop.master("Артём").await?);
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    let booked = shop.book(anna, &wish, 1).await.unwrap().booking;
    refusal_of(shop.bookings.write_of(MANAGER, anna, Written::Blocked(true)).await).unwrap();
    assert_eq!(shop.booking(booked.id).await?, booked);
    let more = shop.wish("Мужская стрижка", artyom, later(1, noon())).await?;
    assert_eq!(shop.book(anna, &more, 2).await.err(), Some(Refusal::Blocked));
    refusal_of(shop.bookings.write_of(MANAGER, anna, Written::Blocked(false)).await).unwrap();
    shop.book(anna, &more, 3).await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_caller_who_asks_for_it_is_forgotten_by_the_business_and_nobody_else_is() -> Result<()> {
    let shop = staffed(4).await?;
    let contact = Contact { name: "Эвелина".into(), phone: "+79035554433".into() };
    let caller = refusal_of(shop.bookings.write_down(MANAGER, &contact).await).unwrap();
    refusal_of(shop.bookings.write_of(MANAGER, caller, Written::Note("соседка Эвелины")).await).unwrap();
    refusal_of(shop.bookings.write_of(MANAGER, caller, Written::Tag("эвелинина")).await).unwrap();
    let wanted = shop.wish("Мужская стрижка", shop.master("Артём").await?, noon()).await?.wanted;
    let whom = tenant_bot::booking::ForWhom::Known(caller);
    let order = tenant_bot::booking::Order { whom, wanted, starts_at: noon(), outside: false, shown: None };
    let booked = refusal_of(shop.bookings.book_for(MANAGER, &order, 1).await).unwrap().booking;
    refusal_of(shop.bookings.edit(MANAGER, booked.id, Edit::Note("Эвелина просила окно")).await).unwrap();
    let anna = person(&shop, 1, "Анна", "+79161234567").await?;
    assert_eq!(refusal_of(shop.bookings.forget_caller(STAFF, caller).await).err(), Some(Refusal::NotAdmin));
    assert_eq!(refusal_of(shop.bookings.forget_caller(MANAGER, anna).await).err(), Some(Refusal::NoSuchCustomer));
    // The letters about her have been sent.
    shop.run("update outbox set state = 'sent', settled_at = '2026-11-23T08:00Z'").await?;
    let forgotten = refusal_of(shop.bookings.forget_caller(MANAGER, caller).await).unwrap();
    assert_eq!(forgotten.cancelled, 1);
    for word in ["Эвелин", "эвелин", "79035554433"] {
        assert_eq!(crate::person::found(&shop, word).await?, [""; 0], "{word}");
    }
    let again = refusal_of(shop.bookings.edit(MANAGER, booked.id, Edit::Name("Эвелина")).await);
    assert_eq!(again.err(), Some(Refusal::NoLonger), "what is forgotten is not written down again");
    assert_eq!(refusal_of(shop.bookings.customer(MANAGER, caller).await).err(), Some(Refusal::NoSuchCustomer));
    Ok(())
}
