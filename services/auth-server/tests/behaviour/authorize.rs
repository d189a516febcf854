//! Authorization requests: where the answer goes, and what is refused.

use crate::harness::{
    BACK, Browser, ISSUER, World, authorization, authorize_path, challenge, changed,
};
use auth_server::RegistrationRequest;
use http::StatusCode;
use jose::base64url_encode as base64url;

#[tokio::test]
async fn a_code_goes_to_the_client_with_its_state_and_the_issuer() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let answer = Browser::new(&world).authorized(&authorization("app", &challenge)).await;
    assert!(answer.location().starts_with(&format!("{BACK}?code=")), "{}", answer.location());
    assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.parameter("code").unwrap().len() >= 43, "at least 256 bits");
}

#[tokio::test]
async fn without_a_known_client_and_its_address_nobody_is_sent_anywhere() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let good = authorization("app", &challenge);
    let mut wrong = vec![
        changed(&good, "client_id", None),
        changed(&good, "client_id", Some("other")),
        changed(&good, "client_id", Some("<script>")),
        changed(&good, "redirect_uri", None),
        [good.clone(), vec![("redirect_uri", BACK)]].concat(),
        [good.clone(), vec![("client_id", "app")]].concat(),
    ];
    for uri in [
        "https://app.example/back/",
        "https://app.example/back?x=1",
        "https://app.example/back#x",
        "https://app.example/x/../back",
        "https://app.example/Back",
        "https://app.example:443/back",
        "https://u@app.example/back",
        "https://app.example/%62ack",
        "https://sub.app.example/back",
        "https://app.example.evil.example/back",
        "http://app.example/back",
        "//app.example/back",
        "javascript:alert(1)",
    ] {
        wrong.push(changed(&good, "redirect_uri", Some(uri)));
    }
    for fields in wrong {
        let answer = world.get(&authorize_path(&fields)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(answer.header("location").is_empty());
        assert!(answer.body.contains(r#"id="error""#));
        assert!(!answer.body.contains("<script"), "nothing is repeated");
    }
    let sentence = "The program that sent you here gave an address that is not registered for it.";
    let fields = changed(&good, "redirect_uri", Some("https://evil.example/"));
    assert!(world.get(&authorize_path(&fields)).await.body.contains(sentence));
}

#[tokio::test]
async fn everything_else_that_is_wrong_is_told_to_the_client() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let good = authorization("app", &challenge);
    let (long, short) = ("x".repeat(44), "x".repeat(42));
    let long_state = "s".repeat(4_097);
    for (name, value, error) in [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("unknown"), "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some(&*short), "invalid_request"),
        ("code_challenge", Some(&*long), "invalid_request"),
        ("code_challenge", Some("=========================================== "), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("prompt", Some("none login"), "invalid_request"),
        ("prompt", Some("create"), "invalid_request"),
        ("max_age", Some("soon"), "invalid_request"),
        ("max_age", Some("-1"), "invalid_request"),
        ("response_mode", Some("token"), "invalid_request"),
        ("request", Some("e30.e30."), "request_not_supported"),
        ("claims", Some("[]"), "invalid_request"),
        ("request_uri", Some("https://app.example/r"), "invalid_request_uri"),
        ("registration", Some("{}"), "registration_not_supported"),
        ("resource", Some("https://other.example"), "invalid_target"),
        ("state", Some(&*long_state), "invalid_request"),
        ("state", Some("a\nb"), "invalid_request"),
    ] {
        let fields = changed(&good, name, value);
        let answer = world.get(&authorize_path(&fields)).await;
        assert_eq!(answer.parameter("error").as_deref(), Some(error), "{name} {value:?}");
        assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
        assert!(answer.parameter("code").is_none());
        if name != "state" {
            assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
        }
    }
}

#[tokio::test]
async fn what_is_unknown_or_empty_or_only_a_wish_changes_nothing() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let browser = Browser::new(&world);
    let more = [
        ("unknown", "x"),
        ("max_age", ""),
        ("display", "popup"),
        ("ui_locales", "tlh"),
        ("claims_locales", "de"),
        ("acr_values", "1"),
        ("login_hint", "bob@example.com"),
        ("claims", r#"{"userinfo":{"name":null}}"#),
        ("resource", "http://127.0.0.1:8080"),
        ("nonce", &"n".repeat(64)),
    ];
    let fields = [authorization("app", &challenge), more.to_vec()].concat();
    let page = browser.authorize(&fields).await;
    assert!(page.body.contains(r#"value="bob@example.com""#), "the hint is filled in");
    assert!(browser.authorized(&fields).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_request_may_come_by_post_from_any_site() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let mut request =
        crate::harness::form_request("/auth/authorize", &authorization("app", &challenge));
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    let browser = Browser::new(&world);
    let page = browser.send(request).await;
    assert_eq!(page.status, StatusCode::OK);
    let page = browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await;
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn the_largest_request_that_is_accepted_comes_through() {
    let world = World::start().await;
    let uri = format!("{BACK}?{}", "u".repeat(2_000 - BACK.len() - 1));
    let scopes: Vec<String> =
        (0..50).map(|number| format!("{}{number:02}", "s".repeat(98))).collect();
    let registration_request = RegistrationRequest {
        is_public: true,
        redirect_uris: vec![uri.clone()],
        scopes: scopes.clone(),
        ..World::registration_request(&"c".repeat(64))
    };
    world.client(&registration_request).await;
    let (challenge, scope, state) = (challenge(), scopes.join(" "), "\"".repeat(4_096));
    let (nonce, hint) = ("\u{1}".repeat(512), "\u{1}".repeat(254));
    let token =
        format!("{}.e30.{}", base64url(r#"{"alg":"RS256","typ":"JWT"}"#), "A".repeat(7_000));
    let fields = authorization(&registration_request.id, &challenge);
    let fields = changed(&fields, "redirect_uri", Some(&uri));
    let fields = changed(&changed(&fields, "scope", Some(&scope)), "state", Some(&state));
    let more = [("nonce", &*nonce), ("login_hint", &*hint), ("prompt", "login consent")];
    let fields = [fields, more.to_vec()].concat();
    let browser = Browser::new(&world);
    let answer = browser.authorized(&fields).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
    assert_eq!(answer.parameter("state"), Some(state.clone()));
    // A hint is only as long as whom it names, and an address that is none is not filled in.
    let long = "x".repeat(255);
    let hinted =
        changed(&changed(&fields, "id_token_hint", Some(&token)), "login_hint", Some(&long));
    let page = browser.authorize(&hinted).await;
    assert!(page.form().len() < 32 * 1024 && !page.body.contains(&long));
    let answer = browser.sign_in(&page, crate::harness::EMAIL, crate::harness::PASSWORD).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"), "it is of nobody");
}

#[tokio::test]
async fn the_answer_comes_in_the_mode_that_was_asked_for() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let browser = Browser::new(&world);
    let good = authorization("app", &challenge);
    let answer = browser.authorized(&changed(&good, "response_mode", Some("fragment"))).await;
    assert!(answer.location().starts_with(&format!("{BACK}#code=")));
    let answer = browser.authorized(&changed(&good, "response_mode", Some("form_post"))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.body.contains(&format!(r#"<form action="{BACK}" method="post">"#)),
        "{}",
        answer.body
    );
    assert!(answer.body.contains(r#"name="code" value=""#) && answer.body.contains("noscript"));
    assert!(answer.header("content-security-policy").contains("script-src 'sha256-"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let state = r#""><script>alert(1)</script>"#;
    let fields = changed(&changed(&good, "response_mode", Some("form_post")), "state", Some(state));
    let answer = browser.authorized(&fields).await;
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
}

#[tokio::test]
async fn a_query_of_a_registered_address_is_kept() {
    let world = World::start().await;
    let uri = "https://app.example/back?tenant=1";
    let registration_request = RegistrationRequest {
        is_public: true,
        redirect_uris: vec![uri.to_owned()],
        ..World::registration_request("app")
    };
    world.client(&registration_request).await;
    let challenge = challenge();
    let fields = changed(&authorization("app", &challenge), "redirect_uri", Some(uri));
    let answer = Browser::new(&world).authorized(&fields).await;
    assert!(answer.location().starts_with(&format!("{uri}&code=")), "{}", answer.location());
}

#[tokio::test]
async fn a_native_client_may_listen_at_any_port_and_is_asked_about_each_time() {
    let world = World::start().await;
    let registration_request = RegistrationRequest {
        is_public: true,
        redirect_uris: vec!["http://127.0.0.1/back".to_owned()],
        ..World::registration_request("app")
    };
    world.client(&registration_request).await;
    let challenge = challenge();
    let uri = "http://127.0.0.1:51234/back";
    let fields = changed(&authorization("app", &challenge), "redirect_uri", Some(uri));
    let browser = Browser::new(&world);
    assert!(browser.authorized(&fields).await.location().starts_with(uri));
    assert!(browser.authorize(&fields).await.body.contains(r#"id="allow""#));
}

#[tokio::test]
async fn a_client_that_is_older_than_pkce_may_do_without_it_if_it_is_registered_so() {
    let world = World::start().await;
    let registration_request =
        RegistrationRequest { is_without_pkce: true, ..World::registration_request("old") };
    world.client(&registration_request).await;
    world.secret_client("new").await;
    let challenge = challenge();
    let without = |client| {
        let fields = changed(&authorization(client, &challenge), "code_challenge", None);
        changed(&fields, "code_challenge_method", None)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Vec<_>>()
    };
    for (client, has_code) in [("old", true), ("new", false)] {
        let fields = without(client);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = Browser::new(&world).authorized(&fields).await;
        assert_eq!(answer.parameter("code").is_some(), has_code, "{client}");
    }
}
