//! The buyer's bot: made under our management, or given by its token. One bot serves one order.

use anyhow::Result;
use secrecy::SecretString;
use shared::telegram::{
    Screen, TelegramError,
    incoming::{Message, Person},
};

use super::{next_screen, say};
use crate::{
    bot::Front,
    registry::{BotId, clients::Client, orders::Order},
    sales::{
        desk::Bound,
        signup::{self, Question},
    },
};

/// A bot was made to be managed by ours, or its token or owner changed. Comes as an update, and from the keyboard's
/// button as a message besides.
pub(in crate::bot) async fn made(front: &Front, update_id: i64, creator: &Person, bot: &Person) -> Result<()> {
    let client = front.desk.meet(creator).await?;
    let username = bot.username.clone().unwrap_or_default();
    let id = BotId(bot.id);
    let known = front.desk.bot_username(id).await?.is_some();
    let token = front.telegram.managed_bot_token(bot.id).await?;
    if !front.desk.keep_bot(&client, id, &username, true, &token).await? {
        tracing::warn!(%id, client = %client.id, "a bot of another client was announced");
        return Ok(());
    }
    let order = front.desk.open_order(&client).await?;
    let screen = match order {
        Some(order) if order.bot_id == Some(id) => return Ok(()),
        Some(order) if order.bot_id.is_some() => {
            let first = match order.bot_id {
                Some(first) => front.desk.bot_username(first).await?.unwrap_or_default(),
                None => String::new(),
            };
            let text = front.texts.say(client.lang(), "buyer.bot_extra", &[("bot", &username), ("first", &first)]);
            Screen::text(text)
        }
        Some(order) if !known || signup::next(&order) == Question::Bot => {
            return bind(front, update_id, client.telegram_id, &client, &order, id, &username).await;
        }
        _ if known => {
            // A new token of a bot that is at work: its container is made anew with it.
            front.watch.fleet.notify_one();
            return Ok(());
        }
        _ => Screen::text(front.texts.say(client.lang(), "buyer.bot_unasked", &[("bot", &username)])),
    };
    front.reply(update_id, client.telegram_id, &screen).await
}

/// A token was pasted. Its message is taken out of the chat whatever the token is worth.
pub(super) async fn pasted(
    front: &Front,
    update_id: i64,
    message: &Message,
    client: &Client,
    order: &Order,
    text: &str,
) -> Result<()> {
    let token = SecretString::from(text.trim().to_owned());
    let me = front.line_of(&token)?.get_me().await;
    if let Err(error) = front.telegram.delete_message(message.chat_id, message.message_id).await {
        tracing::warn!(%error, "a message with a token could not be deleted");
    }
    let me = match me {
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
        let text = front.texts.say(client.lang(), "buyer.bot_taken", &[("bot", &me.username)]);
        return front.reply(update_id, message.chat_id, &Screen::text(text)).await;
    }
    bind(front, update_id, message.chat_id, client, order, id, &me.username).await
}

async fn bind(
    front: &Front,
    update_id: i64,
    chat_id: i64,
    client: &Client,
    order: &Order,
    id: BotId,
    username: &str,
) -> Result<()> {
    if front.desk.bind_bot(order, id).await? == Bound::Taken {
        let text = front.texts.say(client.lang(), "buyer.bot_taken", &[("bot", &username)]);
        return front.reply(update_id, chat_id, &Screen::text(text)).await;
    }
    let bound =
        Screen::text(front.texts.say(client.lang(), "buyer.bot_bound", &[("bot", &username)])).remove_keyboard();
    front.outbox.reply(update_id, 1, chat_id, &bound).await?;
    let next = next_screen(front, client).await?;
    front.reply(update_id, chat_id, &next).await
}
