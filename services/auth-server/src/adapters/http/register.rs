//! Client registration endpoint (RFC 7591), and the configuration endpoint of each client that registered itself (RFC 7592).

use super::{respond, signed_in::network};
use crate::{
    application::clients::{
        metadata::MetadataRefusal,
        registration::{RegisteredClient, RegistrationRefusal},
    },
    provider::Provider,
};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use std::sync::Arc;

/// Largest metadata, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Registers a client.
pub(crate) async fn register(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answer = match read(body).await {
        Ok(body) => provider.registrations.register(token(&head.headers), &body, &network()).await,
        Err(refused) => return refused,
    };
    respond::with_cors(answered(&provider, StatusCode::CREATED, answer))
}

/// Tells a client how it is registered.
pub(crate) async fn configuration(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = provider.registrations.read(&id, token(&headers)).await;
    respond::with_cors(answered(&provider, StatusCode::OK, answer))
}

/// Replaces how a client is registered.
pub(crate) async fn update(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let answer = match read(body).await {
        Ok(body) => {
            provider.registrations.update(&id, token(&head.headers), &body, &network()).await
        }
        Err(refused) => return refused,
    };
    respond::with_cors(answered(&provider, StatusCode::OK, answer))
}

/// Removes a client.
pub(crate) async fn remove(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = provider.registrations.remove(&id, token(&headers)).await;
    respond::with_cors(match answer {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refused(&refusal),
    })
}

async fn read(body: Body) -> Result<Bytes, Response> {
    let body = Limited::new(body, BYTES_MAX).collect().await;
    let too_large = |_| {
        error(StatusCode::PAYLOAD_TOO_LARGE, "invalid_client_metadata", "the body is too large")
    };
    Ok(body.map_err(too_large)?.to_bytes())
}

/// Bearer token of the one `Authorization` header.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = lines.next()?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && lines.next().is_none()).then_some(token)
}

fn answered(
    provider: &Provider,
    status: StatusCode,
    answer: Result<RegisteredClient, RegistrationRefusal>,
) -> Response {
    let RegisteredClient { id, mut metadata, registered_at, secret, token } = match answer {
        Ok(client) => client,
        Err(refusal) => return refused(&refusal),
    };
    metadata.insert("client_id_issued_at".to_owned(), registered_at.into());
    if let Some(secret) = secret {
        metadata.insert("client_secret".to_owned(), secret.into());
        metadata.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    let uri = provider.issuer.at(&["/register/", id.as_str()].concat());
    metadata.insert("registration_client_uri".to_owned(), uri.into());
    metadata.insert("registration_access_token".to_owned(), token.into());
    respond::private_json(status, &Value::Object(metadata))
}

fn refused(refusal: &RegistrationRefusal) -> Response {
    match refusal {
        RegistrationRefusal::Token => {
            let refused = "the token is missing, or not valid for this";
            let mut response = error(StatusCode::UNAUTHORIZED, "invalid_token", refused);
            let challenge = HeaderValue::from_static("Bearer realm=\"auth\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
        RegistrationRefusal::Metadata(MetadataRefusal::RedirectUri(sentence)) => {
            error(StatusCode::BAD_REQUEST, "invalid_redirect_uri", sentence)
        }
        RegistrationRefusal::Metadata(MetadataRefusal::Metadata(sentence)) => {
            error(StatusCode::BAD_REQUEST, "invalid_client_metadata", sentence)
        }
        RegistrationRefusal::Metadata(MetadataRefusal::SoftwareStatement) => {
            let refused = "software statements are not supported";
            error(StatusCode::BAD_REQUEST, "unapproved_software_statement", refused)
        }
        RegistrationRefusal::TooMany => {
            let refused = "as many clients are registered as may be";
            error(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", refused)
        }
        RegistrationRefusal::TooOften => {
            let refused = "one network registers no more clients within a quarter of an hour";
            error(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", refused)
        }
        RegistrationRefusal::Auth(failure) => {
            tracing::error!(error = %failure, "a client could not be registered");
            let refused = "try again in a few seconds";
            error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", refused)
        }
    }
}

fn error(status: StatusCode, error: &str, description: &str) -> Response {
    respond::private_json(status, &json!({"error": error, "error_description": description}))
}
