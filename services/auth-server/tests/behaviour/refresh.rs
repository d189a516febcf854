//! Refresh tokens: one line of successors.

use crate::harness::{Browser, PASSWORD, World, authorization, challenge, changed};
use http::StatusCode;
use serde_json::Value;
use std::time::Duration;

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().expect("it is there")
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_the_new_one_goes_on() {
    let world = World::start().await;
    world.public_client("app").await;
    let first = world.tokens("app", "openid email offline_access").await;
    world.clock.advance(Duration::from_mins(30));
    let answer = world.refresh("app", refresh_token(&first)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let second = answer.json();
    assert_ne!(refresh_token(&first), refresh_token(&second));
    assert_eq!(second["scope"], "openid email offline_access");
    assert_eq!(
        world.userinfo(second["access_token"].as_str().unwrap()).await.status,
        StatusCode::OK
    );
    let (old, new) = (
        world.claims(first["id_token"].as_str().unwrap()).await,
        world.claims(second["id_token"].as_str().unwrap()).await,
    );
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(old.get(name), new.get(name), "{name}");
    }
    assert!(
        new.get("nonce").is_none() && new.seconds("iat").unwrap() > old.seconds("iat").unwrap()
    );
    let third = world.refresh("app", refresh_token(&second)).await;
    assert_eq!(third.status, StatusCode::OK);
}

#[tokio::test]
async fn within_the_grace_period_the_same_successor_is_given_again() {
    let world = World::start().await;
    world.public_client("app").await;
    let first = world.tokens("app", "openid").await;
    let once = world.refresh("app", refresh_token(&first)).await.json();
    world.clock.advance(Duration::from_secs(9));
    let again = world.refresh("app", refresh_token(&first)).await.json();
    assert_eq!(refresh_token(&once), refresh_token(&again));
    assert_eq!(
        world.refresh("app", refresh_token(&once)).await.status,
        StatusCode::OK,
        "the family lives"
    );
}

