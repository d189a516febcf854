//! Keeps pages of other sites from reaching the shop on this machine under a name of their own.
//!
//! Whoever owns a name can let it point at this machine; to a browser the shop is then a part of that site, and
//! nothing it sends looks foreign. But it says which name it was sent to: what comes over the loopback interface has
//! to be meant for this machine, for a name that was set, or to come from a trusted proxy.

use axum::http::{HeaderMap, header, uri::Authority};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A name the shop is reached under, such as `shop.example`; `*` for any. Without a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct HostName(String);

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_name = text == "*"
            || text
                .parse::<Authority>()
                .is_ok_and(|name| name.host() == text && name.port().is_none());
        if is_name {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not the name of a host such as shop.example"))
        }
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}

/// Whether a request that came over the loopback interface was meant for us. A client that names nobody is no
/// browser.
pub(crate) fn is_ours(headers: &HeaderMap, known: &[HostName]) -> bool {
    if known.iter().any(|name| name.0 == "*") {
        return true;
    }
    let is_known = |authority: &str| {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host();
        is_this_machine(host) || known.iter().any(|name| name.0.eq_ignore_ascii_case(host))
    };
    let mut named = headers.get_all(header::HOST).iter();
    named.all(|host| is_known(host.to_str().unwrap_or_default()))
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ours(host: &str, known: &[&str]) -> bool {
        let known: Vec<_> =
            known.iter().map(|name| HostName::try_from((*name).to_owned()).unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        is_ours(&headers, &known)
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "shop.localhost:1",
            "127.0.0.1:8081",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert!(ours(host, &[]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8081",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
            "a b",
            "\u{e9}",
            "localhost@evil.example",
        ] {
            assert!(!ours(host, &[]), "{host}");
        }
    }

    #[test]
    fn names_that_were_set_are_ours_too_and_a_star_is_every_name() {
        assert!(ours("Shop.Example:443", &["shop.example"]));
        assert!(!ours("evil.example", &["shop.example"]));
        assert!(ours("evil.example", &["*"]));
        for wrong in ["shop.example:80", "https://shop.example", "", "a/b"] {
            assert!(HostName::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_name_in_a_request_counts() {
        let mut headers = HeaderMap::new();
        assert!(is_ours(&headers, &[]), "nobody was named");
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        headers.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(!is_ours(&headers, &[]));
    }
}
