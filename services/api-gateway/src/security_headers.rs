//! Security headers of every response. Pages that need other values set their own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Kind of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    /// API data or a problem: never rendered as a page and never cached.
    Data,
    /// Page or an asset of one.
    Page,
}

/// Headers of both kinds.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // The URL of a cart or an order grants access to it.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds the security headers that a response does not set itself.
pub(crate) fn add_security_headers(headers: &mut HeaderMap, kind: ResponseKind) {
    // Those that are added to every response, at once: a map that grows step by step is hashed anew at each step.
    headers.reserve(DEFAULT_HEADERS.len() + 2);
    for (name, value) in DEFAULT_HEADERS {
        headers.entry(name).or_insert(value);
    }
    if kind == ResponseKind::Data {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
