//! What a tool of UAA asks before anything else: where to sign in, and by which key tokens are verified.

use crate::{adapters::http::respond, provider::Provider};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jose::Jwk;
use serde_json::{Value, json};
use std::sync::Arc;

/// Description of the provider.
pub(crate) async fn info(State(provider): State<Arc<Provider>>) -> Response {
    let issuer = &provider.issuer;
    let info = json!({
        "app": {"version": env!("CARGO_PKG_VERSION")},
        "links": {"uaa": issuer.as_str(), "login": issuer.as_str()},
        "prompts": {"username": ["text", "Email"], "password": ["password", "Password"]},
        "zone_name": "uaa",
        "entityID": issuer.as_str(),
    });
    respond::with_cors(respond::json(StatusCode::OK, &info))
}

/// Key by which access tokens are verified that are issued now.
pub(crate) async fn token_key(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Response {
    match provider.tokens.access_key() {
        Some(key) => cached(&headers, &described(&key)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// All keys that are published.
pub(crate) async fn token_keys(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Response {
    let published = provider.keyring.published(provider.ids.now());
    let keys: Vec<Value> = published.keys().iter().map(described).collect();
    cached(&headers, &json!({"keys": keys}))
}

/// Key with its text in PEM, as these tools read it.
fn described(key: &Jwk) -> Value {
    let mut described = key.to_json();
    described["value"] = key.to_pem().into();
    described
}

/// The answer, or that it has not changed (`If-None-Match`).
fn cached(headers: &HeaderMap, body: &Value) -> Response {
    let digest = crate::application::keys::seal::digest(body.to_string());
    let tag = format!("\"{digest}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|it| it.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        respond::json(StatusCode::OK, body)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    respond::with_cors(response)
}
