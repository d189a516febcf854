//! Lets pages of other sites call the API of the shop edge from a browser, where an operator allows it.
//!
//! No cookie goes with such calls: a guest's cart is known by its id, which the calling page keeps itself.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};

/// The request headers that such a page may set.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "content-type, idempotency-key, if-match, if-none-match, traceparent, x-request-id",
);
/// The answer headers that it may read beyond those that all may.
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("etag, idempotent-replayed, location, retry-after, x-request-id");
/// For how long a browser may remember what it was told, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// How a browser asks which method it may use.
const ASKED_METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// A site, such as `https://example.com`, or `*` for any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Origin(String);

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_host = |host: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
            !host.is_empty() && host.bytes().all(is_plain)
        };
        if text == "*" || host.is_some_and(is_host) {
            return Ok(Self(text));
        }
        Err(format!("{text:?} is not of the form https://example.com, nor *"))
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

/// The sites whose pages may call.
#[derive(Debug)]
pub(crate) struct Cors(Vec<Origin>);

impl Cors {
    pub(crate) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// The site that asks, if it may call.
    pub(crate) fn welcome(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let asking = headers.get(header::ORIGIN)?;
        let is_asking =
            |origin: &Origin| origin.0 == "*" || origin.0.as_bytes() == asking.as_bytes();
        self.0.iter().any(is_asking).then(|| asking.clone())
    }

    /// Whether answers differ by who asks.
    pub(crate) fn is_on(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a browser asks what it may do.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(ASKED_METHOD)
}

/// Lets the page of `site` read the answer.
pub(crate) fn admit(site: HeaderValue, answer: &mut HeaderMap) {
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, site);
    answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
}

/// Says what may be sent.
pub(crate) fn explain(allow: &HeaderValue, answer: &mut HeaderMap) {
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_no_path_and_a_scheme() {
        for right in ["*", "https://example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(Origin::try_from(right.to_owned()).is_ok(), "{right}");
        }
        for wrong in
            ["", "example.com", "https://", "https://example.com/", "ftp://example.com", "null"]
        {
            assert!(Origin::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
