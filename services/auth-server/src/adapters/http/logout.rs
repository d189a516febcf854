//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). A client that shows an ID token of this session signs out at once; anybody
//! else has the person asked, because any page can send a browser here. Nobody is sent on without a hint and a registered address.

use super::{
    body,
    browser::{Browser, is_same_origin, no_session_cookie},
    form, page, respond,
    texts::Texts,
};
use crate::{
    application::{error::AuthError, parameters::Parameters},
    domain::events::ClientId,
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use maud::html;
use std::sync::Arc;

/// Form of the question.
const SIGN_OUT_FORM: &str = "sign-out";

/// Request by GET.
pub(crate) async fn by_query(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let parameters = Parameters::parse(head.uri.query().unwrap_or_default().as_bytes()).ok();
    logout(&provider, &head.headers, parameters).await
}

/// Request by POST, from a page of a client.
pub(crate) async fn by_form(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let parameters = body::form(&head.headers, body).await.ok();
    logout(&provider, &head.headers, parameters).await
}

/// Answer to the question.
pub(crate) async fn confirm(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let texts = Texts::negotiate(&head.headers);
    let parameters = body::form(&head.headers, body).await.ok();
    let parameters = parameters.filter(|_| is_same_origin(&provider, &head.headers));
    match confirmed(&provider, &head.headers, parameters).await {
        Ok(response) => response,
        Err(error) => page::failure(&provider, texts, &error),
    }
}

async fn logout(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: Option<Parameters>,
) -> Response {
    let texts = Texts::negotiate(headers);
    let Some(parameters) = parameters else {
        return page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unreadable);
    };
    match answer(provider, headers, &parameters).await {
        Ok(response) => response,
        Err(error) => page::failure(provider, texts, &error),
    }
}

/// Session and client that a hint names.
struct Hint {
    sid: String,
    client: ClientId,
}

async fn answer(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let texts = browser.texts;
    let hint = parameters.get("id_token_hint").map(|token| hint(provider, parameters, token));
    let refused = || page::error(provider, texts, StatusCode::BAD_REQUEST, texts.logout_refused);
    let location = match (parameters.get("post_logout_redirect_uri"), &hint) {
        (None, Some(None)) => return Ok(refused()),
        (None, _) => None,
        (Some(uri), Some(Some(hint))) if is_registered(provider, &hint.client, uri).await? => {
            Some(with_state(uri, parameters.get("state")))
        }
        (Some(_), _) => return Ok(refused()),
    };
    let is_meant = match (&browser.session, hint.flatten()) {
        (None, _) => true,
        (Some(session), Some(hint)) => session.sid == hint.sid,
        (Some(_), None) => false,
    };
    if is_meant {
        return sign_out(provider, &browser, location.as_deref()).await;
    }
    let (sealed, cookie) = form::seal(provider, &browser, SIGN_OUT_FORM, location);
    let page = page::Page::new(provider, &browser, texts.sign_out);
    let page = page.response(
        Some(texts.sign_out_question),
        &html! {
            form action="/auth/sign-out" method="post" {
                input type="hidden" name="form" value=(sealed);
                button.button #sign-out type="submit" { (texts.sign_out) }
            }
        },
    );
    Ok(page::with_cookie(page, cookie))
}

async fn confirmed(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: Option<Parameters>,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let sealed = parameters.as_ref().and_then(|it| it.get("form")).unwrap_or_default();
    let opened = form::open::<Option<String>>(provider, &browser, SIGN_OUT_FORM, sealed);
    let Some(location) = opened else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    sign_out(provider, &browser, location.as_deref()).await
}

/// Ends the session of the browser, and goes on to an address that was checked.
async fn sign_out(
    provider: &Provider,
    browser: &Browser,
    location: Option<&str>,
) -> Result<Response, AuthError> {
    if let (Some(id), Some(session)) = (&browser.session_id, &browser.session) {
        provider.sessions.end(id, session).await?;
    }
    let texts = browser.texts;
    let response = location.and_then(respond::see_other).unwrap_or_else(|| {
        let page = page::Page::new(provider, browser, texts.signed_out);
        page.response(Some(texts.signed_out_text), &html! { p { a href="/" { (texts.to_shop) } } })
    });
    Ok(page::with_cookie(response, no_session_cookie(provider)))
}

/// What an ID token of this provider says, if the client that is named beside it agrees. It may have expired.
fn hint(provider: &Provider, parameters: &Parameters, token: &str) -> Option<Hint> {
    let claims = provider.tokens.hinted(token)?;
    let audiences = claims.audiences().ok()?;
    let client = audiences.first().and_then(|audience| ClientId::parse(audience))?;
    let agrees = parameters.get("client_id").is_none_or(|named| named == client.as_str());
    let sid = claims.text("sid").unwrap_or_default().to_owned();
    agrees.then_some(Hint { sid, client })
}

async fn is_registered(
    provider: &Provider,
    client: &ClientId,
    uri: &str,
) -> Result<bool, AuthError> {
    let client = provider.clients.find(client).await?;
    let registration = client.as_deref().and_then(|client| client.registration());
    Ok(registration.is_some_and(|it| it.post_logout_redirect_uris.iter().any(|it| it == uri)))
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let separator = if uri.contains('?') { '&' } else { '?' };
    let pair = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    format!("{uri}{separator}{pair}")
}
