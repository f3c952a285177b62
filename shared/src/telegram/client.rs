//! Calls to the Bot API, over teloxide's transport.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use teloxide::{
    Bot,
    requests::{JsonRequest, MultipartPayload, MultipartRequest, Payload, Request},
    types::InputFile,
};
use url::Url;

use super::{
    Content, Screen, TelegramError,
    pace::{Pacer, Place},
};
use crate::{heartbeat::POLL_SECONDS, texts::Lang};

/// A bot's line to Telegram; clones share its connections.
#[derive(Clone)]
pub struct Telegram {
    bot: Bot,
    poller: Bot,
    pacer: Pacer,
}

// teloxide's own Debug prints the token.
impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telegram(token hidden)")
    }
}

/// Who the bot is, by `getMe`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The bot's user id.
    pub id: i64,
    /// Without the `@`.
    pub username: String,
    /// The name people see.
    pub first_name: String,
    /// Whether bot management is switched on in BotFather (Bot API 9.6).
    #[serde(default)]
    pub can_manage_bots: bool,
}

/// What somebody's Telegram Business profile says of their business; each part may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct BusinessProfile {
    /// Its name and a greeting.
    #[serde(rename = "business_intro")]
    pub intro: Option<BusinessIntro>,
    /// Where it is.
    #[serde(rename = "business_location")]
    pub location: Option<BusinessLocation>,
    /// When it is open.
    #[serde(rename = "business_opening_hours")]
    pub opening_hours: Option<BusinessOpeningHours>,
}

/// See [`BusinessProfile::intro`].
#[derive(Clone, Debug, Deserialize)]
pub struct BusinessIntro {
    /// A headline, most often the name.
    pub title: Option<String>,
}

/// See [`BusinessProfile::location`].
#[derive(Clone, Debug, Deserialize)]
pub struct BusinessLocation {
    /// Street and house.
    pub address: String,
}

/// See [`BusinessProfile::opening_hours`].
#[derive(Clone, Debug, Deserialize)]
pub struct BusinessOpeningHours {
    /// The zone whose clocks show them.
    pub time_zone_name: String,
    /// Intervals of one week.
    pub opening_hours: Vec<OpeningInterval>,
}

/// One interval, in minutes since the midnight that begins Monday.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct OpeningInterval {
    /// 0 to 7 days.
    pub opening_minute: u32,
    /// 0 to 8 days.
    pub closing_minute: u32,
}

/// What became of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The message shows the new screen.
    Done,
    /// It showed it already.
    NotModified,
    /// There is no such message any more, or it is too old, or one of the two is no plain text: send a new one.
    Gone,
}

#[derive(Deserialize)]
struct WebhookInfo {
    url: String,
}

#[derive(Deserialize)]
struct Sent {
    message_id: i32,
}

/// What `copyMessages` gives: those that could not be copied are left out.
#[derive(Deserialize)]
#[serde(transparent)]
struct SentMany(Vec<Sent>);

macro_rules! methods {
    ($($name:ident $wire:literal -> $out:ty;)*) => { $(
        #[derive(Clone, Debug, Serialize)]
        #[serde(transparent)]
        struct $name(Value);
        impl Payload for $name {
            type Output = $out;
            const NAME: &'static str = $wire;
        }
    )* };
}

// Raw payloads: teloxide 0.17 stops at Bot API 9.1, and its answer types are far larger than what we read.
methods! {
    GetMe "getMe" -> Me;
    GetChat "getChat" -> BusinessProfile;
    GetUpdates "getUpdates" -> Vec<Value>;
    SendMessage "sendMessage" -> Sent;
    SendPhoto "sendPhoto" -> Sent;
    SendContact "sendContact" -> Sent;
    CopyMessage "copyMessage" -> Sent;
    CopyMessages "copyMessages" -> SentMany;
    EditMessageText "editMessageText" -> Value;
    EditMessageReplyMarkup "editMessageReplyMarkup" -> Value;
    DeleteMessage "deleteMessage" -> bool;
    AnswerCallbackQuery "answerCallbackQuery" -> bool;
    SetMyCommands "setMyCommands" -> bool;
    DeleteWebhook "deleteWebhook" -> bool;
    GetWebhookInfo "getWebhookInfo" -> WebhookInfo;
    GetManagedBotToken "getManagedBotToken" -> String;
    ReplaceManagedBotToken "replaceManagedBotToken" -> String;
}

