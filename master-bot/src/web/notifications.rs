//! YooKassa's notifications. They carry no signature: each is kept, answered with 200, and then the provider is asked.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
};
use ipnet::IpNet;
use metrics::counter;

use super::{Site, sender};
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
pub(super) async fn receive(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let sender = sender::of(&headers, peer.ip(), &site.proxies);
    if !sender.is_some_and(|sender| is_sender(&site.senders, sender)) {
        let sender = sender.map_or_else(|| "unreadable".to_owned(), |sender| sender.to_string());
        tracing::warn!(%peer, sender, "a notification from an address that is not YooKassa's");
        counter!("slotyard_notifications_refused").increment(1);
        return StatusCode::FORBIDDEN;
    }
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

/// Whether notifications may come from there. An IPv4 address may come dressed as IPv6.
fn is_sender(senders: &[IpNet], sender: IpAddr) -> bool {
    senders.is_empty() || sender::is_within(senders, sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_networks_may_notify() {
        let ours = |list: &str| -> Vec<IpNet> { list.split(' ').map(|n| n.parse().unwrap()).collect() };
        let published = ours(
            "185.71.76.0/27 185.71.77.0/27 77.75.153.0/25 77.75.156.11/32 77.75.156.35/32 77.75.154.128/25 2a02:5180::/32",
        );
        for (peer, may) in [
            ("185.71.76.31", true),
            ("185.71.76.32", false),
            ("::ffff:77.75.156.11", true),
            ("77.75.156.12", false),
            ("2a02:5180:0:1509::1", true),
            ("2a02:5181::1", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(is_sender(&published, peer.parse().unwrap()), may, "{peer}");
            assert!(is_sender(&[], peer.parse().unwrap()), "nothing given: nothing is checked");
        }
    }
}
