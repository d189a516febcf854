//! Security headers of every response. Pages that need other values set their own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::sync::LazyLock;

/// Kind of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    /// API data or a problem: never rendered as a page and never cached.
    Data,
    /// Page or an asset of one.
    Page,
}

/// Headers of pages.
static PAGE_HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The URL of a cart or an order grants access to it.
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
    .into_iter()
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .collect()
});

/// Headers of data.
static DATA_HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = PAGE_HEADERS.clone();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
});

/// Adds the security headers that a response does not set itself.
pub(crate) fn add_security_headers(headers: &mut HeaderMap, kind: ResponseKind) {
    let defaults = match kind {
        ResponseKind::Data => &DATA_HEADERS,
        ResponseKind::Page => &PAGE_HEADERS,
    };
    // Into a copy of the defaults: they are more than what a response sets itself, and a copy is not hashed.
    let own = std::mem::replace(headers, (**defaults).clone());
    headers.extend(own);
}
