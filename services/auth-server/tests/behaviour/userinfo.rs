//! `UserInfo`.

use crate::harness::{EMAIL, World};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use std::time::Duration;

#[tokio::test]
async fn a_person_is_who_the_id_token_says_and_the_scopes_decide_what_more_is_told() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let id = world.claims(tokens["id_token"].as_str().unwrap()).await;
    let answer = world.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "no-store")
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let claims = answer.json();
    assert_eq!(claims["sub"].as_str(), id.text("sub"));
    assert_eq!(claims.as_object().unwrap().len(), 1);
    let tokens = world.tokens("app", "openid email").await;
    let claims = world.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(
        (claims["email"].as_str(), claims["email_verified"].as_bool()),
        (Some(EMAIL), Some(false))
    );
}

#[tokio::test]
async fn a_post_is_answered_like_a_get() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    for scheme in ["Bearer", "bearer"] {
        let request = Request::builder().method(Method::POST).uri("/auth/userinfo");
        let request = request.header("authorization", format!("{scheme} {token}"));
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let unreadable = [("access_token", token), ("access_token", token)];
    let answer = world.post("/auth/userinfo", &unreadable, None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "twice");
}

#[tokio::test]
async fn every_refusal_has_its_challenge() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let (access, id) =
        (tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap());
    let without_openid = world.tokens("app", "email").await;
    let without_openid = without_openid["access_token"].as_str().unwrap();
    let with = async |lines: &[String]| {
        let request = Request::get("/auth/userinfo");
        let request = lines.iter().fold(request, |it, line| it.header("authorization", line));
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        (answer.status.as_u16(), answer.header("www-authenticate").to_owned())
    };
    let bearer = |token: &str| format!("Bearer {token}");
    assert_eq!(
        with(&[]).await,
        (401, "Bearer realm=\"auth\"".to_owned()),
        "no error without a token"
    );
    for invalid in ["x", id, &format!("{access}x"), &access[..access.len() - 1]] {
        let (status, challenge) = with(&[bearer(invalid)]).await;
        assert!(status == 401 && challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let (status, challenge) = with(&[bearer(without_openid)]).await;
    assert!(status == 403 && challenge.contains("error=\"insufficient_scope\", scope=\"openid\""));
    for malformed in [
        &[bearer(access), bearer(access)][..],
        &["Bearer".to_owned()],
        &["Basic x".to_owned()],
        &[format!("Bearer {access} x")],
    ] {
        let (status, challenge) = with(malformed).await;
        assert!(status == 400 && challenge.contains("error=\"invalid_request\""), "{malformed:?}");
    }
    let in_address = world.get(&format!("/auth/userinfo?access_token={access}")).await;
    assert_eq!(in_address.status, StatusCode::UNAUTHORIZED, "never from an address");
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(with(&[bearer(access)]).await.0, 401, "expired");
}

#[tokio::test]
async fn a_token_that_is_signed_by_this_server_for_another_purpose_is_none() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    // The header of the ID token before the payload and signature of the access token, and the other way round.
    let id = tokens["id_token"].as_str().unwrap();
    let (id_header, id_rest) = id.split_once('.').unwrap();
    let (header, rest) = access.split_once('.').unwrap();
    for mixed in [format!("{id_header}.{rest}"), format!("{header}.{id_rest}")] {
        assert_eq!(world.userinfo(&mixed).await.status, StatusCode::UNAUTHORIZED);
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(world.userinfo(refresh).await.status, StatusCode::UNAUTHORIZED);
}
