//! Tokens that their issuer revoked.

use crate::harness::VerifierFixture;
use resource_server::TokenError;
use std::{sync::atomic::Ordering, time::Duration};

#[tokio::test]
async fn a_revoked_token_is_refused_within_seconds_although_it_was_verified() {
    let world = VerifierFixture::new();
    let token = world.token();
    assert!(world.verify(&token).await.is_ok());
    *world.status.answer.lock().unwrap() = Some(false);
    world.clock.advance(Duration::from_secs(4));
    assert!(world.verify(&token).await.is_ok(), "nobody was asked yet");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.verify(&token).await, Err(TokenError::Revoked));
    assert_eq!(world.verify(&token).await, Err(TokenError::Revoked), "and again");
}

#[tokio::test]
async fn a_token_that_was_revoked_before_it_came_is_refused() {
    let world = VerifierFixture::new();
    *world.status.answer.lock().unwrap() = Some(false);
    assert_eq!(world.verify(&world.token()).await, Err(TokenError::Revoked));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_does_not_stop_the_shop() {
    let world = VerifierFixture::new();
    let token = world.token();
    *world.status.answer.lock().unwrap() = None;
    assert!(world.verify(&token).await.is_ok());
    world.clock.advance(Duration::from_secs(9));
    assert!(world.verify(&token).await.is_ok());
    world.clock.advance(Duration::from_secs(700));
    assert!(world.verify(&token).await.is_err(), "but not beyond the end of the token");
}

#[tokio::test]
async fn a_token_that_is_used_a_thousand_times_is_asked_for_once() {
    let world = VerifierFixture::new();
    let token = world.token();
    for _ in 0..1_000 {
        assert!(world.verify(&token).await.is_ok());
    }
    assert_eq!(world.status.questions.load(Ordering::Relaxed), 1);
    let other = world.verify_claims(|it| it["jti"] = "2".into()).await;
    assert!(other.is_ok());
    assert_eq!(world.status.questions.load(Ordering::Relaxed), 2, "each token by itself");
}

#[tokio::test]
async fn where_the_issuer_has_a_revision_a_revoked_token_is_refused_at_once_and_no_other_is_asked_for()
 {
    let world = VerifierFixture::new();
    world.status.revision.store(1, Ordering::Relaxed);
    let token = world.token();
    for _ in 0..100 {
        world.clock.advance(Duration::from_secs(1));
        assert!(world.verify(&token).await.is_ok());
    }
    assert_eq!(world.status.questions.load(Ordering::Relaxed), 1);
    // Something else ended.
    world.status.revision.store(2, Ordering::Relaxed);
    assert!(world.verify(&token).await.is_ok() && world.verify(&token).await.is_ok());
    assert_eq!(world.status.questions.load(Ordering::Relaxed), 2);
    *world.status.answer.lock().unwrap() = Some(false);
    world.status.revision.store(3, Ordering::Relaxed);
    assert_eq!(world.verify(&token).await, Err(TokenError::Revoked));
}
