//! Security headers of every response. Pages that need other values set their own.

use crate::client_identity::{ClientIdentity, ClientRoute};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::sync::LazyLock;
use web::HostName;

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

/// Policy by which browsers come by TLS alone from now on (HSTS, RFC 6797).
#[derive(Debug)]
pub(crate) struct StrictTransport(Option<HeaderValue>);

impl StrictTransport {
    /// Policy for so many seconds; none for 0.
    pub(crate) fn new(seconds: u32) -> Self {
        let text = format!("max-age={seconds}; includeSubDomains");
        Self((seconds > 0).then(|| HeaderValue::from_str(&text).ok()).flatten())
    }

    /// Policy for a client that came over TLS itself. A proxy in front has one of its own, and the names of this machine belong to whatever
    /// else runs here.
    pub(crate) fn of(
        &self,
        client: &ClientIdentity,
        host: impl FnOnce() -> HostName,
    ) -> Option<HeaderValue> {
        let is_own = client.is_secure && client.route == ClientRoute::Direct;
        let is_named = is_own && host() != HostName::ThisMachine;
        self.0.clone().filter(|_| is_named)
    }
}

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
