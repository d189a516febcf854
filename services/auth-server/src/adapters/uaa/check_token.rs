//! Token check of UAA: like introspection, but a token that is not valid is an error.

use super::RESOURCE_SCOPE;
use crate::{
    adapters::http::{
        client_credentials::{self, ClientRequest},
        error_response::ErrorResponse,
        respond,
    },
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Claims of an access token that are told.
const CLAIMS: [&str; 9] =
    ["iss", "sub", "exp", "iat", "auth_time", "jti", "client_id", "amr", "roles"];

/// Says what an access token is worth, and whether it has all of the scopes that are asked about.
pub(crate) async fn check_token(
    State(provider): State<Arc<Provider>>,
    request: Request,
) -> Response {
    respond::answer(answer(&provider, request).await)
}

async fn answer(provider: &Provider, request: Request) -> Result<Value, ErrorResponse> {
    const INVALID: ErrorResponse =
        ErrorResponse::new("invalid_token", "the token is not valid, or no longer");
    let ClientRequest { client, parameters, .. } =
        client_credentials::authenticated(provider, request).await?;
    let registration = client.registration();
    if !(registration.is_confidential()
        && registration.scopes.iter().any(|it| it == RESOURCE_SCOPE))
    {
        return Err(ErrorResponse::access_denied(http::StatusCode::FORBIDDEN));
    }
    let token = parameters.required("token")?;
    let Some(active) = provider.tokens.active(token).await? else { return Err(INVALID) };
    let wanted = parameters.get("scopes").unwrap_or_default();
    let mut wanted = wanted.split(',').map(str::trim).filter(|scope| !scope.is_empty());
    if !wanted.all(|scope| active.has_scope(scope)) {
        let missing = "the token lacks a scope that is asked about";
        return Err(ErrorResponse::new("invalid_scope", missing));
    }
    let mut described = Map::new();
    for name in CLAIMS {
        if let Some(value) = active.claims.get(name) {
            described.insert(name.to_owned(), value.clone());
        }
    }
    let scopes = active.claims.text("scope").unwrap_or_default();
    let scopes: Vec<&str> = scopes.split(' ').filter(|scope| !scope.is_empty()).collect();
    described.insert("scope".to_owned(), scopes.into());
    described.insert("aud".to_owned(), active.claims.audiences().unwrap_or_default().into());
    for name in ["cid", "azp"] {
        let client = active.claims.text("client_id").unwrap_or_default();
        described.insert(name.to_owned(), client.into());
    }
    if let Some((_, grant)) = &active.grant {
        let account = grant.authorization.account;
        let subject = active.claims.text("sub").unwrap_or_default();
        described.insert("user_id".to_owned(), subject.into());
        if active.has_scope("email")
            && let Some(email) = provider.accounts.person(account).await?.and_then(|it| it.email)
        {
            described.insert("user_name".to_owned(), email.clone().into());
            described.insert("email".to_owned(), email.into());
        }
    }
    Ok(Value::Object(described))
}
