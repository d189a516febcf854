//! Targets of request headers.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use resource_server::TokenScheme;
use std::str;
use web::{AllowedHost, FormOrigin, HostName};

/// Most language ranges that a header yields.
const LANGUAGES_MAX: usize = 20;

/// `Cookie`, a header a line: the cookies are parts of the headers, at most one for each pair, and no separator is in them.
pub fn cookies(bytes: &[u8]) {
    let headers = lines(&header::COOKIE, bytes);
    let pairs = bytes.iter().filter(|byte| b";\n".contains(byte)).count() + 1;
    let mut count = 0;
    for (name, value) in web::cookies(&headers) {
        count += 1;
        assert!(!name.contains(['=', ';']) && !value.contains(';'));
        let pair = format!("{name}={value}");
        assert!(bytes.windows(pair.len()).any(|part| part == pair.as_bytes()));
    }
    assert!(count <= pairs);
}

/// `Authorization`, a header a line: a token is one word of a single header that names its scheme.
pub fn bearer_token(bytes: &[u8]) {
    let headers = lines(&header::AUTHORIZATION, bytes);
    let Ok(Some((scheme, token))) = resource_server::presented_token(&headers) else { return };
    assert_eq!(headers.len(), 1);
    assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    let scheme = match scheme {
        TokenScheme::Bearer => "bearer ",
        TokenScheme::Dpop => "dpop ",
    };
    let line = headers.values().next().and_then(|line| line.to_str().ok()).unwrap_or_default();
    let length = scheme.len();
    assert!(line.len() > length && line.ends_with(token));
    assert!(line.is_char_boundary(length) && line[..length].eq_ignore_ascii_case(scheme));
}

/// `Accept-Language`: a bounded number of ranges, each of them a part of the header.
pub fn accept_language(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let ranges = web::accepted_languages(text);
    assert!(ranges.len() <= LANGUAGES_MAX);
    for range in ranges {
        assert!(!range.is_empty() && text.contains(range) && !range.contains([',', ';']));
    }
}

/// `Host`, a header a line: only a host that was allowed is, and a public name is never this machine.
pub fn host(bytes: &[u8]) {
    let allowed: Vec<_> = AllowedHost::try_from("shop.example".to_owned()).into_iter().collect();
    let headers = lines(&header::HOST, bytes);
    let line = headers.get(header::HOST).and_then(|line| line.to_str().ok());
    let line = line.unwrap_or_default().to_ascii_lowercase();
    match HostName::of(&headers, &allowed) {
        HostName::Allowed => {
            let host = line.rsplit_once('@').map_or(&*line, |(_, host)| host);
            assert_eq!(host.split_once(':').map_or(host, |(host, _)| host), "shop.example");
        }
        HostName::ThisMachine if !headers.is_empty() => {
            assert!(["localhost", "127.", "::1", "[", "0:"].iter().any(|own| line.contains(own)));
        }
        HostName::ThisMachine | HostName::Unknown => {}
    }
}

/// `Origin` and `Host`, in two lines: a page is of the same origin only with the host of the request.
pub fn form_origin(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in [header::ORIGIN, header::HOST] {
        let value = parts.next().and_then(|part| HeaderValue::from_bytes(part).ok());
        headers.extend(value.map(|value| (name, value)));
    }
    if FormOrigin::of(&headers, &[]) == FormOrigin::Same
        && let Some(origin) = headers.get(header::ORIGIN)
    {
        let origin = origin.to_str().expect("it was read");
        let host = headers.get(header::HOST).expect("it was compared").to_str();
        assert!(origin.ends_with(&format!("://{}", host.expect("it was compared"))));
    }
}

/// Headers of one name, a line each; without lines that cannot be in a header.
fn lines(name: &HeaderName, bytes: &[u8]) -> HeaderMap {
    let values = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    values.filter_map(|line| Some((name.clone(), HeaderValue::from_bytes(line).ok()?))).fold(
        HeaderMap::new(),
        |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        },
    )
}
