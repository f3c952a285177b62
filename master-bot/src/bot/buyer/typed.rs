//! What a buyer writes: commands, answers, tokens, a shared phone number.

use anyhow::Result;
use secrecy::SecretString;
use shared::telegram::{Screen, incoming::Message};

use super::{bot, greeting, language, next_screen, questions, say, step::Stand, summary, take, terms};
use crate::{
    bot::{Front, visitor::Visitor},
    registry::clients::Client,
    sales::{
        cities::Found,
        desk::Given,
        signup::{self, Question, Wrong},
    },
};

/// Somebody wrote.
pub(in crate::bot) async fn message(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let client = &visitor.client;
    let text = message.text.as_deref().unwrap_or_default().trim();
    if let Some(token) = signup::token_in(text) {
        let token = SecretString::from(token.to_owned());
        return token_written(front, update_id, message, client, token).await;
    }
    let screen = match text.split_whitespace().next().filter(|word| word.starts_with('/')) {
        Some(word) => command(front, visitor, message, word).await?,
        None => answer(front, update_id, client, message, text).await?,
    };
    front.reply(update_id, message.chat_id, &screen).await
}

async fn command(front: &Front, visitor: &Visitor, message: &Message, word: &str) -> Result<Screen> {
    let client = &visitor.client;
    Ok(match word {
        "/start" => {
            language::refresh_menu(front, visitor, message).await;
            greeting::screen(front, client).await?
        }
        "/help" => greeting::help(front, client, "buyer.help"),
        "/language" => language::screen(front, client.lang()),
        "/support" => greeting::support(front, client),
        "/terms" => terms::screen(front, client).await?,
        "/cancel" => match front.desk.open_order(client).await? {
            Some(order) => summary::ask_to_drop(front, client.lang(), &order),
            None => greeting::help(front, client, "buyer.nothing_to_drop"),
        },
        _ => greeting::help(front, client, "buyer.unknown"),
    })
}

/// Words that are no command: an answer, if one is awaited.
async fn answer(front: &Front, update_id: i64, client: &Client, message: &Message, text: &str) -> Result<Screen> {
    let lang = client.lang();
    let Some(stand) = Stand::of(front, client).await? else {
        return Ok(greeting::help(front, client, "buyer.unknown"));
    };
    let order = &stand.order;
    if order.answered_by == Some(update_id) {
        // Telegram repeats what was answered already: it is no answer to the next question.
        front.steps.forget(client.telegram_id).await;
        confirm_contact(front, update_id, client, message, order.contact.as_deref()).await?;
        return next_screen(front, client).await;
    }
    let wrong = |key| Ok(questions::wrong(front, lang, key));
    let given = match (stand.question, &message.contact) {
        (Question::Contact, Some(shared)) if shared.user_id != Some(message.from.id) => {
            return wrong("buyer.contact_foreign");
        }
        (Question::Contact, Some(shared)) => signup::contact(&shared.phone_number).map(Given::Contact),
        (Question::Contact, None) => signup::contact(text).map(Given::Contact),
        // The key below the chat was for another question.
        (_, Some(_)) => return Ok(say(front, client, "buyer.contact_unasked").remove_keyboard()),
        (Question::BusinessName, None) => signup::business_name(text).map(Given::BusinessName),
        (Question::Zone, None) => match front.cities.find(text, lang) {
            Found::One(zone) => Ok(Given::Zone(zone.to_owned())),
            Found::Some(found) => return Ok(questions::zones_found(front, lang, &found)),
            Found::None => Err(Wrong("buyer.zone_wrong")),
        },
        (Question::Kind, None) => Err(Wrong("buyer.kind_tap")),
        (Question::Bot, None) => Err(Wrong("buyer.token_wrong")),
        (Question::Summary | Question::Payment | Question::Over, None) => {
            return Ok(greeting::help(front, client, "buyer.unknown"));
        }
    };
    match given {
        Ok(given) => {
            let next = take(front, client, order, &given, update_id).await?;
            if let Given::Contact(contact) = &given {
                confirm_contact(front, update_id, client, message, Some(contact)).await?;
            }
            Ok(next)
        }
        Err(Wrong(key)) => wrong(key),
    }
}

/// Says that a contact was taken, once for the message that brought it.
async fn confirm_contact(
    front: &Front,
    update_id: i64,
    client: &Client,
    message: &Message,
    taken: Option<&str>,
) -> Result<()> {
    let shared = message.contact.as_ref().map(|shared| shared.phone_number.as_str());
    let written = signup::contact(shared.or(message.text.as_deref()).unwrap_or_default());
    if let Some(taken) = taken.filter(|taken| written.is_ok_and(|written| written == *taken)) {
        let screen = questions::contact_taken(front, client.lang(), taken);
        front.outbox.reply(update_id, 1, message.chat_id, &screen).await?;
    }
    Ok(())
}

/// Somebody wrote a bot's token, at whatever question: it goes out of the chat first.
async fn token_written(
    front: &Front,
    update_id: i64,
    message: &Message,
    client: &Client,
    token: SecretString,
) -> Result<()> {
    if let Err(error) = front.telegram.delete_message(message.chat_id, message.message_id).await {
        tracing::warn!(%error, "a message with a token could not be deleted");
        front.outbox.reply(update_id, 1, message.chat_id, &say(front, client, "buyer.token_left")).await?;
    }
    if bot::renewed(front, update_id, message, client, &token).await? {
        return Ok(());
    }
    let stand = Stand::of(front, client).await?;
    match stand.filter(|stand| stand.question == Question::Bot || stand.order.answered_by == Some(update_id)) {
        Some(stand) => bot::pasted(front, update_id, message, client, &stand.order, token).await,
        None => front.reply(update_id, message.chat_id, &say(front, client, "buyer.token_early")).await,
    }
}
