//! Closed time: whom it hits is said before it is made, and they are listed until something was decided about each.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use play::{album::Album, people::Someone};
use tenant_bot::booking::{
    Booking, NewBlock, Pick, Refusal, ResourceId, Status, UserId,
    hours::Span,
    schedule::{Block, BlockRepeats},
};

use crate::{
    albums::{FOLDER, Tongue},
    running::Play,
    shop::{OWNER, Shop, at, monday, refusal_of},
};

const OLEG: UserId = UserId(OWNER);

fn noon() -> DateTime<Utc> {
    at("2026-11-24T09:00:00Z")
}

fn one(pick: Pick) -> Option<ResourceId> {
    match pick {
        Pick::One(id) => Some(id),
        Pick::Any => None,
    }
}

/// Tuesday from eleven to two.
fn lunch(resource: Option<ResourceId>) -> NewBlock<'static> {
    let span = Span { start: noon() - TimeDelta::hours(1), end: noon() + TimeDelta::hours(2) };
    NewBlock { resource, block: Block { span, repeats: None }, reason: Some("Врач") }
}

async fn book(shop: &Shop, user: i64, pick: Pick, at: DateTime<Utc>) -> Result<Booking> {
    let user = shop.customer(user).await?;
    let wish = shop.wish("Мужская стрижка", pick, at).await?;
    Ok(shop.book(user, &wish, user.0).await.unwrap().booking)
}

#[tokio::test]
async fn a_block_that_hits_a_booking_says_so_before_it_is_made() -> Result<()> {
    let shop = Shop::open().await?;
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    let hit = book(&shop, 1, artyom, noon()).await?;
    book(&shop, 2, denis, noon()).await?;
    book(&shop, 3, artyom, noon() + TimeDelta::hours(3)).await?;
    let new = lunch(one(artyom));
    let (_, hits) = refusal_of(shop.bookings.block_hits(OLEG, &new).await).unwrap();
    assert_eq!(hits, std::slice::from_ref(&hit));
    let (_, hits) = refusal_of(shop.bookings.block_hits(OLEG, &lunch(None)).await).unwrap();
    assert_eq!(hits.len(), 2);
    let blocked = refusal_of(shop.bookings.blocked(OLEG).await).unwrap();
    assert_eq!((blocked.blocks.len(), blocked.hits.len()), (0, 0), "looking closes nothing");
    assert!(refusal_of(shop.bookings.block_hits(UserId(1), &new).await).is_err());
    // One that comes back hits whoever sits in any of its stretches.
    let span = Span {
        start: monday() - TimeDelta::days(6) + TimeDelta::hours(2),
        end: monday() - TimeDelta::days(6) + TimeDelta::hours(3),
    };
    let repeats = BlockRepeats { zone: chrono_tz::Europe::Moscow, weekdays: vec![2], every_weeks: 1, until: None };
    let weekly = NewBlock { resource: one(artyom), block: Block { span, repeats: Some(repeats) }, reason: None };
    let (_, hits) = refusal_of(shop.bookings.block_hits(OLEG, &weekly).await).unwrap();
    assert_eq!(hits, [hit]);
    Ok(())
}

#[tokio::test]
async fn who_is_hit_stays_in_the_list_until_something_was_decided() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let (first, second) =
        (book(&shop, 1, artyom, noon()).await?, book(&shop, 2, artyom, noon() + TimeDelta::hours(1)).await?);
    let made = refusal_of(shop.bookings.block(OLEG, &lunch(one(artyom))).await).unwrap();
    let hits =
        async || refusal_of(shop.bookings.blocked(OLEG).await).unwrap().hits.iter().map(|b| b.id).collect::<Vec<_>>();
    assert_eq!(hits().await, [first.id, second.id]);
    // Moved by its customer, cancelled by the business: neither is in the list any more.
    refusal_of(shop.bookings.move_to(first.user, first.id, noon() + TimeDelta::hours(4), None, 77).await).unwrap();
    assert_eq!(hits().await, [second.id]);
    refusal_of(shop.bookings.cancel_for(OLEG, second.id, None).await).unwrap();
    assert!(hits().await.is_empty());
    // Its time is not to be had while it is closed, and is afterwards.
    let anna = shop.customer(5).await?;
    let wish = shop.wish("Мужская стрижка", artyom, noon()).await?;
    assert!(!shop.free(anna, &wish.wanted, "2026-11-24").await?.contains(&"12:00".to_owned()));
    assert!(refusal_of(shop.bookings.unblock(OLEG, made.id).await).unwrap());
    assert!(shop.free(anna, &wish.wanted, "2026-11-24").await?.contains(&"12:00".to_owned()));
    let acts: Vec<String> =
        sqlx::query_scalar("select action from audit_log order by id").fetch_all(&shop.pool).await?;
    assert_eq!(acts, ["block.made", "block.removed"]);
    Ok(())
}

