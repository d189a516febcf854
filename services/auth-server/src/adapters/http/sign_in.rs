//! Sign-in page, submitted.

use super::{
    authorize::{SIGN_IN_FORM, proceed},
    browser::{Browser, device_cookie, session_cookie},
    form::{self, Submitted},
    page,
};
use crate::{
    application::{
        authorization::Progress,
        authorization_request::AuthorizationRequest,
        error::AuthError,
        password_sign_in::{Attempt, SignInRequest},
    },
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use identifiers::AccountId;
use kernel::Timestamp;
use std::sync::Arc;
use transport::Context;
use web::ClientKey;

/// Signs in, and goes on with the request.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, sign_in(&provider, submitted).await)
}

async fn sign_in(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let request = submitted.data::<AuthorizationRequest>(provider, SIGN_IN_FORM);
    let Submitted { browser, parameters } = submitted;
    let Some(request) = request else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let browser = browser.in_language(request.ui_locales.as_deref());
    let texts = browser.texts;
    let network = Context::current_client().map(|address| ClientKey::at(address).to_string());
    let attempt = SignInRequest {
        email: parameters.get("email").unwrap_or_default(),
        password: parameters.get("password").unwrap_or_default(),
        device: browser.device.as_deref(),
        network: network.as_deref().unwrap_or("unknown"),
    };
    let error = match provider.password_sign_in.attempt(&attempt).await? {
        Attempt::Succeeded(account, at) => {
            return signed_in(provider, &browser, request, account, at).await;
        }
        Attempt::WrongCredentials => texts.wrong_credentials,
        Attempt::TooMany => texts.too_many_attempts,
        Attempt::Busy => texts.busy,
    };
    let client = provider.authorizations.client(&request).await?;
    let Some(registration) = client.as_ref().and_then(|client| client.registration()) else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unknown_client));
    };
    let (sealed, cookie) = form::seal(provider, &browser, SIGN_IN_FORM, request);
    let email = attempt.email;
    let page = page::sign_in(provider, &browser, registration, &sealed, email, Some(error));
    Ok(page::with_cookie(page, cookie))
}

/// Begins the session, whose cookie is set whatever becomes of the request.
async fn signed_in(
    provider: &Provider,
    browser: &Browser,
    request: AuthorizationRequest,
    account: AccountId,
    at: Timestamp,
) -> Result<Response, AuthError> {
    let device = provider.accounts.device(account).await?;
    let earlier = browser.session_id.as_ref();
    let (id, session) = provider.sessions.begin(account, at, earlier).await?;
    let next = proceed(provider, browser, request, Some(&session), Progress::SignedIn).await;
    let next = page::with_cookie(next, session_cookie(provider, &id));
    Ok(page::with_cookie(next, device_cookie(provider, &device)))
}
