//! Authorization endpoint (RFC 6749, section 4.1): takes the request, shows the pages, and answers the client.

use super::{
    body::ProtocolRequest,
    browser::Browser,
    device, form, page, respond,
    sign_in::{self, Destination},
    texts::{Texts, filled},
};
use crate::{
    application::{
        authorization::{NextStep, Progress},
        authorization_request::{
            AuthorizationRefusal, AuthorizationRequest, UntrustedRequest, Validated,
        },
        error::AuthError,
        parameters::Parameters,
        request_source::Channel,
        request_validation::{response_target, validate},
        response_target::{ResponseMode, ResponseTarget},
        sessions::Session,
    },
    domain::{events::Registration, redirect_uri},
    provider::Provider,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use maud::html;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::StorageError;

/// Form of the sign-in page.
pub(crate) const SIGN_IN_FORM: &str = "sign-in";
/// Form of the consent page.
pub(crate) const CONSENT_FORM: &str = "consent";

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
        Validated::Refused(target, refusal) => refuse(provider, &browser, &target, refusal),
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
    match provider.request_sources.resolve(parameters.clone(), Channel::Browser).await? {
        Ok(sourced) => Ok(validate(&sourced, clients, tokens).await?),
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
    let step = match provider.authorizations.next(&request, session, progress).await {
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
        NextStep::Refuse(refusal) => deny(provider, browser, &request, refusal).await,
        NextStep::UnknownClient => unknown_client(),
    }
}

/// Tells the client of a refusal: the one that sent the browser here, or the device that waits.
pub(crate) async fn deny(
    provider: &Provider,
    browser: &Browser,
    request: &AuthorizationRequest,
    refusal: AuthorizationRefusal,
) -> Response {
    match &request.device {
        None => refuse(provider, browser, &request.target, refusal),
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

/// Refusal, as the client is told of it.
pub(crate) fn refuse(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    refusal: AuthorizationRefusal,
) -> Response {
    let AuthorizationRefusal { error, description } = refusal;
    let error = [("error", error), ("error_description", description)];
    respond_to(provider, browser, target, &error)
}

/// Response to the client: with its state, and with the issuer, so that it cannot be taken for one of another provider (RFC 9207); or
/// signed as a whole (JARM).
fn respond_to(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    parameters: &[(&str, &str)],
) -> Response {
    let state = target.state.as_deref().map(|state| ("state", state));
    let issuer = ("iss", provider.issuer.as_str());
    let mut all: Vec<(&str, &str)> = parameters.iter().copied().chain(state).collect();
    let signed;
    match &target.signature {
        None => all.push(issuer),
        Some(signature) => match provider.tokens.response_token(signature, &all) {
            Ok(token) => {
                signed = token;
                all = vec![("response", &signed)];
            }
            Err(error) => return page::failure(provider, browser.texts, &error),
        },
    }
    let uri = &target.redirect_uri;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&all).finish();
    let location = match target.mode {
        ResponseMode::Query => redirect_uri::with_query(uri, &query),
        ResponseMode::Fragment => format!("{uri}#{query}"),
        ResponseMode::FormPost => return form_post(provider, browser, uri, &all),
    };
    let response = respond::see_other(&location);
    response.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Response by a form that the browser posts (OAuth 2.0 Form Post Response Mode): by a script of one line, or by a button.
fn form_post(
    provider: &Provider,
    browser: &Browser,
    uri: &str,
    parameters: &[(&str, &str)],
) -> Response {
    const SCRIPT: &str = "document.forms[0].submit()";
    let page = page::Page::new(provider, browser, browser.texts.continue_to);
    let mut response = page.response(
        None,
        &html! {
            form action=(uri) method="post" {
                @for (name, value) in parameters { input type="hidden" name=(name) value=(value); }
                noscript { button.button #continue type="submit" { (browser.texts.continue_to) } }
            }
            script { (maud::PreEscaped(SCRIPT)) }
        },
    );
    let digest = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        <sha2::Sha256 as sha2::Digest>::digest(SCRIPT),
    );
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
