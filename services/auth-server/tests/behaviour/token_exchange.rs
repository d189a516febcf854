//! Token exchange (RFC 8693).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::{
    harness::{Answer, Browser, ORIGIN, PASSWORD, World, authorization, challenge},
    proofs::ProofKey,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A service that acts for people, and its secret.
async fn service(world: &World, id: &str) -> String {
    let registration_request = RegistrationRequest {
        id: id.to_owned(),
        grant_types: vec!["token_exchange".to_owned(), "client_credentials".to_owned()],
        scopes: vec!["openid".to_owned(), "email".to_owned(), "orders.read".to_owned()],
        ..RegistrationRequest::default()
    };
    world.client(&registration_request).await.secret.unwrap()
}

async fn exchange(
    world: &World,
    (id, secret): (&str, &str),
    token: &str,
    more: &[(&str, &str)],
) -> Answer {
    let fields = [
        ("grant_type", TOKEN_EXCHANGE),
        ("client_id", id),
        ("client_secret", secret),
        ("subject_token", token),
    ];
    let kind = [("subject_token_type", ACCESS_TOKEN)];
    let kind =
        if more.iter().any(|(name, _)| *name == "subject_token_type") { &[][..] } else { &kind };
    world.token(&[&fields[..], kind, more].concat()).await
}

fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
}

#[tokio::test]
async fn a_service_acts_for_a_person_with_no_more_and_no_longer() {
    let world = World::start().await;
    world.public_client("app").await;
    let secret = service(&world, "orders").await;
    let subject = access(&world.tokens("app", "openid email offline_access").await);
    world.clock.advance(Duration::from_secs(500));
    let answer = exchange(&world, ("orders", &secret), &subject, &[]).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(tokens["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(
        (tokens["expires_in"].as_i64(), &tokens["scope"]),
        (Some(100), &json!("openid email"))
    );
    assert!(tokens.get("refresh_token").is_none());
    let (old, new) = (world.claims(&subject).await, world.claims(&access(&tokens)).await);
    assert_eq!((new.text("sub"), new.text("client_id")), (old.text("sub"), Some("orders")));
    assert_eq!(new.get("act"), Some(&json!({"sub": "orders"})));
    assert_eq!(new.get("exp"), old.get("exp"));
    let again = service(&world, "stock").await;
    let second = exchange(&world, ("stock", &again), &access(&tokens), &[]).await.json();
    let chain = world.claims(&access(&second)).await.get("act").cloned();
    assert_eq!(chain, Some(json!({"sub": "stock", "act": {"sub": "orders"}})));
    let info = world.userinfo(&access(&second)).await;
    assert!(info.status.is_success(), "it is the same person");
    world.administration().await.remove_client("stock").await.unwrap();
    // Another process wrote it: the provider sees it after a restart.
    let world = world.restarted().await;
    assert_eq!(world.userinfo(&access(&second)).await.status.as_u16(), 401);
    assert!(world.userinfo(&access(&tokens)).await.status.is_success());
}

#[tokio::test]
async fn what_is_not_a_token_of_this_provider_for_this_purpose_is_not_exchanged() {
    let world = World::start().await;
    world.public_client("app").await;
    let secret = service(&world, "orders").await;
    let tokens = world.tokens("app", "openid").await;
    let subject = access(&tokens);
    let id_token = tokens["id_token"].as_str().unwrap();
    let of = async |token: &str, more: &[(&str, &str)]| {
        let answer = exchange(&world, ("orders", &secret), token, more).await;
        if answer.status.is_success() { "ok".to_owned() } else { answer.error().1 }
    };
    assert_eq!(of("invented", &[]).await, "invalid_request");
    assert_eq!(of(id_token, &[]).await, "invalid_request");
    for (name, value, expected) in [
        ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt", "ok"),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:refresh_token",
            "invalid_request",
        ),
        ("requested_token_type", ACCESS_TOKEN, "ok"),
        ("scope", "openid email", "invalid_scope"),
        ("scope", "orders.read", "invalid_scope"),
        ("scope", "openid", "ok"),
        ("audience", "https://other.example", "invalid_target"),
        ("audience", ORIGIN, "ok"),
        ("resource", "https://other.example", "invalid_target"),
        ("actor_token", &subject, "invalid_request"),
    ] {
        assert_eq!(of(&subject, &[(name, value)]).await, expected, "{name} {value}");
    }
    let own = world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", "orders"),
            ("client_secret", &secret),
        ])
        .await
        .json();
    let own = access(&own);
    let actor = |token| [("actor_token", token), ("actor_token_type", ACCESS_TOKEN)];
    assert_eq!(of(&subject, &actor(&own)).await, "ok");
    assert_eq!(of(&subject, &actor(&subject)).await, "invalid_request", "of somebody else");
    let other = world.secret_client("other").await;
    let answer = exchange(&world, ("other", &other), &subject, &[]).await;
    assert_eq!(answer.error().1, "unauthorized_client");
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(of(&subject, &[]).await, "invalid_request", "it has expired");
}

