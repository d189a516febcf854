//! Sealed forms: what a page hands to the next request of the same browser. The seal says for which form it is, binds it to the cookie
//! of the browser that was shown the page, and ends. It is the protection against forged requests (CSRF) as well, and nothing of it
//! is kept on the server.

use super::browser::Browser;
use crate::{application::seal::digest, provider::Provider};
use http::HeaderValue;
use jose::{base64url_decode, base64url_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Time within which a form must be sent.
const VALID: Duration = Duration::from_mins(30);

/// Content of a seal.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// Digest of the browser's binding.
    browser: String,
    expires: i64,
    data: T,
}

/// Seals data into a form of this browser; with the cookie to set along with it, if the browser has none yet.
pub(crate) fn seal<T: Serialize>(
    provider: &Provider,
    browser: &Browser,
    form: &str,
    data: T,
) -> (String, Option<HeaderValue>) {
    let (binding, cookie) = browser.bound(provider);
    let expires = provider.ids.now().as_second().saturating_add_unsigned(VALID.as_secs());
    let sealed = Sealed { browser: digest(binding), expires, data };
    let text = serde_json::to_vec(&sealed).expect("what is sealed is plain data");
    let sealed = provider.sealing.seal(form, &text, &**provider.ids.randomness());
    (base64url_encode(sealed), cookie)
}

/// Data of a form that this browser was shown.
pub(crate) fn open<T: DeserializeOwned>(
    provider: &Provider,
    browser: &Browser,
    form: &str,
    sealed: &str,
) -> Option<T> {
    let text = provider.sealing.open(form, &base64url_decode(sealed).ok()?)?;
    let sealed: Sealed<T> = serde_json::from_slice(&text).ok()?;
    let is_its_own = digest(browser.binding()).as_bytes().ct_eq(sealed.browser.as_bytes());
    let is_current = provider.ids.now().as_second() < sealed.expires;
    (bool::from(is_its_own) && is_current && !browser.binding().is_empty()).then_some(sealed.data)
}
