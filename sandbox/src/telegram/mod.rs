//! The Bot API: requests come in by any of its four ways, are checked against the table, and are answered in its words.

mod check;
mod copies;
mod flood;
mod groups;
pub(crate) mod html;
mod keyboard;
mod managed;
mod media;
mod messages;
mod profile;
mod request;
mod send;
mod updates;
mod webhook;

use crate::{
    faultline::{self, Struck},
    state::{State, World, faults::By},
    wire::{Deviation, FaultKind, Target, What},
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
pub(crate) use keyboard::is_payload;
pub(crate) use media::kind as is_file;
use request::Params;
use serde_json::{Value, json};

/// A refusal in Telegram's words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
    /// The supergroup that the group has become.
    pub(crate) migrate_to: Option<i64>,
}

impl Refusal {
    /// 400 with `Bad Request: ` before the text.
    pub(crate) fn bad(text: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {text}"))
    }

    pub(crate) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), retry_after: None, migrate_to: None }
    }
}

/// What a method gives back.
pub(crate) enum Reply {
    Value(Value),
    /// JSON already written.
    Raw(String),
    /// A value with a word beside it.
    Told(Value, &'static str),
}

pub(crate) type Outcome = Result<Reply, Refusal>;

fn done() -> Outcome {
    Ok(Reply::Value(true.into()))
}

/// One call of a method by a bot whose token was right when it came.
pub(crate) struct Call<'a> {
    pub(crate) bot: i64,
    pub(crate) token: &'a str,
    pub(crate) method: &'static str,
    pub(crate) params: Params,
}

/// The bytes behind a link of `getFile`: `/file/bot{token}/{path}`.
pub(crate) fn download(world: &World, path: &str) -> Response {
    let not_found = || refuse(&Refusal::new(404, "Not Found"));
    let Some((token, path)) = path.strip_prefix("/file/bot").and_then(|rest| rest.split_once('/')) else {
        return not_found();
    };
    let token = token.replace("%3A", ":").replace("%3a", ":");
    let state = world.lock();
    let Some(bot) = state.tokens.get(&token) else { return refuse(&Refusal::new(401, "Unauthorized")) };
    match state.download(*bot, path) {
        Some((bytes, kind)) => ([(header::CONTENT_TYPE, kind)], bytes.to_vec()).into_response(),
        None => not_found(),
    }
}

/// Answers any request whose path begins with `/bot`.
pub(crate) async fn handle(world: World, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Some((token, name)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return refuse(&Refusal::new(404, "Not Found"));
    };
    let token = token.replace("%3A", ":").replace("%3a", ":");
    let well_formed = token.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0') && !secret.is_empty()
    });
    if !well_formed || token.len() > 80 {
        return refuse(&Refusal::new(401, "Unauthorized: invalid token specified"));
    }
    let Some(bot) = world.lock().tokens.get(&token).copied() else {
        return refuse(&Refusal::new(401, "Unauthorized"));
    };
    let Some(method) = check::method(name) else {
        world.lock().refused(bot, name, &Refusal::new(404, "Not Found: method not found"));
        return refuse(&Refusal::new(404, "Not Found: method not found"));
    };
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(refusal) => {
            let mut state = world.lock();
            let what = format!("unreadable request: {}", refusal.description);
            state.note(bot, method, what);
            state.refused(bot, method, &refusal);
            return refuse(&refusal);
        }
    };
    let wrong = check::check(method, &params);
    let fault = {
        let mut state = world.lock();
        for what in wrong {
            state.note(bot, method, what);
        }
        let text = params.text("text");
        state.strike(Target::Telegram, method, By { bot: Some(bot), text: text.as_deref() })
    };
    let call = Call { bot, token: &token, method, params };
    let after = match faultline::before(fault).await {
        Struck::Go(after) => after,
        Struck::Break => return faultline::broken(),
        Struck::Status { code, retry_after } => return refuse(&made_up(code, retry_after)),
    };
    let outcome = call_method(&world, &call).await;
    if let Err(refusal) = &outcome {
        world.lock().refused(bot, method, refusal);
    }
    match after {
        Some(FaultKind::Status { code, retry_after, .. }) => refuse(&made_up(code, retry_after)),
        Some(FaultKind::Withhold) => faultline::broken(),
        Some(FaultKind::Hang) => faultline::silence(&world).await,
        _ => answer(outcome),
    }
}

/// The answer of a server in trouble.
fn made_up(code: u16, retry_after: Option<u64>) -> Refusal {
    let description = match (code, retry_after) {
        (429, seconds) => format!("Too Many Requests: retry after {}", seconds.unwrap_or(1)),
        (500, _) => "Internal Server Error".to_owned(),
        (409, _) => "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            .to_owned(),
        (502, _) => "Bad Gateway".to_owned(),
        (401, _) => "Unauthorized".to_owned(),
        (403, _) => "Forbidden: bot was blocked by the user".to_owned(),
        (code, _) => format!("sandbox: status {code} was ordered"),
    };
    let retry_after = if code == 429 { retry_after.or(Some(1)) } else { retry_after };
    Refusal { code, description, retry_after, migrate_to: None }
}

