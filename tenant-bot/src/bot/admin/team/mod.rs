//! Those who run the business: the list, one of them, links, and what whoever opens a link sees.

mod invite;
mod member;

use std::fmt;

pub(in crate::bot) use self::invite::opened;
use super::{
    super::{
        chat::Chat,
        choice::{self, read},
        turn::Turn,
        words::Words,
    },
    console::Page,
};
use crate::booking::{BookError, ResourceId, TeamMember, UserId, roles::Role};

/// A button of this room.
///
/// ```text
/// a:team:list                        everybody
/// a:team:of:<person>                 one of them
/// a:team:role:<person>               what they could become
/// a:team:role:<person>:<role>:<resource or 0>    they become that; of staff without a schedule asks whose
/// a:team:out:<person>, a:team:out!:<person>      removes them: asks; does it
/// a:team:give:<person>, a:team:give!:<person>    offers them ownership: asks; does it
/// a:team:new                         a link: as what
/// a:team:new:<role>:<resource or 0>  makes it; of staff without a schedule asks whose
/// a:team:links, a:team:unlink:<link> links that are open; takes one back
/// a:team:take:<offer>, a:team:pass:<offer>       ownership is taken, is turned down
/// a:team:join:<code>                 the link is used
/// a:team:me, a:team:told:<on|off>    oneself: letters about bookings
/// a:team:leave, a:team:leave!        oneself goes: asks; does it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    List,
    Member(UserId),
    AskRole(UserId),
    Become(UserId, Role, Option<ResourceId>),
    AskRemove(UserId),
    Remove(UserId),
    AskGive(UserId),
    Give(UserId),
    New,
    NewAs(Role, Option<ResourceId>),
    Links,
    Unlink(i64),
    Take(i64),
    TurnDown(i64),
    Join(Code),
    Me,
    Told(bool),
    AskLeave,
    Leave,
}

/// The code of a link: 22 letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code([u8; 22]);

impl Code {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 22] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphanumeric).then_some(Self(bytes))
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn resource(id: Option<ResourceId>) -> i64 {
    id.map_or(0, |id| id.0)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => f.write_str("list"),
            Self::Member(who) => write!(f, "of:{}", who.0),
            Self::AskRole(who) => write!(f, "role:{}", who.0),
            Self::Become(who, role, whose) => write!(f, "role:{}:{}:{}", who.0, role.word(), resource(*whose)),
            Self::AskRemove(who) => write!(f, "out:{}", who.0),
            Self::Remove(who) => write!(f, "out!:{}", who.0),
            Self::AskGive(who) => write!(f, "give:{}", who.0),
            Self::Give(who) => write!(f, "give!:{}", who.0),
            Self::New => f.write_str("new"),
            Self::NewAs(role, whose) => write!(f, "new:{}:{}", role.word(), resource(*whose)),
            Self::Links => f.write_str("links"),
            Self::Unlink(id) => write!(f, "unlink:{id}"),
            Self::Take(id) => write!(f, "take:{id}"),
            Self::TurnDown(id) => write!(f, "pass:{id}"),
            Self::Join(code) => write!(f, "join:{}", code.as_str()),
            Self::Me => f.write_str("me"),
            Self::Told(true) => f.write_str("told:on"),
            Self::Told(false) => f.write_str("told:off"),
            Self::AskLeave => f.write_str("leave"),
            Self::Leave => f.write_str("leave!"),
        }
    }
}

