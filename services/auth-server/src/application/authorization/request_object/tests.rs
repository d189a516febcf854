use super::*;
use crate::domain::{client::tests::registration, events::ClientPolicy};
use jose::{Header, SigningKey};
use kernel::SeededRandomness;
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

const NOW: i64 = 1_800_000_000;
static KEY: LazyLock<SigningKey> = LazyLock::new(|| key(1));

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap()
}

/// Result of an object with this payload, of a client with this policy.
fn read_of(policy: ClientPolicy, object: &str) -> Result<Parameters, RequestObjectRefusal> {
    let client = ClientId::parse("app").unwrap();
    let registration = Registration { policy, ..registration() };
    let keys = JwkSet::new(vec![KEY.public().clone()]);
    let signer = Signer { client: &client, registration: &registration, keys: &keys };
    let issuer = Issuer::parse("https://shop.example/auth").unwrap();
    parameters_of(object, signer, &issuer, Timestamp::from_second(NOW).unwrap())
}

fn signed(typ: &str, claims: &Value) -> String {
    KEY.sign(&Header::typed(typ), claims.to_string().as_bytes()).unwrap()
}

fn read(claims: &Value) -> Result<Parameters, RequestObjectRefusal> {
    read_of(ClientPolicy::default(), &signed("oauth-authz-req+jwt", claims))
}

fn strict() -> ClientPolicy {
    ClientPolicy { requires_signed_requests: true, ..ClientPolicy::default() }
}

fn full() -> Value {
    json!({
        "iss": "app", "aud": "https://shop.example/auth", "exp": NOW + 300, "nbf": NOW, "jti": "1",
        "client_id": "app", "scope": "openid", "max_age": 60, "claims": {"userinfo": {"email": null}},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = full();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    claims
}

#[test]
fn the_parameters_inside_are_those_of_the_request() {
    let parameters = read(&full()).unwrap();
    assert_eq!(parameters.get("scope"), Some("openid"));
    assert_eq!(parameters.get("max_age"), Some("60"));
    assert_eq!(parameters.get("claims"), Some(r#"{"userinfo":{"email":null}}"#));
    assert!(TOKEN_CLAIMS.iter().all(|name| !parameters.has(name)));
    let bare = read(&json!({"scope": "openid"})).unwrap();
    assert_eq!(bare.get("client_id"), Some("app"), "whose key signed it");
}

#[test]
fn only_a_token_of_this_client_for_this_issuer_is_a_request() {
    let elsewhere = json!("https://other.example");
    for (name, value, is_lax) in [
        ("iss", json!("other"), false),
        ("iss", Value::Null, true),
        ("aud", elsewhere.clone(), false),
        ("aud", json!([elsewhere, "https://shop.example/auth"]), true),
        ("client_id", json!("other"), false),
        ("sub", json!("app"), false),
        ("request", json!("x"), false),
        ("request_uri", json!("https://app.example/r"), false),
        ("exp", json!(NOW - LEEWAY_SECONDS), false),
        ("exp", json!("soon"), false),
        ("nbf", json!(NOW + LEEWAY_SECONDS + 1), false),
        ("iat", json!(NOW + LEEWAY_SECONDS + 1), false),
        ("ui_locales", json!([1]), false),
    ] {
        let result = read(&with(name, value.clone()));
        assert_eq!(result.is_ok(), is_lax, "{name} {value}");
    }
}

#[test]
fn where_requests_must_be_signed_the_token_says_when_and_for_whom() {
    let read = |claims: &Value| read_of(strict(), &signed("oauth-authz-req+jwt", claims));
    assert!(read(&full()).is_ok());
    for (name, value) in [
        ("iss", Value::Null),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("nbf", Value::Null),
        ("exp", json!(NOW + VALID_SECONDS_MAX + 1)),
        ("nbf", json!(NOW - VALID_SECONDS_MAX - 1)),
    ] {
        assert!(read(&with(name, value.clone())).is_err(), "{name} {value}");
    }
}

#[test]
fn another_key_type_or_algorithm_is_refused() {
    let lax = |object: &str| read_of(ClientPolicy::default(), object).map(drop);
    assert!(lax(&signed("JWT", &full())).is_ok());
    for typ in ["at+jwt", "client-authentication+jwt", "dpop+jwt", "logout+jwt"] {
        assert!(lax(&signed(typ, &full())).is_err(), "{typ}");
    }
    let foreign = key(2).sign(&Header::default(), full().to_string().as_bytes()).unwrap();
    assert!(matches!(lax(&foreign), Err(RequestObjectRefusal::Invalid(_))));
    let unsigned = [
        jose::base64url_encode(r#"{"alg":"none"}"#),
        jose::base64url_encode(full().to_string()),
        String::new(),
    ]
    .join(".");
    assert_eq!(lax(&unsigned), Err(RequestObjectRefusal::Unsupported));
    let refused = read_of(strict(), &unsigned).map(drop);
    assert!(matches!(refused, Err(RequestObjectRefusal::Invalid(_))));
    let only = |name: &str| ClientPolicy {
        request_object_algorithm: Some(name.to_owned()),
        ..ClientPolicy::default()
    };
    let object = signed("JWT", &full());
    assert!(read_of(only("EdDSA"), &object).is_ok());
    assert!(read_of(only("ES256"), &object).is_err(), "registered for another");
}

proptest! {
    #[test]
    fn arbitrary_claims_are_parameters_or_refused(name in "[a-z_]{1,12}", text in "\\PC{0,40}", object in "\\PC{0,60}") {
        prop_assert!(read_of(ClientPolicy::default(), &object).is_err());
        if let Ok(parameters) = read(&json!({ name.clone(): text })) {
            let value = parameters.get(&name);
            prop_assert!(value.is_none() || value == Some(&*text) || name == "client_id");
        }
    }
}
