//! Links into the team, from both sides; and ownership that was offered.

use shared::telegram::{Button, Screen};

use super::{Choice, Code, Page, button, member::schedules, role};
use crate::{
    booking::{BookError, LINK_LASTS, ResourceId, Wrong, roles::Role},
    bot::{admin, chat::Chat, choice, turn::Turn},
};

/// As what?
pub(super) async fn ask(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.team(chat.user()).await?;
    let rows = Role::TEAM
        .into_iter()
        .map(|role| vec![words.button(&format!("team.become.{}", role.word()), button(Choice::NewAs(role, None)))])
        .collect();
    let may = Role::TEAM.map(|role| words.say(&format!("team.may.{}", role.word()), &[])).join("\n\n");
    let text = format!("{}\n\n{may}", words.say("team.invite_as", &[]));
    let trail = vec![words.plain("team.title", &[]), words.plain("team.invite", &[])];
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::List)).screen(words)))
}

/// The link, to be passed on. Of the staff one must say whose schedule is theirs.
pub(super) async fn make(chat: &mut Chat<'_>, as_what: Role, whose: Option<ResourceId>) -> Result<Turn, BookError> {
    let words = chat.words();
    let team = chat.bookings.team(chat.user()).await?;
    let trail = vec![words.plain("team.title", &[]), words.plain("team.invite", &[])];
    if as_what == Role::Staff && whose.is_none() {
        let rows = schedules(&team, |whose| button(Choice::NewAs(as_what, Some(whose))));
        let text = words.say(if rows.is_empty() { "team.no_resources" } else { "team.whose_schedule" }, &[]);
        return Ok(Turn::show(Page::new(trail, text, rows, button(Choice::New)).screen(words)));
    }
    let code = chat.bookings.invite(chat.user(), as_what, whose).await?;
    let link = format!("https://t.me/{}?start=j_{code}", chat.bot);
    let hours = LINK_LASTS.num_hours();
    let text = words.count("team.link", hours, &[("link", &link), ("role", &role(words, as_what))]);
    let rows = vec![vec![words.button("team.links", button(Choice::Links))]];
    Ok(Turn::show(Page::new(trail, text, rows, button(Choice::List)).screen(words)))
}

/// Links that are open.
pub(super) async fn links(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let team = chat.bookings.team(chat.user()).await?;
    let mut lines = vec![words.say(if team.links.is_empty() { "team.no_links" } else { "team.open_links" }, &[])];
    let mut rows = Vec::new();
    for (n, link) in (1..).zip(&team.links) {
        let until = words.moment(team.business.zone, link.expires_at);
        let as_what = link.role.map(|one| role(words, one)).unwrap_or_default();
        lines.push(words.say("team.open_link", &[("n", &n), ("role", &as_what), ("until", &until)]));
        let text = words.plain("team.unlink", &[("n", &n)]);
        rows.push(vec![Button::press(text, button(Choice::Unlink(link.id)).to_string())]);
    }
    let trail = vec![words.plain("team.title", &[]), words.plain("team.links", &[])];
    let page = Page::new(trail, lines.join("\n"), rows, button(Choice::List)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

pub(super) async fn unlink(chat: &mut Chat<'_>, id: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.revoke_invite(chat.user(), id).await?;
    links(chat, Some(words.say("team.unlinked", &[]))).await
}

/// Somebody has opened a link: what it leads to, and a button that uses it.
pub(in crate::bot) async fn opened(chat: &mut Chat<'_>, code: &str) -> Result<Turn, BookError> {
    let words = chat.words();
    let code = Code::parse(code).ok_or(Wrong::LinkOver)?;
    let invitation = chat.bookings.invitation(code.as_str()).await?;
    let whose = invitation.resource.map(|whose| words.say("team.whose", &[("resource", &whose)])).unwrap_or_default();
    let as_what = role(words, invitation.role);
    let text = words.say("team.invited", &[("business", &invitation.business.name), ("role", &as_what)]);
    let may = words.say(&format!("team.may.{}", invitation.role.word()), &[]);
    let rows = vec![
        vec![words.button("team.join", button(Choice::Join(code)))],
        vec![words.button("button.menu", choice::Choice::Menu)],
    ];
    Ok(Turn::show(Screen::text(format!("{text}{whose}\n\n{may}")).inline(rows)))
}

pub(super) async fn join(chat: &mut Chat<'_>, code: Code) -> Result<Turn, BookError> {
    let words = chat.words();
    let member = chat.bookings.join_team(&chat.guest.profile(), code.as_str()).await?;
    let welcome = words.say("team.welcome", &[("role", &role(words, member.role))]);
    Ok(admin::home_of(chat).await?.noting(&welcome))
}

pub(super) async fn take(chat: &mut Chat<'_>, offer: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.take_ownership(chat.user(), offer).await?;
    let welcome = words.say("team.welcome", &[("role", &role(words, Role::Owner))]);
    Ok(admin::home_of(chat).await?.noting(&welcome))
}

pub(super) async fn turn_down(chat: &mut Chat<'_>, offer: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    chat.bookings.turn_down_ownership(chat.user(), offer).await?;
    Ok(Turn::show(Screen::text(words.say("team.you_turned_down", &[]))))
}
