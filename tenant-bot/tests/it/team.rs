//! Those who run the business: who may come, who may go, and what each may do.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use play::{album::Album, people::Someone};
use shared::texts::Lang;
use tenant_bot::booking::{
    BookError, Profile, Refusal, ResourceId, UserId, Wrong,
    roles::{Member, Right, Role},
};

use crate::{
    albums::{FOLDER, Tongue},
    running::Play,
    shop::{OWNER, Shop, monday},
};

const OLEG: UserId = UserId(OWNER);

fn profile(id: i64, name: &str) -> Profile<'_> {
    Profile { id: UserId(id), first_name: name, last_name: None, username: None, lang: Lang::Ru }
}

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

/// Somebody in the team, by a link.
async fn member(shop: &Shop, id: i64, role: Role, resource: Option<ResourceId>) -> Result<Member> {
    let code = shop.bookings.invite(OLEG, role, resource).await?;
    Ok(shop.bookings.join_team(&profile(id, "Новый"), &code).await?)
}

async fn artyom(shop: &Shop) -> Result<ResourceId> {
    let id = sqlx::query_scalar("select id from resources where name = 'Артём'").fetch_one(&shop.pool).await?;
    Ok(ResourceId(id))
}

#[tokio::test]
async fn a_link_works_once_for_two_days_and_only_while_its_maker_is_an_owner() -> Result<()> {
    let shop = Shop::open().await?;
    let code = shop.bookings.invite(OLEG, Role::Manager, None).await?;
    assert_eq!(shop.bookings.invitation(&code).await?.role, Role::Manager);
    let joined = shop.bookings.join_team(&profile(2, "Маша"), &code).await?;
    assert_eq!((joined.role, joined.may(Right::Broadcast), joined.may(Right::EditTeam)), (Role::Manager, true, false));
    assert_eq!(wrong(shop.bookings.join_team(&profile(3, "Петя"), &code).await), Some(Wrong::LinkOver));

    let late = shop.bookings.invite(OLEG, Role::Viewer, None).await?;
    shop.clock.set(monday() + TimeDelta::hours(48));
    assert_eq!(wrong(shop.bookings.join_team(&profile(3, "Петя"), &late).await), Some(Wrong::LinkOver));

    let revoked = shop.bookings.invite(OLEG, Role::Viewer, None).await?;
    let id = shop.bookings.team(OLEG).await?.links[0].id;
    shop.bookings.revoke_invite(OLEG, id).await?;
    assert_eq!(wrong(shop.bookings.join_team(&profile(3, "Петя"), &revoked).await), Some(Wrong::LinkOver));
    assert_eq!(wrong(shop.bookings.revoke_invite(OLEG, id).await), Some(Wrong::LinkOver));

    // Maria becomes an owner, invites, and is no owner any more when the link is used.
    shop.bookings.change_member(OLEG, Member { role: Role::Owner, ..joined }).await?;
    let hers = shop.bookings.invite(UserId(2), Role::Owner, None).await?;
    shop.bookings.change_member(OLEG, joined).await?;
    assert_eq!(wrong(shop.bookings.join_team(&profile(3, "Петя"), &hers).await), Some(Wrong::LinkOver));
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select code_hash from invites where code_hash is not null").fetch_all(&shop.pool).await?;
    assert!(kept.iter().all(|hash| hash.len() == 32 && hash != code.as_bytes()), "codes themselves are kept nowhere");
    Ok(())
}

#[tokio::test]
async fn of_two_who_use_one_link_at_once_one_comes_in() -> Result<()> {
    let shop = Shop::with_connections(8).await?;
    for round in 0..20 {
        let code = shop.bookings.invite(OLEG, Role::Manager, None).await?;
        let (one, two) = (100 + 2 * round, 101 + 2 * round);
        let (one, two) = (profile(one, "Один"), profile(two, "Два"));
        let (a, b) = tokio::join!(shop.bookings.join_team(&one, &code), shop.bookings.join_team(&two, &code));
        assert_ne!(a.is_ok(), b.is_ok(), "round {round}");
    }
    Ok(())
}