#[tokio::test]
async fn a_bound_token_is_exchanged_with_a_proof_of_its_key_alone() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    world.public_client("app").await;
    let secret = service(&world, "orders").await;
    let code = world.code("app", "openid").await;
    let redemption = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("code_verifier", crate::harness::VERIFIER),
    ];
    let subject = access(&key.post(&world, "/auth/token", &redemption).await.json());
    let stolen = exchange(&world, ("orders", &secret), &subject, &[]).await;
    assert_eq!(stolen.error().1, "invalid_request");
    let fields = [
        ("grant_type", TOKEN_EXCHANGE),
        ("client_id", "orders"),
        ("client_secret", &*secret),
        ("subject_token", &*subject),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    let other = ProofKey::new(2).post(&world, "/auth/token", &fields).await;
    assert_eq!(other.error().1, "invalid_request");
    let exchanged = key.post(&world, "/auth/token", &fields).await.json();
    assert_eq!(exchanged["token_type"], "DPoP");
}

#[tokio::test]
async fn a_service_that_gives_back_its_token_ends_nobody_elses() {
    let world = World::start().await;
    world.public_client("app").await;
    let secret = service(&world, "orders").await;
    let tokens = world.tokens("app", "openid").await;
    let subject = access(&tokens);
    let exchanged = access(&exchange(&world, ("orders", &secret), &subject, &[]).await.json());
    let fields = [("client_id", "orders"), ("client_secret", &*secret), ("token", &*exchanged)];
    assert!(world.post("/auth/revoke", &fields, None).await.status.is_success());
    assert_eq!(world.userinfo(&exchanged).await.status.as_u16(), 401);
    assert!(world.userinfo(&subject).await.status.is_success(), "it is the other client's");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert!(world.refresh("app", refresh).await.status.is_success());
    // The client of the grant ends it, and what was made of it.
    let again = access(&exchange(&world, ("orders", &secret), &subject, &[]).await.json());
    let fields = [("client_id", "app"), ("token", &*subject)];
    assert!(world.post("/auth/revoke", &fields, None).await.status.is_success());
    assert_eq!(world.userinfo(&again).await.status.as_u16(), 401);
}

#[tokio::test]
async fn userinfo_with_an_exchanged_token_is_for_the_client_that_holds_it() {
    let world = World::start().await;
    let policy = PolicyRequest { is_pairwise: true, ..PolicyRequest::default() };
    world
        .client(&RegistrationRequest {
            is_public: true,
            policy,
            ..World::registration_request("app")
        })
        .await;
    let policy =
        PolicyRequest { userinfo_algorithm: Some("ES256".to_owned()), ..PolicyRequest::default() };
    let registration_request = RegistrationRequest {
        id: "orders".to_owned(),
        grant_types: vec!["token_exchange".to_owned()],
        scopes: vec!["openid".to_owned()],
        policy,
        ..RegistrationRequest::default()
    };
    let secret = world.client(&registration_request).await.secret.unwrap();
    let subject = access(&world.tokens("app", "openid").await);
    let exchanged = access(&exchange(&world, ("orders", &secret), &subject, &[]).await.json());
    let answer = world.userinfo(&exchanged).await;
    assert_eq!(answer.header("content-type"), "application/jwt");
    let claims = world.claims(&answer.body).await;
    assert_eq!(claims.text("aud"), Some("orders"));
    assert_eq!(claims.text("sub"), world.claims(&subject).await.text("sub"), "and no other");
    let fields = [("client_id", "orders"), ("client_secret", &*secret), ("token", &*exchanged)];
    let described = world.post("/auth/introspect", &fields, None).await.json();
    assert_eq!(described["act"], json!({"sub": "orders"}), "who acts is told");
}

#[tokio::test]
async fn a_service_is_no_program_of_the_shop_by_the_token_of_one() {
    let world = World::start().await;
    let administration = world.administration().await;
    administration.add_user("boss@example.com", Some("admin"), Some(PASSWORD)).await.unwrap();
    let own = RegistrationRequest {
        is_public: true,
        is_trusted: true,
        ..World::registration_request("own")
    };
    world.client(&own).await;
    let secret = service(&world, "orders").await;
    let (browser, challenge) = (Browser::new(&world), challenge());
    let page = browser.authorize(&authorization("own", &challenge)).await;
    let code = browser.sign_in(&page, "boss@example.com", PASSWORD).await.parameter("code");
    let subject = access(&world.redeem("own", &code.unwrap()).await.json());
    let exchanged = access(&exchange(&world, ("orders", &secret), &subject, &[]).await.json());
    for (token, status) in [(&subject, 200), (&exchanged, 403)] {
        let request = Request::get("/auth/scim/v2/Users");
        let request = request.header("authorization", format!("Bearer {token}"));
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}
