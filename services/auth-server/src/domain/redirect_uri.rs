//! Redirect URIs: what can be registered, and what matches it (RFC 9700, section 4.1; RFC 8252, section 7).

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest redirect URI, in bytes.
pub(crate) const URI_BYTES_MAX: usize = 2_000;

/// Loopback addresses that a native program may listen at, on any port. `localhost` is none of them: it is a name.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Whether a request's address is the registered one: byte by byte, but for the port of a loopback address.
pub(crate) fn matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    match (without_loopback_port(registered), without_loopback_port(requested)) {
        (Some(registered), Some(requested)) => registered == requested,
        _ => false,
    }
}

/// Host and rest of a loopback address, without its port.
fn without_loopback_port(uri: &str) -> Option<(&'static str, &str)> {
    let host = LOOPBACK.into_iter().find(|host| uri.starts_with(host))?;
    let rest = &uri[host.len()..];
    let Some(port_and_rest) = rest.strip_prefix(':') else {
        return rest.starts_with(['/', '?']).then_some((host, rest));
    };
    let end = port_and_rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(port_and_rest.len());
    let (port, rest) = port_and_rest.split_at(end);
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_port && (rest.is_empty() || rest.starts_with(['/', '?']))).then_some((host, rest))
}

/// Whether an address can be registered: absolute, without a fragment, a user or anything that two readers could read
/// differently; over https, or http on a loopback address, or of a scheme of its own with a dot (`com.example.app:/back`).
pub(crate) fn can_be_registered(uri: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}*".contains(&byte);
    if uri.len() > URI_BYTES_MAX || !uri.bytes().all(is_plain) {
        return false;
    }
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    match scheme {
        "https" => authority(rest).is_some_and(is_read_alike),
        "http" => authority(rest).is_some_and(|authority| {
            let (host, _) = host_and_port(authority);
            let is_local = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
            is_local && is_read_alike(authority)
        }),
        _ => {
            let is_scheme = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
            };
            let starts_well = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
            starts_well && scheme.contains('.') && scheme.bytes().all(is_scheme) && !rest.is_empty()
        }
    }
}

/// Host of an address with its port, for people to read; the scheme of an address that has none.
pub(crate) fn host(uri: &str) -> &str {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    authority(rest).filter(|host| !host.is_empty()).unwrap_or(scheme)
}

/// The one host of these addresses, without a port: the sector within which pairwise identifiers are the same (OpenID Connect Core,
/// section 8.1). `None` if there are several, or if one has no host.
pub(crate) fn sector(uris: &[String]) -> Option<&str> {
    let mut hosts = uris.iter().map(|uri| {
        let authority = authority(uri.split_once(':')?.1)?;
        Some(host_and_port(authority).0).filter(|host| !host.is_empty())
    });
    let first = hosts.next()??;
    hosts.all(|host| host == Some(first)).then_some(first)
}

/// An address with one more part of its query (RFC 6749, section 3.1.2).
pub(crate) fn with_query(uri: &str, query: &str) -> String {
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}

/// Authority behind `//`.
fn authority(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("//")?;
    rest.split(['/', '?']).next()
}

fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether everybody finds the same host and port in an authority. Browsers read a host that ends in a number as an address, so that
/// `127.1`, for one, would be another host than is written.
fn is_read_alike(authority: &str) -> bool {
    let (host, port) = host_and_port(authority);
    let is_port = |port: &str| !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok();
    port.is_none_or(is_port) && is_host(host)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address);
    }
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    !host.starts_with('.') && host.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_matches_to_the_letter() {
        let registered = "https://app.example/back?a=1";
        assert!(matches(registered, registered));
        for other in [
            "https://app.example/back",
            "https://app.example/back?a=1&b=2",
            "https://app.example/back?a=1#x",
            "https://app.example/back/?a=1",
            "https://app.example/x/../back?a=1",
            "https://app.example/%62ack?a=1",
            "https://app.example//back?a=1",
            "https://APP.example/back?a=1",
            "https://app.example:443/back?a=1",
            "https://u@app.example/back?a=1",
            "https://app.example.evil.example/back?a=1",
            "https://sub.app.example/back?a=1",
            "https://app.еxample/back?a=1",
            "http://app.example/back?a=1",
            " https://app.example/back?a=1",
            "",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn a_sector_is_one_host_on_whatever_port() {
        let of = |uris: &[&str]| {
            let uris: Vec<String> = uris.iter().map(ToString::to_string).collect();
            sector(&uris).map(ToOwned::to_owned)
        };
        let one = ["https://app.example/back", "https://app.example:8443/back?a=1"];
        assert_eq!(of(&one).as_deref(), Some("app.example"));
        assert_eq!(of(&["http://[::1]:8080/back"]).as_deref(), Some("[::1]"));
        assert_eq!(of(&["https://app.example/", "https://other.example/"]), None);
        assert_eq!(of(&["com.example.app:/back"]), None, "it has no host");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        for registered in ["http://127.0.0.1/back", "http://127.0.0.1:1/back"] {
            assert!(matches(registered, "http://127.0.0.1:51234/back"));
            assert!(matches(registered, "http://127.0.0.1/back"));
            for other in [
                "http://127.0.0.1:51234/other",
                "http://127.0.0.1:51234/back?x",
                "http://127.0.0.1:0/back",
                "http://127.0.0.1:65536/back",
                "http://127.0.0.1:/back",
                "http://127.0.0.1:1:2/back",
                "http://127.0.0.1:1@evil.example/back",
                "http://127.0.0.1.evil.example/back",
                "http://127.0.0.10/back",
                "http://localhost:51234/back",
                "http://[::1]:51234/back",
                "https://127.0.0.1:51234/back",
            ] {
                assert!(!matches(registered, other), "{registered} {other}");
            }
        }
        assert!(matches("http://[::1]/b", "http://[::1]:9/b"));
        assert!(!matches("http://localhost/b", "http://localhost:9/b"));
        assert!(!matches("http://127.0.0.1.evil.example/b", "http://127.0.0.1/b"));
    }

    #[test]
    fn what_can_be_registered_is_absolute_and_has_one_reading() {
        for good in [
            "https://app.example/back",
            "https://app.example:8443/back?x=%20",
            "https://app.example",
            "http://127.0.0.1/back",
            "http://127.0.0.1:9/back",
            "http://[::1]:9/",
            "http://localhost:3000/back",
            "com.example.app:/back",
            "com.example.app://back",
        ] {
            assert!(can_be_registered(good), "{good}");
        }
        for wrong in [
            "",
            "/back",
            "app.example/back",
            "https:/app.example",
            "https://",
            "https://app.example/back#x",
            "https://*.example/back",
            "https://u@app.example/",
            "https://App.example/",
            "https://app.example\\@evil.example/",
            "http://app.example/back",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/back",
            "https://ä.example/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://app.example:08/",
            "https://app.example:99999/",
            "https://app.example:/",
            "http://127.0.0.1:+1/",
            "https://app.example/a b",
        ] {
            assert!(!can_be_registered(wrong), "{wrong}");
        }
        assert!(!can_be_registered(&format!("https://a.example/{}", "x".repeat(URI_BYTES_MAX))));
    }

    #[test]
    fn people_read_the_host_of_an_address() {
        for (uri, expected) in [
            ("https://app.example/back", "app.example"),
            ("https://app.example?a=/b", "app.example"),
            ("https://app.example:8443", "app.example:8443"),
            ("http://[::1]:9/back", "[::1]:9"),
            ("com.example.app:/back", "com.example.app"),
            ("com.example.app:///back", "com.example.app"),
        ] {
            assert_eq!(host(uri), expected);
        }
    }

    #[test]
    fn a_query_is_added_to_the_one_there_is() {
        assert_eq!(with_query("https://a.example", "b=1"), "https://a.example?b=1");
        assert_eq!(with_query("https://a.example/?c", "b=1"), "https://a.example/?c&b=1");
    }

    /// Addresses that are alike, so that many pairs of them match.
    fn alike() -> impl Strategy<Value = (String, String, String)> {
        let origin = prop::sample::select(vec![
            "http://127.0.0.1",
            "http://[::1]",
            "http://localhost",
            "https://127.0.0.1",
            "https://app.example",
        ]);
        let port =
            prop::sample::select(vec!["", ":", ":0", ":1", ":65535", ":65536", ":1:2", ":x"]);
        let rest = prop::sample::select(vec!["", "/", "/back", "/back?a", "?a", "x", "@b/", "#a"]);
        (origin, port, rest)
            .prop_map(|(origin, port, rest)| (origin.to_owned(), port.to_owned(), rest.to_owned()))
    }

    proptest! {
        #[test]
        fn only_the_port_of_a_loopback_address_may_differ(
            (origin, port, rest) in alike(),
            (other_origin, other_port, other_rest) in alike(),
        ) {
            let (uri, other) =
                ([&*origin, &port, &rest].concat(), [&*other_origin, &other_port, &other_rest].concat());
            let may_differ = |port: &str, rest: &str| {
                let is_port = ["", ":1", ":65535"].contains(&port);
                is_port && (rest.starts_with(['/', '?']) || (rest.is_empty() && !port.is_empty()))
            };
            let is_loopback = LOOPBACK.contains(&&*origin) && origin == other_origin;
            let expected = uri == other
                || (is_loopback
                    && rest == other_rest
                    && may_differ(&port, &rest)
                    && may_differ(&other_port, &other_rest));
            prop_assert_eq!(matches(&uri, &other), expected, "{} {}", uri, other);
        }
    }
}
