//! Signing in, and what an attacker sends in place of it.

use crate::harness::{ISSUER, NOW, SignInFixture};
use jose::{Algorithm, SigningKey, base64url_encode};
use kernel::SystemRandomness;
use relying_party::SignInError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

#[tokio::test]
async fn a_sign_in_uses_pkce_state_and_nonce_and_returns_to_where_it_began() {
    let world = SignInFixture::new();
    let request = world.begin("/orders?page=2").await;
    assert_eq!(request["response_type"], "code");
    assert_eq!(request["redirect_uri"], "https://ops.example/sign-in/callback");
    assert_eq!(request["code_challenge_method"], "S256");
    let answer = [("state", &*request["state"]), ("code", "the code"), ("iss", ISSUER)];
    let redirect = world.finish(&answer).await.unwrap();
    assert_eq!(redirect.location, "/orders?page=2");
    let sent = world.provider.sent_to("/auth/token").remove(0);
    assert_eq!(base64url_encode(Sha256::digest(&sent["code_verifier"])), request["code_challenge"]);
    assert_eq!(
        (&*sent["code"], &*sent["redirect_uri"]),
        ("the code", "https://ops.example/sign-in/callback")
    );
    assert_eq!(world.access_token().await.as_deref(), Some("access-1"));
    let cookies = world.headers();
    for value in cookies.values() {
        assert!(!value.to_str().unwrap().contains("access-"), "no token is in the browser");
    }
    let again = world.finish(&answer).await;
    assert!(matches!(again, Err(SignInError::UnknownState)), "an answer counts once");
}

#[tokio::test]
async fn an_answer_of_another_browser_time_or_provider_signs_nobody_in() {
    let world = SignInFixture::new();
    let request = world.begin("/").await;
    let state = &*request["state"];
    let other = SignInFixture::new();
    let foreign = other.finish(&[("state", state), ("code", "c"), ("iss", ISSUER)]).await;
    assert!(matches!(foreign, Err(SignInError::UnknownState)), "another browser");
    for issuer in ["https://evil.example", "https://shop.example/auth/", ""] {
        let result = world.finish(&[("state", state), ("code", "c"), ("iss", issuer)]).await;
        assert!(matches!(result, Err(SignInError::Invalid(_))), "{issuer}");
    }
    let result = world.finish(&[("state", state), ("code", "c")]).await;
    assert!(matches!(result, Err(SignInError::Invalid(_))), "without an issuer");
    for parameters in [
        &[("code", "c"), ("iss", ISSUER)][..],
        &[("state", ""), ("code", "c"), ("iss", ISSUER)],
        &[("state", "guess"), ("code", "c"), ("iss", ISSUER)],
        &[("state", state), ("state", state), ("code", "c"), ("iss", ISSUER)],
        &[("state", state), ("code", "c"), ("code", "d"), ("iss", ISSUER)],
    ] {
        let result = world.finish(parameters).await;
        assert!(matches!(result, Err(SignInError::UnknownState)), "{parameters:?}");
    }
    let refused =
        world.finish(&[("state", state), ("error", "access_denied"), ("iss", ISSUER)]).await;
    assert!(matches!(refused, Err(SignInError::Refused(error)) if error == "access_denied"));
    assert!(world.provider.sent_to("/auth/token").is_empty(), "no code was redeemed");
    world.clock.advance(Duration::from_hours(1));
    let late = world.finish(&[("state", state), ("code", "c"), ("iss", ISSUER)]).await;
    assert!(matches!(late, Err(SignInError::UnknownState)));
    assert_eq!(world.access_token().await, None);
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_sign_in_signs_nobody_in() {
    let wrong: [(&str, Value); 9] = [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another-client")),
        ("aud", json!([])),
        ("aud", json!(["operator-edge", "another"])),
        ("exp", json!(NOW - 60)),
        ("exp", json!("1900000000")),
        ("nonce", json!("another")),
        ("nonce", json!(null)),
        ("nonce", json!("")),
    ];
    for (name, value) in wrong {
        let world = SignInFixture::new();
        let shown = value.to_string();
        world.provider.answer.lock().unwrap().claims.push((name, value));
        let result = world.sign_in().await;
        assert!(matches!(result, Err(SignInError::Invalid(_))), "{name} {shown}");
        assert_eq!(world.access_token().await, None);
    }
    let world = SignInFixture::new();
    world.provider.answer.lock().unwrap().typ = Some("at+jwt");
    assert!(matches!(world.sign_in().await, Err(SignInError::Invalid(_))));
    let world = SignInFixture::new();
    let stranger = SigningKey::generate(Algorithm::Es256, &SystemRandomness).unwrap();
    world.provider.answer.lock().unwrap().stranger = Some(stranger);
    assert!(matches!(world.sign_in().await, Err(SignInError::Invalid(_))));
}

#[tokio::test]
async fn a_refused_code_and_a_provider_that_is_down_sign_nobody_in() {
    let world = SignInFixture::new();
    world.provider.answer.lock().unwrap().refusal = Some((400, "invalid_grant"));
    assert!(matches!(world.sign_in().await, Err(SignInError::Refused(_))));
    world.provider.answer.lock().unwrap().refusal = Some((503, "temporarily_unavailable"));
    assert!(matches!(world.sign_in().await, Err(SignInError::Unavailable)));
    world.provider.answer.lock().unwrap().is_down = true;
    let result = world.relying_party.begin(&world.origin, "/").await;
    assert!(matches!(result, Err(SignInError::Unavailable)));
}
