//! Authorization endpoint (RFC 6749, section 4.1): from the request over sign-in and consent to the code, or to an error that the client
//! is told.

use super::{body, browser::Browser, form, page, respond};
use crate::{
    application::{
        authorization_request::{
            AuthorizationRefusal, AuthorizationRequest, ResponseMode, ResponseTarget,
            UntrustedRequest, Validated, validate,
        },
        error::AuthError,
        parameters::Parameters,
        sessions::Session,
    },
    domain::events::{Authorization, ClientId, Registration},
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
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

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has just arrived.
    Arrived,
    /// The person has just signed in for it.
    SignedIn,
    /// The person has just consented to it.
    Consented,
}

/// Request by GET.
pub(crate) async fn by_query(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let parameters = Parameters::parse(head.uri.query().unwrap_or_default().as_bytes());
    authorize(&provider, &head.headers, parameters.ok()).await
}

/// Request by POST, from a page of any site: it may do no more than one by GET.
pub(crate) async fn by_form(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let parameters = body::form(&head.headers, body).await;
    authorize(&provider, &head.headers, parameters.ok()).await
}

async fn authorize(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: Option<Parameters>,
) -> Response {
    let texts = super::texts::Texts::negotiate(headers);
    match respond_to(provider, headers, parameters).await {
        Ok(response) => response,
        Err(error) => page::failure(provider, texts, &error),
    }
}

async fn respond_to(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: Option<Parameters>,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let validated = match parameters {
        None => Validated::Untrusted(UntrustedRequest::Parameters),
        Some(parameters) => validate(&parameters, &provider.clients, &provider.issuer).await?,
    };
    match validated {
        Validated::Request(request) => {
            proceed(provider, &browser, *request, browser.session.as_ref(), Progress::Arrived).await
        }
        Validated::Refused(target, refusal) => Ok(refuse(provider, &browser, &target, refusal)),
        Validated::Untrusted(reason) => {
            let texts = browser.texts;
            let sentence = match reason {
                UntrustedRequest::Client => texts.unknown_client,
                UntrustedRequest::RedirectUri => texts.unknown_redirect,
                UntrustedRequest::Parameters => texts.unreadable,
            };
            Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, sentence))
        }
    }
}

/// Next step of a valid request: sign-in, consent, or the response to the client.
pub(crate) async fn proceed(
    provider: &Provider,
    browser: &Browser,
    request: AuthorizationRequest,
    session: Option<&Session>,
    progress: Progress,
) -> Result<Response, AuthError> {
    let target = request.target.clone();
    let Some(registration) = registered(provider, &request.client).await? else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unknown_client));
    };
    let is_hinted = hinted(provider, &request, session);
    let session = session.filter(|session| {
        progress != Progress::Arrived || (is_hinted && is_recent(provider, &request, session))
    });
    let Some(session) = session else {
        if request.prompt.none {
            return Ok(refuse(provider, browser, &target, LOGIN_REQUIRED));
        }
        let email = request.login_hint.clone().unwrap_or_default();
        let (sealed, cookie) = form::seal(provider, browser, SIGN_IN_FORM, request);
        let page = page::sign_in(provider, browser, &registration, &sealed, &email, None);
        return Ok(page::with_cookie(page, cookie));
    };
    if !is_hinted {
        // Somebody else signed in than the client wants to hear of.
        return Ok(refuse(provider, browser, &target, LOGIN_REQUIRED));
    }
    if progress != Progress::Consented
        && needs_consent(provider, &request, &registration, session).await?
    {
        if request.prompt.none {
            return Ok(refuse(provider, browser, &target, CONSENT_REQUIRED));
        }
        return ask_for_consent(provider, browser, request, &registration, session).await;
    }
    let code = provider
        .grants
        .authorize(|code_expires| Authorization {
            client: request.client,
            account: session.account,
            session: session.sid.clone(),
            scopes: request.scopes,
            redirect_uri: request.target.redirect_uri,
            authenticated_at: session.authenticated_at,
            code_expires,
            code_challenge: request.code_challenge,
            nonce: request.nonce,
        })
        .await?;
    Ok(answer(provider, browser, &target, &[("code", &code)]))
}

