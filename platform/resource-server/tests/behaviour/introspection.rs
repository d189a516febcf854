//! Tokens that only their issuer can read (RFC 7662): asked about, remembered for a while, and refused when nobody can be asked.

use crate::harness::{NOW, TestKeys, clock, header, key, sign};
use async_trait::async_trait;
use jose::{Algorithm, ClaimError, JoseError};
use kernel::ManualClock;
use resource_server::{
    Audience, Introspection, IntrospectionError, Introspector, Principal, RoleMapping, TokenError,
    TokenTypes, TokenVerifier, TrustedIssuer,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const ISSUER: &str = "https://opaque.example";

/// Issuer that answers as a test says; without an answer it fails.
#[derive(Debug)]
struct TestIntrospector {
    answer: Mutex<Option<Value>>,
    is_silent: Mutex<bool>,
    questions: AtomicUsize,
}

#[async_trait]
impl Introspector for TestIntrospector {
    async fn introspect(&self, _: &str) -> Result<Vec<u8>, IntrospectionError> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if *self.is_silent.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        let answer = self.answer.lock().unwrap().clone();
        let failed = || IntrospectionError("it is down".to_owned());
        Ok(answer.ok_or_else(failed)?.to_string().into_bytes())
    }
}

struct IntrospectionWorld {
    introspector: Arc<TestIntrospector>,
    clock: Arc<ManualClock>,
    verifier: TokenVerifier,
    key: jose::SigningKey,
}

impl IntrospectionWorld {
    fn new(answer: Option<Value>, of_jwts: bool) -> Self {
        let introspector = Arc::new(TestIntrospector {
            answer: Mutex::new(answer),
            is_silent: Mutex::new(false),
            questions: AtomicUsize::new(0),
        });
        let key = key(Algorithm::Es256);
        let groups = BTreeMap::from([("admin".to_owned(), vec!["owners".to_owned()])]);
        let issuer = TrustedIssuer {
            name: Some(ISSUER.to_owned()),
            audience: Audience::Named("shop".to_owned()),
            algorithms: Algorithm::ALL.to_vec(),
            types: TokenTypes::AlsoUntyped,
            roles: RoleMapping::Claim { path: "groups".to_owned(), values: groups },
            scopes: Vec::new(),
            lifetime_max: Some(Duration::from_hours(24)),
            actor: |_, subject| subject.into(),
            keys: TestKeys::of(ISSUER, vec![&key]),
            status: None,
            introspection: Some(Introspection {
                introspector: Arc::<TestIntrospector>::clone(&introspector),
                max_age: Duration::from_secs(30),
                of_jwts,
            }),
        };
        let clock = clock();
        let verifier = TokenVerifier::new(vec![issuer], Arc::<ManualClock>::clone(&clock));
        Self { introspector, clock, verifier, key }
    }

    fn answer(&self, answer: Option<Value>) {
        *self.introspector.answer.lock().unwrap() = answer;
    }

    fn questions(&self) -> usize {
        self.introspector.questions.load(Ordering::Relaxed)
    }

    async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        self.verifier.verify(token).await
    }
}

fn active() -> Value {
    json!({
        "active": true, "sub": "ada", "client_id": "app", "aud": "shop", "scope": "orders",
        "exp": NOW + 600, "groups": ["owners"],
    })
}

#[tokio::test]
async fn an_active_token_says_who_it_is_for_until_its_answer_is_too_old() {
    let world = IntrospectionWorld::new(Some(active()), false);
    let principal = world.verify("opaque").await.unwrap();
    assert_eq!((&*principal.issuer, &*principal.subject), (ISSUER, "ada"));
    assert_eq!(
        (&*principal.scopes, principal.has_role("admin")),
        (&["orders".to_owned()][..], true)
    );
    world.clock.advance(Duration::from_secs(29));
    assert!(world.verify("opaque").await.is_ok());
    assert_eq!(world.questions(), 1, "the answer is remembered");
    world.answer(Some(json!({"active": false})));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.verify("opaque").await, Err(TokenError::Inactive));
    assert_eq!(world.questions(), 2);
}

#[tokio::test]
async fn no_answer_is_believed_beyond_the_end_of_its_token() {
    let mut answer = active();
    answer["exp"] = (NOW + 10).into();
    let world = IntrospectionWorld::new(Some(answer), false);
    assert!(world.verify("opaque").await.is_ok());
    world.answer(Some(json!({"active": false})));
    world.clock.advance(Duration::from_secs(10));
    assert!(world.verify("opaque").await.is_err());
}

