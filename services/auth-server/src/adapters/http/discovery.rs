//! Metadata (OpenID Connect Discovery; RFC 8414) and key set. Only what there is is announced.

use super::{respond, texts::Texts};
use crate::{application::keyring::JWKS_MAX_AGE, provider::Provider};
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// Methods by which a client may prove who it is.
const CLIENT_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// Metadata of the provider, the same at both well-known addresses.
pub(crate) async fn metadata(State(provider): State<Arc<Provider>>) -> Response {
    let issuer = &provider.issuer;
    let public_methods: Vec<&str> = CLIENT_METHODS.into_iter().chain(["none"]).collect();
    let metadata = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.at("/authorize"),
        "token_endpoint": issuer.at("/token"),
        "userinfo_endpoint": issuer.at("/userinfo"),
        "jwks_uri": issuer.at("/jwks"),
        "introspection_endpoint": issuer.at("/introspect"),
        "revocation_endpoint": issuer.at("/revoke"),
        "end_session_endpoint": issuer.at("/logout"),
        "scopes_supported": ["openid", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid", "email", "email_verified"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ALGORITHMS,
        "token_endpoint_auth_methods_supported": public_methods,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": CLIENT_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": public_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": Texts::tags(),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
    });
    cached(respond::json(StatusCode::OK, &metadata))
}

/// Public keys that are published at present.
pub(crate) async fn key_set(State(provider): State<Arc<Provider>>) -> Response {
    let keys = provider.keyring.published(provider.ids.now());
    cached(respond::json(StatusCode::OK, &keys.to_json()))
}

fn cached(mut response: Response) -> Response {
    let policy = format!("public, max-age={}", JWKS_MAX_AGE.as_secs());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CACHE_CONTROL, policy);
    }
    respond::with_cors(response)
}
