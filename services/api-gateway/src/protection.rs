//! What every answer tells a browser not to do with it. Pages that need more say so themselves.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Data, a refusal, or nothing: never a page, and nobody else's business.
    Data,
    /// A page or what belongs to one.
    Page,
}

const FOR_ALL: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // The address of a cart or an order is the right to see it.
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

/// Adds to the headers of an answer what they do not say themselves.
pub(crate) fn protect(headers: &mut HeaderMap, kind: Kind) {
    for (name, value) in FOR_ALL {
        headers.entry(name).or_insert(value);
    }
    if kind == Kind::Data {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
