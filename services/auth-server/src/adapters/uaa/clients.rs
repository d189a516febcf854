//! Clients as UAA describes them.

use crate::{
    adapters::http::{error_response::ErrorResponse, respond},
    application::{clients::registration_request::RegistrationRequest, error::AuthError},
    domain::{
        Rejection,
        client::Client,
        events::{ClientAuthentication, ClientId, GrantType},
    },
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Largest body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Client that is to be registered. Fields that mean nothing here are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClientDescription {
    client_id: String,
    name: Option<String>,
    authorized_grant_types: Vec<String>,
    redirect_uri: Vec<String>,
    scope: Vec<String>,
    authorities: Vec<String>,
    allowpublic: bool,
    autoapprove: Value,
}

/// Lists clients.
pub(crate) async fn list(State(provider): State<Arc<Provider>>) -> Response {
    respond::answer(all(&provider).await)
}

/// Shows a client.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Response {
    respond::answer(one(&provider, &id).await)
}

/// Registers a client. Its secret is made here and told once: one that a person chose could be guessed.
pub(crate) async fn create(State(provider): State<Arc<Provider>>, body: Body) -> Response {
    match created(&provider, body).await {
        Ok(client) => respond::private_json(StatusCode::CREATED, &client),
        Err(error) => error.into_response(),
    }
}

/// Removes a client; what it was granted is void.
pub(crate) async fn delete(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Response {
    respond::answer(removed(&provider, &id).await)
}

async fn all(provider: &Provider) -> Result<Value, ErrorResponse> {
    let clients = provider.clients.list().await?;
    let clients: Vec<Value> =
        clients.iter().filter_map(|(id, client)| described(id, client)).collect();
    let count = clients.len();
    Ok(json!({"resources": clients, "startIndex": 1, "itemsPerPage": count, "totalResults": count}))
}

async fn one(provider: &Provider, id: &str) -> Result<Value, ErrorResponse> {
    let id = ClientId::parse(id).ok_or_else(not_found)?;
    let client = provider.clients.find(&id).await?;
    client.and_then(|client| described(&id, &client)).ok_or_else(not_found)
}

async fn created(provider: &Provider, body: Body) -> Result<Value, ErrorResponse> {
    let invalid = |sentence: String| {
        // A sentence about what somebody typed may quote it.
        let is_allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let sentence = sentence.replace(|c| !is_allowed(c), "'");
        ErrorResponse::described("invalid_client", sentence)
    };
    let bytes = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let bytes = bytes.map_err(|_| invalid("the body is too large".to_owned()))?.to_bytes();
    let wanted: ClientDescription = serde_json::from_slice(&bytes)
        .map_err(|_| invalid("the body is no description of a client".to_owned()))?;
    let id = ClientId::parse(&wanted.client_id)
        .ok_or_else(|| invalid("the client_id cannot be used".to_owned()))?;
    let request = RegistrationRequest {
        id: wanted.client_id,
        name: wanted.name,
        redirect_uris: wanted.redirect_uri,
        grant_types: wanted.authorized_grant_types,
        scopes: [wanted.scope, wanted.authorities].concat(),
        is_public: wanted.allowpublic,
        is_trusted: wanted.autoapprove == true,
        ..RegistrationRequest::default()
    };
    let (registration, secret) = request
        .registration(&**provider.ids.randomness())
        .map_err(|error| invalid(error.to_string()))?;
    match provider.clients.register(&id, registration).await {
        Err(AuthError::Rejected(rejection @ Rejection::ClientExists)) => {
            let exists = invalid(rejection.to_string());
            return Err(exists.with_status(StatusCode::CONFLICT));
        }
        other => other?,
    }
    let mut client = one(provider, id.as_str()).await?;
    if let Some(secret) = secret {
        client["client_secret"] = secret.into();
    }
    Ok(client)
}

async fn removed(provider: &Provider, id: &str) -> Result<Value, ErrorResponse> {
    let client = one(provider, id).await?;
    let id = ClientId::parse(id).ok_or_else(not_found)?;
    provider.clients.remove(&id).await?;
    Ok(client)
}

fn not_found() -> ErrorResponse {
    let error = ErrorResponse::described("not_found", "there is no such client".to_owned());
    error.with_status(StatusCode::NOT_FOUND)
}

/// Client in the words of UAA: what it may have of people is its scope, and what it may do itself its authorities.
fn described(id: &ClientId, client: &Client) -> Option<Value> {
    let registration = client.registration()?;
    let acts_for_people = registration.allows(GrantType::AuthorizationCode);
    let acts_itself = registration.allows(GrantType::ClientCredentials);
    let of = |is_so: bool| if is_so { &registration.scopes[..] } else { &[] };
    Some(json!({
        "client_id": id.as_str(),
        "name": registration.name,
        "authorized_grant_types": registration.grant_types,
        "redirect_uri": registration.redirect_uris,
        "scope": of(acts_for_people),
        "authorities": of(acts_itself),
        "resource_ids": ["none"],
        "autoapprove": registration.is_trusted,
        "allowpublic": registration.authentication == ClientAuthentication::Public,
        "lastModified": client.registered_at.as_millisecond(),
    }))
}
