//! YooKassa's notifications. They carry no signature: each is kept, answered with 200, and then the provider is asked.

use axum::{body::Bytes, extract::State, http::StatusCode};

use super::Site;
use crate::{payments::yookassa::Notification, registry::inbox};

/// Longest id and event name that are worth keeping.
const MOST: usize = 64;

/// A notification that can be kept.
///
/// # Errors
/// What is wrong with the body.
pub(crate) fn read(body: &[u8]) -> Result<Notification, String> {
    let notice: Notification = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let fits = |text: &str| {
        (1..=MOST).contains(&text.len())
            // The provider is asked at an address that ends in the id: `..` would lead elsewhere.
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if fits(&notice.event) && fits(&notice.object.id) { Ok(notice) } else { Err("its names are too strange".into()) }
}

/// Keeps the notification and answers 200 only when it is kept: anything else makes YooKassa send it again.
pub(super) async fn receive(State(site): State<Site>, body: Bytes) -> StatusCode {
    let notice = match read(&body) {
        Ok(notice) => notice,
        Err(error) => {
            tracing::info!(%error, "a notification that is none");
            return StatusCode::BAD_REQUEST;
        }
    };
    // Refunds and saved methods are not asked about yet; answered, so that they are not sent for a day.
    if !notice.event.starts_with("payment.") {
        return StatusCode::OK;
    }
    match inbox::keep(&site.pool, &notice.event, &notice.object.id, site.clock.now()).await {
        Ok(()) => {
            site.bell.notify_one();
            StatusCode::OK
        }
        Err(error) => {
            tracing::error!(%error, "a notification could not be kept; it will be sent again");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
