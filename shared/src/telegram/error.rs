//! What a failed call means for the caller: may it be repeated, and did it have an effect?

use std::time::Duration;

use teloxide::{ApiError, RequestError};

/// A failed call to the Bot API. Carries neither the token nor the body of an answer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TelegramError {
    /// 401: the token is not (or no longer) good. Also 404 for a method the server does not know, so confirm by `getMe`.
    #[error("Telegram does not accept the bot's token")]
    Unauthorized,
    /// 409: another process polls with this token, or a webhook is set.
    #[error("another poller or a webhook is in the way: {0}")]
    Conflict(String),
    /// 429: nothing was done, come back later.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// A definite no; nothing was done and repeating will not help.
    #[error("Telegram refused: {0}")]
    Refused(String),
    /// The request never reached Telegram; repeating is safe.
    #[error("Telegram cannot be reached: {0}")]
    NotSent(String),
    /// No readable answer: the effect may have happened.
    #[error("Telegram's answer is unknown: {0}")]
    Unknown(String),
}

impl TelegramError {
    /// Whether the same call, repeated later, may succeed and cannot do anything twice.
    pub fn is_safe_to_repeat(&self) -> bool {
        matches!(self, Self::RetryAfter(_) | Self::NotSent(_) | Self::Conflict(_))
    }
}

impl From<RequestError> for TelegramError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Api(api) => of_api(&api),
            RequestError::MigrateToChatId(id) => Self::Refused(format!("the group became {id}")),
            RequestError::RetryAfter(seconds) => Self::RetryAfter(seconds.duration()),
            // teloxide has already taken the URL, and with it the token, out of this error.
            RequestError::Network(e) if e.is_connect() || e.is_builder() => Self::NotSent(e.to_string()),
            RequestError::Network(e) => Self::Unknown(e.to_string()),
            // The raw body is left out: that of getManagedBotToken is a token.
            RequestError::InvalidJson { source, .. } => Self::Unknown(format!("not the expected JSON: {source}")),
            RequestError::Io(e) => Self::NotSent(e.to_string()),
        }
    }
}

fn of_api(api: &ApiError) -> TelegramError {
    let text = api.to_string();
    let text = text.strip_prefix("Unknown error: ").unwrap_or(&text).trim_matches('"').to_owned();
    match api {
        ApiError::InvalidToken => TelegramError::Unauthorized,
        ApiError::TerminatedByOtherGetUpdates | ApiError::CantGetUpdates => TelegramError::Conflict(text),
        _ if text.starts_with("Unauthorized") => TelegramError::Unauthorized,
        _ if text.starts_with("Conflict") => TelegramError::Conflict(text),
        // 5xx: seen with the effect done.
        _ if ["Internal Server Error", "Bad Gateway", "Gateway"].iter().any(|p| text.starts_with(p)) => {
            TelegramError::Unknown(text)
        }
        _ => TelegramError::Refused(text),
    }
}
