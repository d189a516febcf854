//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::harness::{Answer, BACK, Browser, World, authorization, challenge, changed};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const OPEN: (&str, &str) = ("client_registration", "open");

pub(crate) async fn send(
    world: &World,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.send(request.header("content-type", "application/json").body(body).unwrap()).await
}

pub(crate) async fn register(world: &World, metadata: &Value) -> Answer {
    send(world, "POST", "/auth/register", None, metadata).await
}

fn metadata() -> Value {
    json!({"redirect_uris": [BACK], "client_name": "A <b>stranger</b>"})
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[tokio::test]
async fn a_registered_client_signs_people_in_after_they_agreed() {
    let world = World::start_with(&[OPEN]).await;
    let answer = register(&world, &metadata()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let client = answer.json();
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["client_id_issued_at"], world.now().as_second());
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");

    let challenge = challenge();
    let browser = Browser::new(&world);
    let page = browser.authorize(&authorization(id, &challenge)).await;
    let page = browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await;
    assert!(page.body.contains("A &lt;b&gt;stranger&lt;/b&gt; asks for access"), "{}", page.body);
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap();
    let tokens = world
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", id),
            ("client_secret", secret),
            ("code", &code),
            ("redirect_uri", BACK),
            ("code_verifier", crate::harness::VERIFIER),
        ])
        .await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
}

