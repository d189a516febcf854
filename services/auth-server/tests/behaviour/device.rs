//! Device authorization grant (RFC 8628).

use crate::{
    harness::{Answer, Browser, EMAIL, PASSWORD, World},
    proofs::ProofKey,
};
use auth_server::{PolicyRequest, RegistrationRequest};
use http::StatusCode;
use serde_json::Value;
use std::time::Duration;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn television() -> RegistrationRequest {
    RegistrationRequest {
        id: "tv".to_owned(),
        grant_types: vec!["device".to_owned(), "refresh_token".to_owned()],
        is_public: true,
        ..RegistrationRequest::default()
    }
}

async fn begin(world: &World, client: &str, scope: &str) -> Answer {
    let fields = [("client_id", client), ("scope", scope)];
    world.post("/auth/device_authorization", &fields, None).await
}

async fn poll(world: &World, client: &str, device_code: &str) -> Answer {
    let fields = [("grant_type", DEVICE_CODE), ("client_id", client), ("device_code", device_code)];
    world.token(&fields).await
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

/// Enters a code in a browser, and signs in if that is asked for: the page of consent, or what comes in its place.
async fn enter(browser: &Browser<'_>, code: &str) -> Answer {
    let page = browser.get("/auth/device").await;
    let form = page.form();
    let mut page = browser.post("/auth/device", &[("form", &form), ("user_code", code)]).await;
    if page.body.contains(r#"id="sign-in""#) {
        page = browser.sign_in(&page, EMAIL, PASSWORD).await;
    }
    page
}

#[tokio::test]
async fn a_person_lets_a_device_in_and_it_is_told_once() {
    let world = World::start().await;
    world.client(&television()).await;
    let begun = begin(&world, "tv", "openid email").await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    assert_eq!(begun.header("cache-control"), "no-store");
    let begun = begun.json();
    let (device_code, user_code) = (text(&begun, "device_code"), text(&begun, "user_code"));
    assert_eq!((begun["expires_in"].as_i64(), begun["interval"].as_i64()), (Some(600), Some(5)));
    assert_eq!(text(&begun, "verification_uri"), "http://127.0.0.1:8080/auth/device");
    assert!(text(&begun, "verification_uri_complete").ends_with(user_code));
    assert_eq!(
        poll(&world, "tv", device_code).await.error(),
        (400, "authorization_pending".to_owned())
    );
    assert_eq!(poll(&world, "tv", device_code).await.error(), (400, "slow_down".to_owned()));

    let browser = Browser::new(&world);
    let page = enter(&browser, &user_code.to_lowercase().replace('-', " ")).await;
    assert!(page.body.contains(r#"id="allow""#), "{}", page.body);
    assert!(page.body.contains("the device that shows your code"));
    let done = browser.decide(&page, "allow").await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains("The device is connected"), "{}", done.body);

    world.clock.advance(Duration::from_secs(10));
    let tokens = poll(&world, "tv", device_code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let tokens = tokens.json();
    let info = world.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!(info["email"], EMAIL);
    assert!(tokens["id_token"].is_string());
    let refreshed = world.refresh("tv", text(&tokens, "refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(poll(&world, "tv", device_code).await.error().1, "invalid_grant", "once");
    let info = world.userinfo(text(&tokens, "access_token")).await;
    assert_eq!(info.status, StatusCode::OK, "a repeated poll ends nothing");
}

#[tokio::test]
async fn a_device_that_is_denied_late_or_not_its_own_gets_nothing() {
    let world = World::start().await;
    world.client(&television()).await;
    world.client(&RegistrationRequest { id: "other".to_owned(), ..television() }).await;
    let denied = begin(&world, "tv", "openid").await.json();
    let browser = Browser::new(&world);
    let page = enter(&browser, text(&denied, "user_code")).await;
    let done = browser.decide(&page, "deny").await;
    assert!(done.body.contains("The device is not connected"), "{}", done.body);
    let device_code = text(&denied, "device_code");
    assert_eq!(poll(&world, "other", device_code).await.error().1, "invalid_grant");
    assert_eq!(poll(&world, "tv", device_code).await.error().1, "access_denied");
    assert_eq!(poll(&world, "tv", "invented").await.error().1, "invalid_grant");
    let late = begin(&world, "tv", "openid").await.json();
    let page = enter(&browser, text(&late, "user_code")).await;
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(poll(&world, "tv", text(&late, "device_code")).await.error().1, "expired_token");
    browser.decide(&page, "allow").await;
    assert_eq!(poll(&world, "tv", text(&late, "device_code")).await.error().1, "expired_token");
}

#[tokio::test]
async fn a_decision_counts_once_and_a_code_is_asked_about_even_by_a_trusted_client() {
    let world = World::start().await;
    world.client(&RegistrationRequest { is_trusted: true, ..television() }).await;
    let begun = begin(&world, "tv", "openid").await.json();
    let (first, second) = (Browser::new(&world), Browser::new(&world));
    let (one, other) = (
        enter(&first, text(&begun, "user_code")).await,
        enter(&second, text(&begun, "user_code")).await,
    );
    assert!(one.body.contains(r#"id="allow""#), "{}", one.body);
    assert_eq!(first.decide(&one, "deny").await.status, StatusCode::OK);
    assert_eq!(second.decide(&other, "allow").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(poll(&world, "tv", text(&begun, "device_code")).await.error().1, "access_denied");
    let again = enter(&first, text(&begun, "user_code")).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it is decided");
}

#[tokio::test]
async fn codes_are_not_guessed_and_the_form_is_of_this_browser() {
    let world = World::start_with(&[("wrong_device_codes_per_address_max", "3")]).await;
    world.client(&television()).await;
    let begun = begin(&world, "tv", "openid").await.json();
    let browser = Browser::new(&world);
    for guess in ["BBBB-BBBB", "CCCC-CCCC", "xyz"] {
        let page = enter(&browser, guess).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{guess}");
        assert!(page.body.contains("This code is not known"));
    }
    let page = enter(&browser, text(&begun, "user_code")).await;
    assert!(page.body.contains("too many attempts"), "{}", page.body);
    world.clock.advance(Duration::from_mins(15));
    let begun = begin(&world, "tv", "openid").await.json();
    let form = Browser::new(&world).get("/auth/device").await.form();
    let fields = [("form", &*form), ("user_code", text(&begun, "user_code"))];
    let forged = browser.post("/auth/device", &fields).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "of another browser");
    let shown = browser.get("/auth/device?user_code=%3Cb%3E").await;
    assert!(shown.body.contains("&lt;b&gt;") && !shown.body.contains("<b>"));
}

#[tokio::test]
async fn only_a_registered_client_begins_and_its_tokens_can_be_bound() {
    let world = World::start().await;
    world.public_client("app").await;
    assert_eq!(begin(&world, "app", "openid").await.error().1, "unauthorized_client");
    assert_eq!(begin(&world, "nobody", "openid").await.error().1, "invalid_client");
    let policy = PolicyRequest { requires_dpop: true, ..PolicyRequest::default() };
    world.client(&RegistrationRequest { policy, ..television() }).await;
    assert_eq!(begin(&world, "tv", "admin").await.error().1, "invalid_scope");
    let begun = begin(&world, "tv", "openid").await.json();
    let browser = Browser::new(&world);
    let page = enter(&browser, text(&begun, "user_code")).await;
    browser.decide(&page, "allow").await;
    let fields = [
        ("grant_type", DEVICE_CODE),
        ("client_id", "tv"),
        ("device_code", text(&begun, "device_code")),
    ];
    assert_eq!(world.token(&fields).await.error().1, "invalid_dpop_proof");
    let tokens = ProofKey::new(1).post(&world, "/auth/token", &fields).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
}
