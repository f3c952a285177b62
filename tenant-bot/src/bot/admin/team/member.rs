//! One of the team: what they are, what they could become, how they go.

use shared::telegram::Button;

use super::{Choice, Page, button, line, list, name, role};
use crate::{
    booking::{
        BookError, Refusal, ResourceId, Team, TeamMember, UserId, Wrong,
        roles::{Member, Role},
    },
    bot::{admin, chat::Chat, choice, turn::Turn, words::Words},
};

async fn find(chat: &mut Chat<'_>, who: UserId) -> Result<(Team, TeamMember), BookError> {
    let team = chat.bookings.team(chat.user()).await?;
    let found = team.members.iter().find(|one| one.member.id == who).cloned().ok_or(Wrong::Gone)?;
    Ok((team, found))
}

fn trail(words: Words<'_>, one: &TeamMember) -> Vec<String> {
    vec![words.plain("team.title", &[]), name(words, one)]
}

pub(super) async fn show(chat: &mut Chat<'_>, who: UserId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (team, one) = find(chat, who).await?;
    let since = words.date(one.added_at.with_timezone(&team.business.zone).date_naive());
    let mut text = format!("{}\n{}", line(words, &one), words.say("team.since", &[("date", &since)]));
    if let Some(username) = &one.username {
        text.push_str(&format!("\n@{username}"));
    }
    text.push_str(&format!("\n\n{}", words.say(&format!("team.may.{}", one.member.role.word()), &[])));
    let mut rows = vec![vec![words.button("team.change_role", button(Choice::AskRole(who)))]];
    if who != chat.user() {
        if one.member.role != Role::Owner {
            rows.push(vec![words.button("team.give", button(Choice::AskGive(who)))]);
        }
        rows.push(vec![words.button("team.remove", button(Choice::AskRemove(who)))]);
    } else {
        rows.push(vec![words.button("team.leave", button(Choice::AskLeave))]);
    }
    let page = Page::new(trail(words, &one), text, rows, button(Choice::List)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn ask_role(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    let words = chat.words();
    let (_, one) = find(chat, who).await?;
    let mut rows: Vec<Vec<Button>> = Role::TEAM
        .into_iter()
        .filter(|role| *role != one.member.role || *role == Role::Staff)
        .map(|role| {
            let whose = one.member.resource.filter(|_| role != Role::Staff);
            vec![words.button(&format!("team.become.{}", role.word()), button(Choice::Become(who, role, whose)))]
        })
        .collect();
    if one.member.resource.is_some() && one.member.role != Role::Staff {
        let choice = Choice::Become(who, one.member.role, None);
        rows.push(vec![words.button("team.no_schedule", button(choice))]);
    }
    let text = Role::TEAM.map(|role| words.say(&format!("team.may.{}", role.word()), &[])).join("\n\n");
    let page = Page::new(trail(words, &one), text, rows, button(Choice::Member(who)));
    Ok(Turn::show(page.screen(words)))
}

/// Of the staff one must say whose schedule is theirs.
pub(super) async fn change(
    chat: &mut Chat<'_>,
    who: UserId,
    role: Role,
    whose: Option<ResourceId>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let (team, one) = find(chat, who).await?;
    if role == Role::Staff && whose.is_none() {
        let rows = schedules(&team, |whose| button(Choice::Become(who, role, Some(whose))));
        let text = words.say(if rows.is_empty() { "team.no_resources" } else { "team.whose_schedule" }, &[]);
        let page = Page::new(trail(words, &one), text, rows, button(Choice::AskRole(who)));
        return Ok(Turn::show(page.screen(words)));
    }
    chat.bookings.change_member(chat.user(), Member { id: who, role, resource: whose }).await?;
    // Who is no owner any more does not see the team either.
    match show(chat, who, Some(words.say("team.changed", &[]))).await {
        Err(BookError::Refused(Refusal::NotAdmin)) => admin::home_of(chat).await,
        other => other,
    }
}

/// A button for each resource that can be somebody's schedule.
pub(super) fn schedules(team: &Team, to: impl Fn(ResourceId) -> choice::Choice) -> Vec<Vec<Button>> {
    team.resources.iter().take(90).map(|(id, name)| vec![Button::press(name, to(*id).to_string())]).collect()
}

pub(super) async fn ask_remove(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    sure(chat, who, "team.ask_remove", ("team.remove_yes", Choice::Remove(who))).await
}

pub(super) async fn remove(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.remove_member(chat.user(), who).await?;
    list(chat, Some(words.say("team.removed", &[]))).await
}

pub(super) async fn ask_give(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    sure(chat, who, "team.ask_give", ("team.give_yes", Choice::Give(who))).await
}

pub(super) async fn give(chat: &mut Chat<'_>, who: UserId) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.offer_ownership(chat.user(), who).await?;
    show(chat, who, Some(words.say("team.given", &[]))).await
}

async fn sure(
    chat: &mut Chat<'_>,
    who: UserId,
    question: &str,
    (yes, does): (&str, Choice),
) -> Result<Turn, BookError> {
    let words = chat.words();
    let (_, one) = find(chat, who).await?;
    let text = words.say(question, &[("name", &name(words, &one)), ("role", &role(words, one.member.role))]);
    let rows = vec![vec![words.button(yes, button(does))]];
    let page = Page::new(trail(words, &one), text, rows, button(Choice::Member(who)));
    Ok(Turn::show(page.screen(words)))
}

/// Oneself: anybody of the team.
pub(super) async fn me(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let (member, told) = chat.bookings.myself(chat.user()).await?;
    let state = words.say(if told { "me.told" } else { "me.not_told" }, &[]);
    let text = format!("{}\n\n{state}", words.say(&format!("team.may.{}", member.role.word()), &[]));
    let toggle = if told { "me.tell_not" } else { "me.tell" };
    let rows = vec![
        vec![words.button(toggle, button(Choice::Told(!told)))],
        vec![words.button("team.leave", button(Choice::AskLeave))],
    ];
    let home = choice::Choice::Admin(admin::Choice::Home);
    let page = Page::new(vec![words.plain("me.title", &[])], text, rows, home).noting(note);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn be_told(chat: &mut Chat<'_>, told: bool) -> Result<Turn, BookError> {
    chat.bookings.be_told(chat.user(), told).await?;
    me(chat, None).await
}

pub(super) async fn ask_leave(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.myself(chat.user()).await?;
    let rows = vec![vec![words.button("team.leave_yes", button(Choice::Leave))]];
    let page =
        Page::new(vec![words.plain("me.title", &[])], words.say("team.ask_leave", &[]), rows, button(Choice::Me));
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn leave(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.remove_member(chat.user(), chat.user()).await?;
    let rows = vec![vec![words.button("button.menu", choice::Choice::Menu)]];
    Ok(Turn::show(shared::telegram::Screen::text(words.say("team.left", &[])).inline(rows)))
}
