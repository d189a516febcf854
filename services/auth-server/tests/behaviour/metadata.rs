//! Metadata and key set.

use crate::harness::{ISSUER, World};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn both_well_known_addresses_have_the_same_metadata_and_the_issuer_to_the_letter() {
    let world = World::start().await;
    let one = world.get("/auth/.well-known/openid-configuration").await;
    let other = world.get("/.well-known/oauth-authorization-server/auth").await;
    assert_eq!(one.body, other.body);
    assert_eq!(one.header("content-type"), "application/json");
    assert_eq!(one.header("cache-control"), "public, max-age=3600");
    assert_eq!(one.header("access-control-allow-origin"), "*");
    let metadata = one.json();
    assert_eq!(metadata["issuer"], ISSUER);
    for (name, value) in metadata.as_object().unwrap() {
        let text = value.as_str().unwrap_or_default();
        assert!(!name.ends_with("_endpoint") || text.starts_with(&format!("{ISSUER}/")), "{name}");
    }
    assert!(metadata["scopes_supported"].as_array().unwrap().contains(&"openid".into()));
    assert!(
        metadata["id_token_signing_alg_values_supported"]
            .as_array()
            .unwrap()
            .contains(&"RS256".into())
    );
    assert_eq!(metadata["require_request_uri_registration"], true);
}

#[tokio::test]
async fn every_endpoint_that_is_announced_is_there() {
    let world = World::start().await;
    let metadata = world.get("/auth/.well-known/openid-configuration").await.json();
    for (name, value) in metadata.as_object().unwrap() {
        if !name.ends_with("_endpoint") && name != "jwks_uri" {
            continue;
        }
        let path = value.as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap();
        assert_ne!(world.get(path).await.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn the_key_set_has_a_key_of_each_algorithm_and_nothing_private() {
    let world = World::start().await;
    let answer = world.get("/auth/jwks").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
    let algorithms: BTreeSet<String> = keys.iter().map(|key| text(key, "alg")).collect();
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"].map(ToOwned::to_owned).into());
    let kids: BTreeSet<String> = keys.iter().map(|key| text(key, "kid")).collect();
    assert_eq!(kids.len(), 3);
    for key in &keys {
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
    let restarted = world.restarted().await.get("/auth/jwks").await.json();
    let after: BTreeSet<String> =
        restarted["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
    assert_eq!(after, kids, "the same after a restart");
}

#[tokio::test]
async fn pages_of_other_origins_may_call_what_is_for_programs_and_nothing_else() {
    let world = World::start().await;
    let preflight = async |path: &str| {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap();
        world.send(request).await
    };
    for path in [
        "/auth/token",
        "/auth/userinfo",
        "/auth/revoke",
        "/auth/jwks",
        "/auth/.well-known/openid-configuration",
    ] {
        let answer = preflight(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-credentials").is_empty());
    }
    for path in [
        "/auth/authorize",
        "/auth/sign-in",
        "/auth/consent",
        "/auth/logout",
        "/auth/set-up",
        "/auth/introspect",
    ] {
        let answer = preflight(path).await;
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
        assert!(!answer.status.is_success(), "{path}");
    }
}