#[tokio::test]
async fn the_last_owner_stays_even_if_two_go_at_once() -> Result<()> {
    let shop = Shop::with_connections(8).await?;
    assert_eq!(wrong(shop.bookings.remove_member(OLEG, OLEG).await), Some(Wrong::LastOwner));
    let demoted = Member { id: OLEG, role: Role::Viewer, resource: None };
    assert_eq!(wrong(shop.bookings.change_member(OLEG, demoted).await), Some(Wrong::LastOwner));
    for round in 0..20 {
        let other = member(&shop, 1000 + round, Role::Owner, None).await?;
        let (a, b) =
            tokio::join!(shop.bookings.remove_member(OLEG, other.id), shop.bookings.remove_member(other.id, OLEG));
        let owners: i64 =
            sqlx::query_scalar("select count(*) from admins where role = 'owner'").fetch_one(&shop.pool).await?;
        assert_eq!(owners, 1, "round {round}: {a:?} {b:?}");
        shop.run("delete from admins").await?;
        shop.run(&format!("insert into admins (user_id, role, added_at) values ({OWNER}, 'owner', '2026-01-01')"))
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn ownership_changes_hands_only_when_the_other_side_agrees() -> Result<()> {
    let shop = Shop::open().await?;
    let masha = member(&shop, 2, Role::Manager, None).await?;
    shop.bookings.offer_ownership(OLEG, masha.id).await?;
    let offer: i64 = sqlx::query_scalar("select id from invites where kind = 'handover'").fetch_one(&shop.pool).await?;
    assert_eq!(shop.bookings.member(masha.id).await?.role, Role::Manager, "nothing has changed yet");
    assert_eq!(wrong(shop.bookings.take_ownership(UserId(3), offer).await), Some(Wrong::LinkOver), "not theirs");
    shop.bookings.turn_down_ownership(masha.id, offer).await?;
    assert_eq!(wrong(shop.bookings.take_ownership(masha.id, offer).await), Some(Wrong::LinkOver));

    shop.bookings.offer_ownership(OLEG, masha.id).await?;
    let offer: i64 =
        sqlx::query_scalar("select max(id) from invites where kind = 'handover'").fetch_one(&shop.pool).await?;
    shop.bookings.take_ownership(masha.id, offer).await?;
    assert_eq!(shop.bookings.member(masha.id).await?.role, Role::Owner);
    assert_eq!(shop.bookings.member(OLEG).await?.role, Role::Manager);
    assert_eq!(wrong(shop.bookings.take_ownership(masha.id, offer).await), Some(Wrong::LinkOver), "once");
    let told: Vec<String> =
        sqlx::query_scalar("select key from outbox where key like 'team_%' order by id").fetch_all(&shop.pool).await?;
    let told: Vec<&str> = told.iter().filter_map(|key| key.split(':').next()).collect();
    assert_eq!(told, ["team_joined", "team_offered", "team_turned_down", "team_offered", "team_taken"]);
    Ok(())
}

#[tokio::test]
async fn an_offer_ends_with_who_made_it_and_with_who_it_was_made_to() -> Result<()> {
    let shop = Shop::open().await?;
    let masha = member(&shop, 2, Role::Manager, None).await?;
    let second = member(&shop, 3, Role::Owner, None).await?;
    let newest = async || {
        sqlx::query_scalar::<_, i64>("select max(id) from invites where kind = 'handover'").fetch_one(&shop.pool).await
    };
    // Whoever made it is no owner any more.
    shop.bookings.offer_ownership(second.id, masha.id).await?;
    let offer = newest().await?;
    shop.bookings.change_member(OLEG, Member { role: Role::Viewer, ..second }).await?;
    assert_eq!(wrong(shop.bookings.take_ownership(masha.id, offer).await), Some(Wrong::LinkOver));
    // Whoever was to have it is no longer of the team.
    shop.bookings.offer_ownership(OLEG, masha.id).await?;
    let offer = newest().await?;
    shop.bookings.remove_member(OLEG, masha.id).await?;
    assert_eq!(wrong(shop.bookings.take_ownership(masha.id, offer).await), Some(Wrong::LinkOver));
    assert_eq!(shop.bookings.member(masha.id).await?.role, Role::Customer);
    assert_eq!(shop.bookings.member(OLEG).await?.role, Role::Owner);
    Ok(())
}

#[tokio::test]
async fn nobody_but_an_owner_changes_the_team() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = artyom(&shop).await?;
    assert_eq!(wrong(shop.bookings.invite(OLEG, Role::Staff, None).await), Some(Wrong::NoSchedule));
    let manager = member(&shop, 2, Role::Manager, None).await?;
    let staff = member(&shop, 3, Role::Staff, Some(artyom)).await?;
    let viewer = member(&shop, 4, Role::Viewer, None).await?;
    for user in [manager.id, staff.id, viewer.id, UserId(99)] {
        let bookings = &shop.bookings;
        let no = Some(Refusal::NotAdmin);
        assert_eq!(refused(bookings.team(user).await), no);
        assert_eq!(refused(bookings.invite(user, Role::Owner, None).await), no);
        assert_eq!(
            refused(bookings.change_member(user, Member { id: user, role: Role::Owner, resource: None }).await),
            no
        );
        assert_eq!(refused(bookings.remove_member(user, OLEG).await), no);
        assert_eq!(refused(bookings.offer_ownership(user, user).await), no);
        assert_eq!(refused(bookings.audit(user, &Default::default(), None, 5).await), no);
        assert_eq!(refused(bookings.audit_after(user, monday().date_naive()).await), no);
    }
    assert_eq!(refused(shop.bookings.remove_member(UserId(99), UserId(99)).await), Some(Refusal::NotAdmin));
    // One may always go oneself.
    shop.bookings.remove_member(staff.id, staff.id).await?;
    assert_eq!(shop.bookings.member(staff.id).await?.role, Role::Customer);
    let deeds: Vec<String> =
        sqlx::query_scalar("select action from audit_log order by id").fetch_all(&shop.pool).await?;
    assert_eq!(
        deeds,
        ["team.invited", "team.joined", "team.invited", "team.joined", "team.invited", "team.joined", "team.left"]
    );
    Ok(())
}

#[tokio::test]
async fn staff_are_told_of_their_own_bookings_only_and_whoever_wishes_of_none() -> Result<()> {
    let shop = Shop::open().await?;
    let artyom = artyom(&shop).await?;
    let staff = member(&shop, 3, Role::Staff, Some(artyom)).await?;
    let anna = shop.customer(50).await?;
    for (hour, master) in [(12, "Артём"), (13, "Денис"), (14, "Артём")] {
        let pick = shop.master(master).await?;
        let starts_at = monday() + TimeDelta::days(1) + TimeDelta::hours(hour - 10);
        let wish = shop.wish("Мужская стрижка", pick, starts_at).await?;
        if hour == 14 {
            shop.bookings.be_told(staff.id, false).await?;
        }
        shop.bookings.book(anna, &wish, hour).await?;
    }
    let told = async |id: i64| {
        sqlx::query_scalar::<_, i64>("select count(*) from outbox where key like 'booked:%' and chat_id = $1")
            .bind(id)
            .fetch_one(&shop.pool)
            .await
    };
    assert_eq!((told(staff.id.0).await?, told(OWNER).await?), (1, 3));
    Ok(())
}

#[tokio::test]
async fn the_log_is_paged_and_filtered_and_knows_the_days() -> Result<()> {
    let shop = Shop::open().await?;
    for n in 0..5 {
        shop.clock.set(monday() + TimeDelta::days(n));
        shop.bookings.invite(OLEG, Role::Viewer, None).await?;
    }
    let first = shop.bookings.audit(OLEG, &Default::default(), None, 2).await?;
    assert_eq!((first.entries.len(), first.more), (2, true));
    let older = shop.bookings.audit(OLEG, &Default::default(), Some(first.entries[1].id), 10).await?;
    assert_eq!((older.entries.len(), older.more), (3, false));
    let tuesday = monday().date_naive() + TimeDelta::days(1);
    let before = shop.bookings.audit_after(OLEG, tuesday).await?;
    assert_eq!(shop.bookings.audit(OLEG, &Default::default(), Some(before), 10).await?.entries.len(), 2);
    let filter = tenant_bot::booking::AuditFilter { area: Some("service".into()), by: None };
    assert!(shop.bookings.audit(OLEG, &filter, None, 10).await?.entries.is_empty());
    let filter = tenant_bot::booking::AuditFilter { area: Some("team".into()), by: Some(OLEG) };
    assert_eq!(shop.bookings.audit(OLEG, &filter, None, 10).await?.entries.len(), 5);
    Ok(())
}

/// An owner invites, the other comes by the link, is changed, is handed the business, and the first one goes.
async fn the_team_comes_and_goes(code: &str) -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let tongue = Tongue::of(code)?;
    let t = |key: &str| tongue.say(key);
    let (owner, other) = match code {
        "ru" => (play.stage.someone("Ольга").await?, play.stage.someone("Маша").await?),
        _ => (play.stage.english("Olga").await?, play.stage.english("Mary").await?),
    };
    sqlx::query("insert into admins (user_id, role, name, added_at) values ($1, 'owner', 'Olga', $2)")
        .bind(owner.person.id)
        .bind(play.clock.now())
        .execute(&play.pool)
        .await?;
    owner.start("Барбершоп «Борода»").await?;
    owner.press(&t("menu.admin"), "·").await?;
    owner.press(&t("home.team"), &t("team.about")).await?;
    owner.press(&t("team.invite"), &t("team.invite_as")).await?;
    owner.press(&t("team.become.staff"), &t("team.whose_schedule")).await?;
    let made = owner.press("Артём", "https://t.me/").await?;
    let link = made.text.split_whitespace().find(|word| word.starts_with("https://")).context("a link")?.to_owned();
    open(&other, &link, &t("team.invited")).await?;
    other.press(&t("team.join"), &t("team.welcome")).await?;
    let no_team = other.screen().await?;
    assert!(no_team.button(&t("home.team")).is_none() && no_team.button(&t("home.audit")).is_none());
    owner.reads(if code == "ru" { "теперь в команде" } else { "is in the team of" }).await?;
    // The link is used up.
    let late = play.stage.someone("Поздний").await?;
    open(&late, &link, "Эта ссылка уже не действует").await?;

    let list = owner.say("/admin", "·").await?;
    assert!(list.button(&t("home.team")).is_some());
    owner.press(&t("home.team"), &t("team.about")).await?;
    let name = other.person.first_name.clone();
    owner.press(&name, &t("team.since")).await?;
    owner.press(&t("team.change_role"), if code == "ru" { "может всё" } else { "may do everything" }).await?;
    owner.press(&t("team.become.manager"), &t("team.changed")).await?;
    other.reads(if code == "ru" { "Ваша роль" } else { "Your role" }).await?;
    owner.press(&t("team.give"), &t("team.ask_give")).await?;
    owner.press(&t("team.give_yes"), &t("team.given")).await?;
    other.reads(if code == "ru" { "передаёт вам" } else { "over to you" }).await?;
    other.press(&t("team_letter.take"), &t("team.welcome")).await?;
    owner.reads(if code == "ru" { "теперь владелец" } else { "is the owner of" }).await?;
    // What the new owner sees, and the old one no longer does.
    other.press(&t("home.audit"), if code == "ru" { "Журнал" } else { "Log" }).await?;
    other.press(&t("audit.date"), &t("audit.which_date")).await?;
    other.say(if code == "ru" { "когда-то" } else { "some day" }, &t("typed.date")).await?;
    other.say(if code == "ru" { "сегодня" } else { "today" }, if code == "ru" { "Журнал" } else { "Log" }).await?;
    other.press(&t("button.back"), "·").await?;
    let press = play.forge(&owner, "a:team:list").await?;
    assert!(play.window(&press).await?.is_some());
    owner.say("/admin", "·").await?;
    owner.press(&t("home.me"), "🔔").await?;
    owner.press(&t("me.tell_not"), "🔕").await?;
    owner.press(&t("team.leave"), &t("team.ask_leave")).await?;
    owner.press(&t("team.leave_yes"), &t("team.left")).await?;
    owner.say("/admin", &t("refusal.not_admin")).await?;
    Album::of(&owner, 0).await?.assert_snapshot_in(FOLDER, &format!("team_owner_{code}"));
    Album::of(&other, 0).await?.assert_snapshot_in(FOLDER, &format!("team_member_{code}"));
    play.end().await
}

/// Opens a link as Telegram does.
async fn open(who: &Someone, link: &str, expected: &str) -> Result<()> {
    let act = who.sim.open(who.person.id, link).await?;
    who.sim.wait_reply(&act, expected).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_team_comes_and_goes_in_russian() -> Result<()> {
    the_team_comes_and_goes("ru").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_team_comes_and_goes_in_english() -> Result<()> {
    the_team_comes_and_goes("en").await
}
