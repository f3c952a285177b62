//! Who comes, who goes, and who cannot.

use anyhow::{Context, Result};
use shared::clock::Clock;

use super::*;
use crate::testing::{Registry, client};

const OWNER: i64 = 1;

async fn ground() -> Result<(Registry, Team)> {
    let registry = Registry::fresh().await?;
    let team = Team { pool: registry.pool.clone(), clock: Clock::system(), owners: vec![OWNER] };
    client(&team.pool, OWNER, team.clock.now()).await?;
    Ok((registry, team))
}

fn screen() -> Screen {
    Screen::text("слова")
}

/// Lets a person in.
async fn let_in(team: &Team, by: i64, telegram_id: i64, role: Post) -> Result<Member> {
    let invite = team.invite(by, role, &format!("invite:{telegram_id}")).await?.context("no invite")?;
    let person = client(&team.pool, telegram_id, team.clock.now()).await?;
    let joined = team.join(&person, &invite.code, &format!("join:{telegram_id}"), |_, _| screen()).await?;
    assert_eq!(joined, Joined::Yes(role));
    let member = team.members().await?.into_iter().find(|member| member.telegram_id == telegram_id);
    member.context("nobody has come")
}

#[tokio::test]
async fn an_invite_lets_one_person_in_once_and_its_maker_is_told_once() -> Result<()> {
    let (_registry, team) = ground().await?;
    let now = team.clock.now();
    let invite = team.invite(OWNER, Post::Operator, "tap:1").await?.context("no invite")?;
    let again = team.invite(OWNER, Post::Operator, "tap:1").await?.context("no invite")?;
    assert_eq!(invite.code, again.code, "a tap that is told twice makes one invite");
    let (first, second) = (client(&team.pool, 7, now).await?, client(&team.pool, 8, now).await?);
    let joins = [&first, &second, &first, &second].map(|person| {
        let (team, invite, cause) = (&team, &invite, format!("join:{}", person.telegram_id));
        async move { team.join(person, &invite.code, &cause, |_, _| screen()).await }
    });
    // All at once: the lock lets one of the two in.
    let joined = futures::future::try_join_all(joins).await?;
    let yes = joined.iter().filter(|joined| **joined == Joined::Yes(Post::Operator)).count();
    let no = joined.iter().filter(|joined| **joined == Joined::No).count();
    assert_eq!((yes, no), (2, 2), "{joined:?}: one person, whose tap was told twice");
    assert_eq!(team.members().await?.len(), 1);
    let letters: i64 =
        sqlx::query_scalar("select count(*) from outbox where chat_id = $1").bind(OWNER).fetch_one(&team.pool).await?;
    assert_eq!(letters, 1);
    let other = team.join(&client(&team.pool, 9, now).await?, &invite.code, "join:9", |_, _| screen()).await?;
    assert_eq!(other, Joined::No);
    Ok(())
}

#[tokio::test]
async fn an_invite_that_is_old_withdrawn_or_of_an_owner_no_more_lets_nobody_in() -> Result<()> {
    let (_registry, team) = ground().await?;
    let now = team.clock.now();
    let stranger = client(&team.pool, 7, now).await?;
    let withdrawn = team.invite(OWNER, Post::Support, "tap:1").await?.context("no invite")?;
    assert!(team.withdraw(OWNER, withdrawn.id, "tap:2").await?);
    assert!(team.withdraw(OWNER, withdrawn.id, "tap:2").await?, "the same tap told twice");
    assert!(!team.withdraw(OWNER, withdrawn.id, "tap:3").await?);
    let old = team.invite(OWNER, Post::Support, "tap:4").await?.context("no invite")?;
    sqlx::query("update team_invites set good_until = $2 where id = $1")
        .bind(old.id)
        .bind(now)
        .execute(&team.pool)
        .await?;
    let second = let_in(&team, OWNER, 2, Post::Owner).await?;
    let orphan = team.invite(2, Post::Owner, "tap:5").await?.context("no invite")?;
    team.remove(OWNER, second.id, "tap:6", |_| screen()).await?;
    for code in [withdrawn.code.as_str(), &old.code, &orphan.code, "", "nonsense"] {
        let joined = team.join(&stranger, code, "join:7", |_, _| screen()).await?;
        assert_eq!(joined, Joined::No, "{code}");
    }
    assert_eq!(team.post(7).await?, None);
    Ok(())
}

