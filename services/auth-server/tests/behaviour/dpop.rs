//! Tokens that are bound to a key (DPoP, RFC 9449): at the token endpoint, at userinfo and at introspection.

use crate::{
    harness::{BACK, Browser, VERIFIER, World, authorization, challenge},
    proofs::{ProofKey, token_with, userinfo},
};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::StatusCode;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const TOKEN: &str = "http://127.0.0.1:8080/auth/token";

fn redemption<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ]
}

fn refreshment<'a>(client: &'a str, token: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
}

/// A public client with a bound token.
async fn bound(world: &World, key: &ProofKey) -> Value {
    world.public_client("app").await;
    let code = world.code("app", "openid email").await;
    let answer = key.post(world, "/auth/token", &redemption("app", &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_proof() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    let tokens = bound(&world, &key).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    let confirmation = world.claims(token).await.get("cnf").cloned();
    assert_eq!(confirmation, Some(json!({"jkt": key.thumbprint()})));
    let answer = key.userinfo(&world, token).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.headers);
    assert_eq!(answer.json()["email"], "ada@example.com");
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_a_new_proof_of_its_key() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    let tokens = bound(&world, &key).await;
    let token = tokens["access_token"].as_str().unwrap();
    let uri = "http://127.0.0.1:8080/auth/userinfo";
    let claims = || ProofKey::claims(&world, "GET", uri, Some(token));
    let (bearer, dpop) = (format!("Bearer {token}"), format!("DPoP {token}"));
    let challenge = |error: &str| format!(r#"DPoP realm="auth", error="{error}""#);
    let refused = async |authorization: &str, proofs: &[&str], error: &str| {
        let answer = userinfo(&world, authorization, proofs).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{error}");
        let said = answer.header("www-authenticate").to_owned();
        assert!(said.starts_with(&challenge(error)), "{said}");
        assert!(said.contains(r#"algs="ES256 EdDSA PS256 Ed25519""#), "{said}");
    };
    let good = key.sign(&claims());
    refused(&bearer, &[&good], "invalid_token").await;
    refused(&dpop, &[], "invalid_dpop_proof").await;
    refused(&dpop, &[&good, &key.sign(&claims())], "invalid_dpop_proof").await;
    refused(&dpop, &[&ProofKey::new(2).sign(&claims())], "invalid_dpop_proof").await;
    let for_post = ProofKey::claims(&world, "POST", uri, Some(token));
    refused(&dpop, &[&key.sign(&for_post)], "invalid_dpop_proof").await;
    let elsewhere = ProofKey::claims(&world, "GET", TOKEN, Some(token));
    refused(&dpop, &[&key.sign(&elsewhere)], "invalid_dpop_proof").await;
    let without_token = ProofKey::claims(&world, "GET", uri, None);
    refused(&dpop, &[&key.sign(&without_token)], "invalid_dpop_proof").await;
    assert_eq!(userinfo(&world, &dpop, &[&good]).await.status, StatusCode::OK);
    refused(&dpop, &[&good], "invalid_dpop_proof").await;
    let lower = format!("dpop {token}");
    assert_eq!(userinfo(&world, &lower, &[&key.sign(&claims())]).await.status, StatusCode::OK);
    let old = key.sign(&claims());
    world.clock.advance(Duration::from_secs(61));
    refused(&dpop, &[&old], "invalid_dpop_proof").await;
}

#[tokio::test]
async fn a_token_that_is_bound_to_no_key_is_none_of_this_scheme() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    assert_eq!(tokens["token_type"], "Bearer");
    let answer = key.userinfo(&world, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_proof_that_is_not_for_this_request_gets_no_token_and_spends_no_code() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    world.public_client("app").await;
    let code = world.code("app", "openid").await;
    let fields = redemption("app", &code);
    let mut elsewhere = ProofKey::claims(&world, "POST", TOKEN, None);
    elsewhere["htu"] = "https://evil.example/auth/token".into();
    let mut late = ProofKey::claims(&world, "POST", TOKEN, None);
    late["iat"] = (world.now().as_second() - 3_600).into();
    let good = key.proof(&world, "/auth/token");
    for proofs in [
        &[&*key.sign(&elsewhere)][..],
        &[&key.sign(&late)],
        &[&key.proof(&world, "/auth/par")],
        &["x"],
        &[&good, &key.proof(&world, "/auth/token")],
    ] {
        let answer = token_with(&world, &fields, proofs).await;
        assert_eq!(answer.error(), (400, "invalid_dpop_proof".to_owned()), "{proofs:?}");
    }
    assert_eq!(token_with(&world, &fields, &[&good]).await.status, StatusCode::OK);
    let again = token_with(&world, &fields, &[&good]).await;
    assert_eq!(again.error().1, "invalid_dpop_proof", "a proof counts once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_requests_with_one_proof_one_is_accepted() {
    let world = Arc::new(World::start().await);
    world.public_client("app").await;
    let proof = ProofKey::new(1).proof(&world, "/auth/token");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, proof) = (Arc::clone(&world), proof.clone());
        tasks.spawn(async move {
            token_with(&world, &refreshment("app", "invented"), &[&proof]).await.error().1
        });
    }
    let errors = tasks.join_all().await;
    let accepted = errors.iter().filter(|error| *error == "invalid_grant").count();
    assert_eq!(accepted, 1, "{errors:?}");
    assert_eq!(errors.iter().filter(|error| *error == "invalid_dpop_proof").count(), 49);
}

#[tokio::test]
async fn the_refresh_tokens_of_a_public_client_need_the_key_and_those_of_others_do_not() {
    let (world, key, other) = (World::start().await, ProofKey::new(1), ProofKey::new(2));
    let tokens = bound(&world, &key).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = refreshment("app", refresh);
    assert_eq!(world.token(&fields).await.error().1, "invalid_grant");
    assert_eq!(other.post(&world, "/auth/token", &fields).await.error().1, "invalid_grant");
    let refreshed = key.post(&world, "/auth/token", &fields).await.json();
    assert_eq!(refreshed["token_type"], "DPoP", "nobody else ended the family");
    let secret = world.secret_client("backend").await;
    let code = world.code("backend", "openid").await;
    let fields = redemption("backend", &code);
    let fields: Vec<(&str, &str)> = [&fields[..], &[("client_secret", &*secret)]].concat();
    let tokens = key.post(&world, "/auth/token", &fields).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let fields = refreshment("backend", &refresh);
    let fields: Vec<(&str, &str)> = [&fields[..], &[("client_secret", &*secret)]].concat();
    let moved = other.post(&world, "/auth/token", &fields).await.json();
    let token = moved["access_token"].as_str().unwrap();
    let confirmation = world.claims(token).await.get("cnf").cloned();
    assert_eq!(confirmation, Some(json!({"jkt": other.thumbprint()})), "a new key");
}

#[tokio::test]
async fn a_code_is_bound_to_the_key_that_its_request_named() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    world.public_client("app").await;
    let (challenge, thumbprint) = (challenge(), key.thumbprint());
    let mut fields = authorization("app", &challenge);
    fields.push(("dpop_jkt", &thumbprint));
    let browser = Browser::new(&world);
    let code = browser.authorized(&fields).await.parameter("code").unwrap();
    let redemption = redemption("app", &code);
    assert_eq!(world.token(&redemption).await.error().1, "invalid_grant", "no proof");
    let other = ProofKey::new(2).post(&world, "/auth/token", &redemption).await;
    assert_eq!(other.error().1, "invalid_grant", "of another key");
    assert_eq!(key.post(&world, "/auth/token", &redemption).await.status, StatusCode::OK);
    for malformed in ["x", "not a digest", &"A".repeat(44)] {
        let mut fields = authorization("app", &challenge);
        fields.push(("dpop_jkt", malformed));
        let answer = browser.authorized(&fields).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"), "{malformed}");
    }
}

#[tokio::test]
async fn a_client_that_is_registered_for_bound_tokens_gets_no_others() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    let registration_request = RegistrationRequest {
        id: "robot".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: vec!["orders.read".to_owned()],
        policy: PolicyRequest { requires_dpop: true, ..PolicyRequest::default() },
        ..RegistrationRequest::default()
    };
    let secret = world.client(&registration_request).await.secret.unwrap();
    let fields =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", &*secret)];
    assert_eq!(world.token(&fields).await.error(), (400, "invalid_dpop_proof".to_owned()));
    let tokens = key.post(&world, "/auth/token", &fields).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let described = world
        .post(
            "/auth/introspect",
            &[
                ("client_id", "robot"),
                ("client_secret", &secret),
                ("token", tokens["access_token"].as_str().unwrap()),
            ],
            None,
        )
        .await
        .json();
    assert_eq!(described["token_type"], "DPoP");
    assert_eq!(described["cnf"], json!({"jkt": key.thumbprint()}));
}

#[tokio::test]
async fn where_nonces_are_demanded_a_proof_without_one_is_asked_for_again() {
    let world = World::start_with(&[("requires_dpop_nonces", "true")]).await;
    let key = ProofKey::new(1);
    world.public_client("app").await;
    let code = world.code("app", "openid").await;
    let fields = redemption("app", &code);
    let asked = key.post(&world, "/auth/token", &fields).await;
    assert_eq!(asked.error(), (400, "use_dpop_nonce".to_owned()));
    let nonce = asked.header("dpop-nonce").to_owned();
    assert!(asked.header("access-control-expose-headers").contains("DPoP-Nonce"));
    assert_eq!(asked.header("cache-control"), "no-store");
    let with_nonce = |nonce: &str, method: &str, uri: &str, token: Option<&str>| {
        let mut claims = ProofKey::claims(&world, method, uri, token);
        claims["nonce"] = nonce.into();
        key.sign(&claims)
    };
    let invented = with_nonce("AAAAAAAAAAAAAAAAAAAAAA", "POST", TOKEN, None);
    let answer = token_with(&world, &fields, &[&invented]).await;
    assert_eq!(answer.error().1, "use_dpop_nonce");
    let answer = token_with(&world, &fields, &[&with_nonce(&nonce, "POST", TOKEN, None)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens = answer.json();
    let token = tokens["access_token"].as_str().unwrap();
    let asked = key.userinfo(&world, token).await;
    assert!(asked.header("www-authenticate").contains("use_dpop_nonce"));
    let uri = "http://127.0.0.1:8080/auth/userinfo";
    let proof = with_nonce(asked.header("dpop-nonce"), "GET", uri, Some(token));
    let answer = userinfo(&world, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!(answer.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(601));
    let proof = with_nonce(&nonce, "POST", TOKEN, None);
    let answer = token_with(&world, &fields, &[&proof]).await;
    assert_eq!(answer.error().1, "use_dpop_nonce", "it is outdated");
}
