//! Forwarding headers of proxies: `X-Forwarded-For` and its companions, and `Forwarded` (RFC 7239).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::net::{IpAddr, SocketAddr};

/// Header with the chain of clients and proxies.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Header with the scheme that the client used.
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Header with the host that the client asked for.
pub(crate) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Forwarding headers, none of which passes the gateway as it came.
pub(crate) const FORWARDING_HEADERS: [HeaderName; 10] = [
    FORWARDED_FOR,
    FORWARDED_PROTO,
    FORWARDED_HOST,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("client-cert"),
    HeaderName::from_static("client-cert-chain"),
    HeaderName::from_static("x-forwarded-client-cert"),
];

/// Client at the end of a chain of trusted proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardedOrigin {
    /// Its address; that of a proxy if the proxy names no other, so that the request is limited all the same.
    pub(crate) address: IpAddr,
    /// The scheme that it used.
    pub(crate) proto: Option<HeaderValue>,
    /// The host that it asked for.
    pub(crate) host: Option<HeaderValue>,
}

/// One element of a chain: what a proxy says of its own peer.
#[derive(Debug, Default)]
struct ForwardedElement {
    address: Option<IpAddr>,
    proto: Option<HeaderValue>,
    host: Option<HeaderValue>,
}

/// Whether a request carries a forwarding header.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| FORWARDING_HEADERS.contains(name))
}

