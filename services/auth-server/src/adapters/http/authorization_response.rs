//! Authorization response (RFC 6749, section 4.1.2): a code or a refusal, on its way to the client by the browser.

use super::{browser::Browser, page, respond, texts::filled};
use crate::{
    application::{
        authorization::{
            Progress,
            request::AuthorizationRefusal,
            response_target::{ResponseMode, ResponseTarget},
        },
        error::AuthError,
    },
    domain::redirect_uri,
    provider::Provider,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use maud::{Markup, PreEscaped, html};

/// Script that posts a form at once.
const SUBMIT: &str = "document.forms[0].submit()";

/// Names and values of a response.
type ResponseParameters = Vec<(&'static str, String)>;

/// Refusal, as the client is told of it. Nobody is sent on to the address of a client that registered itself before they did anything:
/// such a link would lead from the shop to wherever its author wants (RFC 9700, section 4.11.2). They are told, and may go on.
pub(crate) fn refuse(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    refusal: AuthorizationRefusal,
    progress: Progress,
) -> Response {
    let AuthorizationRefusal { error, description } = refusal;
    let error = [("error", error), ("error_description", description)];
    if target.is_self_registered && progress == Progress::Arrived {
        return refusal_page(provider, browser, target, &error);
    }
    respond_to(provider, browser, target, &error)
}

/// Response to the client: with its state, and with the issuer, so that it cannot be taken for one of another provider (RFC 9207); or
/// signed as a whole (JARM).
pub(crate) fn respond_to(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    parameters: &[(&'static str, &str)],
) -> Response {
    let all = match all_parameters(provider, target, parameters) {
        Ok(all) => all,
        Err(error) => return page::failure(provider, browser.texts, &error),
    };
    let Some(location) = location(target, &all) else {
        return form_post(provider, browser, &target.redirect_uri, &all);
    };
    let response = respond::see_other(&location);
    response.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn all_parameters(
    provider: &Provider,
    target: &ResponseTarget,
    parameters: &[(&'static str, &str)],
) -> Result<ResponseParameters, AuthError> {
    let state = target.state.as_deref().map(|state| ("state", state));
    let mut all: Vec<(&'static str, &str)> = parameters.iter().copied().chain(state).collect();
    if let Some(signature) = &target.signature {
        let token = provider.tokens.response_token(signature, &all)?;
        return Ok(vec![("response", token)]);
    }
    all.push(("iss", provider.issuer.as_str()));
    Ok(all.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

/// Address of a response that a browser is sent to; `None` if it posts a form.
fn location(target: &ResponseTarget, parameters: &ResponseParameters) -> Option<String> {
    let uri = &target.redirect_uri;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    match target.mode {
        ResponseMode::Query => Some(redirect_uri::with_query(uri, &query)),
        ResponseMode::Fragment => Some(format!("{uri}#{query}")),
        ResponseMode::FormPost => None,
    }
}

/// Page that tells of a refusal, with the way to the client.
fn refusal_page(
    provider: &Provider,
    browser: &Browser,
    target: &ResponseTarget,
    error: &[(&'static str, &str)],
) -> Response {
    let texts = browser.texts;
    let all = match all_parameters(provider, target, error) {
        Ok(all) => all,
        Err(error) => return page::failure(provider, texts, &error),
    };
    let (uri, host) = (&target.redirect_uri, redirect_uri::host(&target.redirect_uri));
    let label = filled(texts.back_to_host, "host", host);
    let page = page::Page::new(provider, browser, texts.error_title);
    page::Page { status: StatusCode::BAD_REQUEST, ..page }.response(
        None,
        &html! {
            p.notice #error role="alert" { (texts.request_refused) }
            @match location(target, &all) {
                Some(location) => p { a #continue href=(location) { (label) } },
                None => (form(uri, &all, &html! { button.button #continue type="submit" { (label) } })),
            }
        },
    )
}

/// Response by a form that the browser posts (OAuth 2.0 Form Post Response Mode): by a script of one line, or by a button.
fn form_post(
    provider: &Provider,
    browser: &Browser,
    uri: &str,
    parameters: &ResponseParameters,
) -> Response {
    let label = browser.texts.continue_to;
    let button = html! { noscript { button.button #continue type="submit" { (label) } } };
    let page = page::Page::new(provider, browser, label);
    let mut response = page.response(
        None,
        &html! { (form(uri, parameters, &button)) script { (PreEscaped(SUBMIT)) } },
    );
    let digest = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        <sha2::Sha256 as sha2::Digest>::digest(SUBMIT),
    );
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn form(uri: &str, parameters: &ResponseParameters, button: &Markup) -> Markup {
    html! {
        form action=(uri) method="post" {
            @for (name, value) in parameters { input type="hidden" name=(name) value=(value); }
            (button)
        }
    }
}