#[tokio::test]
async fn a_refused_token_is_refused_again_without_a_question() {
    let world =
        IntrospectionWorld::new(Some(json!({"active": false, "sub": "ada", "aud": "shop"})), false);
    for _ in 0..20 {
        assert_eq!(world.verify("opaque").await, Err(TokenError::Inactive));
    }
    assert_eq!(world.questions(), 1);
    world.answer(Some(active()));
    world.clock.advance(Duration::from_secs(10));
    assert!(world.verify("opaque").await.is_ok(), "it may have been issued just now");
    for inactive in [json!({}), json!({"active": "true"}), json!({"active": 1})] {
        world.answer(Some(inactive.clone()));
        let result = world.verify(&format!("opaque-{inactive}")).await;
        assert_eq!(result, Err(TokenError::Inactive), "{inactive}");
    }
}

#[tokio::test]
async fn an_answer_about_a_token_for_another_audience_or_of_another_issuer_is_worth_nothing() {
    for (number, (name, value, expected)) in [
        ("aud", json!("other"), ClaimError::Audience),
        ("aud", Value::Null, ClaimError::Malformed("aud")),
        ("iss", json!("https://evil.example"), ClaimError::Issuer),
        ("exp", json!(NOW - 60), ClaimError::Expired),
        ("nbf", json!(NOW + 61), ClaimError::NotYetValid),
        ("sub", json!(""), ClaimError::Malformed("sub")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut answer = active();
        answer[name] = value.clone();
        let world = IntrospectionWorld::new(Some(answer), false);
        let result = world.verify(&format!("opaque-{number}")).await;
        assert_eq!(result, Err(expected.into()), "{name} {value}");
    }
    let mut answer = active();
    answer["typ"] = "Refresh".into();
    assert_eq!(
        IntrospectionWorld::new(Some(answer), false).verify("opaque").await,
        Err(TokenError::Type)
    );
    let mut answer = active();
    answer.as_object_mut().unwrap().remove("sub");
    let principal = IntrospectionWorld::new(Some(answer), false).verify("opaque").await.unwrap();
    assert_eq!(principal.subject, "app", "a client that acts for itself");
}

#[tokio::test]
async fn a_token_that_is_bound_says_so_in_the_answer() {
    let mut answer = active();
    answer["cnf"] = json!({"jkt": "x"});
    let world = IntrospectionWorld::new(Some(answer), false);
    assert_eq!(world.verify("opaque").await, Err(TokenError::Unproven));
}

#[tokio::test]
async fn a_hundred_requests_with_one_token_ask_once() {
    let world = IntrospectionWorld::new(Some(active()), false);
    let requests = (0..100).map(|_| world.verify("opaque"));
    let results = futures_util::future::join_all(requests).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(world.questions(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_question_that_was_given_up_asks_it() {
    let world = IntrospectionWorld::new(Some(active()), false);
    let mut first = Box::pin(world.verify("opaque"));
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = Box::pin(world.verify("opaque"));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    assert!(second.await.is_ok());
    assert_eq!(world.questions(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_fails_or_is_silent_is_left_alone_for_a_while() {
    let world = IntrospectionWorld::new(None, false);
    for number in 0..20 {
        let result = world.verify(&format!("opaque-{number}")).await;
        assert_eq!(result, Err(TokenError::Unavailable));
    }
    assert_eq!(world.questions(), 5, "the breaker is open");
    world.answer(Some(active()));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(world.verify("opaque").await.is_ok());
    *world.introspector.is_silent.lock().unwrap() = true;
    assert_eq!(world.verify("another").await, Err(TokenError::Unavailable), "at its deadline");
}

#[tokio::test]
async fn a_token_that_can_be_read_is_asked_about_where_the_settings_say_so() {
    let claims = json!({"iss": ISSUER, "sub": "eve", "aud": "shop", "exp": NOW + 600}).to_string();
    let by_key = IntrospectionWorld::new(Some(active()), false);
    let token = sign(&by_key.key, &header(&by_key.key), &claims);
    assert_eq!(by_key.verify(&token).await.unwrap().subject, "eve");
    assert_eq!(by_key.questions(), 0);
    let asked = IntrospectionWorld::new(Some(active()), true);
    assert_eq!(asked.verify(&token).await.unwrap().subject, "ada", "the issuer knows better");
    assert_eq!(asked.questions(), 1);
}

#[tokio::test]
async fn nobody_is_asked_about_a_token_that_can_be_read_and_is_wrong() {
    let world = IntrospectionWorld::new(Some(active()), false);
    let mut header = header(&world.key);
    header["alg"] = "none".into();
    let token = sign(&world.key, &header, "{}");
    assert_eq!(world.verify(&token).await, Err(JoseError::Algorithm.into()));
    assert_eq!(world.questions(), 0);
}

#[tokio::test]
async fn without_an_issuer_that_can_be_asked_such_a_token_is_none() {
    let verifier = TokenVerifier::new(Vec::new(), clock());
    assert_eq!(verifier.verify("opaque").await, Err(JoseError::Structure.into()));
}
