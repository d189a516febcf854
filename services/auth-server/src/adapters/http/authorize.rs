//! Authorization endpoint (RFC 6749, section 4.1): takes the request, shows the pages, and answers the client.

use super::{
    acting::in_name_of,
    authorization_response::{refuse, respond_to},
    body::ProtocolRequest,
    browser::Browser,
    device, form, page,
    sign_in::{self, Destination},
    sign_up,
    signed_in::network,
    texts::{Texts, filled},
};
use crate::{
    application::{
        authorization::{
            NextStep, Progress,
            parameters::Parameters,
            request::{
                AuthorizationRefusal, AuthorizationRequest, UntrustedRequest, Validated, refusal,
            },
            request_source::Channel,
            validation::{response_target, validate},
        },
        error::AuthError,
        sessions::Session,
    },
    domain::{events::Registration, redirect_uri},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::StorageError;

/// Form of the sign-in page.
pub(crate) const SIGN_IN_FORM: &str = "sign-in";
/// Form of the consent page.
pub(crate) const CONSENT_FORM: &str = "consent";

/// Without mail nobody gets an account by themselves.
const NO_SIGN_UP: AuthorizationRefusal =
    refusal("invalid_request", "the prompt create is not supported here");

/// Data of the consent page.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConsentForm {
    pub(crate) request: AuthorizationRequest,
    /// Session of the person who was asked.
    pub(crate) sid: String,
}

/// Takes a request, and shows the next page or answers the client.
pub(crate) async fn authorize(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let texts = Texts::negotiate(&request.headers);
    page::or_failure(&provider, texts, answer(&provider, request).await)
}

async fn answer(provider: &Provider, request: ProtocolRequest) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, &request.headers).await?;
    let (browser, validated) = match request.parameters {
        Err(_) => (browser, Validated::Untrusted(UntrustedRequest::Parameters)),
        Ok(parameters) => {
            let validated = validated(provider, parameters.clone()).await?;
            (browser.in_language(parameters.get("ui_locales")), validated)
        }
    };
    let session = browser.session.as_ref();
    Ok(match validated {
        Validated::Request(request) => {
            proceed(provider, &browser, *request, session, Progress::Arrived).await
        }
        Validated::Refused(target, refusal) => {
            refuse(provider, &browser, &target, refusal, Progress::Arrived)
        }
        Validated::Untrusted(reason) => {
            let texts = browser.texts;
            let sentence = match reason {
                UntrustedRequest::Client => texts.unknown_client,
                UntrustedRequest::RedirectUri => texts.unknown_redirect,
                UntrustedRequest::Parameters => texts.unreadable,
            };
            page::error(provider, texts, StatusCode::BAD_REQUEST, sentence)
        }
    })
}

/// The request behind these parameters, validated. If it cannot be had, the client is told so at an address that it registered.
async fn validated(provider: &Provider, parameters: Parameters) -> Result<Validated, AuthError> {
    let (clients, tokens) = (&provider.clients, &provider.tokens);
    let network = network();
    let request_sources = &provider.request_sources;
    match request_sources.resolve(parameters.clone(), Channel::Browser, &network).await? {
        Ok(sourced) => {
            let validated = validate(&sourced, clients, tokens).await?;
            if let (Validated::Refused(..), Some(reference)) = (&validated, &sourced.pushed) {
                provider.pushed.answer(reference).await?;
            }
            Ok(validated)
        }
        Err(refusal) => {
            let target = response_target(&parameters, clients).await?;
            let untrusted = Validated::Untrusted(UntrustedRequest::Parameters);
            Ok(target.map_or(untrusted, |target| Validated::Refused(target, refusal)))
        }
    }
}

/// Next step of a valid request: sign-in, consent, or the response to the client. What goes wrong becomes a page here, so that a caller
/// can still set the cookie of a session.
pub(crate) async fn proceed(
    provider: &Provider,
    browser: &Browser,
    request: AuthorizationRequest,
    session: Option<&Session>,
    progress: Progress,
) -> Response {
    let texts = browser.texts;
    let step = provider.authorizations.next(&request, session, progress);
    let step = match session {
        Some(session) => in_name_of(&format!("account:{}", session.account), step).await,
        None => step.await,
    };
    let step = match step {
        Ok(step) => step,
        Err(error) => return page::failure(provider, texts, &error),
    };
    let unknown_client =
        || page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unknown_client);
    match step {
        NextStep::SignIn(client) => {
            let Some(registration) = client.registration() else { return unknown_client() };
            let email = request.login_hint.clone().unwrap_or_default();
            let introduction = filled(texts.to_continue, "client", &registration.name);
            let destination = Destination::Client(Box::new(request));
            sign_in::page(provider, browser, destination, &introduction, &email, None)
        }
        NextStep::SignUp if provider.mails.is_open() => {
            sign_up::page_for(provider, browser, &request)
        }
        NextStep::SignUp => deny(provider, browser, &request, NO_SIGN_UP, progress).await,
        NextStep::Consent { client, account } => {
            let (Some(registration), Some(session)) = (client.registration(), session) else {
                return unknown_client();
            };
            ask_for_consent(provider, browser, request, registration, session, &account)
        }
        NextStep::Code(code) => match &request.device {
            None => respond_to(provider, browser, &request.target, &[("code", &code)]),
            Some(device) => {
                let decided = provider.devices.allow(&device.digest, code).await;
                device_decided(provider, browser, decided, true)
            }
        },
        NextStep::Refuse(refusal) => deny(provider, browser, &request, refusal, progress).await,
        NextStep::UnknownClient => unknown_client(),
    }
}

/// Tells the client of a refusal: the one that sent the browser here, or the device that waits. A request that was pushed is used up by
/// it.
pub(crate) async fn deny(
    provider: &Provider,
    browser: &Browser,
    request: &AuthorizationRequest,
    refusal: AuthorizationRefusal,
    progress: Progress,
) -> Response {
    if let Err(error) = provider.authorizations.use_up(request).await {
        return page::failure(provider, browser.texts, &error);
    }
    match &request.device {
        None => refuse(provider, browser, &request.target, refusal, progress),
        Some(device) => {
            let decided = provider.devices.deny(&device.digest).await;
            device_decided(provider, browser, decided, false)
        }
    }
}

/// Page for a decision about a device, if it was the first.
fn device_decided(
    provider: &Provider,
    browser: &Browser,
    decided: Result<bool, StorageError>,
    is_allowed: bool,
) -> Response {
    let texts = browser.texts;
    match decided {
        Ok(true) => device::decided(provider, browser, is_allowed),
        Ok(false) => page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired),
        Err(error) => page::failure(provider, texts, &error.into()),
    }
}

fn ask_for_consent(
    provider: &Provider,
    browser: &Browser,
    request: AuthorizationRequest,
    registration: &Registration,
    session: &Session,
    account: &str,
) -> Response {
    let scopes = request.scopes.clone();
    let host = match &request.device {
        None => redirect_uri::host(&request.target.redirect_uri),
        Some(_) => browser.texts.your_device,
    };
    let host = host.to_owned();
    let data = ConsentForm { request, sid: session.sid.clone() };
    let (sealed, cookie) = form::seal(provider, browser, CONSENT_FORM, data);
    let page = page::consent(provider, browser, registration, &sealed, &scopes, account, &host);
    page::with_cookie(page, cookie)
}
