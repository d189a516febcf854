//! Tokens: which keys count, and which types.

use super::*;
use crate::{
    adapters::settings::AuthSettings,
    application::clients::{
        authentication::Credentials, registration_request::RegistrationRequest,
    },
    provider::Provider,
};
use engine_memory::MemoryEngine;
use kernel::{ManualClock, SeededRandomness};

async fn authenticated_client(provider: &Provider, ids: &Ids) -> AuthenticatedClient {
    let registration_request = RegistrationRequest {
        grant_types: vec!["client_credentials".to_owned()],
        ..RegistrationRequest::default()
    };
    let (registration, secret) = registration_request.registration(&**ids.randomness()).unwrap();
    provider.clients.register(&ClientId::parse("robot").unwrap(), registration).await.unwrap();
    let secret = Credentials::Secret { id: "robot".to_owned(), secret: secret.unwrap() };
    provider.authenticator.authenticate(&secret, None).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_this_server_signed_for_another_purpose_is_no_access_token() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    let storage = MemoryEngine::new().service("auth-server");
    let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
    let client = authenticated_client(&provider, &ids).await;
    let tokens = &provider.tokens;
    let binding = Binding::default();
    let token = AccessToken { subject: "robot", client: &client.id, scopes: &[], binding };
    for (typ, counts) in [(ACCESS_TOKEN, true), ("JWT", false), ("logout+jwt", false)] {
        let id = tokens.identifier_alone();
        let claims = tokens.access_claims(&token, &id, Duration::from_mins(1));
        let signed = tokens.signed(ACCESS_ALGORITHM, typ, claims).unwrap();
        assert_eq!(tokens.active(&signed).await.unwrap().is_some(), counts, "{typ}");
    }
}

#[tokio::test]
async fn a_key_that_is_published_no_longer_signs_nothing_that_counts() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
    let storage = MemoryEngine::new().service("auth-server");
    let settings = AuthSettings::default();
    let old = Provider::open(&settings, &storage, &ids).await.unwrap();
    old.key_store.rotate(false).await.unwrap();
    let new = Provider::open(&settings, &storage, &ids).await.unwrap();
    let client = authenticated_client(&new, &ids).await;
    let counts = async || {
        let token = old.tokens.client_token(&client, &[], Binding::default()).unwrap();
        new.tokens.active(&token).await.unwrap().is_some()
    };
    // Published for a day after the new key signs, which it does two hours later.
    clock.advance(Duration::from_hours(26).saturating_sub(Duration::from_secs(1)));
    assert!(counts().await);
    clock.advance(Duration::from_secs(1));
    assert!(!counts().await, "whoever found the old key cannot use it");
}