async fn call_method(world: &World, call: &Call<'_>) -> Outcome {
    match call.method {
        "getUpdates" => updates::get_updates(world, call).await,
        method => {
            let mut state = world.lock();
            flood::check(&mut state, call)?;
            match method {
                "getMe" => profile::get_me(&state, call),
                "sendMessage" => send::send_message(&mut state, call),
                "sendPhoto" => media::send_file(&mut state, call, "photo"),
                "sendDocument" => media::send_file(&mut state, call, "document"),
                "sendVideo" => media::send_file(&mut state, call, "video"),
                "sendAnimation" => media::send_file(&mut state, call, "animation"),
                "sendVoice" => media::send_file(&mut state, call, "voice"),
                "sendAudio" => media::send_file(&mut state, call, "audio"),
                "sendVideoNote" => media::send_file(&mut state, call, "video_note"),
                "sendSticker" => media::send_file(&mut state, call, "sticker"),
                "sendMediaGroup" => media::send_group(&mut state, call),
                "sendLocation" | "sendVenue" => media::send_location(&mut state, call),
                "sendContact" => media::send_contact(&mut state, call),
                "copyMessage" | "forwardMessage" => copies::one(&mut state, call),
                "copyMessages" | "forwardMessages" => copies::many(&mut state, call),
                "getFile" => media::get_file(&mut state, call),
                "getChat" => groups::get_chat(&state, call),
                "getChatMember" => groups::get_chat_member(&state, call),
                "getChatAdministrators" => groups::get_chat_administrators(&state, call),
                "getChatMemberCount" => groups::get_chat_member_count(&state, call),
                "leaveChat" => groups::leave_chat(&mut state, call),
                "sendChatAction" => send::send_chat_action(&mut state, call),
                "editMessageText" => messages::edit_text(&mut state, call),
                "editMessageCaption" => messages::edit_caption(&mut state, call),
                "editMessageMedia" => messages::edit_media(&mut state, call),
                "editMessageReplyMarkup" => messages::edit_reply_markup(&mut state, call),
                "deleteMessage" => messages::delete(&mut state, call),
                "answerCallbackQuery" => messages::answer_callback_query(&mut state, call),
                "setMyCommands" => profile::set_my_commands(&mut state, call),
                "deleteMyCommands" => profile::delete_my_commands(&mut state, call),
                "getMyCommands" => profile::get_my_commands(&state, call),
                "setMyName" | "setMyDescription" | "setMyShortDescription" => profile::set_text(&mut state, call),
                "setChatMenuButton" => profile::set_chat_menu_button(&mut state, call),
                "setWebhook" => webhook::set(world, &mut state, call),
                "deleteWebhook" => webhook::delete(&mut state, call),
                "getWebhookInfo" => webhook::info(&state, call),
                "getManagedBotToken" => managed::get_token(&state, call),
                "replaceManagedBotToken" => managed::replace_token(&mut state, call),
                "getManagedBotAccessSettings" => managed::get_access(&state, call),
                "setManagedBotAccessSettings" => managed::set_access(&mut state, call),
                method => {
                    state.not_modelled(method);
                    Err(Refusal::new(400, format!("sandbox: {method} is not modelled")))
                }
            }
        }
    }
}

fn answer(outcome: Outcome) -> Response {
    let body = match outcome {
        Ok(Reply::Value(value)) => format!("{{\"ok\":true,\"result\":{value}}}"),
        Ok(Reply::Raw(json)) => format!("{{\"ok\":true,\"result\":{json}}}"),
        Ok(Reply::Told(value, word)) => json!({"ok": true, "result": value, "description": word}).to_string(),
        Err(refusal) => return refuse(&refusal),
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn refuse(refusal: &Refusal) -> Response {
    let mut body = json!({"ok": false, "error_code": refusal.code, "description": refusal.description});
    if let Some(seconds) = refusal.retry_after {
        body["parameters"] = json!({"retry_after": seconds});
    }
    if let Some(id) = refusal.migrate_to {
        body["parameters"] = json!({"migrate_to_chat_id": id});
    }
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

impl State {
    /// Writes down that a bot asked for something that the table does not have.
    pub(crate) fn note(&mut self, bot: i64, method: &str, what: String) {
        let bot = self.bots.get(&bot).map(|bot| bot.username.clone());
        self.deviated(Deviation { target: Target::Telegram, method: method.to_owned(), bot, what });
    }

    fn refused(&mut self, bot: i64, method: &str, refusal: &Refusal) {
        let bot = self.bot_name(bot);
        let (method, description) = (method.to_owned(), refusal.description.clone());
        self.happened(What::RequestRefused { bot, method, code: refusal.code, description });
    }
}
