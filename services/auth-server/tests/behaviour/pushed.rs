//! Pushed authorization requests (PAR, RFC 9126), and the FAPI 2.0 profile that needs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::{
    harness::{
        BACK, Browser, EMAIL, ISSUER, PASSWORD, VERIFIER, World, authorization, challenge, changed,
    },
    proofs::ProofKey,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::{Method, Request, StatusCode};
use jose::{Algorithm, Header, JwkSet, SigningKey};
use kernel::SeededRandomness;
use serde_json::json;
use std::time::Duration;

const URN: &str = "urn:ietf:params:oauth:request_uri:";

async fn push(world: &World, fields: &[(&str, &str)]) -> crate::harness::Answer {
    world.post("/auth/par", fields, None).await
}

/// Fields of the request with which a browser arrives.
fn arrival<'a>(client: &'a str, uri: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("client_id", client), ("request_uri", uri)]
}

#[tokio::test]
async fn a_pushed_request_is_answered_once_and_may_be_shown_twice() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    let challenge = challenge();
    let mut fields = authorization("app", &challenge);
    fields.push(("client_secret", &secret));
    let pushed = push(&world, &fields).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    assert_eq!(pushed.header("cache-control"), "no-store");
    let pushed = pushed.json();
    assert_eq!(pushed["expires_in"], 60);
    let uri = pushed["request_uri"].as_str().unwrap();
    assert!(uri.strip_prefix(URN).is_some_and(|it| it.len() >= 43), "{uri}");

    let browser = Browser::new(&world);
    assert_eq!(browser.authorize(&arrival("app", uri)).await.status, StatusCode::OK);
    // What comes along counts for nothing.
    let mut with_more = arrival("app", uri);
    with_more.extend([
        ("scope", "email"),
        ("state", "other"),
        ("redirect_uri", "https://x.example"),
    ]);
    let answer = browser.authorized(&with_more).await;
    assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
    assert!(answer.parameter("code").is_some());
    let again = browser.authorize(&arrival("app", uri)).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "answered");
    let mut with_address = arrival("app", uri);
    with_address.push(("redirect_uri", BACK));
    let again = browser.authorize(&with_address).await;
    assert_eq!(again.parameter("error").as_deref(), Some("invalid_request_uri"));
}

#[tokio::test]
async fn of_two_pages_of_one_request_one_is_answered() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    let challenge = challenge();
    let mut fields = authorization("app", &challenge);
    fields.push(("client_secret", &secret));
    let pushed = push(&world, &fields).await.json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let (one, other) = (Browser::new(&world), Browser::new(&world));
    let asked = async |browser: &Browser<'_>| {
        let page = browser.authorize(&arrival("app", uri)).await;
        browser.sign_in(&page, EMAIL, PASSWORD).await
    };
    let (page, other_page) = (asked(&one).await, asked(&other).await);
    assert!(one.decide(&page, "allow").await.parameter("code").is_some());
    let answer = other.decide(&other_page, "allow").await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request_uri"));
}