/// What goes with a file, whatever kind of file it is.
#[derive(Clone, Debug, Serialize)]
struct Around {
    chat_id: i64,
    caption: String,
    parse_mode: &'static str,
    /// JSON: an object cannot be a part of a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<String>,
}

/// A file that goes with a message. Its content stands in the body, and travels as a part of its own.
#[derive(Clone, Debug, Serialize)]
struct SendDocument {
    document: InputFile,
    #[serde(flatten)]
    around: Around,
}

/// The same, to be seen in the chat.
#[derive(Clone, Debug, Serialize)]
struct SendPicture {
    photo: InputFile,
    #[serde(flatten)]
    around: Around,
}

/// The file that a body carries, and what goes with it.
fn file_of(body: &Value) -> Result<(InputFile, Around), TelegramError> {
    let gone = || TelegramError::Refused("the file is no longer kept".into());
    let document = &body["document"];
    let (chat_id, name) = body["chat_id"].as_i64().zip(document["file_name"].as_str()).ok_or_else(gone)?;
    let content = document["content"].as_str().ok_or_else(gone)?;
    let content = match document["base64"].as_bool() {
        Some(true) => BASE64_STANDARD.decode(content).map_err(|_| gone())?,
        _ => content.as_bytes().to_vec(),
    };
    let around = Around {
        chat_id,
        caption: body["caption"].as_str().unwrap_or_default().to_owned(),
        parse_mode: "HTML",
        reply_markup: body.get("reply_markup").map(Value::to_string),
    };
    Ok((InputFile::memory(content).file_name(name.to_owned()), around))
}

macro_rules! uploads {
    ($($name:ident $field:ident $wire:literal;)*) => { $(
        impl Payload for $name {
            type Output = Sent;
            const NAME: &'static str = $wire;
        }
        impl MultipartPayload for $name {
            fn copy_files(&self, into: &mut dyn FnMut(InputFile)) {
                into(self.$field.clone());
            }
            fn move_files(&mut self, into: &mut dyn FnMut(InputFile)) {
                into(self.$field.clone());
            }
        }
    )* };
}

uploads! {
    SendDocument document "sendDocument";
    SendPicture photo "sendPhoto";
}