#[tokio::test]
async fn whoever_is_offered_new_times_may_move_and_cancel_past_the_deadlines() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = shop.master("Артём").await?;
    let (anna, boris, vera) = (
        book(&shop, 1, artyom, noon()).await?,
        book(&shop, 2, artyom, noon() + TimeDelta::hours(1)).await?,
        book(&shop, 3, artyom, noon() + TimeDelta::hours(5)).await?,
    );
    shop.set("cancel_deadline_minutes", "1440").await?;
    shop.set("move_deadline_minutes", "1440").await?;
    shop.clock.set(noon() - TimeDelta::hours(3));
    refusal_of(shop.bookings.block(OLEG, &lunch(one(artyom))).await).unwrap();
    let later = noon() + TimeDelta::hours(3);
    let day = TimeDelta::hours(24);
    let late = refusal_of(shop.bookings.move_to(anna.user, anna.id, later, None, 70).await).err();
    assert_eq!(late, Some(Refusal::TooLateToMove(day)));
    assert_eq!(refusal_of(shop.bookings.offer_new_times(UserId(2), anna.id).await).err(), Some(Refusal::NotAdmin));
    let offered = refusal_of(shop.bookings.offer_new_times(OLEG, anna.id).await).unwrap();
    // The nearest free times around noon: nothing that is closed, taken or past.
    assert!(!offered.repeated && offered.times.len() == 6, "{:?}", offered.times);
    assert!(offered.times.is_sorted() && offered.times.iter().all(|at| *at > shop.clock.now()));
    assert!(
        offered
            .times
            .iter()
            .all(|at| *at + TimeDelta::hours(1) <= noon() - TimeDelta::hours(1) || *at >= noon() + TimeDelta::hours(2))
    );
    let again = refusal_of(shop.bookings.offer_new_times(OLEG, anna.id).await).unwrap();
    assert!(again.repeated, "one letter is enough");
    assert_eq!(refusal_of(shop.bookings.offer_new_times_to_all(OLEG).await).unwrap(), 1, "to Boris");
    let keys: Vec<String> = sqlx::query_scalar("select key from outbox where key like 'new_times:%' order by key")
        .fetch_all(&shop.pool)
        .await?;
    assert_eq!(keys, [format!("new_times:{}:6", anna.id.0), format!("new_times:{}:6", boris.id.0)]);
    let moved = refusal_of(shop.bookings.move_to(anna.user, anna.id, offered.times[0], None, 71).await).unwrap();
    assert_eq!(moved.booking.starts_at, offered.times[0]);
    assert!(!moved.booking.office.asked_to_move, "the new one has its deadlines again");
    assert_eq!(shop.cancel(boris.user, boris.id).await.unwrap().booking.status, Status::Cancelled);
    assert_eq!(shop.cancel(vera.user, vera.id).await.err(), Some(Refusal::TooLateToCancel(day)), "nobody asked Vera");
    Ok(())
}

