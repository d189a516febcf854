//! Metadata of a registered client, as it is told to itself.

use crate::domain::{
    client_rules,
    events::{ClientAuthentication, ClientId, Registration, TokenAlgorithm},
};
use serde_json::{Map, Value, json};

/// Metadata of a client. Its secret, its times and its own address are for the caller to add.
pub(crate) fn described(id: &ClientId, registration: &Registration) -> Map<String, Value> {
    let policy = &registration.policy;
    let mut described = Map::new();
    let mut say = |name: &str, value: Value| {
        let is_said = !(value.is_null() || value == json!([]) || value == json!(false));
        if is_said {
            described.insert(name.to_owned(), value);
        }
    };
    let signed = |algorithm: Option<TokenAlgorithm>| algorithm.map(TokenAlgorithm::name);
    let grant_types: Vec<_> = registration.grant_types.iter().map(|it| it.name()).collect();
    let keys = registration.keys.as_deref().and_then(|it| serde_json::from_str(it).ok());
    let default = client_rules::default_algorithm(policy);
    say("client_id", id.as_str().into());
    say("client_name", registration.name.as_str().into());
    say("redirect_uris", json!(registration.redirect_uris));
    say("post_logout_redirect_uris", json!(registration.post_logout_redirect_uris));
    say("request_uris", json!(policy.request_uris));
    say("response_types", json!(["code"]));
    say("grant_types", json!(grant_types));
    say("scope", registration.scopes.join(" ").into());
    say("token_endpoint_auth_method", method(registration.authentication).into());
    say("token_endpoint_auth_signing_alg", json!(policy.assertion_algorithm));
    say("jwks", keys.unwrap_or_default());
    say("jwks_uri", json!(policy.jwks_uri));
    say("subject_type", if policy.sector.is_some() { "pairwise" } else { "public" }.into());
    say(
        "id_token_signed_response_alg",
        registration.id_token_algorithm.unwrap_or(default).name().into(),
    );
    say("userinfo_signed_response_alg", json!(signed(policy.userinfo_algorithm)));
    say("authorization_signed_response_alg", json!(signed(policy.response_algorithm)));
    say("request_object_signing_alg", json!(policy.request_object_algorithm));
    say("backchannel_logout_uri", json!(policy.back_channel_logout_uri));
    say("logo_uri", json!(policy.logo_uri));
    say("policy_uri", json!(policy.policy_uri));
    say("tos_uri", json!(policy.terms_uri));
    say("require_pushed_authorization_requests", policy.requires_pushed_requests.into());
    say("require_signed_request_object", policy.requires_signed_requests.into());
    say("dpop_bound_access_tokens", policy.requires_dpop.into());
    say("tls_client_certificate_bound_access_tokens", policy.requires_certificate.into());
    if let Some(subject) = &policy.certificate_subject {
        say(subject.kind.metadata_name(), subject.value.as_str().into());
    }
    described
}

/// Method of authentication; of those with a secret, the one that every client knows.
fn method(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::Public => "none",
        ClientAuthentication::Secret => "client_secret_basic",
        ClientAuthentication::PrivateKey => "private_key_jwt",
        ClientAuthentication::Certificate => "tls_client_auth",
        ClientAuthentication::SelfSignedCertificate => "self_signed_tls_client_auth",
    }
}
