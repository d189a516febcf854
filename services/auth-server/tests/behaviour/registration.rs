//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::harness::{Answer, BACK, Browser, World, authorization, challenge, changed};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

const OPEN: (&str, &str) = ("client_registration", "open");

async fn send(
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

async fn register(world: &World, metadata: &Value) -> Answer {
    send(world, "POST", "/auth/register", None, metadata).await
}

fn metadata() -> Value {
    json!({"redirect_uris": [BACK], "client_name": "A <b>stranger</b>"})
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
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
async fn registrations_have_a_limit_that_a_removal_gives_back() {
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
    assert_eq!(register(&world, &metadata()).await.status, StatusCode::CREATED);
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
        assert_eq!(answer.status == StatusCode::SEE_OTHER, is_refused, "{method}");
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
