//! Redirect URIs: what can be registered, and what matches it (RFC 9700, section 4.1; RFC 8252, section 7).

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
        "https" => authority(rest).is_some_and(is_authority),
        "http" => {
            let host = authority(rest).filter(|it| is_authority(it));
            let host = host.map(|it| {
                it.rsplit_once(':').map_or(it, |(host, port)| {
                    if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { it }
                })
            });
            host.is_some_and(|host| ["127.0.0.1", "[::1]", "localhost"].contains(&host))
        }
        _ => {
            let is_scheme = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
            };
            let starts_well = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
            starts_well && scheme.contains('.') && scheme.bytes().all(is_scheme) && !rest.is_empty()
        }
    }
}

/// Authority behind `//`.
fn authority(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("//")?;
    rest.split(['/', '?']).next()
}

fn is_authority(authority: &str) -> bool {
    let is_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    !authority.is_empty() && authority.bytes().all(is_host) && !authority.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "https://app.example/a b",
        ] {
            assert!(!can_be_registered(wrong), "{wrong}");
        }
        assert!(!can_be_registered(&format!("https://a.example/{}", "x".repeat(URI_BYTES_MAX))));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_registered_matches_itself_and_nothing_that_leads_to_another_host(
            uri in "(https|http)://[a-z0-9.:@/?#%\\[\\]-]{0,40}|.{0,60}",
            other in "(https|http)://[a-z0-9.:@/?#%\\[\\]-]{0,40}|.{0,60}",
        ) {
            proptest::prop_assert!(matches(&uri, &uri));
            if can_be_registered(&uri) {
                proptest::prop_assert!(!uri.contains(['#', '\\', '*', ' ']));
                let host = uri.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next());
                proptest::prop_assert!(host.is_none_or(|host| !host.contains('@')));
            }
            if uri != other && matches(&uri, &other) {
                // Only the port differs.
                let host = |uri: &str| LOOPBACK.into_iter().find(|host| uri.starts_with(host));
                proptest::prop_assert!(host(&uri).is_some() && host(&uri) == host(&other));
                proptest::prop_assert!(!other.contains('@'));
            }
        }
    }
}