/// Origin of a request that a trusted proxy at `peer` forwards.
///
/// A proxy writes one of the two notations and may pass on what a client wrote in the other one. So if both are there and
/// do not name the same client, neither is believed.
pub(crate) fn origin(
    headers: &HeaderMap,
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> ForwardedOrigin {
    let single = |name: &HeaderName| headers.get(name).cloned();
    let companions = |address| ForwardedOrigin {
        address,
        proto: single(&FORWARDED_PROTO),
        host: single(&FORWARDED_HOST),
    };
    let chain = headers
        .contains_key(&FORWARDED_FOR)
        .then(|| client(&forwarded_for(headers), peer, &is_trusted).0);
    if !headers.contains_key(header::FORWARDED) {
        return companions(chain.unwrap_or(peer));
    }
    let elements = forwarded(headers);
    let (address, element) = client(&elements, peer, &is_trusted);
    match chain {
        Some(chain) if chain == address => companions(chain),
        Some(_) => companions(peer),
        None => ForwardedOrigin {
            address,
            proto: element.and_then(|element| element.proto.clone()),
            host: element.and_then(|element| element.host.clone()),
        },
    }
}

/// The last address of a chain that is not a trusted proxy, and its element. A chain ends where an address is not named.
fn client(
    elements: &[ForwardedElement],
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> (IpAddr, Option<&ForwardedElement>) {
    let mut client = (peer, None);
    for element in elements.iter().rev() {
        let Some(address) = element.address else { break };
        client = (address, Some(element));
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// Chain of `X-Forwarded-For`.
fn forwarded_for(headers: &HeaderMap) -> Vec<ForwardedElement> {
    let lines = headers.get_all(&FORWARDED_FOR).iter();
    // A line that is no text names nobody.
    let lines = lines.map(|line| line.to_str().unwrap_or("unknown"));
    let addresses = lines.flat_map(|line| line.split(',')).map(str::trim);
    let element = |node| ForwardedElement { address: node_address(node), ..Default::default() };
    addresses.map(element).collect()
}

/// Chain of `Forwarded`.
fn forwarded(headers: &HeaderMap) -> Vec<ForwardedElement> {
    let lines = headers.get_all(header::FORWARDED).iter();
    let lines = lines.map(|line| line.to_str().unwrap_or("for=unknown"));
    lines.flat_map(|line| split_unquoted(line, ',')).map(forwarded_element).collect()
}

/// Element such as `for="[2001:db8::1]:4711";proto=https;host=shop.example`.
fn forwarded_element(element: &str) -> ForwardedElement {
    let mut parsed = ForwardedElement::default();
    for pair in split_unquoted(element, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => parsed.address = node_address(&value),
            "proto" => parsed.proto = HeaderValue::try_from(value).ok(),
            "host" => parsed.host = HeaderValue::try_from(value).ok(),
            _ => {}
        }
    }
    parsed
}

/// Address of a node: IPv4 or IPv6, with or without brackets and a port. None for `unknown` and obfuscated identifiers.
fn node_address(node: &str) -> Option<IpAddr> {
    let bare = |node: &str| node.parse::<IpAddr>().ok();
    let with_port = |node: &str| node.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || bare(node.strip_prefix('[')?.strip_suffix(']')?);
    // RFC 7239 allows an obfuscated port, such as `192.0.2.1:_p1`.
    let without_port = || {
        let (address, _) = node.rsplit_once(":_")?;
        bare(address).or_else(|| bare(address.strip_prefix('[')?.strip_suffix(']')?))
    };
    let address =
        bare(node).or_else(|| with_port(node)).or_else(bracketed).or_else(without_port)?;
    Some(address.to_canonical())
}

/// Parts of a text between separators outside of quotes.
pub(crate) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let separates = move |character: char| {
        if std::mem::take(&mut is_escaped) {
            return false;
        }
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => is_escaped = true,
            _ => {}
        }
        !is_quoted && character == separator
    };
    text.split(separates).map(str::trim)
}

/// Value of a token or of a quoted string.
pub(crate) fn unquoted(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut characters = quoted.chars();
    let mut plain = String::with_capacity(quoted.len());
    while let Some(character) = characters.next() {
        let character = if character == '\\' { characters.next() } else { Some(character) };
        plain.extend(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.1";

    /// Address of the client, scheme and host, of a request that a proxy of 10.0.0.0/24 forwards.
    fn origin_of(lines: &[(&'static str, &str)]) -> [String; 3] {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        let is_trusted = |address: IpAddr| address.to_string().starts_with("10.0.0.");
        let origin = origin(&headers, PEER.parse().unwrap(), is_trusted);
        let text = |value: Option<HeaderValue>| {
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        [origin.address.to_string(), text(origin.proto), text(origin.host)]
    }

    #[test]
    fn an_address_is_understood_in_every_notation() {
        for (node, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("192.0.2.7:_hidden", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:DB8::7]:_a", "2001:db8::7"),
        ] {
            assert_eq!(origin_of(&[("x-forwarded-for", node)])[0], address, "{node}");
            let chain = format!("198.51.100.1, {node} ,10.0.0.3");
            assert_eq!(origin_of(&[("x-forwarded-for", &chain)])[0], address, "{chain}");
            let quoted = format!("for=198.51.100.1, For=\"{node}\" ; by=10.0.0.1, for=10.0.0.3");
            assert_eq!(origin_of(&[("forwarded", &quoted)])[0], address, "{quoted}");
        }
    }

    #[test]
    fn a_chain_that_names_nobody_leads_to_the_proxy_itself() {
        for node in [
            "unknown",
            "_secret",
            "",
            "192.0.2.7:99999",
            "192.0.2",
            "[192.0.2.7",
            "a.example",
            "1.2.3.4 5",
        ] {
            assert_eq!(origin_of(&[("x-forwarded-for", node)])[0], PEER, "{node}");
            let forwarded = format!("for=\"{node}\"");
            assert_eq!(origin_of(&[("forwarded", &forwarded)])[0], PEER, "{forwarded}");
        }
        for forwarded in ["", ";", "proto=https", "for", "for=\"1.2.3.4", "=\",\\"] {
            assert_eq!(origin_of(&[("forwarded", forwarded)])[0], PEER, "{forwarded}");
        }
        assert_eq!(origin_of(&[])[0], PEER);
    }

    #[test]
    fn forwarded_names_scheme_and_host_of_the_client() {
        let line = r#"for=192.0.2.7;proto=https;host="shop.example:8443", for=10.0.0.2;proto=http"#;
        assert_eq!(origin_of(&[("forwarded", line)]), ["192.0.2.7", "https", "shop.example:8443"]);
        let tricky = r#"for="198.51.100.9";ext="a,for=192.0.2.1;\"", for=192.0.2.7"#;
        assert_eq!(origin_of(&[("forwarded", tricky)])[0], "192.0.2.7");
        let lines = [("forwarded", "for=192.0.2.1"), ("forwarded", "for=192.0.2.7;host=\"a\\b\"")];
        assert_eq!(origin_of(&lines), ["192.0.2.7", "", "ab"]);
    }

    #[test]
    fn what_a_client_adds_in_the_other_notation_is_not_believed() {
        let both = |forwarded_for: &str, forwarded: &str| {
            origin_of(&[("x-forwarded-for", forwarded_for), ("forwarded", forwarded)])[0].clone()
        };
        assert_eq!(both("192.0.2.7", "for=192.0.2.7"), "192.0.2.7");
        assert_eq!(both("192.0.2.7", "for=127.0.0.1"), PEER);
        assert_eq!(both("127.0.0.1", "for=192.0.2.7"), PEER);
        assert_eq!(both("192.0.2.7", "for=unknown"), PEER);
    }
}
