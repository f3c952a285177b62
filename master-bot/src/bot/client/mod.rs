//! «Мои боты»: what a client sees and may want of their own bots.
//!
//! Every act asks anew whose the bot is: a slug in a button is only a word that anybody can send.

mod card;
mod token;

pub(super) use self::card::card_screen;

use anyhow::Result;
use shared::{
    slug::Slug,
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

use super::{Front, callback::ClientAct, visitor::Visitor, words::cut};
use crate::fleet::own::{self, OwnBot, Wish};

/// Characters of a name on a button.
const NAME: usize = 32;
/// Nobody has more bots than a message can show buttons for.
const MOST: usize = 50;

/// `/mybots`.
pub(super) async fn command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let (screen, only) = home(front, visitor).await?;
    let reply = front.outbox.reply(update_id, 0, message.chat_id, &screen).await?;
    if let (Some(slug), Some(message_id)) = (only, reply.message_id) {
        watch(front, visitor, (message.chat_id, message_id), &slug, screen);
    }
    Ok(())
}

/// A press on one of these buttons, or what claims to be one.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &ClientAct,
) -> Result<()> {
    let place = (press.chat_id, press.message_id);
    front.live.forget_card(place);
    match act {
        ClientAct::List => {
            let (screen, only) = home(front, visitor).await?;
            front.telegram.answer_press(&press.id, None, false).await?;
            front.show(update_id, press, &screen).await?;
            if let Some(slug) = only {
                watch(front, visitor, place, &slug, screen);
            }
            Ok(())
        }
        ClientAct::Card(slug) => show_card(front, update_id, visitor, press, slug, None).await,
        ClientAct::Restart(slug) => restart(front, update_id, visitor, press, slug).await,
        ClientAct::AskToken(slug) => token::ask(front, update_id, visitor, press, slug).await,
        ClientAct::NewToken(slug) => token::change(front, update_id, visitor, press, slug).await,
        ClientAct::Help(slug) => {
            let Some(bot) = one(front, visitor, slug).await? else { return gone(front, visitor, press).await };
            front.telegram.answer_press(&press.id, None, false).await?;
            let lang = visitor.lang();
            let text = front.texts.say(lang, "client.help_text", &[("bot", &bot.bot_username)]);
            front
                .show(
                    update_id,
                    press,
                    &Screen::text(text).inline(vec![vec![card::support(front, lang)], back_to(front, lang, slug)]),
                )
                .await
        }
    }
}

/// One bot is shown at once, several as a list. With the slug of the one.
async fn home(front: &Front, visitor: &Visitor) -> Result<(Screen, Option<Slug>)> {
    let lang = visitor.lang();
    let bots = own::all(&front.fleet.pool, visitor.client.id, front.clock.now()).await?;
    match bots.as_slice() {
        [] => Ok((Screen::text(front.texts.say(lang, "client.none", &[])), None)),
        [only] => Ok((card::screen(front, lang, only, false), Some(only.slug.clone()))),
        bots => {
            let row = |bot: &OwnBot| {
                let name = cut(&bot.business_name, NAME);
                let args: [(&str, &dyn std::fmt::Display); 3] =
                    [("icon", &bot.state.icon()), ("name", &name), ("bot", &bot.bot_username)];
                let text = front.texts.plain(lang, "client.row", &args);
                vec![Button::press(text, ClientAct::Card(bot.slug.clone()).data())]
            };
            let rows = bots.iter().take(MOST).map(row).collect();
            Ok((Screen::text(front.texts.say(lang, "client.list", &[])).inline(rows), None))
        }
    }
}

/// The card in place of what was pressed; it keeps up with the bot for a while.
async fn show_card(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    slug: &Slug,
    note: Option<&str>,
) -> Result<()> {
    let Some(screen) = card_screen(front, visitor.client.id, slug, visitor.lang()).await? else {
        return gone(front, visitor, press).await;
    };
    front.telegram.answer_press(&press.id, note, false).await?;
    front.show(update_id, press, &screen).await?;
    watch(front, visitor, (press.chat_id, press.message_id), slug, screen);
    Ok(())
}

fn watch(front: &Front, visitor: &Visitor, place: (i64, i32), slug: &Slug, shown: Screen) {
    front.live.watch_own(place, slug, visitor.lang(), visitor.client.id, front.clock.now(), shown);
}

async fn restart(front: &Front, update_id: i64, visitor: &Visitor, press: &Press, slug: &Slug) -> Result<()> {
    let (actor, cause) = (actor(visitor), format!("update:{update_id}"));
    let now = front.clock.now();
    let key = match own::restart(&front.fleet.pool, visitor.client.id, slug, (&actor, &cause), now).await? {
        Wish::Noted => "client.restarting",
        Wish::TooSoon => "client.restart_soon",
        Wish::Held => "client.restart_held",
        Wish::Unpaid => "client.restart_unpaid",
        Wish::Removing => "client.restart_removing",
        Wish::Unknown => return gone(front, visitor, press).await,
    };
    tracing::info!(tenant = %slug, actor, outcome = key, "a client wants a restart");
    let note = front.texts.plain(visitor.lang(), key, &[]);
    show_card(front, update_id, visitor, press, slug, Some(&note)).await
}

async fn one(front: &Front, visitor: &Visitor, slug: &Slug) -> Result<Option<OwnBot>> {
    Ok(own::one(&front.fleet.pool, visitor.client.id, slug, front.clock.now()).await?)
}

/// Somebody else's, or nobody's any more: the screen stays as it is.
async fn gone(front: &Front, visitor: &Visitor, press: &Press) -> Result<()> {
    let note = front.texts.plain(visitor.lang(), "client.gone", &[]);
    Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?)
}

fn actor(visitor: &Visitor) -> String {
    format!("client:{}", visitor.client.telegram_id)
}

fn back_to(front: &Front, lang: Lang, slug: &Slug) -> Vec<Button> {
    vec![button(front, lang, "client.back", &ClientAct::Card(slug.clone()))]
}

fn button(front: &Front, lang: Lang, key: &str, act: &ClientAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}
