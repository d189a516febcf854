//! Clients that act for themselves, and those that sign assertions.

use crate::harness::{ISSUER, ORIGIN, World};
use auth_server::RegistrationRequest;
use jose::{Algorithm, Header, Jws, SigningKey, base64url_encode};
use kernel::SeededRandomness;
use serde_json::{Value, json};
use std::time::Duration;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn robot() -> RegistrationRequest {
    RegistrationRequest {
        id: "robot".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: vec!["orders.read".to_owned(), "stock.write".to_owned(), "openid".to_owned()],
        ..RegistrationRequest::default()
    }
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself_and_no_more() {
    let world = World::start().await;
    let secret = world.client(&robot()).await.secret.unwrap();
    let request = async |scope: &str| {
        world
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", "robot"),
                ("client_secret", &secret),
                ("scope", scope),
            ])
            .await
    };
    let tokens = request("stock.write").await.json();
    assert_eq!(tokens["scope"], "stock.write");
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let token = tokens["access_token"].as_str().unwrap();
    assert!(Jws::parse(token).unwrap().header().is_typed("at+jwt"));
    let claims = world.claims(token).await;
    assert_eq!((claims.text("sub"), claims.text("client_id")), (Some("robot"), Some("robot")));
    assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some(ORIGIN)));
    assert!(claims.get("auth_time").is_none() && claims.get("roles").is_none());
    assert_eq!(
        request("").await.json()["scope"],
        "orders.read stock.write",
        "all that is open to it"
    );
    for wide in ["admin", "stock.write admin", "openid"] {
        assert_eq!(request(wide).await.error(), (400, "invalid_scope".to_owned()), "{wide}");
    }
    let answer = world.userinfo(token).await;
    assert_eq!(answer.status.as_u16(), 403, "it is nobody");
}

#[tokio::test]
async fn two_tokens_are_never_the_same() {
    let world = World::start().await;
    let secret = world.client(&robot()).await.secret.unwrap();
    let fields =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", &*secret)];
    let one = world.token(&fields).await.json();
    let other = world.token(&fields).await.json();
    let jti = async |tokens: &Value| {
        let claims = world.claims(tokens["access_token"].as_str().unwrap()).await;
        claims.text("jti").unwrap().to_owned()
    };
    assert_ne!(jti(&one).await, jti(&other).await);
}

/// A client that signs, and its key.
async fn signing_client(world: &World, algorithm: Algorithm) -> SigningKey {
    let key = SigningKey::generate(algorithm, &SeededRandomness::new(77)).expect("a key");
    let keys = json!({"keys": [key.public().to_json()]}).to_string();
    world.client(&RegistrationRequest { keys: Some(keys), ..robot() }).await;
    key
}

fn claims(world: &World, jti: &str) -> Value {
    let now = world.now().as_second();
    json!({"iss": "robot", "sub": "robot", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti})
}

/// Error of a request with an assertion; "ok" without one.
async fn with_assertion(world: &World, assertion: &str) -> String {
    let answer = world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ])
        .await;
    if answer.status.is_success() { "ok".to_owned() } else { answer.error().1 }
}

#[tokio::test]
async fn an_assertion_of_each_algorithm_proves_a_client_once() {
    for algorithm in Algorithm::ALL {
        let world = World::start().await;
        let key = signing_client(&world, algorithm).await;
        let sign =
            |jti| key.sign(&Header::default(), claims(&world, jti).to_string().as_bytes()).unwrap();
        let first = sign("1");
        assert_eq!(with_assertion(&world, &first).await, "ok", "{algorithm}");
        assert_eq!(with_assertion(&world, &first).await, "invalid_client", "replayed");
        assert_eq!(with_assertion(&world, &sign("2")).await, "ok");
    }
}

