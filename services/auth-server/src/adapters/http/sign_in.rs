//! Sign-in page, submitted.

use super::{
    authorize::{Progress, SIGN_IN_FORM, proceed, registered},
    body,
    browser::{Browser, device_cookie, is_same_origin, session_cookie},
    form, page,
    texts::Texts,
};
use crate::{
    application::{
        authorization_request::AuthorizationRequest, error::AuthError, parameters::Parameters,
    },
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use identifiers::{AccountId, Email};
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};
use transport::Context;

/// Result of an attempt to sign in.
enum Attempt {
    Succeeded(AccountId),
    WrongCredentials,
    TooMany,
    Busy,
}

/// Signs in, and goes on with the request.
pub(crate) async fn submit(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let texts = Texts::negotiate(&head.headers);
    let parameters = body::form(&head.headers, body).await.ok();
    let parameters = parameters.filter(|_| is_same_origin(&provider, &head.headers));
    let Some(parameters) = parameters else {
        return page::error(&provider, texts, StatusCode::BAD_REQUEST, texts.form_expired);
    };
    match sign_in(&provider, &head.headers, &parameters).await {
        Ok(response) => response,
        Err(error) => page::failure(&provider, texts, &error),
    }
}

async fn sign_in(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let texts = browser.texts;
    let sealed = parameters.get("form").unwrap_or_default();
    let request = form::open::<AuthorizationRequest>(provider, &browser, SIGN_IN_FORM, sealed);
    let Some(request) = request else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let email = parameters.get("email").unwrap_or_default();
    let password = parameters.get("password").unwrap_or_default();
    let device = browser.device.as_deref();
    let error = match attempt(provider, email, password, device).await? {
        Attempt::Succeeded(account) => {
            let earlier = browser.session_id.as_ref();
            let (id, session) = provider.sessions.begin(account, earlier).await?;
            let next =
                proceed(provider, &browser, request, Some(&session), Progress::SignedIn).await?;
            let next = page::with_cookie(next, session_cookie(provider, &id));
            let device = provider.accounts.device(account);
            return Ok(page::with_cookie(next, device_cookie(provider, &device)));
        }
        Attempt::WrongCredentials => texts.wrong_credentials,
        Attempt::TooMany => texts.too_many_attempts,
        Attempt::Busy => texts.busy,
    };
    let Some(registration) = registered(provider, &request.client).await? else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unknown_client));
    };
    let (sealed, cookie) = form::seal(provider, &browser, SIGN_IN_FORM, request);
    let page = page::sign_in(provider, &browser, &registration, &sealed, email, Some(error));
    Ok(page::with_cookie(page, cookie))
}

/// Attempt with an address and a password. It is counted before anything is hashed, by an address that nobody has just as well. On a
/// device on which its owner signed in before it is counted apart, so that no stranger who guesses keeps the owner out.
async fn attempt(
    provider: &Provider,
    email: &str,
    password: &str,
    device: Option<&str>,
) -> Result<Attempt, AuthError> {
    let network = network(Context::current_client());
    if !provider.address_attempts.begin(&network).await? {
        return Ok(Attempt::TooMany);
    }
    let Ok(email) = Email::parse(email) else { return Ok(Attempt::WrongCredentials) };
    let mut digest = provider.accounts.address_digest(&email);
    if let Some(device) = device
        && provider.accounts.is_known_device(&email, device).await?
    {
        digest.push_str("-device");
    }
    if !provider.account_attempts.begin(&digest).await? {
        return Ok(Attempt::TooMany);
    }
    match provider.accounts.authenticate(&email, password).await {
        Ok(Some(account)) => {
            provider.account_attempts.succeed(&digest).await?;
            provider.address_attempts.forgive(&network).await?;
            Ok(Attempt::Succeeded(account))
        }
        Ok(None) => Ok(Attempt::WrongCredentials),
        Err(AuthError::Busy) => Ok(Attempt::Busy),
        Err(error) => Err(error),
    }
}

/// What a client is counted by: an IPv4 address, or the /64 network of an IPv6 address.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).to_string()
        }
    }
}
