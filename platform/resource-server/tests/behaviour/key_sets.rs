//! Keys of issuers: cached, refreshed, rotated, and gone.

use crate::harness::{VerifierFixture, claims, header, key, sign};
use jose::{Algorithm, JoseError};
use resource_server::TokenError;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test has no runtime of ours to spawn through")]
async fn a_hundred_requests_at_once_fetch_the_keys_once() {
    let world = VerifierFixture::new();
    let token = world.token();
    let requests = (0..100).map(|_| {
        let (verifier, token) = (Arc::clone(&world.verifier), token.clone());
        tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
    });
    for request in requests.collect::<Vec<_>>() {
        assert!(request.await.unwrap());
    }
    assert_eq!(world.keys.fetches(), 1);
}

#[tokio::test]
async fn a_storm_of_unknown_keys_fetches_once_in_half_a_minute() {
    let world = VerifierFixture::new();
    world.verify(&world.token()).await.unwrap();
    for round in 0..3 {
        world.clock.advance(Duration::from_secs(30));
        let before = world.keys.fetches();
        for number in 0..50 {
            let kid = format!("{round}-{number}");
            let result = world.verify_header(|it| it["kid"] = kid.into()).await;
            assert_eq!(result, Err(TokenError::Signature(JoseError::UnknownKey)));
        }
        assert_eq!(world.keys.fetches(), before + 1, "round {round}");
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let (world, new) = (VerifierFixture::new(), key(Algorithm::Es256));
    world.verify(&world.token()).await.unwrap();
    world.keys.replace(vec![&world.key, &new]);
    let token = sign(&new, &header(&new), &claims().to_string());
    assert!(world.verify(&token).await.is_err(), "within the cool-down");
    world.clock.advance(Duration::from_secs(30));
    assert!(world.verify(&token).await.is_ok());
    assert!(world.verify(&world.token()).await.is_ok(), "the old one is there still");
}

#[tokio::test]
async fn a_token_that_names_no_key_is_verified_by_those_that_fit_also_after_a_rotation() {
    let (world, new) = (VerifierFixture::new(), key(Algorithm::Es256));
    let without = |key| {
        let mut header = header(key);
        header.as_object_mut().unwrap().remove("kid");
        sign(key, &header, &claims().to_string())
    };
    assert!(world.verify(&without(&world.key)).await.is_ok());
    world.keys.replace(vec![&new]);
    world.clock.advance(Duration::from_secs(30));
    assert!(world.verify(&without(&new)).await.is_ok());
}

#[tokio::test]
async fn what_was_verified_by_a_key_ends_when_the_key_disappears() {
    let (world, new) = (VerifierFixture::new(), key(Algorithm::Es256));
    let token = world.token();
    assert!(world.verify(&token).await.is_ok());
    world.keys.replace(vec![&new]);
    world.clock.advance(Duration::from_secs(31));
    assert!(world.verify(&token).await.is_ok(), "nobody has noticed yet");
    // Another token makes the verifier fetch the new keys.
    assert!(world.verify(&sign(&new, &header(&new), &claims().to_string())).await.is_ok());
    assert_eq!(world.verify(&token).await, Err(TokenError::Signature(JoseError::UnknownKey)));
}

/// Lets a fetch in the background end.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn keys_are_refreshed_in_the_background_before_they_are_old_while_all_requests_go_on() {
    let (world, new) = (VerifierFixture::new(), key(Algorithm::Es256));
    let token = world.token();
    assert!(world.verify(&token).await.is_ok());
    world.keys.replace(vec![&new]);
    world.clock.advance(Duration::from_secs(479));
    assert!(world.verify(&token).await.is_ok());
    settle().await;
    assert_eq!(world.keys.fetches(), 1);
    // Ten minutes where the issuer does not say, refreshed at eight.
    world.clock.advance(Duration::from_secs(1));
    let (first, second) = tokio::join!(world.verify(&token), world.verify(&token));
    assert!(first.is_ok() && second.is_ok(), "neither waited for the new ones");
    settle().await;
    assert_eq!(world.keys.fetches(), 2);
    assert!(world.verify(&token).await.is_err(), "they are there");
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_neither_for_a_refresh_nor_for_ever_for_a_source_that_does_not_answer() {
    let world = VerifierFixture::new();
    let token = world.token();
    assert!(world.verify(&token).await.is_ok());
    world.keys.is_silent.store(true, Ordering::Relaxed);
    world.clock.advance(Duration::from_mins(8));
    for _ in 0..10 {
        assert!(world.verify(&token).await.is_ok(), "by the keys that there are");
        settle().await;
    }
    assert_eq!(world.keys.fetches(), 2, "one refresh is in flight");
    let cold = VerifierFixture::new();
    cold.keys.is_silent.store(true, Ordering::Relaxed);
    assert_eq!(cold.verify(&cold.token()).await, Err(TokenError::Unavailable));
}

#[tokio::test]
async fn a_fetch_ends_also_when_the_request_that_began_it_is_given_up() {
    let world = VerifierFixture::new();
    let token = world.token();
    {
        let mut first = Box::pin(world.verify(&token));
        // It begins, waits, and is dropped.
        assert!(futures_util::poll!(&mut first).is_pending());
    }
    settle().await;
    assert!(world.verify(&token).await.is_ok());
    assert_eq!(world.keys.fetches(), 1);
}

#[tokio::test]
async fn a_source_that_forbids_caching_is_asked_once_a_minute_all_the_same() {
    let world = VerifierFixture::new();
    *world.keys.max_age.lock().unwrap() = Some(Duration::ZERO);
    let token = world.token();
    for _ in 0..20 {
        assert!(world.verify(&token).await.is_ok());
        settle().await;
        world.clock.advance(Duration::from_secs(12));
    }
    // At 0, 48, 96, 144 and 192 seconds: a refresh after four fifths of a minute.
    assert_eq!(world.keys.fetches(), 5);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_now_and_then_and_its_keys_count_for_a_day() {
    let world = VerifierFixture::new();
    world.keys.is_down.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        assert_eq!(world.verify(&world.token()).await, Err(TokenError::Unavailable));
    }
    assert_eq!(world.keys.fetches(), 1, "within the cool-down");
    world.keys.is_down.store(false, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(5));
    assert!(world.verify(&world.token()).await.is_ok());
    world.keys.is_down.store(true, Ordering::Relaxed);
    let later = |seconds: i64| {
        world.verify_claims(move |it| it["exp"] = (crate::harness::NOW + seconds).into())
    };
    world.clock.advance(Duration::from_secs(86_000));
    assert!(later(90_000).await.is_ok(), "yesterday's keys");
    world.clock.advance(Duration::from_secs(1_000));
    assert_eq!(later(99_000).await, Err(TokenError::Unavailable));
}
