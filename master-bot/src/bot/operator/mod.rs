//! The staff's screens of the fleet: a list, one tenant as a card, and what may be wanted of it.
//!
//! The right is asked at every command, every press and every typed answer: a stranger's does nothing, and neither does
//! that of somebody who was one of us a moment ago.

mod card;
mod events;
mod letters;
mod list;
mod logs;
mod remove;
mod step;
mod stop;

use anyhow::Result;
use shared::{
    outbox::LetterAct,
    slug::Slug,
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

pub(super) use self::{card::screen as card_screen, logs::told};
pub(crate) use self::{letters::button_of_list as letters_button, step::OperatorStep};
use super::{
    Front,
    access::{Right, Role},
    callback::{OperatorAct, TeamAct},
    steps::Step,
    visitor::Visitor,
};
use crate::{
    fleet::intent::Wished,
    registry::{PaymentId, tenants::Intent},
};

/// One press of one person, on its way to its screen.
struct Tap<'a> {
    update_id: i64,
    press: &'a Press,
    lang: Lang,
    role: Role,
}

impl Tap<'_> {
    /// As acts are signed with.
    fn actor(&self) -> String {
        format!("operator:{}", self.press.from.id)
    }

    /// What its acts come of: told twice, they are done once.
    fn cause(&self) -> String {
        format!("update:{}", self.update_id)
    }

    /// In a group nothing can be typed: what is written there is not read.
    fn is_private(&self) -> bool {
        self.press.chat_id == self.press.from.id
    }

    fn place(&self) -> (i64, i32) {
        (self.press.chat_id, self.press.message_id)
    }
}

/// What an act asks for.
fn right(act: &OperatorAct) -> Right {
    match act {
        OperatorAct::List(..)
        | OperatorAct::Find
        | OperatorAct::Found(..)
        | OperatorAct::Card(_)
        | OperatorAct::Events(..) => Right::See,
        OperatorAct::Restart(..) => Right::Restart,
        OperatorAct::Stop(_) | OperatorAct::Hold(..) | OperatorAct::Start(..) => Right::Steer,
        OperatorAct::Logs(_) => Right::Logs,
        OperatorAct::AskRemove(_) => Right::Remove,
        OperatorAct::Letters(_) | OperatorAct::Resend(..) | OperatorAct::Dismiss(..) => Right::Letters,
        OperatorAct::Refunded(_) => Right::Refund,
    }
}

/// The words for whoever has not this right.
pub(super) fn denied(role: Role) -> &'static str {
    if role == Role::Buyer { "operator.denied" } else { "operator.not_yours" }
}

/// `/tenants`, `/tenants` with words to look for, `/tenant client_001`.
pub(super) async fn command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let lang = visitor.lang();
    if !visitor.role.may(Right::See) {
        let screen = Screen::text(front.texts.say(lang, denied(visitor.role), &[]));
        return front.reply(update_id, message.chat_id, &screen).await;
    }
    let typed = message.text.as_deref().unwrap_or_default();
    match typed.split_once(char::is_whitespace) {
        Some((_, words)) if !words.trim().is_empty() => list::search(front, update_id, visitor, message, words).await,
        _ => {
            let screen = list::screen(front, (lang, visitor.role), (0, None)).await?;
            front.reply(update_id, message.chat_id, &screen).await
        }
    }
}

/// A link to a tenant's card, from where nothing can be typed.
pub(super) async fn linked(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    slug: &Slug,
) -> Result<()> {
    card::reply(front, update_id, visitor, message, slug).await
}

/// A press on one of these screens' buttons, or what claims to be one.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &OperatorAct,
) -> Result<()> {
    let lang = visitor.lang();
    if !visitor.role.may(right(act)) {
        let note = front.texts.plain(lang, denied(visitor.role), &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?);
    }
    let tap = Tap { update_id, press, lang, role: visitor.role };
    // Whoever turns to something else is not waited for any more.
    if matches!(front.steps.of(press.from.id).await, Some(Step::Operator(_))) {
        front.steps.forget(press.from.id).await;
    }
    match act {
        OperatorAct::List(page, state) => list::show(front, &tap, (*page, *state)).await,
        OperatorAct::Find => list::ask(front, &tap).await,
        OperatorAct::Found(page, words) => list::found(front, &tap, *page, words).await,
        OperatorAct::Card(slug) => {
            front.telegram.answer_press(&press.id, None, false).await?;
            front.fleet.measure(slug, &tap.actor()).await?;
            card::show(front, &tap, slug).await
        }
        OperatorAct::Events(slug, page) => events::show(front, &tap, slug, *page).await,
        OperatorAct::Stop(slug) => stop::ask(front, &tap, slug).await,
        OperatorAct::Hold(slug, shown, reason) => stop::hold(front, &tap, (slug, *shown), *reason).await,
        OperatorAct::Start(slug, shown) => wish(front, &tap, (slug, *shown), Intent::Release).await,
        OperatorAct::Restart(slug, shown) => wish(front, &tap, (slug, *shown), Intent::Restart).await,
        OperatorAct::Logs(slug) => logs::ask(front, &tap, slug).await,
        OperatorAct::AskRemove(slug) => remove::ask(front, &tap, slug).await,
        OperatorAct::Letters(page) => letters::show(front, &tap, *page).await,
        OperatorAct::Resend(id, attempts) => letters::act(front, &tap, (*id, *attempts), LetterAct::Resend).await,
        OperatorAct::Dismiss(id, attempts) => letters::act(front, &tap, (*id, *attempts), LetterAct::Dismiss).await,
        OperatorAct::Refunded(payment) => refunded(front, &tap, *payment).await,
    }
}

