//! Sign-in: the password page, submitted; then the second step for whoever has one; then whatever the person came for.

use super::{
    account::ACCOUNT_PATH,
    authorize::{SIGN_IN_FORM, proceed},
    browser::{Browser, device_cookie, session_cookie},
    form::{Sealer, Submitted},
    page, passkey, respond, second_step, sign_up,
    signed_in::network,
    texts::filled,
};
use crate::{
    application::{
        authorization::{Progress, request::AuthorizationRequest},
        error::AuthError,
        sessions::Proof,
        sign_in::password::{Attempt, SignInRequest},
    },
    provider::Provider,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Authentication methods (`amr`, RFC 8176) of a password alone.
pub(crate) const PASSWORD: &[&str] = &["pwd"];

/// What a person signs in for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Destination {
    /// A client that asks.
    Client(Box<AuthorizationRequest>),
    /// The pages of the own account.
    Account,
}

/// Signs in, and goes on with what the person came for.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, sign_in(&provider, submitted).await)
}

async fn sign_in(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let destination = submitted.data::<Destination>(provider, SIGN_IN_FORM);
    let Submitted { browser, parameters } = submitted;
    let Some(destination) = destination else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let browser = destination.in_its_language(browser);
    let texts = browser.texts;
    let attempt = SignInRequest {
        email: parameters.get("email").unwrap_or_default(),
        password: parameters.get("password").unwrap_or_default(),
        device: browser.device.as_deref(),
        network: &network(),
    };
    let error = match provider.password_sign_in.attempt(&attempt).await? {
        Attempt::Succeeded(account, at) => {
            let holder = provider.accounts.load(account).await?;
            if holder.is_some_and(|holder| holder.second_factor.is_some()) {
                return Ok(second_step::page(provider, &browser, destination, account, at, None));
            }
            let proof = Proof::by(PASSWORD, account, at);
            return signed_in(provider, &browser, destination, &proof).await;
        }
        Attempt::WrongCredentials => texts.wrong_credentials,
        Attempt::TooMany => texts.too_many_attempts,
        Attempt::Busy => texts.busy,
    };
    page_for(provider, &browser, destination, attempt.email, Some(error)).await
}

/// Begins the session, whose cookie is set whatever becomes of what the person came for.
pub(crate) async fn signed_in(
    provider: &Provider,
    browser: &Browser,
    destination: Destination,
    proof: &Proof,
) -> Result<Response, AuthError> {
    let device = provider.accounts.device(proof.account).await?;
    let earlier = browser.session_id.as_ref();
    let (id, session) = provider.sessions.begin(proof, earlier).await?;
    provider.session_list.add(&session, browser.name.clone()).await?;
    let next = match destination {
        Destination::Client(request) => {
            proceed(provider, browser, *request, Some(&session), Progress::SignedIn).await
        }
        Destination::Account => respond::see_other(&provider.issuer.path(ACCOUNT_PATH))
            .unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    };
    let next = page::with_cookie(next, session_cookie(provider, &id));
    Ok(page::with_cookie(next, device_cookie(provider, &device)))
}

/// Page on which somebody signs in for the pages of the account.
pub(crate) fn page_for_account(provider: &Provider, browser: &Browser) -> Response {
    let introduction = browser.texts.account.to_account;
    page(provider, browser, Destination::Account, introduction, "", None)
}

/// Page on which somebody signs in, once more.
pub(crate) async fn page_for(
    provider: &Provider,
    browser: &Browser,
    destination: Destination,
    email: &str,
    error: Option<&str>,
) -> Result<Response, AuthError> {
    let texts = browser.texts;
    let introduction = match &destination {
        Destination::Account => texts.account.to_account.to_owned(),
        Destination::Client(request) => {
            let client = provider.authorizations.client(request).await?;
            let Some(registration) = client.as_ref().and_then(|client| client.registration())
            else {
                let sentence = texts.unknown_client;
                return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, sentence));
            };
            filled(texts.to_continue, "client", &registration.name)
        }
    };
    Ok(page(provider, browser, destination, &introduction, email, error))
}

/// Page with the form for a password, and the one for a passkey where those can be used.
pub(crate) fn page(
    provider: &Provider,
    browser: &Browser,
    destination: Destination,
    introduction: &str,
    email: &str,
    error: Option<&str>,
) -> Response {
    let sealer = Sealer::new(provider, browser);
    let passkey = passkey::sign_in_form(provider, browser.texts, &sealer, &destination);
    let sign_up = sign_up::address(&sealer, &destination);
    let form = sealer.seal(SIGN_IN_FORM, destination);
    let shown =
        page::SignInPage { introduction, form: &form, email, error, passkey, sign_up: &sign_up };
    page::with_cookie(page::sign_in(provider, browser, &shown), sealer.cookie)
}

impl Destination {
    /// The browser with pages in the language that a client asked for.
    pub(crate) fn in_its_language(&self, browser: Browser) -> Browser {
        match self {
            Self::Client(request) => browser.in_language(request.ui_locales.as_deref()),
            Self::Account => browser,
        }
    }
}
