//! DNS rebinding protection by the `Host` header.
//!
//! The owner of a domain can let it resolve to this machine; to a browser the shop is then part of that site, and its
//! requests look same-origin. The `Host` header still names the domain: a request over the loopback interface must name
//! this machine or a configured host, or come from a trusted proxy.

use axum::http::{HeaderMap, header, uri::Authority};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Host name under which the shop can be reached, such as `shop.example`, without a port; `*` for any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct AllowedHost(String);

impl TryFrom<String> for AllowedHost {
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

impl From<AllowedHost> for String {
    fn from(name: AllowedHost) -> Self {
        name.0
    }
}

/// Whether every `Host` header of a request names this machine or an allowed host. A request without one does not come
/// from a browser and passes.
pub(crate) fn is_allowed(headers: &HeaderMap, allowed: &[AllowedHost]) -> bool {
    if allowed.iter().any(|name| name.0 == "*") {
        return true;
    }
    let matches = |authority: &str| {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host();
        is_this_machine(host) || allowed.iter().any(|name| name.0.eq_ignore_ascii_case(host))
    };
    let mut hosts = headers.get_all(header::HOST).iter();
    hosts.all(|host| matches(host.to_str().unwrap_or_default()))
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

    fn allowed(host: &str, names: &[&str]) -> bool {
        let names: Vec<_> =
            names.iter().map(|name| AllowedHost::try_from((*name).to_owned()).unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        is_allowed(&headers, &names)
    }

    #[test]
    fn loopback_names_and_addresses_are_allowed() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "shop.localhost:1",
            "127.0.0.1:8081",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert!(allowed(host, &[]), "{host}");
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
            assert!(!allowed(host, &[]), "{host}");
        }
    }

    #[test]
    fn configured_names_are_allowed_and_a_star_allows_all() {
        assert!(allowed("Shop.Example:443", &["shop.example"]));
        assert!(!allowed("evil.example", &["shop.example"]));
        assert!(allowed("evil.example", &["*"]));
        for invalid in ["shop.example:80", "https://shop.example", "", "a/b"] {
            assert!(AllowedHost::try_from(invalid.to_owned()).is_err(), "{invalid}");
        }
    }

    #[test]
    fn every_host_header_of_a_request_is_checked() {
        let mut headers = HeaderMap::new();
        assert!(is_allowed(&headers, &[]), "no Host header");
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        headers.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(!is_allowed(&headers, &[]));
    }
}
