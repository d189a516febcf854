//! Forms of the pages: sealed by one page for the next request of the same browser. The seal says for which form it is, binds it to the
//! cookie of the browser that was shown the page, and ends. It is the protection against forged requests (CSRF) as well, and nothing of
//! it is kept on the server.

use super::{
    body::{self, FormError},
    browser::Browser,
    page,
    texts::Texts,
};
use crate::{
    application::{authorization::parameters::Parameters, keys::seal::digest},
    provider::Provider,
};
use axum::{
    extract::{FromRequest, Request},
    response::Response,
};
use http::{HeaderValue, StatusCode};
use jose::{base64url_decode, base64url_encode};
use kernel::security_checks::holds;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use web::FormOrigin;

/// Time within which a form must be sent.
const VALID: Duration = Duration::from_mins(30);

/// Form that a page of this provider sent, with the browser that sent it.
#[derive(Debug)]
pub(crate) struct Submitted {
    pub(crate) browser: Browser,
    pub(crate) parameters: Parameters,
}

impl FromRequest<Arc<Provider>> for Submitted {
    /// A page that says what is wrong.
    type Rejection = Response;

    async fn from_request(request: Request, provider: &Arc<Provider>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let texts = Texts::negotiate(&head.headers);
        let refused = |status, sentence| page::error(provider, texts, status, sentence);
        // The origin is opaque on pages that send no referrer, as these do; the seal is bound to the browser.
        let origin = FormOrigin::of(&head.headers, &[provider.issuer.authority()]);
        if !holds("form_origin", origin != FormOrigin::Other) {
            return Err(refused(StatusCode::BAD_REQUEST, texts.form_expired));
        }
        let parameters = match body::form(&head.headers, body).await {
            Ok(parameters) => parameters,
            Err(FormError::TooLarge) => {
                return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, texts.form_too_large));
            }
            Err(_) => return Err(refused(StatusCode::BAD_REQUEST, texts.form_expired)),
        };
        match Browser::of(provider, &head.headers).await {
            Ok(browser) => Ok(Self { browser, parameters }),
            Err(error) => Err(page::failure(provider, texts, &error.into())),
        }
    }
}

impl Submitted {
    /// Data that the page of this form sealed, if it was shown to this browser a short while ago.
    pub(crate) fn data<T: DeserializeOwned>(&self, provider: &Provider, form: &str) -> Option<T> {
        open(provider, &self.browser, form, self.parameters.form())
    }
}

/// Content of a seal.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// Digest of the browser's binding.
    browser: String,
    expires: i64,
    data: T,
}

/// Seals forms of one page, which are all bound to one cookie.
#[derive(Debug)]
pub(crate) struct Sealer<'a> {
    pub(crate) provider: &'a Provider,
    binding: String,
    /// The cookie to set along with the page, if the browser has none yet.
    pub(crate) cookie: Option<HeaderValue>,
}

impl<'a> Sealer<'a> {
    /// Sealer of a page for this browser.
    pub(crate) fn new(provider: &'a Provider, browser: &Browser) -> Self {
        let (binding, cookie) = browser.bound(provider);
        Self { provider, binding, cookie }
    }

    /// Seals data into a form.
    pub(crate) fn seal<T: Serialize>(&self, form: &str, data: T) -> String {
        let Provider { ids, sealing, .. } = self.provider;
        let now = ids.now();
        let expires = now.as_second().saturating_add_unsigned(VALID.as_secs());
        let sealed = Sealed { browser: digest(&self.binding), expires, data };
        let text = serde_json::to_vec(&sealed).expect("what is sealed is plain data");
        base64url_encode(sealing.seal(form, &text, now, &**ids.randomness()))
    }
}

/// Seals data into the one form of a page; with the cookie to set along with it, if the browser has none yet.
pub(crate) fn seal<T: Serialize>(
    provider: &Provider,
    browser: &Browser,
    form: &str,
    data: T,
) -> (String, Option<HeaderValue>) {
    let sealer = Sealer::new(provider, browser);
    (sealer.seal(form, data), sealer.cookie)
}

/// Data that was sealed for this browser a short while ago.
pub(crate) fn open<T: DeserializeOwned>(
    provider: &Provider,
    browser: &Browser,
    form: &str,
    sealed: &str,
) -> Option<T> {
    let now = provider.ids.now();
    let text = provider.sealing.open(form, &base64url_decode(sealed).ok()?, now)?;
    let sealed: Sealed<T> = serde_json::from_slice(&text).ok()?;
    let is_its_own = digest(browser.binding()).as_bytes().ct_eq(sealed.browser.as_bytes());
    let is_current = now.as_second() < sealed.expires;
    let is_of_browser = bool::from(is_its_own) && !browser.binding().is_empty();
    (holds("form_browser", is_of_browser) && holds("form_end", is_current)).then_some(sealed.data)
}
