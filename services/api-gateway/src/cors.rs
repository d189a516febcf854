//! CORS (cross-origin resource sharing) for the API of the shop edge: pages of allowed origins may call it from a
//! browser.
//!
//! Such calls carry no cookies: a cart is identified by its id, which the calling page keeps itself.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};

/// Request headers that a cross-origin page may set.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, dpop, idempotency-key, if-match, if-none-match, traceparent, x-request-id",
);
/// Response headers that a cross-origin page may read besides the safelisted ones.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "dpop-nonce, etag, idempotent-replayed, location, retry-after, www-authenticate, x-request-id",
);
/// Time for which a browser may cache a preflight response, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Header that makes an `OPTIONS` request a preflight.
const REQUEST_METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// Allowed origin, such as `https://example.com`, or `*` for any.
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

/// CORS policy: the allowed origins.
#[derive(Debug)]
pub(crate) struct CorsPolicy(Vec<Origin>);

impl CorsPolicy {
    pub(crate) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// Origin of the request, if it is allowed.
    pub(crate) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin_header = headers.get(header::ORIGIN)?;
        let matches =
            |origin: &Origin| origin.0 == "*" || origin.0.as_bytes() == origin_header.as_bytes();
        self.0.iter().any(matches).then(|| origin_header.clone())
    }

    /// Whether any origin is allowed, so that responses vary by origin.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a request is a CORS preflight.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(REQUEST_METHOD)
}

/// CORS response headers that let `origin` read the response.
pub(crate) fn add_response_headers(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
}

/// Preflight response headers: the allowed methods and request headers.
pub(crate) fn add_preflight_headers(allow: &HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        for valid in ["*", "https://example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(Origin::try_from(valid.to_owned()).is_ok(), "{valid}");
        }
        for invalid in
            ["", "example.com", "https://", "https://example.com/", "ftp://example.com", "null"]
        {
            assert!(Origin::try_from(invalid.to_owned()).is_err(), "{invalid}");
        }
    }
}
