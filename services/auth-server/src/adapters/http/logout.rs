//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). A client that shows an ID token of this session signs out at once, and so does a
//! relying party of the shop that names the session (`logout_hint`, the claim `sid`), which keeps tokens out of addresses; anybody else has
//! the person asked, because any page can send a browser here. Nobody is sent on without a hint and a registered address.

use super::{
    body::ProtocolRequest,
    browser::{Browser, no_session_cookie},
    form::{self, Submitted},
    page, respond,
    texts::Texts,
};
use crate::{
    application::{authorization::parameters::Parameters, error::AuthError},
    domain::{events::ClientId, redirect_uri},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use kernel::security_checks::holds;
use maud::html;
use std::sync::Arc;

/// Form of the question.
const SIGN_OUT_FORM: &str = "sign-out";

/// Signs out, or asks.
pub(crate) async fn logout(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let texts = Texts::negotiate(&request.headers);
    let Ok(parameters) = &request.parameters else {
        return page::error(&provider, texts, StatusCode::BAD_REQUEST, texts.unreadable);
    };
    page::or_failure(&provider, texts, answer(&provider, &request.headers, parameters).await)
}

/// Answer to the question.
pub(crate) async fn confirm(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, confirmed(&provider, &submitted).await)
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
    let browser = browser.in_language(parameters.get("ui_locales"));
    let texts = browser.texts;
    let Ok(state) = parameters.state() else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.unreadable));
    };
    let hint = match parameters.get("id_token_hint") {
        Some(token) => Some(hint(provider, parameters, token)),
        None => session_hint(provider, parameters).await?.map(Some),
    };
    let refused = || page::error(provider, texts, StatusCode::BAD_REQUEST, texts.logout_refused);
    let location = match (parameters.get("post_logout_redirect_uri"), &hint) {
        (None, Some(None)) => return Ok(refused()),
        (None, _) => None,
        (Some(uri), Some(Some(hint))) if is_registered(provider, &hint.client, uri).await? => {
            Some(with_state(uri, state))
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
            form action=(provider.issuer.path("/sign-out")) method="post" {
                input type="hidden" name="form" value=(sealed);
                button.button #sign-out type="submit" { (texts.sign_out) }
            }
        },
    );
    Ok(page::with_cookie(page, cookie))
}

async fn confirmed(provider: &Provider, submitted: &Submitted) -> Result<Response, AuthError> {
    let browser = &submitted.browser;
    let Some(location) = submitted.data::<Option<String>>(provider, SIGN_OUT_FORM) else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    sign_out(provider, browser, location.as_deref()).await
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
        page.response(Some(texts.signed_out_text), &page::to_shop(provider, texts))
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

/// What a relying party of the shop itself says about the session. Nobody else may name one without proof.
async fn session_hint(
    provider: &Provider,
    parameters: &Parameters,
) -> Result<Option<Hint>, AuthError> {
    let client = parameters.get("client_id").and_then(ClientId::parse);
    let (Some(sid), Some(client)) = (parameters.get("logout_hint"), client) else {
        return Ok(None);
    };
    let found = provider.clients.find(&client).await?;
    let registration = found.as_deref().and_then(|client| client.registration());
    let is_trusted = registration.is_some_and(|it| it.is_trusted);
    Ok(holds("logout_hint_client", is_trusted).then(|| Hint { sid: sid.to_owned(), client }))
}

async fn is_registered(
    provider: &Provider,
    client: &ClientId,
    uri: &str,
) -> Result<bool, AuthError> {
    let client = provider.clients.find(client).await?;
    let registration = client.as_deref().and_then(|client| client.registration());
    let is_registered =
        registration.is_some_and(|it| it.post_logout_redirect_uris.iter().any(|it| it == uri));
    Ok(holds("post_logout_redirect_uri", is_registered))
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let pair = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    redirect_uri::with_query(uri, &pair)
}
