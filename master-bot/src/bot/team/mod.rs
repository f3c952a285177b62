//! The staff's own screens: where they begin, who they are, how somebody comes and goes.

mod history;
mod invite;
mod member;

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

pub(super) use self::invite::opened;
use super::{
    Front,
    access::{Right, Role},
    callback::{OperatorAct, SaleAct, TeamAct},
    operator,
    visitor::Visitor,
};
use crate::registry::operators::Post;

/// Characters of a person's name that a button has room for.
const NAME: usize = 40;
/// People on a page, and owners above them: with the longest names they still are one message.
const PAGE: usize = 15;
const OWNERS: usize = 10;

/// One press of one person, on its way to its screen.
struct Tap<'a> {
    update_id: i64,
    press: &'a Press,
    visitor: &'a Visitor,
    lang: Lang,
}

impl Tap<'_> {
    fn by(&self) -> i64 {
        self.visitor.client.telegram_id
    }

    fn cause(&self) -> String {
        format!("update:{}", self.update_id)
    }

    async fn answer(&self, front: &Front, key: Option<&str>) -> Result<()> {
        let note = key.map(|key| front.texts.plain(self.lang, key, &[]));
        Ok(front.telegram.answer_press(&self.press.id, note.as_deref(), false).await?)
    }

    async fn show(&self, front: &Front, screen: &Screen) -> Result<()> {
        front.show(self.update_id, self.press, screen).await
    }
}

/// `/staff`.
pub(super) async fn command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let lang = visitor.lang();
    let screen = if visitor.role.may(Right::See) {
        home(front, (lang, visitor.role)).await?
    } else {
        Screen::text(front.texts.say(lang, "operator.denied", &[]))
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// A press on one of the team's buttons, or what claims to be one.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &TeamAct,
) -> Result<()> {
    let tap = Tap { update_id, press, visitor, lang: visitor.lang() };
    let right = match act {
        // Whoever has the link: it is the invite that lets them in.
        TeamAct::Accept(code) => return invite::accept(front, &tap, code).await,
        TeamAct::Decline(_) => return invite::decline(front, &tap).await,
        TeamAct::Home => Right::See,
        _ => Right::Team,
    };
    if !visitor.role.may(right) {
        let note = front.texts.plain(tap.lang, operator::denied(visitor.role), &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?);
    }
    front.live.forget_card((press.chat_id, press.message_id));
    match act {
        TeamAct::Home => {
            tap.answer(front, None).await?;
            tap.show(front, &home(front, (tap.lang, visitor.role)).await?).await
        }
        TeamAct::List(page) => {
            tap.answer(front, None).await?;
            tap.show(front, &list(front, tap.lang, *page).await?).await
        }
        TeamAct::Add => invite::ask(front, &tap).await,
        TeamAct::Invite(post) => invite::make(front, &tap, *post).await,
        TeamAct::Withdraw(id) => invite::withdraw(front, &tap, *id).await,
        TeamAct::Member(id) => member::show(front, &tap, *id).await,
        TeamAct::SetRole(id, post) => member::set_role(front, &tap, (*id, *post)).await,
        TeamAct::AskRemove(id) => member::ask_remove(front, &tap, *id).await,
        TeamAct::Remove(id) => member::remove(front, &tap, *id).await,
        TeamAct::History(page) => history::show(front, &tap, *page).await,
        TeamAct::Accept(_) | TeamAct::Decline(_) => Ok(()),
    }
}

/// Where the staff begin: a row for each thing that this role may do.
async fn home(front: &Front, (lang, role): (Lang, Role)) -> Result<Screen> {
    let mut rows =
        vec![vec![Button::press(front.texts.plain(lang, "team.home_tenants", &[]), OperatorAct::List(0, None).data())]];
    if role.may(Right::See) {
        let find = front.texts.plain(lang, "operator.find", &[]);
        rows.push(vec![Button::press(find, OperatorAct::Find.data())]);
    }
    if role.may(Right::Letters) {
        rows.extend(operator::letters_button(front, lang).await?.map(|button| vec![button]));
    }
    if role.may(Right::Sell) {
        let sale = |key: &str, act: SaleAct| Button::press(front.texts.plain(lang, key, &[]), act.data());
        rows.push(vec![sale("team.home_sales", SaleAct::Home), sale("sale.stats", SaleAct::Stats)]);
    }
    if role.may(Right::Team) {
        rows.push(vec![button(front, lang, "team.home_team", &TeamAct::List(0))]);
    }
    let (name, can) =
        (role_name(front, lang, role), front.texts.say(lang, &format!("team.can.{}", name_of(role)), &[]));
    let args: [(&str, &dyn Display); 2] = [("role", &name), ("can", &can)];
    Ok(Screen::text(front.texts.say(lang, "team.home_title", &args)).inline(rows))
}

/// Everybody who works here: the owners of the settings first, and a page of the others.
async fn list(front: &Front, lang: Lang, page: u32) -> Result<Screen> {
    let team = front.access.team();
    let names = team.names(&team.owners).await?;
    let owner = |id: &i64| {
        let name = names.get(id).cloned().unwrap_or_else(|| id.to_string());
        front.texts.say(lang, "team.line_fixed", &[("name", &cut(&name))])
    };
    let mut lines: Vec<String> = team.owners.iter().take(OWNERS).map(owner).collect();
    let members = team.members().await?;
    let from = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(PAGE);
    let mut rows = Vec::new();
    for member in members.iter().skip(from).take(PAGE) {
        let role = post_name(front, lang, member.role);
        let args: [(&str, &dyn Display); 2] = [("name", &cut(&member.name)), ("role", &role)];
        lines.push(front.texts.say(lang, "team.line", &args));
        let text = front.texts.plain(lang, "team.row", &args);
        rows.push(vec![Button::press(text, TeamAct::Member(member.id).data())]);
    }
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(front, lang, "operator.earlier", &TeamAct::List(page - 1)));
    }
    if from.saturating_add(PAGE) < members.len() {
        turn.push(button(front, lang, "operator.later", &TeamAct::List(page.saturating_add(1))));
    }
    rows.extend((!turn.is_empty()).then_some(turn));
    rows.push(vec![
        button(front, lang, "team.add", &TeamAct::Add),
        button(front, lang, "team.history", &TeamAct::History(0)),
    ]);
    rows.push(vec![button(front, lang, "team.home", &TeamAct::Home)]);
    let args: [(&str, &dyn Display); 1] = [("lines", &lines.join("\n"))];
    Ok(Screen::text(front.texts.say(lang, "team.list", &args)).inline(rows))
}

fn button(front: &Front, lang: Lang, key: &str, act: &TeamAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}

fn name_of(role: Role) -> &'static str {
    match role {
        Role::Owner => Post::Owner.name(),
        Role::Operator => Post::Operator.name(),
        Role::Support | Role::Buyer => Post::Support.name(),
    }
}

fn role_name(front: &Front, lang: Lang, role: Role) -> String {
    front.texts.plain(lang, &format!("team.role.{}", name_of(role)), &[])
}

fn post_name(front: &Front, lang: Lang, post: Post) -> String {
    role_name(front, lang, post.into())
}

/// A name as a screen has room for.
fn cut(name: &str) -> String {
    operator::cut(name, NAME)
}
