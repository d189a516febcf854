//! Pushed authorization request endpoint (PAR, RFC 9126).

use super::{
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    proof, respond,
    signed_in::network,
};
use crate::{
    application::{
        authorization::{
            parameters::Parameters,
            pushed_requests::LIFETIME,
            request::{AuthorizationRefusal, UntrustedRequest, Validated},
            request_source::Channel,
            validation::validate,
        },
        clients::authentication::AuthenticatedClient,
    },
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Parameters by which the client proved who it is, and which are no part of its request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Takes a request from a client, for a browser that it will send here.
pub(crate) async fn push(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let response = match pushed(&provider, request).await {
        Ok(value) => respond::private_json(StatusCode::CREATED, &value),
        Err(error) => error.into_response(),
    };
    proof::with_nonce(&provider, response)
}

async fn pushed(provider: &Provider, request: Request) -> Result<Value, ErrorResponse> {
    let ClientRequest { client, parameters, headers } =
        client_credentials::authenticated(provider, request).await?;
    check_limit(provider, &client).await?;
    if parameters.has("request_uri") {
        let refused = "a pushed request has no request_uri";
        return Err(ErrorResponse::new("invalid_request", refused));
    }
    let proof = proof::of_post(provider, &headers, "/par", &client.id).await?;
    let parameters = parameters.without(&CREDENTIALS).with("client_id", client.id.as_str());
    let sourced = provider.request_sources.resolve(parameters, Channel::Client, &network()).await?;
    let mut sourced = sourced.map_err(refused)?;
    if let Some(proof) = proof {
        let key = proof.thumbprint();
        if sourced.parameters.get("dpop_jkt").is_some_and(|named| named != key) {
            let refused = "the DPoP proof is of another key than the dpop_jkt";
            return Err(ErrorResponse::new("invalid_dpop_proof", refused));
        }
        sourced.parameters = sourced.parameters.with("dpop_jkt", key);
    }
    match validate(&sourced, &provider.clients, &provider.tokens).await? {
        Validated::Request(_) => {}
        Validated::Refused(_, refusal) => return Err(refused(refusal)),
        Validated::Untrusted(UntrustedRequest::RedirectUri) => {
            let refused = "the redirect_uri is missing, or not registered";
            return Err(ErrorResponse::new("invalid_request", refused));
        }
        Validated::Untrusted(_) => {
            return Err(ErrorResponse::new("invalid_request", "the request cannot be read"));
        }
    }
    let parameters: &Parameters = &sourced.parameters;
    let uri = provider.pushed.push(&client.id, parameters, sourced.is_signed).await?;
    let too_large = ErrorResponse::new("invalid_request", "the request is too large to be kept");
    let uri = uri.ok_or(too_large)?;
    Ok(json!({"request_uri": uri, "expires_in": LIFETIME.as_secs()}))
}

/// A client that cannot prove who it is may push so much from one address on the network.
async fn check_limit(
    provider: &Provider,
    client: &AuthenticatedClient,
) -> Result<(), ErrorResponse> {
    if client.registration().is_confidential() {
        return Ok(());
    }
    if provider.pushed_attempts.begin(&network()).await? {
        return Ok(());
    }
    Err(ErrorResponse::unavailable())
}

fn refused(refusal: AuthorizationRefusal) -> ErrorResponse {
    ErrorResponse::new(refusal.error, refusal.description)
}
