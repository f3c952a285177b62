//! A bot's webhook, and what became of it.

use crate::wire::WebhookView;
use chrono::{DateTime, Utc};
use std::{collections::HashSet, sync::Arc};
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    pub(crate) max_connections: usize,
    /// A certificate of the bot's own, in PEM.
    pub(crate) certificate: Option<Arc<[u8]>>,
    pub(crate) last_error: Option<(DateTime<Utc>, String)>,
    /// Since when every answer was 410.
    pub(crate) gone_since: Option<DateTime<Utc>>,
    /// Ends the deliveries to it.
    pub(crate) stop: CancellationToken,
}

/// What is remembered of a bot's webhooks.
#[derive(Default)]
pub(crate) struct Webhooks {
    pub(crate) now: Option<Webhook>,
    /// When it was set last: at most once a second.
    pub(crate) set_at: Option<DateTime<Utc>>,
    /// Chats that an update is on its way for, or that wait after a failure.
    pub(crate) busy: HashSet<i64>,
}

impl Webhooks {
    pub(crate) fn view(&self) -> Option<WebhookView> {
        let webhook = self.now.as_ref()?;
        Some(WebhookView {
            url: webhook.url.clone(),
            secret_token: webhook.secret.clone(),
            last_error: webhook.last_error.as_ref().map(|(_, error)| error.clone()),
        })
    }
}
