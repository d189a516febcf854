//! Authorization endpoint (RFC 6749, section 4.1): takes the request, shows the pages, and answers the client.

use super::{body::ProtocolRequest, browser::Browser, form, page, respond, texts::Texts};
use crate::{
    application::{
        authorization::{NextStep, Progress},
        authorization_request::{
            AuthorizationRefusal, AuthorizationRequest, UntrustedRequest, Validated, validate,
        },
        error::AuthError,
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
            let browser = browser.in_language(parameters.get("ui_locales"));
            (browser, validate(&parameters, &provider.clients, &provider.tokens).await?)
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
            let (sealed, cookie) = form::seal(provider, browser, SIGN_IN_FORM, request);
            let page = page::sign_in(provider, browser, registration, &sealed, &email, None);
            page::with_cookie(page, cookie)
        }
        NextStep::Consent { client, account } => {
            let (Some(registration), Some(session)) = (client.registration(), session) else {
                return unknown_client();
            };
            ask_for_consent(provider, browser, request, registration, session, &account)
        }
        NextStep::Code(code) => respond_to(provider, browser, &request.target, &[("code", &code)]),
        NextStep::Refuse(refusal) => refuse(provider, browser, &request.target, refusal),
        NextStep::UnknownClient => unknown_client(),
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
    let host = redirect_uri::host(&request.target.redirect_uri).to_owned();
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

/// Response to the client: with its state, and with the issuer, so that it cannot be taken for one of another provider (RFC 9207).
fn respond_to(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    parameters: &[(&str, &str)],
) -> Response {
    let state = target.state.as_deref().map(|state| ("state", state));
    let issuer = ("iss", provider.issuer.as_str());
    let all: Vec<(&str, &str)> = parameters.iter().copied().chain(state).chain([issuer]).collect();
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