#[tokio::test]
async fn an_assertion_that_is_not_for_this_provider_alone_proves_nothing() {
    let world = World::start().await;
    let key = signing_client(&world, Algorithm::Es256).await;
    let now = world.now().as_second();
    let sign =
        |claims: &Value| key.sign(&Header::default(), claims.to_string().as_bytes()).unwrap();
    let token_endpoint = format!("{ISSUER}/token");
    for (number, (name, value, expected)) in [
        ("aud", json!([ISSUER]), "ok"),
        ("iat", json!(now + 10), "ok"),
        ("nbf", json!(now + 10), "ok"),
        ("aud", json!(token_endpoint), "invalid_client"),
        ("aud", json!([ISSUER, "https://other.example"]), "invalid_client"),
        ("aud", json!([]), "invalid_client"),
        ("aud", Value::Null, "invalid_client"),
        ("iss", json!("other"), "invalid_client"),
        ("sub", json!("other"), "invalid_client"),
        ("sub", Value::Null, "invalid_client"),
        ("exp", json!(now - 60), "invalid_client"),
        ("exp", json!(now + 3_600), "invalid_client"),
        ("exp", json!("soon"), "invalid_client"),
        ("exp", Value::Null, "invalid_client"),
        ("nbf", json!(now + 61), "invalid_client"),
        ("iat", json!(now + 61), "invalid_client"),
        ("jti", Value::Null, "invalid_client"),
        ("jti", json!(""), "invalid_client"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&world, &number.to_string());
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        assert_eq!(with_assertion(&world, &sign(&claims)).await, expected, "{claims}");
    }
}

#[tokio::test]
async fn an_assertion_by_another_key_or_algorithm_proves_nothing() {
    let world = World::start().await;
    let key = signing_client(&world, Algorithm::Es256).await;
    let payload = claims(&world, "1").to_string();
    let other = SigningKey::generate(Algorithm::Es256, &SeededRandomness::new(78)).unwrap();
    let foreign = other.sign(&Header::default(), payload.as_bytes()).unwrap();
    assert_eq!(with_assertion(&world, &foreign).await, "invalid_client");
    let rsa = SigningKey::generate(Algorithm::Rs256, &SeededRandomness::new(79)).unwrap();
    let rsa = rsa.sign(&Header::default(), payload.as_bytes()).unwrap();
    assert_eq!(with_assertion(&world, &rsa).await, "invalid_client");
    let unsigned =
        |header: &str| format!("{}.{}.", base64url_encode(header), base64url_encode(&payload));
    assert_eq!(with_assertion(&world, &unsigned(r#"{"alg":"none"}"#)).await, "invalid_client");
    // HMAC under the public key, which everybody knows.
    let message =
        format!("{}.{}", base64url_encode(r#"{"alg":"HS256"}"#), base64url_encode(&payload));
    let public = key.public().to_json().to_string();
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public.as_bytes());
    let tag = ring::hmac::sign(&secret, message.as_bytes());
    let forged = format!("{message}.{}", base64url_encode(tag.as_ref()));
    assert_eq!(with_assertion(&world, &forged).await, "invalid_client");
    let typed = key.sign(&Header::typed("at+jwt"), payload.as_bytes()).unwrap();
    assert_eq!(
        with_assertion(&world, &typed).await,
        "invalid_client",
        "a token for another purpose"
    );
    for typ in ["JWT", "client-authentication+jwt"] {
        let payload = claims(&world, typ).to_string();
        let typed = key.sign(&Header::typed(typ), payload.as_bytes()).unwrap();
        assert_eq!(with_assertion(&world, &typed).await, "ok", "{typ}");
    }
}

#[tokio::test]
async fn each_client_proves_itself_in_its_own_way_alone() {
    let world = World::start().await;
    let key = signing_client(&world, Algorithm::EdDsa).await;
    let public_id =
        world.token(&[("grant_type", "client_credentials"), ("client_id", "robot")]).await;
    assert_eq!(public_id.error(), (401, "invalid_client".to_owned()));
    let secret = world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "x"),
        ])
        .await;
    assert_eq!(secret.error(), (401, "invalid_client".to_owned()));
    let assertion =
        key.sign(&Header::default(), claims(&world, "1").to_string().as_bytes()).unwrap();
    let base = [("grant_type", "client_credentials"), ("client_assertion", &*assertion)];
    let error =
        async |more: &[(&str, &str)]| world.token(&[&base[..], more].concat()).await.error();
    assert_eq!(error(&[]).await, (400, "invalid_request".to_owned()), "no type");
    assert_eq!(
        error(&[("client_assertion_type", "saml")]).await,
        (400, "invalid_request".to_owned())
    );
    let bearer = ("client_assertion_type", JWT_BEARER);
    assert_eq!(error(&[bearer, ("client_secret", "x")]).await, (400, "invalid_request".to_owned()));
    assert_eq!(error(&[bearer, ("client_id", "other")]).await, (401, "invalid_client".to_owned()));
    let answer = world.token(&[&base[..], &[bearer, ("client_id", "robot")]].concat()).await;
    assert!(answer.status.is_success(), "{}", answer.body);
}

#[tokio::test]
async fn an_assertion_is_remembered_for_as_long_as_it_is_valid() {
    let world = World::start().await;
    let key = signing_client(&world, Algorithm::EdDsa).await;
    let assertion =
        key.sign(&Header::default(), claims(&world, "1").to_string().as_bytes()).unwrap();
    assert_eq!(with_assertion(&world, &assertion).await, "ok");
    // Its end is after 60 seconds, and 30 more for clocks that differ.
    for seconds in [59, 30, 1] {
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(with_assertion(&world, &assertion).await, "invalid_client", "{seconds}");
    }
}

#[tokio::test]
async fn a_scope_that_is_named_twice_counts_once() {
    let world = World::start().await;
    let secret = world.client(&robot()).await.secret.unwrap();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", &*secret),
        ("scope", "stock.write  stock.write"),
    ];
    assert_eq!(world.token(&fields).await.json()["scope"], "stock.write");
}