#[tokio::test]
async fn a_reference_is_for_its_client_for_a_minute() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    world.public_client("other").await;
    let challenge = challenge();
    let mut fields = authorization("app", &challenge);
    fields.push(("client_secret", &secret));
    let pushed = push(&world, &fields).await.json();
    let uri = pushed["request_uri"].as_str().unwrap().to_owned();
    let browser = Browser::new(&world);
    let status =
        async |client: &str, uri: &str| browser.authorize(&arrival(client, uri)).await.status;
    assert_eq!(status("other", &uri).await, StatusCode::BAD_REQUEST);
    assert_eq!(status("app", &format!("{uri}A")).await, StatusCode::BAD_REQUEST);
    assert_eq!(status("app", URN).await, StatusCode::BAD_REQUEST);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(status("app", &uri).await, StatusCode::OK);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(status("app", &uri).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_request_that_was_refused_is_used_up() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    let challenge = challenge();
    let mut fields = changed(&authorization("app", &challenge), "prompt", Some("none"));
    fields.push(("client_secret", &secret));
    let pushed = push(&world, &fields).await.json();
    let arrival = arrival("app", pushed["request_uri"].as_str().unwrap());
    let browser = Browser::new(&world);
    let refused = browser.authorize(&arrival).await;
    assert_eq!(refused.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(browser.authorize(&arrival).await.status, StatusCode::BAD_REQUEST, "once");
}

#[tokio::test]
async fn what_is_refused_is_refused_when_it_is_pushed() {
    let world = World::start().await;
    let secret = world.secret_client("app").await;
    let challenge = challenge();
    let mut good = authorization("app", &challenge);
    good.push(("client_secret", &secret));
    for (name, value, status, error) in [
        ("client_secret", Some("wrong"), 401, "invalid_client"),
        ("client_secret", None, 401, "invalid_client"),
        ("request_uri", Some("urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request"),
        ("redirect_uri", Some("https://evil.example/"), 400, "invalid_request"),
        ("redirect_uri", None, 400, "invalid_request"),
        ("code_challenge", None, 400, "invalid_request"),
        ("code_challenge_method", Some("plain"), 400, "invalid_request"),
        ("response_type", Some("token"), 400, "unsupported_response_type"),
        ("response_type", None, 400, "invalid_request"),
        ("scope", Some("admin"), 400, "invalid_scope"),
        ("resource", Some("https://other.example"), 400, "invalid_target"),
        ("request", Some("x"), 400, "invalid_request_object"),
    ] {
        let answer = push(&world, &changed(&good, name, value)).await;
        assert_eq!(answer.error(), (status, error.to_owned()), "{name} {value:?}");
    }
    let get = Request::builder().method(Method::GET).uri("/auth/par");
    let answer = world.send(get.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let value = "x".repeat(8_000);
    let large: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().map(|name| (name, &*value)).collect();
    let large = push(&world, &[&good[..], &large].concat()).await;
    assert_eq!(large.error(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_client_that_is_registered_for_pushed_requests_makes_no_others() {
    let world = World::start().await;
    let policy = PolicyRequest { requires_pushed_requests: true, ..PolicyRequest::default() };
    world
        .client(&RegistrationRequest {
            is_public: true,
            policy,
            ..World::registration_request("app")
        })
        .await;
    let challenge = challenge();
    let fields = authorization("app", &challenge);
    let browser = Browser::new(&world);
    let answer = browser.authorize(&fields).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
    let pushed = push(&world, &fields).await.json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let answer = browser.authorized(&arrival("app", uri)).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
}

#[tokio::test]
async fn what_public_clients_push_is_limited() {
    let world = World::start_with(&[("pushed_requests_per_address_max", "3")]).await;
    world.public_client("app").await;
    let secret = world.secret_client("backend").await;
    let challenge = challenge();
    let fields = authorization("app", &challenge);
    for _ in 0..3 {
        assert_eq!(push(&world, &fields).await.status, StatusCode::CREATED);
    }
    assert_eq!(push(&world, &fields).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let mut fields = authorization("backend", &challenge);
    fields.push(("client_secret", &secret));
    assert_eq!(push(&world, &fields).await.status, StatusCode::CREATED, "it proves who it is");
}

/// A client that follows the FAPI 2.0 Security Profile, and its keys.
struct Fapi {
    signing: SigningKey,
    proofs: ProofKey,
}

impl Fapi {
    async fn registered(world: &World) -> Self {
        let signing = SigningKey::generate(Algorithm::Es256, &SeededRandomness::new(7)).unwrap();
        let weak = SigningKey::generate(Algorithm::Rs256, &SeededRandomness::new(8)).unwrap();
        let keys = JwkSet::new(vec![signing.public().clone(), weak.public().clone()]);
        let registration_request = RegistrationRequest {
            keys: Some(keys.to_json().to_string()),
            policy: PolicyRequest { is_fapi: true, ..PolicyRequest::default() },
            ..World::registration_request("bank")
        };
        world.client(&registration_request).await;
        Self { signing, proofs: ProofKey::new(9) }
    }

    fn assertion(key: &SigningKey, world: &World, jti: &str) -> String {
        let now = world.now().as_second();
        let claims = json!({
            "iss": "bank", "sub": "bank", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti,
        });
        key.sign(&Header::default(), claims.to_string().as_bytes()).unwrap()
    }

    fn credentials(assertion: &str) -> [(&'static str, &str); 2] {
        let jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        [("client_assertion_type", jwt_bearer), ("client_assertion", assertion)]
    }
}

#[tokio::test]
async fn a_client_of_fapi_pushes_binds_and_keeps_its_refresh_token() {
    let world = World::start().await;
    let bank = Fapi::registered(&world).await;
    let challenge = challenge();
    let browser = Browser::new(&world);
    let plain = browser.authorize(&authorization("bank", &challenge)).await;
    assert_eq!(plain.parameter("error").as_deref(), Some("invalid_request"), "not pushed");

    let assertion = Fapi::assertion(&bank.signing, &world, "1");
    let fields = [&authorization("bank", &challenge)[..], &Fapi::credentials(&assertion)].concat();
    let pushed = bank.proofs.post(&world, "/auth/par", &fields).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    let pushed = pushed.json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let answer = browser.authorized(&arrival("bank", uri)).await;
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    let code = answer.parameter("code").unwrap();
    let redeem = async |key: &ProofKey, jti: &str| {
        let assertion = Fapi::assertion(&bank.signing, &world, jti);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        let fields = [&fields[..], &Fapi::credentials(&assertion)].concat();
        key.post(&world, "/auth/token", &fields).await
    };
    let stranger = redeem(&ProofKey::new(10), "2").await;
    assert_eq!(stranger.error().1, "invalid_grant", "the code is bound to the key of the push");
    let tokens = redeem(&bank.proofs, "3").await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let id_token = jose::Jws::parse(tokens["id_token"].as_str().unwrap()).unwrap().algorithm();
    assert_eq!(id_token, Algorithm::Es256);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for jti in ["4", "5"] {
        world.clock.advance(Duration::from_hours(1));
        let assertion = Fapi::assertion(&bank.signing, &world, jti);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let fields = [&fields[..], &Fapi::credentials(&assertion)].concat();
        let refreshed = bank.proofs.post(&world, "/auth/token", &fields).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
        assert_eq!(refreshed.json()["refresh_token"], refresh, "it is kept");
    }
    let assertion = Fapi::assertion(&bank.signing, &world, "6");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let fields = [&fields[..], &Fapi::credentials(&assertion)].concat();
    let without_proof = world.token(&fields).await;
    assert_eq!(without_proof.error().1, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_client_of_fapi_signs_with_nothing_weak() {
    let world = World::start().await;
    Fapi::registered(&world).await;
    let weak = SigningKey::generate(Algorithm::Rs256, &SeededRandomness::new(8)).unwrap();
    let challenge = challenge();
    let assertion = Fapi::assertion(&weak, &world, "1");
    let fields = [&authorization("bank", &challenge)[..], &Fapi::credentials(&assertion)].concat();
    assert_eq!(push(&world, &fields).await.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn the_key_of_a_push_and_the_one_that_it_names_must_agree() {
    let (world, key) = (World::start().await, ProofKey::new(1));
    world.public_client("app").await;
    let (challenge, other) = (challenge(), ProofKey::new(2).thumbprint());
    let thumbprint = key.thumbprint();
    let mut fields = authorization("app", &challenge);
    fields.push(("dpop_jkt", &other));
    let answer = key.post(&world, "/auth/par", &fields).await;
    assert_eq!(answer.error(), (400, "invalid_dpop_proof".to_owned()));
    let fields = changed(&fields, "dpop_jkt", Some(&thumbprint));
    assert_eq!(key.post(&world, "/auth/par", &fields).await.status, StatusCode::CREATED);
}
