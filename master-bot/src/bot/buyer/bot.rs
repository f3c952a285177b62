//! The buyer's bot: made under our management, or given by its token. One bot serves one order.

use std::fmt::Display;

use anyhow::Result;
use secrecy::{ExposeSecret, SecretString};
use shared::{
    outbox::Letter,
    telegram::{
        Screen, TelegramError,
        incoming::{Message, Person},
    },
    texts::Lang,
};

use super::{button, next_screen, say, step::Stand};
use crate::{
    bot::{Front, callback::BuyerAct, lang_of},
    registry::{BotId, clients::Client, orders::Order},
    sales::{desk::Bound, signup::Question},
};

/// A bot was made to be managed by ours, or its token or owner changed. Comes as an update, and from the keyboard's
/// button as a message besides.
pub(in crate::bot) async fn made(front: &Front, update_id: i64, creator: &Person, bot: &Person) -> Result<()> {
    let id = BotId(bot.id);
    let known = front.desk.bot(id).await?;
    // Such as one that was just taken out of service, which is how its token came to change.
    if known.is_some() && !front.desk.in_use(id).await? {
        return Ok(());
    }
    let username = match (&bot.username, &known) {
        (Some(username), _) => username.clone(),
        (None, Some((row, _))) => row.username.clone(),
        (None, None) => String::new(),
    };
    let client = match &known {
        Some((_, owner)) => owner.clone(),
        None => front.desk.meet(creator).await?,
    };
    let token = match front.telegram.managed_bot_token(bot.id).await {
        Err(TelegramError::Refused(why)) => {
            tracing::warn!(%id, why, "the token of a bot that was announced is not given out");
            return Ok(());
        }
        token => token?,
    };
    if !front.desk.keep_bot(&client, id, &username, true, &token).await? {
        tracing::warn!(%id, client = %client.id, "a bot of another client was announced");
        return Ok(());
    }
    if client.telegram_id != creator.id {
        front.fleet.look_soon().await?;
        return changed_hands(front, &client, creator, id, &username).await;
    }
    let known = known.is_some();
    let screen = match Stand::of(front, &client).await? {
        // Told again, or by the other of the two.
        Some(Stand { order, .. }) if order.bot_id == Some(id) => {
            return bound(front, &client, &order, id, &username).await;
        }
        _ if known => {
            // A new token of a bot that is at work: its container is made anew with it.
            front.fleet.look_soon().await?;
            return Ok(());
        }
        Some(Stand { order, question: Question::Bot }) => {
            if bind(front, update_id, &client, &order, id, &username).await? {
                bound(front, &client, &order, id, &username).await?;
            }
            return Ok(());
        }
        Some(Stand { order: Order { bot_id: Some(first), .. }, .. }) => {
            let first = front.desk.bot_username(first).await?.unwrap_or_default();
            let text = front.texts.say(client.lang(), "buyer.bot_extra", &[("bot", &username), ("first", &first)]);
            Screen::text(text)
        }
        _ => Screen::text(front.texts.say(client.lang(), "buyer.bot_unasked", &[("bot", &username)])),
    };
    front.reply(update_id, client.telegram_id, &screen).await
}

/// A bot that serves one client belongs to another person now. It goes on serving who pays for it; all three are told
/// (docs/adr/0009-managed-bot-owner.md).
async fn changed_hands(front: &Front, client: &Client, new: &Person, id: BotId, username: &str) -> Result<()> {
    let now = front.clock.now();
    let name = |name: &str, username: Option<&String>| match username {
        Some(username) => format!("{name} @{username}"),
        None => name.to_owned(),
    };
    let old_owner = name(&client.name, client.username.as_ref());
    let new_owner = name(&new.first_name, new.username.as_ref());
    let theirs = front.desk.language_of(new.id).await?.unwrap_or_else(|| lang_of(new));
    let letter = |whom: &str, chat_id: i64, lang: Lang, key: &str| {
        let args: [(&str, &dyn Display); 3] = [("bot", &username), ("old", &old_owner), ("new", &new_owner)];
        let screen = Screen::text(front.texts.say(lang, key, &args));
        Letter { key: format!("changed_hands:{id}:{}:{whom}", new.id), chat_id, screen, due_at: now }
    };
    let mut letters = vec![
        letter("client", client.telegram_id, client.lang(), "buyer.hands_client"),
        letter("new", new.id, theirs, "buyer.hands_new"),
    ];
    for chat in &front.watch.operator_chats {
        letters.push(letter(&format!("operators:{chat}"), *chat, Lang::Ru, "operator.hands"));
    }
    tracing::warn!(%id, client = %client.id, new_owner = new.id, "a bot at work has changed hands");
    for letter in letters {
        front.outbox.post(&letter).await?;
    }
    Ok(())
}

