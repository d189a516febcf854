//! Introspection (RFC 7662): what a token is worth, for its own client and for those that may look at the tokens of others.

use super::{
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    respond,
};
use crate::{
    application::{clients::authentication::AuthenticatedClient, tokens::rules::token_type},
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use kernel::security_checks::holds;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Scope with which a client may look at the tokens of others: it serves what they are for.
const INTROSPECT: &str = "introspect";
/// Media type of a signed answer.
const SIGNED: &str = "application/token-introspection+jwt";
/// Claims of an access token that are told.
const CLAIMS: [&str; 10] =
    ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "cnf", "act"];

/// Says what a token is worth.
pub(crate) async fn introspect(
    State(provider): State<Arc<Provider>>,
    request: Request,
) -> Response {
    let is_token_wanted = accepts_token(request.headers());
    match answer(&provider, request).await {
        Ok((client, described)) if is_token_wanted => signed(&provider, &client, described),
        Ok((_, described)) => respond::private_json(StatusCode::OK, &described),
        Err(error) => error.into_response(),
    }
}

/// Whether the answer is to be signed (RFC 9701, section 4).
fn accepts_token(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media_type = |range: &str| range.split(';').next().unwrap_or_default().trim().to_owned();
    accepted.split(',').any(|range| media_type(range).eq_ignore_ascii_case(SIGNED))
}

fn signed(provider: &Provider, client: &AuthenticatedClient, described: Value) -> Response {
    let registration = client.registration();
    match provider.tokens.introspection_token(&client.id, registration, described) {
        Ok(token) => respond::private_token(SIGNED, token),
        Err(error) => ErrorResponse::from(error).into_response(),
    }
}

async fn answer(
    provider: &Provider,
    request: Request,
) -> Result<(AuthenticatedClient, Value), ErrorResponse> {
    let ClientRequest { client, parameters, .. } =
        client_credentials::authenticated(provider, request).await?;
    if !holds("introspection_client", client.registration().is_confidential()) {
        return Err(ErrorResponse::invalid_client(false));
    }
    let token = parameters.required("token")?;
    let described = match access_token(provider, &client, token).await? {
        Some(claims) => Some(claims),
        None => refresh_token(provider, &client, token).await?,
    };
    Ok((client, described.unwrap_or_else(|| json!({"active": false}))))
}

async fn access_token(
    provider: &Provider,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Option<Value>, ErrorResponse> {
    let Some(active) = provider.tokens.active(token).await? else { return Ok(None) };
    let is_its_own = active.client().as_ref() == Some(&client.id);
    let may_see = client.registration().scopes.iter().any(|scope| scope == INTROSPECT);
    if !holds("introspection_token", is_its_own || may_see) {
        return Ok(None);
    }
    let mut described = Map::new();
    described.insert("active".to_owned(), true.into());
    let token_type = token_type(active.dpop_key());
    described.insert("token_type".to_owned(), token_type.into());
    for name in CLAIMS {
        if let Some(value) = active.claims.get(name) {
            described.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Some(Value::Object(described)))
}

/// Refresh tokens are nobody's business but their client's.
async fn refresh_token(
    provider: &Provider,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Option<Value>, ErrorResponse> {
    let Some((_, stream, generation)) = provider.grants.of_refresh_token(token).await? else {
        return Ok(None);
    };
    let Some(grant) = &stream.0 else { return Ok(None) };
    let end = grant.refreshable_until(&client.id, generation, provider.ids.now());
    let Some(end) = end else { return Ok(None) };
    if !provider.grants.is_valid(grant).await? {
        return Ok(None);
    }
    Ok(Some(json!({
        "active": true,
        "client_id": client.id.as_str(),
        "sub": provider.subjects.of(grant.authorization.account, client.registration()),
        "scope": grant.authorization.scopes.join(" "),
        "iss": provider.issuer.as_str(),
        "exp": end.as_second(),
    })))
}
