//! `UserInfo` (OpenID Connect Core, section 5.3), and the errors of bearer tokens (RFC 6750).

use super::respond;
use crate::{application::error::AuthError, provider::Provider};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

const NO_CREDENTIALS: &str = "Bearer realm=\"auth\"";
const INVALID_TOKEN: &str = "Bearer realm=\"auth\", error=\"invalid_token\", error_description=\"the token is not valid, or no longer\"";
const INSUFFICIENT_SCOPE: &str =
    "Bearer realm=\"auth\", error=\"insufficient_scope\", scope=\"openid\"";
const INVALID_REQUEST: &str = "Bearer realm=\"auth\", error=\"invalid_request\", error_description=\"one token in one header is expected\"";

/// Says who the person of an access token is.
pub(crate) async fn userinfo(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let answer = answer(&provider, &head.headers).await;
    respond::with_cors(answer.unwrap_or_else(|error| {
        tracing::error!(%error, "userinfo could not be answered");
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }))
}

async fn answer(provider: &Provider, headers: &HeaderMap) -> Result<Response, AuthError> {
    let token = match bearer(headers) {
        Ok(Some(token)) => token,
        Ok(None) => return Ok(refused(StatusCode::UNAUTHORIZED, NO_CREDENTIALS)),
        Err(()) => return Ok(refused(StatusCode::BAD_REQUEST, INVALID_REQUEST)),
    };
    let Some(active) = provider.tokens.active(token).await? else {
        return Ok(refused(StatusCode::UNAUTHORIZED, INVALID_TOKEN));
    };
    let person = active.grant.as_ref().filter(|_| active.has_scope("openid"));
    let Some((_, grant)) = person else {
        return Ok(refused(StatusCode::FORBIDDEN, INSUFFICIENT_SCOPE));
    };
    let account = grant.authorization.account;
    let mut claims = json!({"sub": account.to_string()});
    if active.has_scope("email")
        && let Some(person) = provider.accounts.person(account).await?
        && let Some(email) = person.email
    {
        claims["email"] = email.into();
        // An operator or the person wrote it; no message has shown yet that it is read.
        claims["email_verified"] = false.into();
    }
    Ok(respond::private_json(StatusCode::OK, &claims))
}

/// Token of the `Authorization` header (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let line = line.to_str().map_err(|_| ())?;
    let (scheme, token) = line.split_once(' ').ok_or(())?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    if lines.next().is_some() || !is_bearer || token.is_empty() || !token.bytes().all(is_token) {
        return Err(());
    }
    Ok(Some(token))
}

fn refused(status: StatusCode, challenge: &'static str) -> Response {
    let headers = [(header::WWW_AUTHENTICATE, challenge), (header::CACHE_CONTROL, "no-store")];
    (status, headers).into_response()
}
