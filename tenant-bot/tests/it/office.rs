//! What the business sets up: every field within its range, by those who may, and never against a booking that was made.

use anyhow::Result;
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use tenant_bot::booking::{
    BookError, Kopecks, NewService, OtherDays, Pick, Price, QuestionEdit, Refusal, ResourceField, ResourceId,
    ResourceKind, ServiceField, ServiceId, Setting, SetupStep, Shape, UserId, Value, Wanted, Wrong, hours::Hours,
    roles::Role,
};

use crate::shop::{OWNER, Shop, at, monday};

const OLEG: UserId = UserId(OWNER);

fn wrong<T>(result: Result<T, BookError>) -> Option<Wrong> {
    match result {
        Err(BookError::Wrong(wrong)) => Some(wrong),
        _ => None,
    }
}

fn refused<T>(result: Result<T, BookError>) -> Option<Refusal> {
    match result {
        Err(BookError::Refused(refusal)) => Some(refusal),
        _ => None,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn service(shop: &Shop, name: &str) -> Result<ServiceId> {
    let id = sqlx::query_scalar("select id from services where name = $1").bind(name).fetch_one(&shop.pool).await?;
    Ok(ServiceId(id))
}

async fn resource(shop: &Shop, name: &str) -> Result<ResourceId> {
    let id = sqlx::query_scalar("select id from resources where name = $1").bind(name).fetch_one(&shop.pool).await?;
    Ok(ResourceId(id))
}

async fn member(shop: &Shop, id: i64, role: Role, whose: Option<ResourceId>) -> Result<UserId> {
    sqlx::query("insert into admins (user_id, role, resource_id, added_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(role.word())
        .bind(whose.map(|r| r.0))
        .bind(monday())
        .execute(&shop.pool)
        .await?;
    Ok(UserId(id))
}

/// Values that fit a shape, and values that do not, at both ends.
fn ends(shape: Shape) -> (Vec<Value>, Vec<Value>) {
    let minutes = |n| Value::Length(TimeDelta::minutes(n));
    let price = |from, to: Option<i64>| Value::Price(Price { from: Kopecks(from), to: to.map(Kopecks) });
    match shape {
        Shape::Text(most) => {
            let long = |n: u16| text(&"я".repeat(n.into()));
            (vec![long(1), long(most)], vec![long(0), long(most + 1), text("  ")])
        }
        Shape::Photo => (vec![text("file")], vec![text("")]),
        Shape::Phone => (vec![text("+79161234567")], vec![text("позвоните")]),
        Shape::Link => (vec![text("https://ya.ru/1")], vec![text("http://ya.ru")]),
        Shape::Length(least, most) => {
            (vec![minutes(least), minutes(most)], vec![minutes(least - 1), minutes(most + 1)])
        }
        Shape::Lengths => {
            let all =
                |n: usize, minutes| Value::Lengths((0..n).map(|k| TimeDelta::minutes(minutes + k as i64)).collect());
            (vec![all(0, 0), all(10, 5)], vec![all(11, 5), all(1, 4), all(1, 43_201)])
        }
        Shape::Number(least, most) => {
            (vec![Value::Number(least), Value::Number(most)], vec![Value::Number(least - 1), Value::Number(most + 1)])
        }
        Shape::Price => {
            (vec![price(0, None), price(100, Some(9_999_999_999))], vec![price(-1, None), price(5, Some(5))])
        }
        Shape::Word(words) => (words.iter().map(|word| Value::Word(word)).collect(), vec![Value::Word("nonsense")]),
    }
}

#[tokio::test]
async fn every_field_of_a_service_and_of_a_resource_keeps_its_range_and_is_read_back_as_it_was_set() -> Result<()> {
    let shop = Shop::open().await?;
    let (id, who) = (service(&shop, "Мужская стрижка").await?, resource(&shop, "Артём").await?);
    for field in ServiceField::ALL {
        let about = field.field();
        let (mut fit, mut unfit) = ends(about.shape);
        if about.optional {
            fit.push(Value::Nothing)
        } else {
            unfit.push(Value::Nothing)
        }
        for value in fit {
            shop.bookings.change_service(OLEG, id, field, &value).await?;
            let card = shop.bookings.service_card(OLEG, id).await?;
            assert_eq!(field.of(&card.service), value, "{field:?}");
        }
        for value in unfit {
            assert!(
                wrong(shop.bookings.change_service(OLEG, id, field, &value).await).is_some(),
                "{field:?} {value:?}"
            );
        }
    }
    for field in ResourceField::ALL {
        let about = field.field();
        let (mut fit, mut unfit) = ends(about.shape);
        if about.optional {
            fit.push(Value::Nothing)
        } else {
            unfit.push(Value::Nothing)
        }
        for value in fit {
            shop.bookings.change_resource(OLEG, who, field, &value).await?;
            assert_eq!(field.of(&shop.bookings.resource_card(OLEG, who).await?.resource), value, "{field:?}");
        }
        for value in unfit {
            assert!(wrong(shop.bookings.change_resource(OLEG, who, field, &value).await).is_some(), "{field:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_rule_keeps_its_range_and_the_log_says_from_and_to() -> Result<()> {
    let shop = Shop::open().await?;
    for setting in Setting::ALL {
        let about = setting.field();
        let (mut fit, mut unfit) = ends(about.shape);
        if about.optional {
            fit.push(Value::Nothing)
        } else {
            unfit.push(Value::Nothing)
        }
        for value in fit {
            shop.bookings.decide(OLEG, setting, &value).await?;
            let now = setting.of(&shop.bookings.business().await?);
            match (&value, &now) {
                // The longest reminder comes first.
                (Value::Lengths(set), Value::Lengths(read)) => assert_eq!(set.len(), read.len()),
                _ => assert_eq!(now, value, "{setting:?}"),
            }
        }
        for value in unfit {
            assert!(wrong(shop.bookings.decide(OLEG, setting, &value).await).is_some(), "{setting:?} {value:?}");
        }
    }
    shop.bookings.decide(OLEG, Setting::VisitLimit, &Value::Number(3)).await?;
    shop.bookings.decide(OLEG, Setting::VisitLimit, &Value::Number(5)).await?;
    shop.bookings.decide(OLEG, Setting::VisitLimit, &Value::Number(5)).await?;
    let last: Vec<serde_json::Value> =
        sqlx::query_scalar("select detail from audit_log order by id desc limit 2").fetch_all(&shop.pool).await?;
    assert_eq!(last[0], serde_json::json!({ "field": "visit", "from": 3, "to": 5 }), "what changes nothing is no deed");
    assert_eq!(last[1]["to"], 3);
    Ok(())
}

#[tokio::test]
async fn only_owners_and_managers_set_anything_up() -> Result<()> {
    let shop = Shop::open().await?;
    let (id, who) = (service(&shop, "Мужская стрижка").await?, resource(&shop, "Артём").await?);
    let manager = member(&shop, 2, Role::Manager, None).await?;
    let staff = member(&shop, 3, Role::Staff, Some(who)).await?;
    let viewer = member(&shop, 4, Role::Viewer, None).await?;
    let day = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap_or_default();
    let closed = OtherDays { whose: None, first_day: day, last_day: day, intervals: Vec::new(), note: None };
    let new = NewService { name: "Новая".into(), duration: TimeDelta::minutes(30), price: Price::exactly(1) };
    let before: i64 = sqlx::query_scalar("select count(*) from audit_log").fetch_one(&shop.pool).await?;
    for user in [staff, viewer, UserId(99)] {
        let b = &shop.bookings;
        let no = Some(Refusal::NotAdmin);
        assert_eq!(refused(b.services_kept(user).await), no);
        assert_eq!(refused(b.service_card(user, id).await), no);
        assert_eq!(refused(b.change_service(user, id, ServiceField::Name, &text("Моя")).await), no);
        assert_eq!(refused(b.offer_service(user, id, false).await), no);
        assert_eq!(refused(b.remove_service(user, id).await), no);
        assert_eq!(refused(b.shift_service(user, id, true).await), no);
        assert_eq!(refused(b.copy_service(user, id).await), no);
        assert_eq!(refused(b.add_services(user, std::slice::from_ref(&new)).await), no);
        assert_eq!(refused(b.link_service(user, (id, who), false).await), no);
        assert_eq!(refused(b.change_link(user, (id, who), ServiceField::Price, &Value::Nothing).await), no);
        assert_eq!(refused(b.edit_questions(user, id, &QuestionEdit::Add("Как?".into())).await), no);
        assert_eq!(refused(b.resources_kept(user).await), no);
        assert_eq!(refused(b.resource_card(user, who).await), no);
        assert_eq!(refused(b.change_resource(user, who, ResourceField::Name, &text("Я")).await), no);
        assert_eq!(refused(b.offer_resource(user, who, false).await), no);
        assert_eq!(refused(b.remove_resource(user, who).await), no);
        assert_eq!(refused(b.shift_resource(user, who, true).await), no);
        assert_eq!(refused(b.add_resources(user, ResourceKind::Person, &[("Я".into(), None)]).await), no);
        assert_eq!(refused(b.combinations(user).await), no);
        assert_eq!(refused(b.add_combination(user, &[who, ResourceId(2)], None).await), no);
        assert_eq!(refused(b.seat_combination(user, 1, None).await), no);
        assert_eq!(refused(b.remove_combination(user, 1).await), no);
        assert_eq!(refused(b.week(user, None).await), no);
        assert_eq!(refused(b.set_days(user, None, &[1], &[]).await), no);
        assert_eq!(refused(b.set_week(user, &[]).await), no);
        assert_eq!(refused(b.follow_week(user, who).await), no);
        assert_eq!(refused(b.other_days(user).await), no);
        assert_eq!(refused(b.add_other_days(user, &closed).await), no);
        assert_eq!(refused(b.remove_other_days(user, 1).await), no);
        assert_eq!(refused(b.decide(user, Setting::Step, &Value::Length(TimeDelta::minutes(15))).await), no);
        assert_eq!(refused(b.before_zone(user).await), no);
        assert_eq!(refused(b.change_zone(user, Tz::UTC).await), no);
        assert_eq!(refused(b.setup(user).await), no);
        assert_eq!(refused(b.go_to_step(user, SetupStep::Done).await), no);
        assert_eq!(refused(b.choose_kind(user, None).await), no);
        assert_eq!(b.setup_step(user).await?, None);
    }
    let after: i64 = sqlx::query_scalar("select count(*) from audit_log").fetch_one(&shop.pool).await?;
    assert_eq!(before, after);
    shop.bookings.change_service(manager, id, ServiceField::Name, &text("Стрижка")).await?;
    shop.bookings.set_days(manager, None, &[1], &[(540, 1080)]).await?;
    shop.bookings.decide(manager, Setting::Address, &text("Ленина, 1")).await?;
    Ok(())
}

#[tokio::test]
async fn two_who_edit_different_fields_of_one_service_undo_nothing_of_each_other() -> Result<()> {
    let shop = Shop::open().await?;
    let id = service(&shop, "Мужская стрижка").await?;
    let masha = member(&shop, 2, Role::Manager, None).await?;
    let (name, price) = (text("Стрижка"), Value::Price(Price::exactly(200_000)));
    let (a, b) = tokio::join!(
        shop.bookings.change_service(OLEG, id, ServiceField::Name, &name),
        shop.bookings.change_service(masha, id, ServiceField::Price, &price),
    );
    a.and(b)?;
    let card = shop.bookings.service_card(OLEG, id).await?.service;
    assert_eq!((card.name.as_str(), card.price), ("Стрижка", Price::exactly(200_000)));
    Ok(())
}

#[tokio::test]
async fn a_booking_stays_as_it_was_made_whatever_becomes_of_its_service() -> Result<()> {
    let shop = Shop::open().await?;
    let (id, who) = (service(&shop, "Мужская стрижка").await?, resource(&shop, "Артём").await?);
    let anna = shop.customer(50).await?;
    let wish = shop.wish("Мужская стрижка", Pick::One(who), monday() + TimeDelta::hours(26)).await?;
    let made = shop.bookings.book(anna, &wish, 1).await?.booking;
    shop.bookings.change_service(OLEG, id, ServiceField::Duration, &Value::Length(TimeDelta::minutes(90))).await?;
    shop.bookings.change_service(OLEG, id, ServiceField::Price, &Value::Price(Price::exactly(1))).await?;
    assert_eq!(shop.bookings.service_card(OLEG, id).await?.ahead, 1);
    shop.bookings.remove_service(OLEG, id).await?;
    assert_eq!(wrong(shop.bookings.service_card(OLEG, id).await), Some(Wrong::Gone));
    assert_eq!(wrong(shop.bookings.remove_service(OLEG, id).await), Some(Wrong::Gone), "a second tap");
    let (_, ahead) = shop.bookings.ahead(anna).await?;
    assert_eq!((ahead.len(), ahead[0].price, ahead[0].ends_at), (1, made.price, made.ends_at));
    // Whoever was just booking it is told kindly.
    let boris = shop.customer(51).await?;
    let late = shop.bookings.book(boris, &wish, 2).await;
    assert_eq!(refused(late.map(|_| ())), Some(Refusal::NoSuchService));
    Ok(())
}

#[tokio::test]
async fn services_are_added_copied_ordered_and_done_by_whom_the_owner_says() -> Result<()> {
    let shop = Shop::open().await?;
    let new = NewService { name: "Чай".into(), duration: TimeDelta::minutes(15), price: Price::exactly(0) };
    let ids = shop.bookings.add_services(OLEG, &[new]).await?;
    let card = shop.bookings.service_card(OLEG, ids[0]).await?;
    assert_eq!(card.links.len(), card.resources.len(), "everybody does a new one");
    let artyom = resource(&shop, "Артём").await?;
    let own = Value::Length(TimeDelta::minutes(20));
    shop.bookings.change_link(OLEG, (ids[0], artyom), ServiceField::Duration, &own).await?;
    shop.bookings.change_link(OLEG, (ids[0], artyom), ServiceField::Price, &Value::Price(Price::exactly(500))).await?;
    shop.bookings.edit_questions(OLEG, ids[0], &QuestionEdit::Add("С сахаром?".into())).await?;
    shop.bookings.edit_questions(OLEG, ids[0], &QuestionEdit::Require(0, true)).await?;
    let copy = shop.bookings.copy_service(OLEG, ids[0]).await?;
    let copied = shop.bookings.service_card(OLEG, copy).await?;
    assert_eq!((copied.service.name.as_str(), copied.service.questions[0].required), ("Чай 2", true));
    let link = copied.links.iter().find(|link| link.resource == artyom).cloned();
    assert_eq!(link.and_then(|link| link.price), Some(Price::exactly(500)));
    let last = |all: Vec<(tenant_bot::booking::Service, bool)>| all.last().map(|(s, _)| s.id);
    assert_eq!(last(shop.bookings.services_kept(OLEG).await?), Some(copy));
    shop.bookings.shift_service(OLEG, copy, false).await?;
    assert_eq!(last(shop.bookings.services_kept(OLEG).await?), Some(ids[0]));
    shop.bookings.link_service(OLEG, (copy, artyom), false).await?;
    shop.bookings.link_service(OLEG, (copy, artyom), false).await?;
    assert!(shop.bookings.service_card(OLEG, copy).await?.links.iter().all(|link| link.resource != artyom));
    shop.bookings.edit_questions(OLEG, copy, &QuestionEdit::Remove(0, 1)).await?;
    let second_tap = shop.bookings.edit_questions(OLEG, copy, &QuestionEdit::Remove(0, 1)).await;
    assert_eq!(wrong(second_tap), Some(Wrong::Changed));
    Ok(())
}

#[tokio::test]
async fn tables_are_put_together_once_and_parted() -> Result<()> {
    let shop = Shop::of_kind("restaurant", 4).await?;
    let tables = shop.bookings.resources_kept(OLEG).await?;
    let (first, last) = (tables[0].0.id, tables[tables.len() - 1].0.id);
    assert_eq!(wrong(shop.bookings.add_combination(OLEG, &[first], None).await), Some(Wrong::TooFew));
    assert_eq!(wrong(shop.bookings.add_combination(OLEG, &[first, first], None).await), Some(Wrong::TooFew));
    let id = shop.bookings.add_combination(OLEG, &[first, last], None).await?;
    assert_eq!(shop.bookings.add_combination(OLEG, &[last, first], None).await?, id, "the same two");
    shop.bookings.seat_combination(OLEG, id, Some(9)).await?;
    let all = shop.bookings.combinations(OLEG).await?;
    let seats = all.iter().find(|one| one.id == id).map(|one| one.combination.seats);
    assert_eq!(seats, Some(Some(9)));
    shop.bookings.remove_combination(OLEG, id).await?;
    assert_eq!(wrong(shop.bookings.remove_combination(OLEG, id).await), Some(Wrong::Gone));
    Ok(())
}

/// The free times of a date, as the customer's clock shows them.
async fn times(shop: &Shop, who: ResourceId, day: NaiveDate, zone: Tz) -> Result<Vec<String>> {
    let id = service(shop, "Мужская стрижка").await?;
    let wanted = Wanted::one(id, Pick::One(who));
    let anna = shop.customer(50).await?;
    let open = shop.bookings.openings(anna, &wanted, Some((day, day))).await?;
    let slots = open.days.get(&day).cloned().unwrap_or_default();
    Ok(slots.iter().map(|slot| slot.starts_at.with_timezone(&zone).format("%H:%M").to_string()).collect())
}

#[tokio::test]
async fn hours_past_midnight_and_on_special_days_are_the_times_that_customers_are_offered() -> Result<()> {
    let shop = Shop::open().await?;
    let (who, zone) = (resource(&shop, "Артём").await?, Tz::Europe__Moscow);
    let day = |text: &str| text.parse::<NaiveDate>();
    shop.bookings.set_days(OLEG, None, &[5], &[(1320, 1560)]).await?;
    assert_eq!(times(&shop, who, day("2026-11-27")?, zone).await?, ["22:00", "22:30", "23:00", "23:30"]);
    let saturday = times(&shop, who, day("2026-11-28")?, zone).await?;
    assert_eq!(saturday[..3], ["00:00", "00:30", "01:00"], "the night of Friday");
    let days = |text: &str, intervals: &[(u16, u16)], whose| -> Result<OtherDays> {
        Ok(OtherDays { whose, first_day: day(text)?, last_day: day(text)?, intervals: intervals.to_vec(), note: None })
    };
    shop.bookings.add_other_days(OLEG, &days("2026-12-01", &[(600, 720)], None)?).await?;
    assert_eq!(times(&shop, who, day("2026-12-01")?, zone).await?, ["10:00", "10:30", "11:00"]);
    shop.bookings.add_other_days(OLEG, &days("2026-12-02", &[], Some(who))?).await?;
    assert!(times(&shop, who, day("2026-12-02")?, zone).await?.is_empty());
    let list = shop.bookings.other_days(OLEG).await?.all;
    assert_eq!(list.len(), 2);
    shop.bookings.remove_other_days(OLEG, list[1].id).await?;
    assert_eq!(wrong(shop.bookings.remove_other_days(OLEG, list[1].id).await), Some(Wrong::Gone));
    assert!(!times(&shop, who, day("2026-12-02")?, zone).await?.is_empty());
    let past = shop.bookings.add_other_days(OLEG, &days("2026-11-01", &[], None)?).await;
    assert_eq!(wrong(past), Some(Wrong::InPast));
    Ok(())
}

#[tokio::test]
async fn hours_are_wall_clock_hours_on_the_day_the_clock_jumps() -> Result<()> {
    let shop = Shop::open().await?;
    let (who, zone) = (resource(&shop, "Артём").await?, Tz::Europe__Berlin);
    shop.bookings.change_zone(OLEG, zone).await?;
    shop.bookings.decide(OLEG, Setting::Notice, &Value::Length(TimeDelta::zero())).await?;
    // Berlin, 2027-03-28: 02:00 becomes 03:00.
    shop.clock.set(at("2027-03-27T10:00:00Z"));
    shop.bookings.set_days(OLEG, None, &[7], &[(0, 300)]).await?;
    let offered = times(&shop, who, NaiveDate::from_ymd_opt(2027, 3, 28).unwrap_or_default(), zone).await?;
    assert_eq!(offered, ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00"]);
    Ok(())
}

#[tokio::test]
async fn a_resource_gets_a_week_of_its_own_with_its_first_day_and_never_an_empty_one() -> Result<()> {
    let shop = Shop::open().await?;
    let who = resource(&shop, "Артём").await?;
    assert!(shop.bookings.week(OLEG, Some(who)).await?.follows);
    shop.bookings.set_days(OLEG, Some(who), &[1], &[]).await?;
    let week = shop.bookings.week(OLEG, Some(who)).await?;
    assert!(!week.follows && week.on(1).is_empty() && week.on(2) == [(600, 1260)], "{week:?}");
    let none = shop.bookings.set_days(OLEG, Some(who), &[1, 2, 3, 4, 5, 6, 7], &[]).await;
    assert_eq!(wrong(none), Some(Wrong::NoDays));
    shop.bookings.follow_week(OLEG, who).await?;
    assert!(shop.bookings.week(OLEG, Some(who)).await?.follows);
    let overlap = shop.bookings.set_days(OLEG, None, &[1], &[(600, 800), (700, 900)]).await;
    assert_eq!(wrong(overlap), Some(Wrong::OutOfRange));
    Ok(())
}

#[tokio::test]
async fn new_hours_name_the_bookings_that_lie_outside_them_and_leave_them_alone() -> Result<()> {
    let shop = Shop::open().await?;
    let who = resource(&shop, "Артём").await?;
    let anna = shop.customer(50).await?;
    // Tuesday at noon and at three in the afternoon.
    for (update, hour) in [(1, 2), (2, 5)] {
        let starts_at = monday() + TimeDelta::hours(24 + hour);
        let wish = shop.wish("Мужская стрижка", Pick::One(who), starts_at).await?;
        shop.bookings.book(anna, &wish, update).await?;
    }
    let outside = shop.bookings.set_days(OLEG, None, &[2], &[(600, 840)]).await?;
    let hit: Vec<_> = outside.bookings.iter().map(|b| b.starts_at).collect();
    assert_eq!(hit, [monday() + TimeDelta::hours(29)]);
    assert!(
        shop.bookings.set_days(OLEG, None, &[2], &[(600, 780)]).await?.bookings.is_empty(),
        "it was outside before"
    );
    let day = monday().date_naive() + TimeDelta::days(1);
    let closed = OtherDays { whose: Some(who), first_day: day, last_day: day, intervals: vec![], note: None };
    assert_eq!(shop.bookings.add_other_days(OLEG, &closed).await?.bookings.len(), 1);
    let stand: i64 =
        sqlx::query_scalar("select count(*) from bookings where status = 'confirmed'").fetch_one(&shop.pool).await?;
    assert_eq!(stand, 2);
    let freed: i64 = sqlx::query_scalar("select count(*) from freed_times").fetch_one(&shop.pool).await?;
    assert!(freed > 0, "whoever waits is looked for");
    Ok(())
}

#[tokio::test]
async fn another_kind_may_be_chosen_only_while_nothing_is_booked() -> Result<()> {
    let shop = Shop::open().await?;
    assert_eq!(shop.bookings.setup_step(OLEG).await?, Some(SetupStep::Kind));
    // The rules of a kind go with it, save one that somebody has changed.
    shop.bookings.choose_kind(OLEG, Some("salon")).await?;
    let salons = shop.bookings.business().await?.policy;
    shop.set("repeat_limit", "3").await?;
    shop.bookings.choose_kind(OLEG, Some("restaurant")).await?;
    let restaurants = shop.bookings.business().await?.policy;
    assert_eq!((salons.notice, restaurants.notice), (TimeDelta::minutes(120), TimeDelta::minutes(30)));
    assert_eq!(restaurants.repeat_limit, 3);
    let setup = shop.bookings.setup(OLEG).await?;
    assert!(setup.resources.iter().all(|(r, _)| r.kind == ResourceKind::Table), "{:?}", setup.resources);
    assert_eq!(wrong(shop.bookings.choose_kind(OLEG, Some("bank")).await), Some(Wrong::Gone));
    shop.bookings.choose_kind(OLEG, None).await?;
    let setup = shop.bookings.setup(OLEG).await?;
    assert!(setup.services.is_empty() && setup.resources.is_empty() && setup.week.is_empty());
    shop.bookings.choose_kind(OLEG, Some("barbershop")).await?;
    let week: &[Hours] = &shop.bookings.setup(OLEG).await?.week;
    assert_eq!(week.len(), 7);
    let who = shop.bookings.resources_kept(OLEG).await?[0].0.id;
    let anna = shop.customer(50).await?;
    let id = shop.bookings.services_kept(OLEG).await?[0].0.clone();
    let wish = tenant_bot::booking::Wish {
        wanted: Wanted::one(id.id, Pick::One(who)),
        starts_at: monday() + TimeDelta::hours(26),
        shown: (id.duration.num_minutes(), id.price),
        comment: None,
        answers: Vec::new(),
        source: None,
    };
    shop.bookings.book(anna, &wish, 1).await?;
    assert_eq!(wrong(shop.bookings.choose_kind(OLEG, None).await), Some(Wrong::HasBookings));
    Ok(())
}