impl Telegram {
    /// A line for `token` to the server at `api_url` (`https://api.telegram.org/`).
    ///
    /// # Errors
    /// When no HTTP client can be made, for want of a system's resources.
    pub fn new(token: &SecretString, api_url: &Url) -> Result<Self, TelegramError> {
        let client = |timeout| {
            reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(5))
                .timeout(timeout)
                .tcp_nodelay(true)
                .build()
                .map_err(|e| TelegramError::NotSent(e.to_string()))
        };
        let bot = |client| Bot::with_client(token.expose_secret(), client).set_api_url(api_url.clone());
        Ok(Self {
            bot: bot(client(Duration::from_secs(30))?),
            // A connection of its own, and patience to match the poll.
            poller: bot(client(Duration::from_secs(POLL_SECONDS + 15))?),
            pacer: Pacer::new(),
        })
    }

    /// # Errors
    /// [`TelegramError::Unauthorized`] for a bad token, others as they are.
    pub async fn get_me(&self) -> Result<Me, TelegramError> {
        self.call(GetMe(json!({}))).await
    }

    /// Sends the message that these parameters describe, by the method that they are for, and gives its id; of an album that
    /// is copied, its first one's. Not repeatable: see [`crate::outbox`]. Goes before what is sent to many.
    pub(crate) async fn send(&self, body: &Value) -> Result<i32, TelegramError> {
        let place = self.pacer.enter(messages(body)).await;
        self.send_in(place, body).await
    }

    /// The same for one of many who do not wait for it: evenly, and within what Telegram allows a bot. While Telegram has asked
    /// to wait nothing is sent, and that is answered again.
    pub(crate) async fn send_to_many(&self, body: &Value) -> Result<i32, TelegramError> {
        let place = self.pacer.enter_as_one_of_many(messages(body)).await.map_err(TelegramError::RetryAfter)?;
        self.send_in(place, body).await
    }

    /// Waits until the next of many may be sent.
    pub(crate) async fn until_room_for_many(&self) {
        self.pacer.until_room().await;
    }

    /// What is sent to many waits for so long.
    pub(crate) fn hold_many(&self, pause: Duration) {
        self.pacer.hold(pause);
    }

    async fn send_in(&self, place: Place, body: &Value) -> Result<i32, TelegramError> {
        let sent = self.send_at_once(body).await;
        match &sent {
            Ok(_) | Err(TelegramError::Refused(_) | TelegramError::Unauthorized) => place.answered(),
            Err(TelegramError::RetryAfter(pause)) => {
                self.pacer.hold(*pause);
                place.answered();
            }
            Err(_) => drop(place),
        }
        sent
    }

    async fn send_at_once(&self, body: &Value) -> Result<i32, TelegramError> {
        let sent = if let Some(document) = body.get("document") {
            let (file, around) = file_of(body)?;
            if document["picture"] == true {
                MultipartRequest::new(self.bot.clone(), SendPicture { photo: file, around }).send().await?
            } else {
                MultipartRequest::new(self.bot.clone(), SendDocument { document: file, around }).send().await?
            }
        } else if body.get("message_ids").is_some() {
            // None at all is a refusal of Telegram's, so there is a first one.
            let copied = self.call(CopyMessages(body.clone())).await?.0;
            copied.into_iter().next().ok_or_else(|| TelegramError::Refused("nothing was copied".into()))?
        } else if body.get("from_chat_id").is_some() {
            self.call(CopyMessage(body.clone())).await?
        } else if body.get("photo").is_some() {
            match self.call(SendPhoto(body.clone())).await {
                // The picture is no more (it was another bot's, say); what there is to say is said all the same.
                Err(TelegramError::Refused(why)) if why.contains("file identifier") => {
                    self.call(SendMessage(without_photo(body))).await?
                }
                sent => sent?,
            }
        } else if body.get("phone_number").is_some() {
            self.call(SendContact(body.clone())).await?
        } else {
            self.call(SendMessage(body.clone())).await?
        };
        Ok(sent.message_id)
    }

    /// Shows `screen` in place of what the message showed. May be repeated. Only a text can take the place of a text: with
    /// anything else the message stays as it is, and is [`Edited::Gone`].
    ///
    /// # Errors
    /// Whatever Telegram says save "not modified" and "no such message", which are answers here.
    pub async fn edit(&self, chat_id: i64, message_id: i32, screen: &Screen) -> Result<Edited, TelegramError> {
        if screen.content != Content::Text {
            return Ok(Edited::Gone);
        }
        edited(self.call(EditMessageText(screen.to_edit(chat_id, message_id))).await)
    }

    /// Takes the buttons from under a message. May be repeated; a message that is gone or too old is no error.
    ///
    /// # Errors
    /// Whatever Telegram says otherwise.
    pub async fn remove_keyboard(&self, chat_id: i64, message_id: i32) -> Result<(), TelegramError> {
        let body = json!({ "chat_id": chat_id, "message_id": message_id });
        edited(self.call(EditMessageReplyMarkup(body)).await).map(|_| ())
    }

    /// Ends the little clock on a pressed button, with a note (at most 200 characters) if there is something to say;
    /// `alert` makes the note a window. A press too old to answer is no error.
    ///
    /// # Errors
    /// Whatever Telegram says otherwise.
    pub async fn answer_press(&self, press_id: &str, note: Option<&str>, alert: bool) -> Result<(), TelegramError> {
        let mut body = json!({ "callback_query_id": press_id });
        if let Some(note) = note {
            body["text"] = json!(note.chars().take(200).collect::<String>());
            body["show_alert"] = json!(alert);
        }
        match self.call(AnswerCallbackQuery(body)).await {
            Ok(_) => Ok(()),
            Err(TelegramError::Refused(why))
                if why.contains("query is too old") || why.contains("query ID is invalid") =>
            {
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    /// Takes a message away; one that is gone already is no error.
    ///
    /// # Errors
    /// Whatever Telegram says otherwise.
    pub async fn delete_message(&self, chat_id: i64, message_id: i32) -> Result<(), TelegramError> {
        match self.call(DeleteMessage(json!({ "chat_id": chat_id, "message_id": message_id }))).await {
            Ok(_) => Ok(()),
            Err(TelegramError::Refused(why)) if why.contains("message to delete not found") => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Sets the list of commands in the menu, for one language or (`None`) for all others.
    ///
    /// # Errors
    /// Whatever Telegram says.
    pub async fn set_my_commands(&self, lang: Option<Lang>, commands: &[(&str, &str)]) -> Result<(), TelegramError> {
        self.set_commands(lang, commands, None).await
    }

    /// The same for one private chat only.
    ///
    /// # Errors
    /// [`TelegramError::Refused`] when that person has never spoken to the bot.
    pub async fn set_chat_commands(&self, chat_id: i64, commands: &[(&str, &str)]) -> Result<(), TelegramError> {
        self.set_commands(None, commands, Some(json!({ "type": "chat", "chat_id": chat_id }))).await
    }

    async fn set_commands(
        &self,
        lang: Option<Lang>,
        commands: &[(&str, &str)],
        scope: Option<Value>,
    ) -> Result<(), TelegramError> {
        let list: Vec<Value> = commands.iter().map(|(c, d)| json!({ "command": c, "description": d })).collect();
        let mut body = json!({ "commands": list });
        if let Some(lang) = lang {
            body["language_code"] = json!(lang.code());
        }
        if let Some(scope) = scope {
            body["scope"] = scope;
        }
        self.call(SetMyCommands(body)).await.map(|_| ())
    }

    /// What a person's Telegram Business profile says; nothing if they have none.
    ///
    /// # Errors
    /// [`TelegramError::Refused`] when that person has never spoken to the bot.
    pub async fn business_profile(&self, user_id: i64) -> Result<BusinessProfile, TelegramError> {
        self.call(GetChat(json!({ "chat_id": user_id }))).await
    }

    /// Takes away a webhook that an earlier life of the bot has left: with one, nobody can poll.
    ///
    /// # Errors
    /// Whatever Telegram says.
    pub async fn delete_webhook(&self) -> Result<(), TelegramError> {
        self.call(DeleteWebhook(json!({}))).await.map(|_| ())
    }

    /// Where updates are sent to instead of being polled for; none is as it should be.
    ///
    /// # Errors
    /// Whatever Telegram says.
    pub async fn webhook(&self) -> Result<Option<String>, TelegramError> {
        Ok(Some(self.call(GetWebhookInfo(json!({}))).await?.url).filter(|url| !url.is_empty()))
    }

    /// The token of a bot that was made to be managed by this one (Bot API 9.6).
    ///
    /// # Errors
    /// [`TelegramError::Refused`] when the bot is not ours or was deleted.
    pub async fn managed_bot_token(&self, bot_id: i64) -> Result<SecretString, TelegramError> {
        self.call(GetManagedBotToken(json!({ "user_id": bot_id }))).await.map(SecretString::from)
    }

    /// Revokes a managed bot's token everywhere and gives the new one (Bot API 9.6).
    ///
    /// # Errors
    /// [`TelegramError::Refused`] when the bot is not ours or was deleted.
    pub async fn replace_managed_bot_token(&self, bot_id: i64) -> Result<SecretString, TelegramError> {
        self.call(ReplaceManagedBotToken(json!({ "user_id": bot_id }))).await.map(SecretString::from)
    }

    /// One `getUpdates`, raw; `timeout` in seconds, at most [`POLL_SECONDS`].
    pub(crate) async fn get_updates(
        &self,
        offset: Option<i64>,
        limit: u8,
        timeout: u64,
        allowed: &[&str],
    ) -> Result<Vec<Value>, TelegramError> {
        let mut body = json!({ "limit": limit, "timeout": timeout, "allowed_updates": allowed });
        if let Some(offset) = offset {
            body["offset"] = json!(offset);
        }
        JsonRequest::new(self.poller.clone(), GetUpdates(body)).send().await.map_err(Into::into)
    }

    async fn call<P>(&self, payload: P) -> Result<P::Output, TelegramError>
    where
        P: Payload + Serialize + Clone + Send + 'static,
        P::Output: for<'de> Deserialize<'de> + Send,
    {
        JsonRequest::new(self.bot.clone(), payload).send().await.map_err(Into::into)
    }
}

/// How many messages a body is.
fn messages(body: &Value) -> usize {
    body.get("message_ids").and_then(Value::as_array).map_or(1, Vec::len)
}

/// The same words as a plain message.
fn without_photo(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("photo");
        if let Some(caption) = fields.remove("caption") {
            fields.insert("text".to_owned(), caption);
        }
    }
    body
}

/// What became of an edit, by Telegram's words.
fn edited(answer: Result<Value, TelegramError>) -> Result<Edited, TelegramError> {
    const GONE: [&str; 4] = [
        "message to edit not found",
        "message can't be edited",
        "MESSAGE_ID_INVALID",
        "there is no text in the message to edit",
    ];
    match answer {
        Ok(_) => Ok(Edited::Done),
        Err(TelegramError::Refused(why)) if why.contains("not modified") => Ok(Edited::NotModified),
        Err(TelegramError::Refused(why)) if GONE.iter().any(|known| why.contains(known)) => Ok(Edited::Gone),
        Err(e) => Err(e),
    }
}
