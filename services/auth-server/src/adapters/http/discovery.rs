//! Metadata (OpenID Connect Discovery; RFC 8414) and key set. Only what there is is announced.

use super::{respond, texts::Texts};
use crate::{
    application::{
        accounts::standard_claims,
        clients::{metadata::OPEN_SCOPES, registration::RegistrationAccess},
        keys::keyring::JWKS_MAX_AGE,
        tokens::rules::PASSWORD_ONLY,
    },
    domain::events::{GrantType, TokenAlgorithm},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use jose::Algorithm;
use serde_json::{Value, json};
use std::sync::Arc;

/// Methods by which a client may prove who it is.
const CLIENT_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
/// Those by a certificate (RFC 8705, section 2).
const CERTIFICATE_METHODS: [&str; 2] = ["tls_client_auth", "self_signed_tls_client_auth"];
/// Endpoints at which clients present their certificates, by their names in the metadata.
const CERTIFICATE_ENDPOINTS: [(&str, &str); 6] = [
    ("token_endpoint", "/token"),
    ("revocation_endpoint", "/revoke"),
    ("introspection_endpoint", "/introspect"),
    ("pushed_authorization_request_endpoint", "/par"),
    ("device_authorization_endpoint", "/device_authorization"),
    ("userinfo_endpoint", "/userinfo"),
];

/// Values of `prompt` that every shop supports.
const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];

/// Claims of ID tokens that are not about the person.
const TOKEN_CLAIMS: [&str; 10] =
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"];

/// Metadata of the provider, the same at both well-known addresses.
pub(crate) async fn metadata(State(provider): State<Arc<Provider>>) -> Response {
    let issuer = &provider.issuer;
    let by_certificate = CERTIFICATE_METHODS.into_iter().filter(|_| provider.accepts_certificates);
    let client_methods: Vec<&str> = CLIENT_METHODS.into_iter().chain(by_certificate).collect();
    let public_methods: Vec<&str> = client_methods.iter().copied().chain(["none"]).collect();
    let client_algorithms = Algorithm::names(&Algorithm::ALL);
    let claims: Vec<&str> = TOKEN_CLAIMS.into_iter().chain(standard_claims::names()).collect();
    let algorithms = TokenAlgorithm::names();
    let mut metadata = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.at("/authorize"),
        "token_endpoint": issuer.at("/token"),
        "userinfo_endpoint": issuer.at("/userinfo"),
        "jwks_uri": issuer.at("/jwks"),
        "pushed_authorization_request_endpoint": issuer.at("/par"),
        "require_pushed_authorization_requests": false,
        "device_authorization_endpoint": issuer.at("/device_authorization"),
        "introspection_endpoint": issuer.at("/introspect"),
        "revocation_endpoint": issuer.at("/revoke"),
        "end_session_endpoint": issuer.at("/logout"),
        "scopes_supported": OPEN_SCOPES,
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "acr_values_supported": [PASSWORD_ONLY],
        "response_types_supported": ["code"],
        "response_modes_supported":
            ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"],
        "grant_types_supported": GrantType::names(),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "authorization_signing_alg_values_supported": algorithms,
        "introspection_signing_alg_values_supported": algorithms,
        "request_object_signing_alg_values_supported": client_algorithms,
        "token_endpoint_auth_methods_supported": public_methods,
        "token_endpoint_auth_signing_alg_values_supported": client_algorithms,
        "introspection_endpoint_auth_methods_supported": client_methods,
        "introspection_endpoint_auth_signing_alg_values_supported": client_algorithms,
        "revocation_endpoint_auth_methods_supported": public_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": client_algorithms,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "prompt_values_supported": PROMPTS,
        "ui_locales_supported": Texts::tags(),
        "dpop_signing_alg_values_supported": Algorithm::names(&Algorithm::STRONG),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    if provider.accepts_certificates {
        metadata["tls_client_certificate_bound_access_tokens"] = true.into();
        if !provider.mtls_origin.is_empty() {
            let alias = |(name, path): (&str, &str)| {
                (name.to_owned(), [&provider.mtls_origin, issuer.mount(), path].concat().into())
            };
            let aliases = CERTIFICATE_ENDPOINTS.map(alias).into_iter().collect();
            metadata["mtls_endpoint_aliases"] = Value::Object(aliases);
        }
    }
    if provider.mails.is_open() {
        metadata["prompt_values_supported"] = PROMPTS.into_iter().chain(["create"]).collect();
    }
    if provider.registrations.access != RegistrationAccess::Closed {
        metadata["registration_endpoint"] = issuer.at("/register").into();
    }
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