#[tokio::test]
async fn a_token_of_a_client_ends_with_its_registration() {
    let world = World::start().await;
    let secret = world.client(&robot()).await.secret.unwrap();
    let fields =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", &*secret)];
    let tokens = world.token(&fields).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.administration().await.remove_client("robot").await.unwrap();
    assert_eq!(world.restarted().await.userinfo(token).await.status.as_u16(), 401, "removed");
    let secret = world.client(&robot()).await.secret.unwrap();
    let world = world.restarted().await;
    assert_eq!(world.userinfo(token).await.status.as_u16(), 401, "another client of this name");
    let fields = [("token", token), ("client_id", "robot"), ("client_secret", &*secret)];
    let answer = world.post("/auth/introspect", &fields, None).await;
    assert_eq!(answer.json(), json!({"active": false}));
}

#[tokio::test]
async fn a_client_with_a_role_has_it_in_its_own_tokens_with_the_scopes_for_it() {
    let world = World::start().await;
    let registration_request = RegistrationRequest {
        id: "robot".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        role: Some("finance".to_owned()),
        ..RegistrationRequest::default()
    };
    let client = world.client(&registration_request).await;
    assert!(client.token_endpoint.ends_with("/auth/token"), "{}", client.token_endpoint);
    let secret = client.secret.unwrap();
    let form =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", &*secret)];
    let tokens = world.token(&form).await.json();
    let claims = world.claims(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.get("roles"), Some(&serde_json::json!(["finance"])));
    assert_eq!(claims.text("scope"), Some("shop.read shop.write"));
    let administration = world.administration().await;
    let of_people = RegistrationRequest {
        id: "app".to_owned(),
        grant_types: Vec::new(),
        ..registration_request.clone()
    };
    let refused = administration.add_client(&of_people).await.unwrap_err().to_string();
    assert!(refused.contains("needs client_credentials"), "{refused}");
    let unknown = RegistrationRequest {
        id: "b".to_owned(),
        role: Some("owner".to_owned()),
        ..registration_request
    };
    let refused = administration.add_client(&unknown).await.unwrap_err().to_string();
    assert!(refused.contains("\"owner\""), "{refused}");
}
