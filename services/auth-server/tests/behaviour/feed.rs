//! Feed: what the audit trail and other services learn, and what they do not.

use crate::harness::{Browser, EMAIL, PASSWORD, World, authorization, challenge};
use auth_server::RegistrationRequest;
use contracts::auth_event::AuthEvent;
use messaging::Feed;
use serde_json::{Value, json};
use std::time::Duration;

/// Outcomes of the sign-ins in the feed, each with the account if it is known.
pub(crate) async fn sign_ins(world: &World) -> Vec<(String, bool)> {
    let (events, _) = published(world, 0).await;
    let sign_ins = events.iter().filter(|event| event["type"] == "sign_in_attempted");
    let outcome = |event: &Value| event["outcome"].as_str().expect("it is text").to_owned();
    sign_ins.map(|event| (outcome(event), event["account_id"].is_string())).collect()
}

/// Everything in the feed from this position on, as others read it.
async fn published(world: &World, after: u64) -> (Vec<Value>, u64) {
    let feed = world.fixture.contract::<dyn Feed<AuthEvent>>();
    let page = feed.pull(after, 0, None).await.expect("it is read");
    (page.messages.iter().map(|message| json!(message.event)).collect(), page.position)
}

#[tokio::test]
async fn sign_ins_consents_grants_and_replays_are_published() {
    let world = World::start().await;
    world.public_client("app").await;
    let (before, position) = published(&world, 0).await;
    let changes: Vec<_> = before.iter().map(|event| event["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["created", "password_set", "registered"]);
    let account = before[0]["account_id"].clone();

    let browser = Browser::new(&world);
    let challenge = challenge();
    let page = browser.authorize(&authorization("app", &challenge)).await;
    let page = browser.sign_in(&page, "nobody@example.com", PASSWORD).await;
    let page = browser.sign_in(&page, EMAIL, "wrong").await;
    let page = browser.sign_in(&page, EMAIL, PASSWORD).await;
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap();
    let tokens = world.redeem("app", &code).await.json();
    world.refresh("app", tokens["refresh_token"].as_str().unwrap()).await;
    world.redeem("app", &code).await;
    let hint = tokens["id_token"].as_str().unwrap();
    browser.get(&format!("/auth/logout?id_token_hint={hint}")).await;

    let (events, _) = published(&world, position).await;
    let sign_in = |account: &Value, outcome: &str| json!({"type": "sign_in_attempted", "account_id": account, "outcome": outcome});
    let consent = json!({"type": "consent_changed", "account_id": account, "client_id": "app", "change": "given"});
    let grant = events.iter().find_map(|event| event.get("grant_id")).unwrap();
    let grant =
        |change: &str| json!({"type": "grant_changed", "grant_id": grant, "change": change});
    assert_eq!(
        events,
        [
            sign_in(&Value::Null, "failed"),
            sign_in(&account, "failed"),
            sign_in(&account, "signed_in"),
            consent,
            grant("authorized"),
            grant("code_redeemed"),
            grant("code_replayed"),
            sign_in(&account, "signed_out"),
        ]
    );
    let text = json!([before, events]).to_string();
    for secret in [EMAIL, "example.com", PASSWORD, "192.0.2", code.as_str(), "argon2"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_lockout_is_published_once_for_its_window() {
    let world = World::start_with(&[("failed_sign_ins_per_account_max", "2")]).await;
    world.public_client("app").await;
    let (_, position) = published(&world, 0).await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let mut page = browser.authorize(&authorization("app", &challenge)).await;
    for _ in 0..5 {
        page = browser.sign_in(&page, EMAIL, "wrong").await;
    }
    let (events, position) = published(&world, position).await;
    let outcomes: Vec<_> = events.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "failed", "locked_out"]);
    world.clock.advance(Duration::from_mins(15));
    page = browser.authorize(&authorization("app", &challenge)).await;
    browser.sign_in(&page, EMAIL, "wrong").await;
    assert_eq!(published(&world, position).await.0.len(), 1, "another window");
}

#[tokio::test]
async fn changes_of_clients_and_keys_are_published_without_what_is_secret() {
    let world = World::start().await;
    let (_, position) = published(&world, 0).await;
    let administration = world.administration().await;
    let registration_request = RegistrationRequest {
        name: Some("A name".to_owned()),
        ..World::registration_request("app")
    };
    administration.add_client(&registration_request).await.unwrap();
    administration.remove_client("app").await.unwrap();
    administration.rotate_keys(true).await.unwrap();
    let (events, _) = published(&world, position).await;
    let client =
        |change: &str| json!({"type": "client_changed", "client_id": "app", "change": change});
    let rotated = json!({"type": "keys_rotated", "at_once": true});
    assert_eq!(events, [client("registered"), client("removed"), rotated]);
}
