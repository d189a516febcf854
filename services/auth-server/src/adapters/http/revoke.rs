//! Revocation (RFC 7009): a client gives back a token; the grant that it was given ends with it.

use super::{
    acting::in_name_of,
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    respond,
};
use crate::{application::clients::authentication::AuthenticatedClient, provider::Provider};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kernel::security_checks::holds;
use std::sync::Arc;

/// Refusal to revoke the token of another client.
const FOREIGN: ErrorResponse =
    ErrorResponse::new("invalid_request", "the token belongs to another client");

/// Revokes a token. One that is unknown or no longer valid is as good as revoked.
pub(crate) async fn revoke(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    respond::with_cors(match revoked(&provider, request).await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, no_store);
            response
        }
        Err(error) => error.into_response(),
    })
}

async fn revoked(provider: &Provider, request: Request) -> Result<(), ErrorResponse> {
    let ClientRequest { client, parameters, .. } =
        client_credentials::authenticated(provider, request).await?;
    let token = parameters.required("token")?;
    let actor = format!("client:{}", client.id.as_str());
    in_name_of(&actor, revoke_token(provider, &client, token)).await
}

async fn revoke_token(
    provider: &Provider,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<(), ErrorResponse> {
    // The hint about its type is only a hint: both are tried.
    if let Some((id, stream, _)) = provider.grants.of_refresh_token(token).await? {
        let Some(grant) = &stream.0 else { return Ok(()) };
        if !holds("revoked_refresh_token", grant.authorization.client == client.id) {
            return Err(FOREIGN);
        }
        return Ok(provider.grants.revoke(id).await?);
    }
    if let Some(active) = provider.tokens.active(token).await? {
        if !holds("revoked_access_token", active.client().as_ref() == Some(&client.id)) {
            return Err(FOREIGN);
        }
        provider.tokens.revoke(&active).await?;
    }
    Ok(())
}
