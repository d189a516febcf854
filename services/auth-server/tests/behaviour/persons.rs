//! Contract towards whoever answers for a person's data: what is known of an account, and the erasure of it.

use crate::{
    account::signed_in,
    authenticator::Authenticator,
    harness::{Browser, EMAIL, PASSWORD, World},
    passkeys::{self, NAMED},
    two_step,
};
use contracts::{
    auth::{People, PersonConsent, PersonHistory, TokenIssuer},
    auth_event::SignInOutcome,
    shared::AccountId,
};
use http::StatusCode;
use kernel::{Uuid, codes};
use rpc::CallError;

/// The whole history of an account.
async fn history(people: &dyn People, account: AccountId) -> PersonHistory {
    let mut history = PersonHistory::default();
    loop {
        let page = people.history(account, history.next.take()).await.expect("it is answered");
        history.grants.extend(page.grants);
        history.sign_ins.extend(page.sign_ins);
        history.next = page.next;
        if history.next.is_none() {
            return history;
        }
    }
}

#[tokio::test]
async fn everything_that_is_known_of_a_person_is_told_but_secrets() {
    let world = World::start_with(NAMED).await;
    world.public_client("app").await;
    world.administration().await.describe_user(EMAIL, r#"{"name":"Ada"}"#).await.unwrap();
    let other = "bob@example.com";
    world.administration().await.add_user(other, None, Some(PASSWORD)).await.unwrap();
    let browser = Browser::new(&world);
    let page = browser.get("/auth/account").await;
    browser.sign_in(&page, EMAIL, "wrong wrong wrong wrong").await;
    world.tokens("app", "openid").await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    passkeys::add(&browser, &mut Authenticator::new(1)).await;
    two_step::turn_on(&world).await;
    for (name, people) in world.fixture.clients::<dyn People>().await {
        let known = people.find(" ADA@example.com".to_owned()).await.unwrap().unwrap();
        assert_eq!((&*known.email, &known.claims["name"]), (EMAIL, &"Ada".into()), "{name}");
        assert!(known.is_enabled && known.has_password && known.role.is_none());
        assert_eq!(known.second_factor.as_ref().map(|it| it.recovery_codes_left), Some(10));
        assert_eq!((known.passkeys.len(), known.sessions.len()), (1, 3));
        let consent = PersonConsent { client: "app".to_owned(), scopes: vec!["openid".to_owned()] };
        assert_eq!(known.consents, [consent]);
        let told = serde_json::to_string(&known).unwrap();
        assert!(!told.contains("argon2") && !told.contains("public_key"), "{told}");
        let history = history(&*people, known.id).await;
        assert_eq!((history.grants.len(), &*history.grants[0].client), (1, "app"), "{name}");
        let failed = history.sign_ins.iter().filter(|it| it.outcome == SignInOutcome::Failed);
        assert_eq!((history.sign_ins.len(), failed.count()), (4, 1), "{name}");
        let bob = people.find(other.to_owned()).await.unwrap().unwrap();
        assert_eq!((bob.sessions.len(), bob.consents.len()), (0, 0), "nobody else's");
        assert_eq!(self::history(&*people, bob.id).await, PersonHistory::default());
        for unknown in ["nobody@example.com", "nonsense"] {
            assert_eq!(people.find(unknown.to_owned()).await.unwrap(), None, "{unknown}");
        }
    }
}

#[tokio::test]
async fn an_account_is_closed_first_and_deleted_last_and_both_can_be_repeated() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let people = world.fixture.contract::<dyn People>();
    let issuer = world.fixture.contract::<dyn TokenIssuer>();
    let account = people.find(EMAIL.to_owned()).await.unwrap().unwrap().id;
    for _ in 0..2 {
        assert_eq!(people.close(EMAIL.to_owned()).await.unwrap(), Some(account));
        let known = people.find(EMAIL.to_owned()).await.unwrap().unwrap();
        assert_eq!((known.id, known.is_enabled), (account, false), "it is still found");
    }
    assert!(!issuer.is_active(token).await.unwrap(), "what was granted is void");
    let page = browser.get("/auth/account").await;
    assert!(page.body.contains(r#"action="/auth/sign-in""#), "nobody is signed in");
    let again = browser.sign_in(&page, EMAIL, PASSWORD).await;
    assert_ne!(again.status, StatusCode::SEE_OTHER, "nor can anybody sign in");
    for _ in 0..2 {
        people.delete(account).await.unwrap();
        assert_eq!(people.find(EMAIL.to_owned()).await.unwrap(), None);
        assert_eq!(people.close(EMAIL.to_owned()).await.unwrap(), None);
    }
    people.delete(AccountId(Uuid::from_u128(1))).await.unwrap();
    let restarted = world.restarted().await.fixture.contract::<dyn People>();
    assert_eq!(restarted.find(EMAIL.to_owned()).await.unwrap(), None);
    assert!(world.administration().await.users().await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_runs_the_shop_is_not_erased_before_the_role_is_taken_away() {
    let world = World::start().await;
    let email = "bob@example.com";
    world.administration().await.add_user(email, Some("admin"), Some(PASSWORD)).await.unwrap();
    let people = world.fixture.contract::<dyn People>();
    match people.close(email.to_owned()).await {
        Err(CallError::Problem(problem)) => assert_eq!(problem.code, codes::FORBIDDEN),
        other => panic!("{other:?}"),
    }
    let known = people.find(email.to_owned()).await.unwrap().unwrap();
    assert_eq!((known.is_enabled, known.role.as_deref()), (true, Some("admin")));
}
