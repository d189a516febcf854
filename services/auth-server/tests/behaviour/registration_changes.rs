//! What a client registers anew counts at once, also for requests that are on their way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::{
    harness::{
        Answer, BACK, Browser, EMAIL, ISSUER, PASSWORD, World, authorization, challenge, changed,
    },
    registration::{OPEN, register, send, text},
};
use http::StatusCode;
use jose::{Algorithm, Header, JwkSet, SigningKey};
use kernel::SeededRandomness;
use serde_json::{Value, json};
use std::time::Duration;

/// Client that registered itself.
struct Registered<'a> {
    world: &'a World,
    answer: Value,
}

impl<'a> Registered<'a> {
    async fn with(world: &'a World, metadata: &Value) -> Self {
        let answer = register(world, metadata).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        Self { world, answer: answer.json() }
    }

    fn id(&self) -> &str {
        text(&self.answer, "client_id")
    }

    async fn update(&self, metadata: &Value) {
        self.world.clock.advance(Duration::from_secs(1));
        let mut metadata = metadata.clone();
        metadata["client_id"] = self.id().into();
        let path = format!("/auth/register/{}", self.id());
        let token = text(&self.answer, "registration_access_token");
        let answer = send(self.world, "PUT", &path, Some(token), &metadata).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap()
}

#[tokio::test]
async fn a_client_that_registers_other_keys_proves_itself_by_them_and_by_the_old_ones_no_longer() {
    let world = World::start_with(&[OPEN]).await;
    let (old, new) = (key(1), key(2));
    let metadata = |key: &SigningKey| {
        let jwks = JwkSet::new(vec![key.public().clone()]).to_json();
        json!({"redirect_uris": [BACK], "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks})
    };
    let client = Registered::with(&world, &metadata(&old)).await;
    let error = async |key: &SigningKey, jti: &str| {
        let (id, exp) = (client.id(), world.now().as_second() + 60);
        let claims = json!({"iss": id, "sub": id, "aud": ISSUER, "exp": exp, "jti": jti});
        let assertion = key.sign(&Header::default(), claims.to_string().as_bytes()).unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &*assertion),
        ];
        world.token(&fields).await.error().1
    };
    assert_eq!(error(&old, "1").await, "invalid_grant", "it is known, and the code is not");
    client.update(&metadata(&new)).await;
    assert_eq!(error(&old, "2").await, "invalid_client");
    assert_eq!(error(&new, "3").await, "invalid_grant");
}

/// Answer to a sign-in after the client changed its registration meanwhile.
async fn signed_in_after(before: &Value, after: &Value, consents: bool) -> Answer {
    let world = World::start_with(&[OPEN]).await;
    let (client, challenge) = (Registered::with(&world, before).await, challenge());
    let browser = Browser::new(&world);
    let page = browser.authorize(&authorization(client.id(), &challenge)).await;
    if !consents {
        client.update(after).await;
        return browser.sign_in(&page, EMAIL, PASSWORD).await;
    }
    let page = browser.sign_in(&page, EMAIL, PASSWORD).await;
    client.update(after).await;
    browser.decide(&page, "allow").await
}

#[tokio::test]
async fn a_request_that_was_made_before_an_update_is_answered_nowhere() {
    let before = json!({"redirect_uris": [BACK, "https://app.example/other"]});
    for after in [
        json!({"redirect_uris": ["https://app.example/other"]}),
        json!({"redirect_uris": [BACK], "scope": "email"}),
        json!({"redirect_uris": [BACK], "require_pushed_authorization_requests": true}),
    ] {
        for consents in [false, true] {
            let answer = signed_in_after(&before, &after, consents).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{after} {consents}");
        }
    }
    let answer = signed_in_after(&before, &before, true).await;
    assert!(answer.parameter("code").is_some(), "the same again is no change");
}

#[tokio::test]
async fn what_a_person_agreed_to_before_an_update_is_not_asked_again() {
    let world = World::start_with(&[OPEN]).await;
    let (metadata, challenge) = (json!({"redirect_uris": [BACK]}), challenge());
    let client = Registered::with(&world, &metadata).await;
    let browser = Browser::new(&world);
    let fields = authorization(client.id(), &challenge);
    assert!(browser.authorized(&fields).await.parameter("code").is_some());
    client.update(&json!({"redirect_uris": [BACK], "client_name": "Renamed"})).await;
    let silent = changed(&fields, "prompt", Some("none"));
    assert!(browser.authorize(&silent).await.parameter("code").is_some());
}
