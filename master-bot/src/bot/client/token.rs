//! Another token for a client's bot. A managed bot's we change ourselves; one that was pasted only its owner can, in
//! BotFather, and pastes the new one here (`buyer::bot::renewed` takes it at any moment).

use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use shared::{
    slug::Slug,
    telegram::{Screen, TelegramError, incoming::Press},
    texts::Lang,
};

use super::{actor, back_to, button, gone, one, show_card};
use crate::{
    bot::{Front, callback::ClientAct, visitor::Visitor},
    fleet::own::{self, OwnBot, TokenWish},
};

/// Tells what will happen, or what to do.
pub(super) async fn ask(front: &Front, update_id: i64, visitor: &Visitor, press: &Press, slug: &Slug) -> Result<()> {
    let lang = visitor.lang();
    let Some(bot) = one(front, visitor, slug).await? else { return gone(front, visitor, press).await };
    front.telegram.answer_press(&press.id, None, false).await?;
    // What is not ours to manage any more we cannot change.
    let ours = bot.managed && bot.trouble.as_deref() != Some("bot_not_ours");
    let screen = if ours {
        let text = front.texts.say(lang, "client.token_ask", &[("bot", &bot.bot_username)]);
        let yes = button(front, lang, "client.token_yes", &ClientAct::NewToken(slug.clone()));
        Screen::text(text).inline(vec![vec![yes], back_to(front, lang, slug)])
    } else {
        paste(front, lang, &bot)
    };
    front.show(update_id, press, &screen).await
}

/// Changes the token of a managed bot, once for a tap. Whatever is cut off on the way is finished when Telegram tells
/// of the tap again; and should nobody come back to it, the fleet fetches the token that works when it meets the dead
/// one.
pub(super) async fn change(front: &Front, update_id: i64, visitor: &Visitor, press: &Press, slug: &Slug) -> Result<()> {
    let lang = visitor.lang();
    let (pool, client, now) = (&front.fleet.pool, visitor.client.id, front.clock.now());
    let Some(bot) = one(front, visitor, slug).await? else { return gone(front, visitor, press).await };
    let (actor, cause) = (actor(visitor), format!("update:{update_id}"));
    let signed = (actor.as_str(), cause.as_str());
    let changed = match own::want_token(pool, client, slug, signed, now).await? {
        TokenWish::Unknown => {
            front.telegram.answer_press(&press.id, None, false).await?;
            return front.show(update_id, press, &paste(front, lang, &bot)).await;
        }
        TokenWish::Done | TokenWish::TooSoon => {
            let note = front.texts.plain(lang, "client.token_done", &[]);
            return show_card(front, update_id, visitor, press, slug, Some(&note)).await;
        }
        TokenWish::New => front.telegram.replace_managed_bot_token(bot.bot_id.0).await,
        TokenWish::CutOff => finish(front, &bot).await?,
    };
    let token = match changed {
        Err(TelegramError::Refused(why)) => {
            tracing::warn!(tenant = %slug, why, "a managed bot's token is not ours to change");
            let note = front.texts.plain(lang, "client.token_lost", &[]);
            front.telegram.answer_press(&press.id, Some(&note), true).await?;
            return front.show(update_id, press, &paste(front, lang, &bot)).await;
        }
        // Nobody knows what came of it: the tap is tried again, and then the bot's token is looked at first.
        token => token.context("replaceManagedBotToken")?,
    };
    if !front.desk.keep_bot(&visitor.client, bot.bot_id, &bot.bot_username, true, &token).await? {
        return gone(front, visitor, press).await;
    }
    own::token_changed(pool, client, slug, signed, front.clock.now()).await?;
    tracing::info!(tenant = %slug, actor, "a bot's token was changed");
    let note = front.texts.plain(lang, "client.token_done", &[]);
    show_card(front, update_id, visitor, press, slug, Some(&note)).await
}

/// A change that was cut off: the token that works now is another than ours, or the change was never made.
async fn finish(front: &Front, bot: &OwnBot) -> Result<Result<SecretString, TelegramError>> {
    let current = match front.telegram.managed_bot_token(bot.bot_id.0).await {
        Ok(current) => current,
        refused => return Ok(refused),
    };
    let ours = front.desk.token_of(bot.bot_id).await?;
    if ours.is_some_and(|ours| ours.expose_secret() == current.expose_secret()) {
        return Ok(front.telegram.replace_managed_bot_token(bot.bot_id.0).await);
    }
    Ok(Ok(current))
}

fn paste(front: &Front, lang: Lang, bot: &OwnBot) -> Screen {
    let text = front.texts.say(lang, "client.token_paste", &[("bot", &bot.bot_username)]);
    Screen::text(text).inline(vec![back_to(front, lang, &bot.slug)])
}