#[tokio::test]
async fn whoever_is_in_already_uses_no_invite_up_and_stays_what_they_are() -> Result<()> {
    let (_registry, team) = ground().await?;
    let now = team.clock.now();
    let_in(&team, OWNER, 2, Post::Operator).await?;
    let invite = team.invite(OWNER, Post::Support, "tap:1").await?.context("no invite")?;
    for (person, post) in [(OWNER, Post::Owner), (2, Post::Operator)] {
        let person = client(&team.pool, person, now).await?;
        let joined = team.join(&person, &invite.code, "join:again", |_, _| screen()).await?;
        assert_eq!(joined, Joined::Already(post));
    }
    assert!(team.is_good(&team.invite_by(&invite.code).await?.context("it is gone")?));
    assert_eq!(team.post(2).await?, Some(Post::Operator));
    Ok(())
}

#[tokio::test]
async fn nobody_but_an_owner_changes_the_team_and_nobody_changes_themselves() -> Result<()> {
    let (_registry, team) = ground().await?;
    let operator = let_in(&team, OWNER, 2, Post::Operator).await?;
    let owner = let_in(&team, OWNER, 3, Post::Owner).await?;
    for (by, whom) in [(2, &owner), (2, &operator), (3, &owner), (99, &operator)] {
        let cause = format!("tap:{by}:{}", whom.id);
        let changed = team.change(by, (whom.id, Post::Support), &cause, |_| screen()).await?;
        assert!(matches!(changed, Changed::Refused), "{by} {changed:?}");
        let removed = team.remove(by, whom.id, &cause, |_| screen()).await?;
        assert!(matches!(removed, Changed::Refused), "{by} {removed:?}");
    }
    assert!(team.invite(2, Post::Owner, "tap:i").await?.is_none());
    assert_eq!((team.post(2).await?, team.post(3).await?), (Some(Post::Operator), Some(Post::Owner)));
    Ok(())
}

#[tokio::test]
async fn the_owners_of_the_settings_stay_whoever_removes_whom_and_two_who_remove_each_other_leave_one() -> Result<()> {
    let (_registry, team) = ground().await?;
    let (a, b) = (let_in(&team, OWNER, 2, Post::Owner).await?, let_in(&team, OWNER, 3, Post::Owner).await?);
    let (first, second) =
        tokio::join!(team.remove(2, b.id, "tap:a", |_| screen()), team.remove(3, a.id, "tap:b", |_| screen()));
    let done = [first?, second?].iter().filter(|changed| matches!(changed, Changed::Done(_))).count();
    assert_eq!(done, 1, "the one who was removed first removes nobody any more");
    assert_eq!(team.members().await?.len(), 1);
    assert_eq!(team.post(OWNER).await?, Some(Post::Owner));
    Ok(())
}

#[tokio::test]
async fn every_act_is_written_down_for_good_and_once_for_a_tap() -> Result<()> {
    let (_registry, team) = ground().await?;
    let member = let_in(&team, OWNER, 2, Post::Support).await?;
    for _ in 0..2 {
        let changed = team.change(OWNER, (member.id, Post::Operator), "tap:1", |_| screen()).await?;
        assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    }
    for _ in 0..2 {
        team.remove(OWNER, member.id, "tap:2", |_| screen()).await?;
    }
    let acts: Vec<_> =
        team.history(0, 10).await?.into_iter().rev().map(|act| (act.act, act.actor, act.subject)).collect();
    let expected = [("invited", 1, None), ("joined", 2, Some(2)), ("role", 1, Some(2)), ("removed", 1, Some(2))];
    assert_eq!(acts, expected.map(|(act, actor, subject)| (act.to_owned(), actor, subject)));
    for sql in ["update team_acts set actor = 5", "delete from team_acts", "truncate team_acts"] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&team.pool).await;
        assert!(refused.is_err_and(|e| e.to_string().contains("append-only")), "{sql}");
    }
    assert_eq!(team.gone().await?, [2]);
    // Who comes back is let in anew.
    let invite = team.invite(OWNER, Post::Operator, "tap:9").await?.context("no invite")?;
    let person = client(&team.pool, 2, team.clock.now()).await?;
    assert_eq!(team.join(&person, &invite.code, "join:back", |_, _| screen()).await?, Joined::Yes(Post::Operator));
    assert!(team.gone().await?.is_empty());
    Ok(())
}