impl Choice {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let person = |id: &str| read::id(id).map(UserId);
        let whose = |id: &str| read::number(id, read::MOST).map(|id| Some(id).filter(|id| *id > 0).map(ResourceId));
        Some(match *parts {
            ["list"] => Self::List,
            ["of", who] => Self::Member(person(who)?),
            ["role", who] => Self::AskRole(person(who)?),
            ["role", who, role, id] => Self::Become(person(who)?, Role::from_word(role)?, whose(id)?),
            ["out", who] => Self::AskRemove(person(who)?),
            ["out!", who] => Self::Remove(person(who)?),
            ["give", who] => Self::AskGive(person(who)?),
            ["give!", who] => Self::Give(person(who)?),
            ["new"] => Self::New,
            ["new", role, id] => Self::NewAs(Role::from_word(role)?, whose(id)?),
            ["links"] => Self::Links,
            ["unlink", id] => Self::Unlink(read::id(id)?),
            ["take", id] => Self::Take(read::id(id)?),
            ["pass", id] => Self::TurnDown(read::id(id)?),
            ["join", code] => Self::Join(Code::parse(code)?),
            ["me"] => Self::Me,
            ["told", "on"] => Self::Told(true),
            ["told", "off"] => Self::Told(false),
            ["leave"] => Self::AskLeave,
            ["leave!"] => Self::Leave,
            _ => return None,
        })
    }
}

fn button(choice: Choice) -> choice::Choice {
    choice::Choice::Admin(super::Choice::Team(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::List => list(chat, None).await,
        Choice::Member(who) => member::show(chat, who, None).await,
        Choice::AskRole(who) => member::ask_role(chat, who).await,
        Choice::Become(who, role, whose) => member::change(chat, who, role, whose).await,
        Choice::AskRemove(who) => member::ask_remove(chat, who).await,
        Choice::Remove(who) => member::remove(chat, who).await,
        Choice::AskGive(who) => member::ask_give(chat, who).await,
        Choice::Give(who) => member::give(chat, who).await,
        Choice::New => invite::ask(chat).await,
        Choice::NewAs(role, whose) => invite::make(chat, role, whose).await,
        Choice::Links => invite::links(chat, None).await,
        Choice::Unlink(id) => invite::unlink(chat, id).await,
        Choice::Take(offer) => invite::take(chat, offer).await,
        Choice::TurnDown(offer) => invite::turn_down(chat, offer).await,
        Choice::Join(code) => invite::join(chat, code).await,
        Choice::Me => member::me(chat, None).await,
        Choice::Told(told) => member::be_told(chat, told).await,
        Choice::AskLeave => member::ask_leave(chat).await,
        Choice::Leave => member::leave(chat).await,
    }
}

/// Everybody.
async fn list(chat: &mut Chat<'_>, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let team = chat.bookings.team(chat.user()).await?;
    let lines: Vec<String> = team.members.iter().map(|one| line(words, one)).collect();
    let mut rows: Vec<_> = team
        .members
        .iter()
        .map(|one| {
            let text = words.plain("team.of", &[("name", &name(words, one)), ("role", &role(words, one.member.role))]);
            vec![shared::telegram::Button::press(text, button(Choice::Member(one.member.id)).to_string())]
        })
        .collect();
    rows.push(vec![words.button("team.invite", button(Choice::New))]);
    if !team.links.is_empty() {
        rows.push(vec![words.button("team.links", button(Choice::Links))]);
    }
    let text = format!("{}\n\n{}", words.say("team.about", &[]), lines.join("\n"));
    let home = choice::Choice::Admin(super::Choice::Home);
    let page = Page::new(vec![words.plain("team.title", &[])], text, rows, home).noting(note);
    Ok(Turn::show(page.screen(words)))
}

fn role(words: Words<'_>, role: Role) -> String {
    words.plain(&format!("role.{}", role.word()), &[])
}

fn name(words: Words<'_>, one: &TeamMember) -> String {
    if one.name.is_empty() { words.plain("audit.nameless", &[("id", &one.member.id.0)]) } else { one.name.clone() }
}

fn line(words: Words<'_>, one: &TeamMember) -> String {
    let whose = one.resource_name.as_ref();
    let whose = whose.map(|whose| words.say("team.whose", &[("resource", whose)])).unwrap_or_default();
    let (name, role) = (name(words, one), role(words, one.member.role));
    words.say("team.line", &[("user", &one.member.id.0), ("name", &name), ("role", &role)]) + &whose
}
