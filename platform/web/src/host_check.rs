//! DNS rebinding protection by the `Host` header.
//!
//! The owner of a domain can let it resolve to this machine; to a browser the shop is then part of that site, and its
//! requests look same-origin. The `Host` header still names the domain: a request over the loopback interface must name
//! this machine or a configured host, or come from a trusted proxy.

use http::{HeaderMap, header, uri::Authority};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Host name under which the shop can be reached, such as `shop.example`, without a port; `*` for any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost(String);

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

/// What the `Host` header of a request names.
///
/// ```
/// use http::HeaderMap;
/// use web::HostName;
///
/// let headers = HeaderMap::from_iter([(http::header::HOST, "shop.example".parse().unwrap())]);
/// assert_eq!(HostName::of(&headers, &[]), HostName::Unknown);
/// let allowed = ["shop.example".to_owned().try_into().unwrap()];
/// assert_eq!(HostName::of(&headers, &allowed), HostName::Allowed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostName {
    /// This machine, by a loopback name or address, or by no name at all: such a request does not come from a browser.
    ThisMachine,
    /// A configured host.
    Allowed,
    /// Any other, or nothing that could be a host.
    Unknown,
}

impl HostName {
    /// What the `Host` headers of a request name.
    pub fn of(headers: &HeaderMap, allowed: &[AllowedHost]) -> Self {
        let kind = |host: &http::HeaderValue| {
            let Ok(authority) = Authority::try_from(host.as_bytes()) else { return Self::Unknown };
            let host = authority.host();
            let matches = |name: &AllowedHost| name.0 == "*" || name.0.eq_ignore_ascii_case(host);
            if is_this_machine(host) {
                Self::ThisMachine
            } else if allowed.iter().any(matches) {
                Self::Allowed
            } else {
                Self::Unknown
            }
        };
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (None, _) => Self::ThisMachine,
            (Some(host), None) => kind(host),
            (Some(_), Some(_)) => Self::Unknown,
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
    if last.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn allowed(host: &str, names: &[&str]) -> bool {
        let names: Vec<_> =
            names.iter().map(|name| AllowedHost::try_from((*name).to_owned()).unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        HostName::of(&headers, &names) != HostName::Unknown
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
    fn a_configured_name_is_not_this_machine_and_two_names_are_none() {
        let any = [AllowedHost::try_from("*".to_owned()).unwrap()];
        let mut headers = HeaderMap::new();
        assert_eq!(HostName::of(&headers, &any), HostName::ThisMachine, "no Host header");
        headers.append(header::HOST, HeaderValue::from_static("shop.example"));
        assert_eq!(HostName::of(&headers, &any), HostName::Allowed);
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        assert_eq!(HostName::of(&headers, &any), HostName::ThisMachine);
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert_eq!(HostName::of(&headers, &any), HostName::Unknown);
    }
}