/// What somebody wrote in answer to a question of these screens.
pub(super) async fn typed(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    step: &OperatorStep,
) -> Result<()> {
    let asked = match step {
        OperatorStep::Find => Right::See,
        OperatorStep::Reason { .. } => Right::Steer,
        OperatorStep::Remove { .. } => Right::Remove,
    };
    if !visitor.role.may(asked) {
        front.steps.forget(message.from.id).await;
        let screen = Screen::text(front.texts.say(visitor.lang(), denied(visitor.role), &[]));
        return front.reply(update_id, message.chat_id, &screen).await;
    }
    let words = message.text.as_deref().unwrap_or_default();
    match step {
        OperatorStep::Find => list::search(front, update_id, visitor, message, words).await,
        OperatorStep::Reason { slug, generation } => {
            stop::typed(front, update_id, visitor, message, (slug, *generation)).await
        }
        OperatorStep::Remove { slug, generation, until } => {
            remove::typed(front, update_id, visitor, message, (slug, *generation, *until)).await
        }
    }
}

/// Writes a wish down, unless somebody has changed the bot's fate since its card was made, and shows the card.
async fn wish(front: &Front, tap: &Tap<'_>, shown: (&Slug, i64), intent: Intent<'_>) -> Result<()> {
    let wished = front.fleet.wish_as_shown(shown, intent, &tap.actor(), &tap.cause()).await?;
    let note = front.texts.plain(tap.lang, noted(&wished, &tap.actor(), intent), &[]);
    front.telegram.answer_press(&tap.press.id, Some(&note), false).await?;
    card::show(front, tap, shown.0).await
}

/// The text that tells what came of a wish.
fn noted(wished: &Wished, actor: &str, intent: Intent<'_>) -> &'static str {
    match wished {
        Wished::Noted(tenant) => {
            tracing::info!(tenant = %tenant.slug, actor, ?intent, "an operator's wish");
            "operator.noted"
        }
        Wished::Nothing => "operator.nothing",
        Wished::Changed => "operator.changed",
        Wished::Unknown => "operator.gone",
    }
}

/// An operator has returned money in the provider's cabinet.
async fn refunded(front: &Front, tap: &Tap<'_>, payment: PaymentId) -> Result<()> {
    let actor = tap.actor();
    if !front.desk.refunded(payment, &actor).await? {
        let note = front.texts.plain(tap.lang, "operator.nothing", &[]);
        return Ok(front.telegram.answer_press(&tap.press.id, Some(&note), false).await?);
    }
    tracing::info!(%payment, actor, "money was returned, an operator says");
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let text =
        front.texts.say(tap.lang, "money.refunded", &[("payment", &payment), ("who", &tap.press.from.first_name)]);
    front.show(tap.update_id, tap.press, &Screen::text(text)).await
}

fn button(front: &Front, lang: Lang, key: &str, act: &OperatorAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}

/// The way back to the staff's first screen.
fn home(front: &Front, lang: Lang) -> Button {
    Button::press(front.texts.plain(lang, "team.home", &[]), TeamAct::Home.data())
}

/// In place of a question that has to be answered in words, where words are not read: a link to where they are.
async fn ask_in_private(front: &Front, tap: &Tap<'_>, slug: &Slug) -> Result<()> {
    let link = format!("https://t.me/{}?start=card_{slug}", front.me.username);
    let screen = Screen::text(front.texts.say(tap.lang, "operator.private", &[("slug", slug)])).inline(vec![
        vec![Button::link(front.texts.plain(tap.lang, "operator.private_open", &[]), link)],
        vec![button(front, tap.lang, "operator.to_card", &OperatorAct::Card(slug.clone()))],
    ]);
    front.show(tap.update_id, tap.press, &screen).await
}

/// The first characters of a text, and a sign where more were left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