const LOGIN_REQUIRED: AuthorizationRefusal = AuthorizationRefusal {
    error: "login_required",
    description: "nobody is signed in as is wanted",
};
const CONSENT_REQUIRED: AuthorizationRefusal =
    AuthorizationRefusal { error: "consent_required", description: "the person has to be asked" };
/// The person does not want it.
pub(crate) const ACCESS_DENIED: AuthorizationRefusal =
    AuthorizationRefusal { error: "access_denied", description: "the person did not allow it" };

/// Registration of a client, which may have been removed since the request arrived.
pub(crate) async fn registered(
    provider: &Provider,
    client: &ClientId,
) -> Result<Option<Registration>, AuthError> {
    let client = provider.clients.find(client).await?;
    Ok(client.and_then(|client| client.registration().cloned()))
}

/// Whether the person of a session is the one of the hint, if there is a hint. One that is no token of this provider is for nobody.
fn hinted(provider: &Provider, request: &AuthorizationRequest, session: Option<&Session>) -> bool {
    let (Some(hint), Some(session)) = (&request.id_token_hint, session) else { return true };
    let claims = provider.tokens.hinted(hint);
    claims.is_some_and(|claims| claims.text("sub") == Some(&*session.account.to_string()))
}

/// Whether a sign-in is recent enough for a request that has just arrived.
fn is_recent(provider: &Provider, request: &AuthorizationRequest, session: &Session) -> bool {
    let age = provider.ids.now().as_second() - session.authenticated_at.as_second();
    let is_young = request.max_age.is_none_or(|max_age| max_age > 0 && age <= max_age);
    is_young && !request.prompt.login
}

/// Whether the person has to be asked. Of a program on a device nobody knows who it is (RFC 8252, section 8.6), so that it is asked
/// about each time.
async fn needs_consent(
    provider: &Provider,
    request: &AuthorizationRequest,
    registration: &Registration,
    session: &Session,
) -> Result<bool, AuthError> {
    if registration.is_trusted {
        return Ok(false);
    }
    let is_on_device =
        !registration.is_confidential() && !request.target.redirect_uri.starts_with("https://");
    if request.prompt.consent || is_on_device {
        return Ok(true);
    }
    let account = provider.accounts.load(session.account).await?;
    Ok(!account.is_some_and(|account| account.has_consented(&request.client, &request.scopes)))
}

async fn ask_for_consent(
    provider: &Provider,
    browser: &Browser,
    request: AuthorizationRequest,
    registration: &Registration,
    session: &Session,
) -> Result<Response, AuthError> {
    let person = provider.accounts.person(session.account).await?;
    let account = person.and_then(|person| person.email).unwrap_or_default();
    let scopes = request.scopes.clone();
    let host = host_of(&request.target.redirect_uri).to_owned();
    let data = ConsentForm { request, sid: session.sid.clone() };
    let (sealed, cookie) = form::seal(provider, browser, CONSENT_FORM, data);
    let page = page::consent(provider, browser, registration, &sealed, &scopes, &account, &host);
    Ok(page::with_cookie(page, cookie))
}

/// Host of an address, or its scheme if it has none.
fn host_of(uri: &str) -> &str {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    host.filter(|host| !host.is_empty()).unwrap_or(scheme)
}

/// Refusal, as the client is told of it.
pub(crate) fn refuse(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    refusal: AuthorizationRefusal,
) -> Response {
    let AuthorizationRefusal { error, description } = refusal;
    answer(provider, browser, target, &[("error", error), ("error_description", description)])
}

/// Response to the client: with its state, and with the issuer, so that it cannot be taken for one of another provider (RFC 9207).
fn answer(
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
        ResponseMode::Query => {
            let separator = if uri.contains('?') { '&' } else { '?' };
            format!("{uri}{separator}{query}")
        }
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
