//! Client credentials in a header (RFC 6749, section 2.3.1).

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;

/// HTTP Basic authentication of a client, as the value of `Authorization`: both parts are form-encoded first.
///
/// ```
/// let value = transport::basic_credentials("app", "a:b c");
/// assert_eq!(value, "Basic YXBwOmElM0FiK2M=");
/// assert!(value.is_sensitive());
/// ```
pub fn basic_credentials(client_id: &str, client_secret: &str) -> HeaderValue {
    let encoded =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encoded(client_id), encoded(client_secret));
    let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&value).expect("base64 is ASCII");
    value.set_sensitive(true);
    value
}
