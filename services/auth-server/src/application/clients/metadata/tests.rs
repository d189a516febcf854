use super::*;
use crate::domain::events::ClientId;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(metadata: &Value) -> Result<RequestedClient, MetadataRefusal> {
    requested(metadata.to_string().as_bytes())
}

fn minimal() -> Value {
    json!({"redirect_uris": ["https://app.example/back"]})
}

fn with(name: &str, value: Value) -> Result<RequestedClient, MetadataRefusal> {
    let mut metadata = minimal();
    metadata[name] = value;
    read(&metadata)
}

fn key_set() -> Value {
    let randomness = kernel::SeededRandomness::new(1);
    let key = jose::SigningKey::generate(Algorithm::EdDsa, &randomness).unwrap();
    JwkSet::new(vec![key.public().clone()]).to_json()
}

#[test]
fn without_wishes_a_client_gets_what_the_specifications_say() {
    let client = read(&minimal()).unwrap();
    let registration = &client.registration;
    assert_eq!(registration.authentication, ClientAuthentication::Secret);
    assert_eq!(registration.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!((registration.id_token_algorithm, &registration.policy.sector), (None, &None));
    assert_eq!(registration.name, "app.example");
    assert!(!registration.is_trusted);
    let described = described(&ClientId::parse("app").unwrap(), registration);
    assert_eq!(described["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(described["id_token_signed_response_alg"], "RS256");
    assert_eq!(described["response_types"], json!(["code"]));
    assert!(!described.contains_key("jwks_uri") && !described.contains_key("secret_digest"));
}

#[test]
fn what_is_registered_is_what_is_told() {
    let metadata = json!({
        "redirect_uris": ["https://app.example/back?a=b"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "request_uris": ["https://app.example/request"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "An app",
        "scope": "openid email",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "PS256",
        "jwks": key_set(),
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "RS256",
        "authorization_signed_response_alg": "EdDSA",
        "request_object_signing_alg": "ES256",
        "backchannel_logout_uri": "https://app.example/logout",
        "logo_uri": "https://app.example/logo.png",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/terms",
        "require_pushed_authorization_requests": true,
        "require_signed_request_object": true,
        "dpop_bound_access_tokens": true,
    });
    let client = read(&metadata).unwrap();
    assert_eq!(client.registration.policy.sector.as_deref(), Some("app.example"));
    let told = described(&ClientId::parse("app").unwrap(), &client.registration);
    for (name, value) in metadata.as_object().unwrap() {
        assert_eq!(told.get(name), Some(value), "{name}");
    }
}

#[test]
fn what_a_stranger_may_not_have_is_not_given() {
    let client = with("scope", json!("openid introspect admin shop.read")).unwrap();
    assert_eq!(client.registration.scopes, ["openid"]);
    for (name, value) in [
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["authorization_code", "password"])),
        ("grant_types", json!(["refresh_token"])),
        ("response_types", json!(["code", "id_token"])),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("request_object_signing_alg", json!("none")),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
        ("application_type", json!("other")),
        ("subject_type", json!("other")),
        ("client_name", json!("a\nb")),
        ("client_name", json!("n".repeat(201))),
        ("client_name", json!(7)),
        ("jwks", json!({"keys": []})),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        ("jwks_uri", json!("http://app.example/keys")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("policy_uri", json!("http://app.example/policy")),
        ("backchannel_logout_uri", json!("http://app.example/logout")),
        ("request_uris", json!(["http://app.example/request"])),
        ("sector_identifier_uri", json!("http://app.example/sector")),
        ("post_logout_redirect_uris", json!(["https://app.example/#bye"])),
    ] {
        let refused = with(name, value.clone());
        assert!(matches!(refused, Err(MetadataRefusal::Metadata(_))), "{name} {value} {refused:?}");
    }
    let statement = with("software_statement", json!("a.b.c"));
    assert_eq!(statement, Err(MetadataRefusal::SoftwareStatement));
}

#[test]
fn addresses_fit_the_kind_of_the_program() {
    let of = |kind: &str, uri: &str| {
        read(&json!({"redirect_uris": [uri], "application_type": kind})).map(drop)
    };
    for (kind, uri) in [
        ("web", "https://app.example/back"),
        ("web", "https://app.example/back?a=b"),
        ("native", "http://127.0.0.1/back"),
        ("native", "http://localhost:7777/back"),
        ("native", "com.example.app:/back"),
    ] {
        assert_eq!(of(kind, uri), Ok(()), "{kind} {uri}");
    }
    for (kind, uri) in [
        ("web", "http://app.example/back"),
        ("web", "http://localhost/back"),
        ("web", "com.example.app:/back"),
        ("web", "https://app.example/back#fragment"),
        ("web", "https://*.app.example/back"),
        ("web", ""),
        ("native", "https://app.example/back"),
        ("native", "app:/back"),
    ] {
        let refused = of(kind, uri);
        assert!(matches!(refused, Err(MetadataRefusal::RedirectUri(_))), "{kind} {uri}");
    }
    let none = read(&json!({}));
    assert!(matches!(none, Err(MetadataRefusal::RedirectUri(_))));
    let many: Vec<_> = (0..21).map(|number| format!("https://app.example/{number}")).collect();
    let many = read(&json!({ "redirect_uris": many }));
    assert!(matches!(many, Err(MetadataRefusal::RedirectUri(_))));
}

#[test]
fn subjects_are_pairwise_within_one_host_or_one_list() {
    let two = json!(["https://a.example/back", "https://b.example/back"]);
    let read_with = |more: Value| {
        let mut metadata = json!({"redirect_uris": two, "subject_type": "pairwise"});
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&metadata)
    };
    assert!(read_with(json!({})).is_err(), "of two hosts");
    let listed = json!({"sector_identifier_uri": "https://sector.example/list"});
    let client = read_with(listed).unwrap();
    assert_eq!(client.registration.policy.sector.as_deref(), Some("sector.example"));
    assert_eq!(client.sector_identifier_uri.as_deref(), Some("https://sector.example/list"));
}

proptest! {
    #[test]
    fn arbitrary_metadata_is_registered_within_the_limits_or_refused(text in "\\PC{0,200}", name in "[a-z_]{1,30}", value in "\\PC{0,60}", uri in "\\PC{0,60}") {
        prop_assert!(requested(text.as_bytes()).is_err());
        let _ = with(&name, json!(value));
        let is_fine = redirect_uri::can_be_registered(&uri);
        if let Ok(client) = read(&json!({ "redirect_uris": [uri], name: [value] })) {
            prop_assert!(is_fine);
            prop_assert!(client.registration.scopes.iter().all(|it| OPEN_SCOPES.contains(&&**it)));
        }
    }
}
