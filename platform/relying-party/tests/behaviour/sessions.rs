//! Sessions: found by their cookie, refreshed, ended.

use crate::harness::SignInFixture;
use http::{HeaderMap, HeaderValue, header};
use jose::base64url_encode;
use relying_party::SignInError;
use std::time::Duration;

#[tokio::test]
async fn an_invented_cookie_is_no_session() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    for value in
        ["", "x", &base64url_encode([0; 32]), &base64url_encode([0; 31]), &"a".repeat(9_000)]
    {
        let mut headers = HeaderMap::new();
        let cookie = HeaderValue::from_str(&format!("__Host-operator={value}")).unwrap();
        headers.append(header::COOKIE, cookie);
        let session = world.relying_party.session(&world.origin, &headers).await.unwrap();
        assert!(session.is_none(), "{value}");
    }
}

#[tokio::test]
async fn a_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    let before = world.headers();
    world.sign_in().await.unwrap();
    assert!(world.access_token().await.is_some());
    let earlier = world.relying_party.session(&world.origin, &before).await.unwrap();
    assert!(earlier.is_none());
}

#[tokio::test]
async fn the_access_token_is_replaced_before_it_ends() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    world.clock.advance(Duration::from_secs(569));
    assert_eq!(world.access_token().await.as_deref(), Some("access-1"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.access_token().await.as_deref(), Some("access-2"));
    assert_eq!(world.access_token().await.as_deref(), Some("access-2"), "it is kept");
    let sent = world.provider.sent_to("/auth/token");
    assert_eq!((sent.len(), &*sent[1]["refresh_token"]), (2, "refresh-1"));
}

#[tokio::test]
async fn a_session_that_the_provider_ended_ends_and_one_that_it_cannot_answer_for_goes_on() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    world.clock.advance(Duration::from_secs(580));
    world.provider.answer.lock().unwrap().is_down = true;
    assert_eq!(world.access_token().await.as_deref(), Some("access-1"), "it counts for a while");
    world.clock.advance(Duration::from_secs(20));
    let result = world.relying_party.session(&world.origin, &world.headers()).await;
    assert!(matches!(result, Err(SignInError::Unavailable)));
    world.provider.answer.lock().unwrap().is_down = false;
    assert!(world.access_token().await.is_some(), "nobody was signed out by that");
    world.clock.advance(Duration::from_mins(10));
    world.provider.answer.lock().unwrap().refusal = Some((400, "invalid_grant"));
    assert_eq!(world.access_token().await, None);
    world.provider.answer.lock().unwrap().refusal = None;
    assert_eq!(world.access_token().await, None, "for good");
}

#[tokio::test]
async fn a_session_ends_after_a_day_and_after_eight_hours_without_use() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    world.clock.advance(Duration::from_hours(8));
    assert_eq!(world.access_token().await, None);
    world.sign_in().await.unwrap();
    for _ in 0..23 {
        world.clock.advance(Duration::from_hours(1));
        assert!(world.access_token().await.is_some());
    }
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.access_token().await, None);
}

#[tokio::test]
async fn signing_out_ends_the_session_revokes_the_grant_and_goes_to_the_provider() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    let before = world.headers();
    let redirect = world.relying_party.end(&world.origin, &before).await.unwrap();
    world.keep(&redirect);
    assert!(
        redirect.location.starts_with("https://shop.example/auth/logout?logout_hint=session-1&")
    );
    assert!(!redirect.location.contains("id_token"), "no token is in an address");
    assert!(redirect.location.contains("post_logout_redirect_uri=https%3A%2F%2Fops.example%2F"));
    assert!(world.headers().is_empty(), "the cookie is gone");
    let session = world.relying_party.session(&world.origin, &before).await.unwrap();
    assert!(session.is_none(), "also for who kept it");
    assert_eq!(world.provider.sent_to("/auth/revoke")[0]["token"], "refresh-1");
    let again = world.relying_party.end(&world.origin, &before).await.unwrap();
    assert_eq!(again.location, "/");
}

#[tokio::test]
async fn a_session_ends_here_although_the_provider_is_down() {
    let world = SignInFixture::new();
    world.sign_in().await.unwrap();
    world.provider.answer.lock().unwrap().is_down = true;
    let before = world.headers();
    assert_eq!(world.relying_party.end(&world.origin, &before).await.unwrap().location, "/");
    world.provider.answer.lock().unwrap().is_down = false;
    let session = world.relying_party.session(&world.origin, &before).await.unwrap();
    assert!(session.is_none());
}
