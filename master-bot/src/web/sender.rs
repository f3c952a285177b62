//! Whose request it is. Anybody may write `X-Forwarded-For`; it counts only as far as proxies of ours have written it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED: &str = "x-forwarded-for";

/// The address that a request came from: of the connection, or, as long as that is a trusted proxy's, the one before
/// it in `X-Forwarded-For`, read from its end. Each proxy adds whom it heard at the end, so what stands further to the
/// front than the first stranger was written by the stranger. None: a trusted proxy says something that is no address.
pub(super) fn of(headers: &HeaderMap, peer: IpAddr, proxies: &[IpNet]) -> Option<IpAddr> {
    let mut sender = peer.to_canonical();
    // Several lines of the header are one list.
    let lines = headers.get_all(FORWARDED).iter().rev().map(|line| line.to_str().ok());
    let hops = lines.flat_map(|line| match line {
        Some(line) => line.rsplit(',').map(Some).collect::<Vec<_>>(),
        None => vec![None],
    });
    for hop in hops {
        if !is_within(proxies, sender) {
            break;
        }
        sender = hop?.trim().parse::<IpAddr>().ok()?.to_canonical();
    }
    Some(sender)
}

/// An IPv4 address may come dressed as IPv6.
pub(super) fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOOKASSA: &str = "185.71.76.1";

    fn told(peer: &str, lines: &[&str]) -> Option<String> {
        let proxies: Vec<IpNet> = ["10.221.80.2/32", "fd00::/8"].iter().map(|n| n.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, axum::http::HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        of(&headers, peer.parse().unwrap(), &proxies).map(|sender| sender.to_string())
    }

    #[test]
    fn a_stranger_is_who_connects_whatever_the_header_says() {
        for lines in [&[][..], &[YOOKASSA], &["10.221.80.2"], &[YOOKASSA, "10.221.80.2"], &["…"]] {
            assert_eq!(told("203.0.113.9", lines).as_deref(), Some("203.0.113.9"), "{lines:?}");
        }
    }

    #[test]
    fn what_a_stranger_wrote_before_our_proxy_added_to_it_is_not_believed() {
        let forged = [&[YOOKASSA, "203.0.113.9"][..], &["185.71.76.1, 203.0.113.9"], &["10.221.80.2,203.0.113.9"]];
        for lines in forged {
            assert_eq!(told("10.221.80.2", lines).as_deref(), Some("203.0.113.9"), "{lines:?}");
        }
        // The stranger claims to stand behind a proxy of ours: it is the stranger's claim.
        assert_eq!(told("10.221.80.2", &["185.71.76.1, 10.221.80.2, 203.0.113.9"]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn through_proxies_of_ours_the_sender_is_whom_the_first_of_them_heard() {
        for (peer, lines) in [
            ("10.221.80.2", &[YOOKASSA][..]),
            ("::ffff:10.221.80.2", &[" 185.71.76.1 "]),
            ("10.221.80.2", &["::ffff:185.71.76.1"]),
            ("10.221.80.2", &["203.0.113.9, 185.71.76.1, fd00::7"]),
            ("10.221.80.2", &["203.0.113.9, 185.71.76.1", "fd00::7"]),
        ] {
            assert_eq!(told(peer, lines).as_deref(), Some(YOOKASSA), "{peer} {lines:?}");
        }
        assert_eq!(told("10.221.80.2", &[]).as_deref(), Some("10.221.80.2"), "the proxy itself asks");
    }

    #[test]
    fn an_address_that_is_none_is_nobodys() {
        for line in ["unknown", "", "185.71.76.1:443", "185.71.76.1,", "пусто"] {
            assert_eq!(told("10.221.80.2", &[line]), None, "{line}");
        }
    }
}
