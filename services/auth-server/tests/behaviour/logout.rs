//! RP-initiated logout: who is signed out at once, who is asked, and who is sent on.

use crate::harness::{Answer, Browser, World, authorization, challenge, changed};
use auth_server::RegistrationRequest;
use http::StatusCode;

const BYE: &str = "https://app.example/bye";

/// A browser that is signed in, and its ID token.
async fn signed_in(world: &World) -> (Browser<'_>, String) {
    let browser = Browser::new(world);
    let code = browser.code("app", "openid").await;
    let tokens = world.redeem("app", &code).await.json();
    (browser, tokens["id_token"].as_str().expect("it is there").to_owned())
}

async fn logout(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    browser.get(&format!("/auth/logout?{query}")).await
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    let challenge = challenge();
    let none = changed(&authorization("app", &challenge), "prompt", Some("none"));
    browser.authorize(&none).await.parameter("error").is_none()
}

#[tokio::test]
async fn a_client_with_a_hint_signs_out_and_the_person_goes_on_with_its_state() {
    let world = World::start().await;
    world.public_client("app").await;
    for (more, location) in [
        (&[][..], "https://app.example/bye".to_owned()),
        (&[("state", "a b")], "https://app.example/bye?state=a+b".to_owned()),
        (&[("client_id", "app")], "https://app.example/bye".to_owned()),
    ] {
        let (browser, hint) = signed_in(&world).await;
        assert!(is_signed_in(&browser).await);
        let fields =
            [&[("id_token_hint", &*hint), ("post_logout_redirect_uri", BYE)], more].concat();
        assert_eq!(logout(&browser, &fields).await.location(), location);
        assert!(!is_signed_in(&browser).await);
        assert!(browser.cookie("auth").is_none());
    }
}

#[tokio::test]
async fn the_longest_state_comes_through_the_question_and_a_longer_one_is_refused() {
    let world = World::start().await;
    world.public_client("app").await;
    let (_, hint) = signed_in(&world).await;
    let (browser, _) = signed_in(&world).await;
    let state = "ä".repeat(2_048);
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", BYE), ("state", &*state)];
    let page = logout(&browser, &fields).await;
    let done = browser.post("/auth/sign-out", &[("form", &page.form())]).await;
    assert_eq!(done.parameter("state"), Some(state.clone()));
    let longer = format!("{state}x");
    let refused = logout(&browser, &changed(&fields, "state", Some(&longer))).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn it_may_come_by_post() {
    let world = World::start().await;
    world.public_client("app").await;
    let (browser, hint) = signed_in(&world).await;
    let answer = browser
        .post("/auth/logout", &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])
        .await;
    assert_eq!(answer.location(), BYE);
}

#[tokio::test]
async fn nobody_is_sent_on_without_a_hint_and_a_registered_address() {
    let world = World::start().await;
    world.public_client("app").await;
    world.public_client("other").await;
    let (browser, hint) = signed_in(&world).await;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap());
    let changed_uri = format!("{BYE}?foo=bar");
    for fields in [
        &[("post_logout_redirect_uri", BYE)][..],
        &[("post_logout_redirect_uri", BYE), ("client_id", "app")],
        &[("post_logout_redirect_uri", BYE), ("id_token_hint", &unsigned)],
        &[("post_logout_redirect_uri", BYE), ("id_token_hint", "x.y.z")],
        &[("post_logout_redirect_uri", &changed_uri), ("id_token_hint", &hint)],
        &[("post_logout_redirect_uri", "https://evil.example/"), ("id_token_hint", &hint)],
        &[("post_logout_redirect_uri", BYE), ("id_token_hint", &hint), ("client_id", "other")],
        &[("id_token_hint", "x.y.z")],
    ] {
        let answer = logout(&browser, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(answer.header("location").is_empty());
        assert!(is_signed_in(&browser).await, "{fields:?}");
    }
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked() {
    let world = World::start().await;
    world.public_client("app").await;
    let (browser, _) = signed_in(&world).await;
    for fields in [&[][..], &[("state", "x")]] {
        let page = logout(&browser, fields).await;
        assert!(page.body.contains(r#"id="sign-out""#));
        assert!(is_signed_in(&browser).await, "not before the answer");
    }
    let page = logout(&browser, &[]).await;
    let foreign = Browser::new(&world).post("/auth/sign-out", &[("form", &page.form())]).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.post("/auth/sign-out", &[]).await.status, StatusCode::BAD_REQUEST);
    let done = browser.post("/auth/sign-out", &[("form", &page.form())]).await;
    assert!(done.body.contains("You are signed out"));
    assert!(!is_signed_in(&browser).await);
    assert!(logout(&browser, &[]).await.body.contains("You are signed out"), "again");
}

#[tokio::test]
async fn a_hint_of_another_session_is_asked_about_and_then_goes_on() {
    let world = World::start().await;
    world.public_client("app").await;
    let (_, hint) = signed_in(&world).await;
    let (browser, _) = signed_in(&world).await;
    let page =
        logout(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    assert!(page.body.contains(r#"id="sign-out""#));
    let done = browser.post("/auth/sign-out", &[("form", &page.form())]).await;
    assert_eq!(done.location(), BYE);
}

#[tokio::test]
async fn a_relying_party_of_the_shop_names_the_session_and_nobody_else_does() {
    let world = World::start().await;
    world.public_client("app").await;
    let own = RegistrationRequest {
        is_public: true,
        is_trusted: true,
        ..World::registration_request("own")
    };
    world.client(&own).await;
    let sid = |token: &str| {
        let payload = jose::base64url_decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        claims["sid"].as_str().unwrap().to_owned()
    };
    let (browser, token) = signed_in(&world).await;
    let sid = &*sid(&token);
    let fields = |client, sid| {
        [("client_id", client), ("logout_hint", sid), ("post_logout_redirect_uri", BYE)]
    };
    let foreign = logout(&browser, &fields("app", sid)).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    let asked = logout(&browser, &fields("own", "AAAAAAAAAAAAAAAAAAAAAA")).await;
    assert!(asked.body.contains(r#"id="sign-out""#), "another session: the person is asked");
    assert!(is_signed_in(&browser).await);
    let unregistered =
        changed(&fields("own", sid), "post_logout_redirect_uri", Some("https://evil.example/"));
    assert_eq!(logout(&browser, &unregistered).await.status, StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&browser).await);
    assert_eq!(logout(&browser, &fields("own", sid)).await.location(), BYE);
    assert!(!is_signed_in(&browser).await);
}