/// A newer token of a bot that is at work already, at whatever moment. `false`: it is something else.
pub(super) async fn renewed(
    front: &Front,
    update_id: i64,
    message: &Message,
    client: &Client,
    token: &SecretString,
) -> Result<bool> {
    let id = token.expose_secret().split(':').next().and_then(|id| id.parse().ok()).map(BotId);
    let Some(id) = id else { return Ok(false) };
    if !front.desk.serves(client, id).await? {
        return Ok(false);
    }
    let key = match front.line_of(token)?.get_me().await {
        Ok(me) if me.id == id.0 && front.desk.renew_token(client, id, &me.username, token).await? => {
            tracing::info!(%id, client = %client.id, "a bot at work has a newer token");
            front.fleet.look_soon().await?;
            "buyer.token_renewed"
        }
        Ok(_) | Err(TelegramError::Unauthorized | TelegramError::Refused(_)) => "buyer.token_refused",
        Err(error) => {
            tracing::warn!(%error, "a newer token could not be checked");
            "buyer.token_later"
        }
    };
    front.reply(update_id, message.chat_id, &say(front, client, key)).await?;
    Ok(true)
}

/// A token was pasted in answer to the question for a bot. Its message is out of the chat already.
pub(super) async fn pasted(
    front: &Front,
    update_id: i64,
    message: &Message,
    client: &Client,
    order: &Order,
    token: SecretString,
) -> Result<()> {
    let me = match front.line_of(&token)?.get_me().await {
        Ok(me) => me,
        Err(TelegramError::Unauthorized | TelegramError::Refused(_)) => {
            return front.reply(update_id, message.chat_id, &say(front, client, "buyer.token_refused")).await;
        }
        Err(error) => {
            tracing::warn!(%error, "a pasted token could not be checked");
            return front.reply(update_id, message.chat_id, &say(front, client, "buyer.token_later")).await;
        }
    };
    let id = BotId(me.id);
    if id.0 == front.me.id || !front.desk.keep_bot(client, id, &me.username, false, &token).await? {
        return front.reply(update_id, message.chat_id, &taken(front, client, &me.username)).await;
    }
    if !bind(front, update_id, client, order, id, &me.username).await? {
        return Ok(());
    }
    let bound = bound_screen(front, client, order, &me.username);
    front.outbox.reply(update_id, 2, message.chat_id, &bound).await?;
    front.reply(update_id, message.chat_id, &next_screen(front, client).await?).await
}

/// One of the buyer's own bots, of an order that was given up, is to serve this one. `false`: it is none of them, or
/// serves another meanwhile.
pub(super) async fn chosen(front: &Front, update_id: i64, client: &Client, order: &Order, id: BotId) -> Result<bool> {
    let own = front.desk.free_bots(client).await?.into_iter().find(|(bot, _)| *bot == id);
    let Some((id, username)) = own else { return Ok(false) };
    bind(front, update_id, client, order, id, &username).await
}

/// Lets the bot serve the order; who cannot have it is told so.
async fn bind(
    front: &Front,
    update_id: i64,
    client: &Client,
    order: &Order,
    id: BotId,
    username: &str,
) -> Result<bool> {
    match front.desk.bind_bot(order, id, update_id).await? {
        Bound::Taken => {
            front.reply(update_id, client.telegram_id, &taken(front, client, username)).await?;
            Ok(false)
        }
        Bound::Done => {
            front.steps.forget(client.telegram_id).await;
            Ok(true)
        }
    }
}

/// Tells that the bot is bound, and what comes next; once for this order and bot, whatever brings us here again.
async fn bound(front: &Front, client: &Client, order: &Order, id: BotId, username: &str) -> Result<()> {
    let next = next_screen(front, client).await?;
    for (what, screen) in [("bound", bound_screen(front, client, order, username)), ("next", next)] {
        let key = format!("{what}:{}:{id}", order.id);
        let letter = Letter { key, chat_id: client.telegram_id, screen, due_at: front.clock.now() };
        front.outbox.post(&letter).await?;
    }
    Ok(())
}

fn bound_screen(front: &Front, client: &Client, order: &Order, username: &str) -> Screen {
    // Who has paid already is not told to pay.
    let key = if order.hand_sale_id.is_some() { "sale.bot_bound" } else { "buyer.bot_bound" };
    Screen::text(front.texts.say(client.lang(), key, &[("bot", &username)])).remove_keyboard()
}

fn taken(front: &Front, client: &Client, username: &str) -> Screen {
    let text = front.texts.say(client.lang(), "buyer.bot_taken", &[("bot", &username)]);
    Screen::text(text).inline(vec![vec![button(front, client.lang(), "buyer.go_on", &BuyerAct::GoOn)]])
}
