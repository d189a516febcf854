//! What the conformance plans of the OpenID Foundation ask for and no other test is about.

use crate::harness::{
    BACK, Browser, VERIFIER, World, authorization, authorize_path, challenge, changed,
};
use http::{StatusCode, header};
use jose::Claims;
use std::time::Duration;

/// Claims of the ID token that a client gets for the code of this answer.
async fn id_token(world: &World, code: &str) -> Claims {
    let tokens = world.redeem("app", code).await.json();
    world.claims(tokens["id_token"].as_str().expect("a token endpoint issues it")).await
}

#[tokio::test]
async fn a_silent_answer_is_about_the_same_person_and_the_same_sign_in() {
    let (world, challenge) = (World::start().await, challenge());
    world.public_client("app").await;
    let (browser, fields) = (Browser::new(&world), authorization("app", &challenge));
    let tokens = world.redeem("app", &browser.code("app", "openid").await).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let first = world.claims(hint).await;
    world.clock.advance(Duration::from_secs(90));
    let none = changed(&fields, "prompt", Some("none"));
    for requested in [
        none.clone(),
        changed(&none, "id_token_hint", Some(hint)),
        changed(&none, "max_age", Some("10000")),
        changed(&fields, "max_age", Some("10000")),
    ] {
        let answer = browser.authorize(&requested).await;
        let code = answer.parameter("code").unwrap_or_else(|| panic!("{requested:?}"));
        let again = id_token(&world, &code).await;
        assert_eq!(again.text("sub"), first.text("sub"));
        assert_eq!(again.get("auth_time"), first.get("auth_time"), "{requested:?}");
    }
}

#[tokio::test]
async fn who_signs_in_again_did_so_later() {
    let (world, challenge) = (World::start().await, challenge());
    world.public_client("app").await;
    let (browser, fields) = (Browser::new(&world), authorization("app", &challenge));
    let first = id_token(&world, &browser.code("app", "openid").await).await;
    let mut before = first.seconds("auth_time").unwrap().unwrap();
    for (name, value) in [("prompt", "login"), ("max_age", "1")] {
        world.clock.advance(Duration::from_secs(5));
        let requested = changed(&fields, name, Some(value));
        let page = browser.authorize(&requested).await;
        assert!(page.body.contains(r#"id="sign-in""#), "{name} asks for a sign-in");
        let answer = browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await;
        let again = id_token(&world, &answer.parameter("code").unwrap()).await;
        assert_eq!(again.text("sub"), first.text("sub"));
        let at = again.seconds("auth_time").unwrap().unwrap();
        assert!(at > before, "{name}: {at} after {before}");
        before = at;
    }
}

#[tokio::test]
async fn a_long_nonce_and_a_long_state_come_back_unchanged() {
    let (world, challenge) = (World::start().await, challenge());
    world.public_client("app").await;
    let (browser, fields) = (Browser::new(&world), authorization("app", &challenge));
    for length in [64, 384] {
        let (nonce, state) = ("n".repeat(length), "s".repeat(4 * length));
        let fields = changed(&changed(&fields, "nonce", Some(&nonce)), "state", Some(&state));
        let answer = browser.authorized(&fields).await;
        assert_eq!(answer.parameter("state").as_deref(), Some(&*state));
        let claims = id_token(&world, &answer.parameter("code").unwrap()).await;
        assert_eq!(claims.text("nonce"), Some(&*nonce));
    }
}

#[tokio::test]
async fn the_order_of_scopes_and_of_parameters_makes_no_difference() {
    let (world, challenge) = (World::start().await, challenge());
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let mut fields =
        changed(&authorization("app", &challenge), "scope", Some("email openid offline_access"));
    fields.reverse();
    assert!(authorize_path(&fields).contains("authorize?scope="));
    let answer = browser.authorized(&fields).await;
    let tokens = world.redeem("app", &answer.parameter("code").unwrap()).await.json();
    let scope = tokens["scope"].as_str().unwrap();
    for wanted in ["openid", "email", "offline_access"] {
        assert!(scope.split(' ').any(|it| it == wanted), "{scope}");
    }
}

#[tokio::test]
async fn secrets_of_a_response_are_long_of_plain_characters_and_kept_by_no_cache() {
    let world = World::start().await;
    world.public_client("app").await;
    let code = world.code("app", "openid offline_access").await;
    let answer = world.redeem("app", &code).await;
    assert_eq!(answer.header(header::CACHE_CONTROL.as_str()), "no-store");
    let tokens = answer.json();
    assert!(tokens["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    for secret in [
        &*code,
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    ] {
        // 128 bits at six bits a character.
        assert!(secret.len() >= 22, "{} characters", secret.len());
        assert!(secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    }
    let other = world.code("app", "openid offline_access").await;
    assert_ne!(code, other);
}

#[tokio::test]
async fn a_code_that_comes_again_after_half_a_minute_is_refused_and_its_tokens_end() {
    let world = World::start().await;
    world.public_client("app").await;
    let code = world.code("app", "openid").await;
    let tokens = world.redeem("app", &code).await.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.userinfo(access_token).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.redeem("app", &code).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.userinfo(access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_is_refused_for_another_client_and_goes_on_for_its_own() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refused = world.refresh("other", refresh_token).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.refresh("app", refresh_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_with_everything_right_but_the_address_of_the_request_is_refused() {
    let world = World::start().await;
    world.public_client("app").await;
    let code = world.code("app", "openid").await;
    let other = format!("{BACK}?added=1");
    let answer = world
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", &other),
            ("code_verifier", VERIFIER),
        ])
        .await;
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
}