#[tokio::test]
async fn staff_close_their_own_time_and_nobody_elses() -> Result<()> {
    let shop = Shop::open().await?;
    let (artyom, denis) = (shop.master("Артём").await?, shop.master("Денис").await?);
    shop.run(&format!(
        "insert into admins (user_id, role, resource_id, added_at) values (7003, 'staff', {}, now())",
        one(artyom).unwrap().0
    ))
    .await?;
    let staff = UserId(7003);
    book(&shop, 1, artyom, noon()).await?;
    book(&shop, 2, denis, noon()).await?;
    for not_theirs in [lunch(None), lunch(one(denis))] {
        assert_eq!(refusal_of(shop.bookings.block(staff, &not_theirs).await).err(), Some(Refusal::NotAdmin));
        assert_eq!(refusal_of(shop.bookings.block_hits(staff, &not_theirs).await).err(), Some(Refusal::NotAdmin));
    }
    refusal_of(shop.bookings.block(staff, &lunch(one(artyom))).await).unwrap();
    let everybodys = refusal_of(shop.bookings.block(OLEG, &lunch(None)).await).unwrap();
    refusal_of(shop.bookings.block(OLEG, &lunch(one(denis))).await).unwrap();
    let seen = refusal_of(shop.bookings.blocked(staff).await).unwrap();
    let theirs: Vec<_> = seen.blocks.iter().map(|b| (b.resource_name.as_deref(), b.may_remove)).collect();
    assert_eq!(theirs, [(Some("Артём"), true), (None, false)]);
    assert_eq!(seen.hits.iter().map(Booking::who).collect::<Vec<_>>(), ["Артём"]);
    assert_eq!(refusal_of(shop.bookings.unblock(staff, everybodys.id).await).err(), Some(Refusal::NotAdmin));
    let (_, may) = refusal_of(shop.bookings.blockable(staff).await).unwrap();
    assert_eq!(may.len(), 1);
    Ok(())
}

/// The owner closes an hour in which Anna is booked, offers her another, and she takes it.
async fn closing(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let anna = play.stage.someone("Аня").await?;
    play.books(&anna, "12:00").await?;
    let boss = boss(&play, code).await?;
    boss.say("/admin", "Барбершоп «Борода»").await?;
    boss.press(&t("home.blocks"), &t("blocks.none")).await?;
    boss.press(&t("blocks.new"), &t("blocks.whose")).await?;
    boss.press("Артём", &t("blocks.ask_when")).await?;
    boss.say("когда-нибудь", "⚠️").await?;
    boss.say(if code == "ru" { "завтра 11-14" } else { "tomorrow 11-14" }, "Анна Иванова").await?;
    boss.press(&t("blocks.change_why"), &t("blocks.ask_why")).await?;
    boss.say("Врач", "Врач").await?;
    boss.press(&t("blocks.change_repeat"), &t("blocks.ask_days")).await?;
    boss.press(if code == "ru" { "вт" } else { "Tue" }, &t("blocks.ask_days")).await?;
    boss.press(&t("blocks.until_never"), &t("blocks.ask_until")).await?;
    boss.say("31.12", &t("blocks.ask_days")).await?;
    boss.press(&t("blocks.ready"), "Анна Иванова").await?;
    boss.press(&t("blocks.make"), &t("blocks.made")).await?;
    boss.press("Анна Иванова", "+7").await?;
    boss.press(&t("blocks.offer"), "💌").await?;
    boss.press("Анна Иванова", &t("blocks.was_offered")).await?;
    let letter = anna.reads("Простите, в это время").await?;
    let time = letter.buttons[0][0].text.clone();
    anna.press(&time, "перенес").await?;
    boss.reads(&t("owner.moved")).await?;
    boss.say("/admin", "Барбершоп «Борода»").await?;
    let list = boss.press(&t("home.blocks"), &t("blocks.list")).await?;
    anyhow::ensure!(list.button(if code == "ru" { "Решить" } else { "Decide" }).is_none(), "nobody is hit any more");
    boss.press("🔁", "Врач").await?;
    boss.press(&t("blocks.remove"), &t("blocks.removed")).await?;
    Album::of(&boss, 0).await?.assert_snapshot_in(FOLDER, &format!("blocks_{code}"));
    if code == "ru" {
        Album::of(&anna, 0).await?.assert_snapshot_in(FOLDER, "blocks_customer");
    }
    play.end().await
}

/// The owner, or a manager who speaks English.
pub(crate) async fn boss(play: &Play, code: &str) -> Result<Someone> {
    if code == "ru" {
        return Ok(Someone::new(play.stage.sim.clone(), play.stage.owner.person.clone(), "boroda_bot"));
    }
    let boss = play.stage.english("Mary").await?;
    boss.start("").await?;
    sqlx::query("insert into admins (user_id, role, added_at) values ($1, 'manager', now())")
        .bind(boss.person.id)
        .execute(&play.pool)
        .await?;
    Ok(boss)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_time_in_russian() -> Result<()> {
    closing("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_time_in_english() -> Result<()> {
    closing("en").await
}
