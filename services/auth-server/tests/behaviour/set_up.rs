//! One-time links.

use crate::harness::{Answer, Browser, EMAIL, PASSWORD, World, authorization, challenge};
use http::StatusCode;
use std::time::Duration;

const OTHER_PASSWORD: &str = "another horse battery";

fn path(link: &str) -> String {
    link.strip_prefix("http://127.0.0.1:8080").expect("an address of the issuer").to_owned()
}

async fn set(browser: &Browser<'_>, page: &Answer, email: &str, password: &str) -> Answer {
    browser
        .post("/auth/set-up", &[("form", &page.form()), ("email", email), ("password", password)])
        .await
}

async fn can_sign_in(world: &World, email: &str, password: &str) -> bool {
    let browser = Browser::new(world);
    let challenge = challenge();
    let page = browser.authorize(&authorization("app", &challenge)).await;
    browser.sign_in(&page, email, password).await.body.contains(r#"id="allow""#)
}

#[tokio::test]
async fn the_first_operator_sets_address_and_password_by_the_newest_link_once() {
    let world = World::start().await;
    world.public_client("app").await;
    let administration = world.administration().await;
    let old = path(&administration.first_operator().await.unwrap().unwrap());
    let link = path(&administration.first_operator().await.unwrap().unwrap());
    let browser = Browser::new(&world);
    assert_eq!(browser.get(&old).await.status, StatusCode::BAD_REQUEST, "void");
    let page = browser.get(&link).await;
    assert_eq!((page.status, page.header("referrer-policy")), (StatusCode::OK, "no-referrer"));
    for (email, password, sentence) in [
        ("nonsense", PASSWORD, "Enter an e-mail address"),
        ("boss@example.com", "14 characters.", "too short"),
        ("boss@example.com", "boss@example.com!", "too easy to guess"),
        (EMAIL, PASSWORD, "Another account"),
    ] {
        let again = set(&browser, &page, email, password).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.body.contains(sentence) && !again.body.contains(password), "{sentence}");
    }
    let done = set(&browser, &page, "boss@example.com", PASSWORD).await;
    assert!(done.body.contains("Your password is set"), "{}", done.body);
    assert!(can_sign_in(&world, "boss@example.com", PASSWORD).await);
    assert_eq!(browser.get(&link).await.status, StatusCode::BAD_REQUEST, "used");
    assert_eq!(
        set(&browser, &page, "boss@example.com", OTHER_PASSWORD).await.status,
        StatusCode::BAD_REQUEST
    );
    let administration = world.administration().await;
    assert_eq!(administration.first_operator().await.unwrap(), None, "somebody runs the shop");
    assert_eq!(administration.first_operator().await.unwrap(), None, "and it is remembered");
    let code = {
        let browser = Browser::new(&world);
        let challenge = challenge();
        let page = browser.authorize(&authorization("app", &challenge)).await;
        let page = browser.sign_in(&page, "boss@example.com", PASSWORD).await;
        browser.decide(&page, "allow").await.parameter("code").unwrap()
    };
    let tokens = world.redeem("app", &code).await.json();
    let claims = world.claims(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.get("roles"), Some(&serde_json::json!(["admin"])));
}

#[tokio::test]
async fn a_reset_keeps_the_address_and_voids_the_old_password() {
    let world = World::start().await;
    world.public_client("app").await;
    let link = path(&world.administration().await.reset_user(EMAIL).await.unwrap());
    assert!(can_sign_in(&world, EMAIL, PASSWORD).await, "until a new one is set");
    let browser = Browser::new(&world);
    let page = browser.get(&link).await;
    assert!(page.body.contains(EMAIL) && page.body.contains("readonly"));
    let done = set(&browser, &page, "eve@example.com", OTHER_PASSWORD).await;
    assert!(done.body.contains("Your password is set"));
    assert!(can_sign_in(&world, EMAIL, OTHER_PASSWORD).await);
    assert!(!can_sign_in(&world, EMAIL, PASSWORD).await);
    assert!(!can_sign_in(&world, "eve@example.com", OTHER_PASSWORD).await);
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_an_invented_one_is_none() {
    let world = World::start().await;
    let link = path(&world.administration().await.reset_user(EMAIL).await.unwrap());
    for wrong in [
        "/auth/set-up",
        "/auth/set-up?link=",
        "/auth/set-up?link=x",
        &link[..link.len() - 1],
        &format!("{link}&link=x"),
    ] {
        let answer = world.get(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.body.contains("This link is not valid"));
    }
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(world.get(&link).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_form_of_a_link_works_in_the_browser_that_opened_it_alone() {
    let world = World::start().await;
    let link = path(&world.administration().await.reset_user(EMAIL).await.unwrap());
    let (owner, other) = (Browser::new(&world), Browser::new(&world));
    let page = owner.get(&link).await;
    assert_eq!(set(&other, &page, EMAIL, PASSWORD).await.status, StatusCode::BAD_REQUEST);
    let mut request = crate::harness::form_request(
        "/auth/set-up",
        &[("form", &page.form()), ("password", PASSWORD)],
    );
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(owner.send(request).await.status, StatusCode::BAD_REQUEST);
    assert!(set(&owner, &page, EMAIL, PASSWORD).await.body.contains("Your password is set"));
}

#[tokio::test]
async fn an_admin_who_was_invited_by_address_keeps_the_invitation() {
    let world = World::start().await;
    let administration = world.administration().await;
    let invited = administration.add_user("boss@example.com", Some("admin"), None).await.unwrap();
    let invited = path(&invited.unwrap());
    let first = path(&administration.first_operator().await.unwrap().unwrap());
    let world = world.restarted().await;
    let browser = Browser::new(&world);
    assert!(browser.get(&first).await.body.contains("Set up your account"));
    let page = browser.get(&invited).await;
    assert!(set(&browser, &page, "", PASSWORD).await.body.contains("Your password is set"));
    let administration = world.administration().await;
    assert_eq!(administration.first_operator().await.unwrap(), None, "somebody runs the shop");
    let world = world.restarted().await;
    assert_eq!(world.get(&first).await.status, StatusCode::BAD_REQUEST, "and nobody else will");
}