#[tokio::test]
async fn a_client_manages_itself_with_its_own_token_alone() {
    let world = World::start_with(&[OPEN]).await;
    let client = register(&world, &metadata()).await.json();
    let other = register(&world, &metadata()).await.json();
    let (id, token) = (text(&client, "client_id"), text(&client, "registration_access_token"));
    let path = format!("/auth/register/{id}");
    assert!(text(&client, "registration_client_uri").ends_with(&path));
    let read = send(&world, "GET", &path, Some(token), &Value::Null).await;
    assert_eq!(read.status, StatusCode::OK);
    assert_eq!(read.json()["client_name"], "A <b>stranger</b>");
    assert!(read.json().get("client_secret").is_none(), "it is told once");
    for wrong in [None, Some("x"), Some(text(&other, "registration_access_token"))] {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = send(&world, method, &path, wrong, &Value::Null).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {wrong:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"auth\"");
        }
    }
    world.public_client("app").await;
    let answer = send(&world, "GET", "/auth/register/app", Some(token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "an operator registered it");

    let mut new = metadata();
    new["client_name"] = "Renamed".into();
    let answer = send(&world, "PUT", &path, Some(token), &new).await;
    assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()), "no client_id");
    new["client_id"] = id.into();
    let answer = send(&world, "PUT", &path, Some(token), &new).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.json()["client_name"], "Renamed");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", id)];
    let with_secret = [&fields[..], &[("client_secret", text(&client, "client_secret"))]].concat();
    assert_eq!(world.token(&with_secret).await.error().1, "unauthorized_client", "it is known");

    let removed = send(&world, "DELETE", &path, Some(token), &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(world.token(&with_secret).await.error().1, "invalid_client");
    let gone = send(&world, "GET", &path, Some(token), &Value::Null).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_may_register_is_a_setting_and_nobody_by_default() {
    let closed = World::start().await;
    assert_eq!(register(&closed, &metadata()).await.status, StatusCode::UNAUTHORIZED);
    let token = "an initial access token";
    let with_token = World::start_with(&[
        ("client_registration", "token"),
        ("client_registration_token", token),
    ])
    .await;
    for (presented, status) in [(None, 401), (Some("wrong"), 401), (Some(token), 201)] {
        let answer = send(&with_token, "POST", "/auth/register", presented, &metadata()).await;
        assert_eq!(answer.status.as_u16(), status, "{presented:?}");
    }
    let discovered = async |world: &World| {
        let metadata = world.get("/auth/.well-known/openid-configuration").await.json();
        metadata.get("registration_endpoint").is_some()
    };
    assert!(!discovered(&closed).await && discovered(&with_token).await);
}

#[tokio::test]
async fn refusals_have_the_words_of_the_rfc() {
    let world = World::start_with(&[OPEN]).await;
    for (metadata, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://app.example/#f"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": [BACK], "response_types": ["token"]}), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (
            json!({"redirect_uris": [BACK], "software_statement": "x"}),
            "unapproved_software_statement",
        ),
        (
            json!({"redirect_uris": [BACK], "sector_identifier_uri": "https://127.0.0.1/list"}),
            "invalid_client_metadata",
        ),
    ] {
        assert_eq!(
            register(&world, &metadata).await.error(),
            (400, error.to_owned()),
            "{metadata}"
        );
    }
    let large = json!({"redirect_uris": [BACK], "client_name": "n".repeat(70_000)});
    assert_eq!(register(&world, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn registrations_have_a_limit_that_every_removal_gives_back() {
    let world = World::start_with(&[OPEN, ("registered_clients_max", "2")]).await;
    let first = register(&world, &metadata()).await.json();
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::CREATED);
    for _ in 0..2 {
        let refused = register(&world, &metadata()).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let path = format!("/auth/register/{}", text(&first, "client_id"));
    let token = text(&first, "registration_access_token");
    send(&world, "DELETE", &path, Some(token), &Value::Null).await;
    let third = register(&world, &metadata()).await;
    assert_eq!(third.status, StatusCode::CREATED);
    // Operators remove such clients as well.
    let administration = world.administration().await;
    administration.remove_client(text(&third.json(), "client_id")).await.unwrap();
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::CREATED);
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_network_does_not_take_the_places_of_all() {
    let world = World::start_with(&[OPEN, ("client_registrations_per_address_max", "2")]).await;
    let client = register(&world, &metadata()).await.json();
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::CREATED);
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::TOO_MANY_REQUESTS);
    // Nor does it have lists fetched without a limit by changing what it registered.
    let path = format!("/auth/register/{}", text(&client, "client_id"));
    let token = Some(text(&client, "registration_access_token"));
    let mut changed = metadata();
    changed["client_id"] = client["client_id"].clone();
    assert_eq!(send(&world, "PUT", &path, token, &changed).await.status, StatusCode::OK);
    changed["sector_identifier_uri"] = "https://127.0.0.1/list".into();
    let answer = send(&world, "PUT", &path, token, &changed).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = Request::post("/auth/register").body(Body::from(metadata().to_string()));
    let answer = world.send_from("198.51.100.7", elsewhere.unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "another network");
    world.clock.advance(Duration::from_mins(15));
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_link_to_a_client_that_registered_itself_leads_nobody_there_who_did_nothing() {
    let world = World::start_with(&[OPEN]).await;
    let client = register(&world, &metadata()).await.json();
    let (id, challenge) = (text(&client, "client_id"), challenge());
    let good = authorization(id, &challenge);
    let (silent, wrong) =
        (changed(&good, "prompt", Some("none")), changed(&good, "response_type", Some("token")));
    for (fields, error) in [(&silent, "login_required"), (&wrong, "unsupported_response_type")] {
        let page = Browser::new(&world).authorize(fields).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.headers.get("location").is_none());
        let link = format!(r#"href="{BACK}?error={error}&amp;"#);
        assert!(page.body.contains(&link) && page.body.contains("app.example"), "{}", page.body);
        let form = changed(fields, "response_mode", Some("form_post"));
        let page = Browser::new(&world).authorize(&form).await;
        assert!(page.body.contains(error) && !page.body.contains("<script"), "{}", page.body);
        let signed = changed(fields, "response_mode", Some("jwt"));
        let page = Browser::new(&world).authorize(&signed).await;
        assert!(page.body.contains(&format!(r#"href="{BACK}?response="#)), "{}", page.body);
    }
    // Who decides is sent on.
    let browser = Browser::new(&world);
    let page = browser.authorize(&good).await;
    let page = browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await;
    let denied = browser.decide(&page, "deny").await;
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
    // An operator vouches for the others.
    world.public_client("app").await;
    let silent = changed(&authorization("app", &challenge), "prompt", Some("none"));
    let answer = Browser::new(&world).authorize(&silent).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_page_of_another_origin_may_manage_its_client() {
    let world = World::start_with(&[OPEN]).await;
    let answer = send(&world, "OPTIONS", "/auth/register/dynamic-x", None, &Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    for method in ["PUT", "DELETE"] {
        assert!(answer.header("access-control-allow-methods").contains(method), "{method}");
    }
}

#[tokio::test]
async fn a_confidential_client_may_do_without_pkce_and_a_public_one_may_not() {
    let world = World::start_with(&[OPEN]).await;
    let challenge = challenge();
    for (method, is_refused) in [("client_secret_post", false), ("none", true)] {
        let mut metadata = metadata();
        metadata["token_endpoint_auth_method"] = method.into();
        let client = register(&world, &metadata).await.json();
        assert_eq!(client.get("client_secret").is_none(), is_refused);
        let fields = authorization(text(&client, "client_id"), &challenge);
        let fields = changed(&fields, "code_challenge", None);
        let fields = changed(&fields, "code_challenge_method", None);
        let answer = Browser::new(&world).authorize(&fields).await;
        assert_eq!(answer.status == StatusCode::BAD_REQUEST, is_refused, "{method}");
    }
}

#[tokio::test]
async fn the_page_of_consent_shows_what_a_client_says_of_itself_and_loads_its_logo_alone() {
    let world = World::start_with(&[OPEN]).await;
    let challenge = challenge();
    let mut described = metadata();
    described["logo_uri"] = "https://img.app.example:8443/logo.png?a=1;script-src".into();
    described["policy_uri"] = "https://app.example/policy".into();
    described["tos_uri"] = "https://app.example/terms".into();
    let consent = async |metadata: &Value| {
        let client = register(&world, metadata).await.json();
        let browser = Browser::new(&world);
        let page = browser.authorize(&authorization(text(&client, "client_id"), &challenge)).await;
        browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await
    };
    let page = consent(&described).await;
    for part in ["logo.png", "https://app.example/policy", "https://app.example/terms"] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.ends_with("; img-src https://img.app.example:8443"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let plain = consent(&metadata()).await;
    assert!(!plain.body.contains("<img") && !plain.body.contains("id=\"policy\""));
    assert!(!plain.header("content-security-policy").contains("img-src"));
}