#[tokio::test]
async fn a_replay_after_it_ends_the_family() {
    let world = World::start().await;
    world.public_client("app").await;
    let first = world.tokens("app", "openid").await;
    let second = world.refresh("app", refresh_token(&first)).await.json();
    let third = world.refresh("app", refresh_token(&second)).await.json();
    assert_eq!(
        world.userinfo(third["access_token"].as_str().unwrap()).await.status,
        StatusCode::OK
    );
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(
        world.refresh("app", refresh_token(&first)).await.error(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(world.refresh("app", refresh_token(&third)).await.error().1, "invalid_grant");
    for tokens in [&first, &second, &third] {
        let answer = world.userinfo(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_invented_token_or_that_of_another_client_ends_nothing() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let tokens = world.tokens("app", "openid").await;
    let token = refresh_token(&tokens);
    let mut invented = token.to_owned();
    let last = if invented.pop() == Some('A') { 'Q' } else { 'A' };
    invented.push(last);
    for wrong in ["x", &invented, &token[1..]] {
        assert_eq!(world.refresh("app", wrong).await.error(), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(world.refresh("other", token).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.refresh("app", token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_scope_may_be_narrower_and_never_wider() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid email").await;
    let token = refresh_token(&tokens);
    let refresh = async |token: &str, scope: &str| {
        world
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", "app"),
                ("refresh_token", token),
                ("scope", scope),
            ])
            .await
    };
    for wide in ["openid offline_access", "openid admin"] {
        assert_eq!(refresh(token, wide).await.error(), (400, "invalid_scope".to_owned()), "{wide}");
    }
    let narrow = refresh(token, "email").await.json();
    assert_eq!(narrow["scope"], "email");
    assert!(narrow.get("id_token").is_none());
    let again = world.refresh("app", refresh_token(&narrow)).await.json();
    assert_eq!(again["scope"], "openid email", "the grant is as wide as before");
}

#[tokio::test]
async fn tokens_end_when_idle_for_two_weeks_and_after_thirty_days_in_any_case() {
    let world = World::start().await;
    world.public_client("app").await;
    let idle = world.tokens("app", "openid offline_access").await;
    world.clock.advance(Duration::from_hours(24 * 14));
    assert_eq!(world.refresh("app", refresh_token(&idle)).await.error().1, "invalid_grant");
    let mut tokens = world.tokens("app", "openid offline_access").await;
    for _ in 0..2 {
        world.clock.advance(Duration::from_hours(24 * 13));
        tokens = world.refresh("app", refresh_token(&tokens)).await.json();
    }
    world.clock.advance(Duration::from_hours(24 * 4));
    assert_eq!(world.refresh("app", refresh_token(&tokens)).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_new_password_or_a_disabled_account_ends_every_family() {
    let world = World::start().await;
    world.public_client("app").await;
    for disable in [false, true] {
        let tokens = world.tokens("app", "openid offline_access").await;
        world.clock.advance(Duration::from_secs(1));
        let administration = world.administration().await;
        if disable {
            administration.disable_user(crate::harness::EMAIL).await.unwrap();
        } else {
            let link = administration.reset_user(crate::harness::EMAIL).await.unwrap();
            let path = link.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
            let world = world.restarted().await;
            let browser = Browser::new(&world);
            let page = browser.get(&path).await;
            let form = page.form();
            let fields = [("form", &*form), ("email", ""), ("password", PASSWORD)];
            assert_eq!(browser.post("/auth/set-up", &fields).await.status, StatusCode::OK);
        }
        let after = world.restarted().await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(after.refresh("app", refresh_token(&tokens)).await.error().1, "invalid_grant");
        assert_eq!(after.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_end_of_a_session_ends_what_was_not_meant_to_outlive_it() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    for (scope, lives) in [("openid", false), ("openid offline_access", true)] {
        let browser = Browser::new(&world);
        let fields = changed(&authorization("app", &challenge), "scope", Some(scope));
        let code = browser.authorized(&fields).await.parameter("code").unwrap();
        let tokens = world.redeem("app", &code).await.json();
        let hint = tokens["id_token"].as_str().unwrap();
        let answer = browser.get(&format!("/auth/logout?id_token_hint={hint}")).await;
        assert!(answer.body.contains("You are signed out"));
        let refreshed = world.refresh("app", refresh_token(&tokens)).await;
        assert_eq!(refreshed.status == StatusCode::OK, lives, "{scope}");
    }
}

#[tokio::test]
async fn a_removed_client_has_nothing_left_even_when_it_is_registered_again() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    world.clock.advance(Duration::from_secs(1));
    world.administration().await.remove_client("app").await.unwrap();
    let removed = world.restarted().await;
    assert_eq!(
        removed.refresh("app", refresh_token(&tokens)).await.error(),
        (401, "invalid_client".to_owned())
    );
    removed.public_client("app").await;
    let again = removed.restarted().await;
    assert_eq!(again.refresh("app", refresh_token(&tokens)).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn tokens_are_the_same_after_a_restart() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let code = world.code("app", "openid").await;
    let restarted = world.restarted().await;
    assert_eq!(restarted.refresh("app", refresh_token(&tokens)).await.status, StatusCode::OK);
    assert_eq!(restarted.redeem("app", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_sign_in_in_the_same_browser_lets_nothing_outlive_the_sign_out() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let code = browser.code("app", "openid").await;
    let first = world.redeem("app", &code).await.json();
    let challenge = challenge();
    let login = changed(&authorization("app", &challenge), "prompt", Some("login"));
    let code = browser.authorized(&login).await.parameter("code").unwrap();
    let second = world.redeem("app", &code).await.json();
    let first_again = world.refresh("app", refresh_token(&first)).await.json();
    let hint = second["id_token"].as_str().unwrap();
    browser.get(&format!("/auth/logout?id_token_hint={hint}")).await;
    for tokens in [&first_again, &second] {
        let refreshed = world.refresh("app", refresh_token(tokens)).await;
        assert_eq!(refreshed.error().1, "invalid_grant");
    }
}

#[tokio::test]
async fn whoever_signs_in_after_somebody_else_ends_what_that_one_was_signed_in_to() {
    let world = World::start().await;
    world.public_client("app").await;
    world.administration().await.add_user("bob@example.com", None, Some(PASSWORD)).await.unwrap();
    let browser = Browser::new(&world);
    let code = browser.code("app", "openid").await;
    let of_ada = world.redeem("app", &code).await.json();
    let challenge = challenge();
    let login = changed(&authorization("app", &challenge), "prompt", Some("login"));
    let page = browser.authorize(&login).await;
    let page = browser.sign_in(&page, "bob@example.com", PASSWORD).await;
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap();
    let of_bob = world.redeem("app", &code).await.json();
    assert_eq!(world.refresh("app", refresh_token(&of_ada)).await.error().1, "invalid_grant");
    assert_eq!(world.refresh("app", refresh_token(&of_bob)).await.status, StatusCode::OK);
}
