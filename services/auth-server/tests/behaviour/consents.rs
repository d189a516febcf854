//! Consents of the account: which programs may do what, and their end; and the way back for whoever signed up for one.

use crate::{
    account::{signed_in, submit},
    harness::{Browser, EMAIL, PASSWORD, World, authorization, authorize_path, challenge, changed},
    mailbox::Mailbox,
};
use auth_server::RegistrationRequest;
use http::StatusCode;
use std::time::Duration;

const CONSENTS: &str = "/auth/account/consents";

/// A program with scopes of its own.
async fn letter(world: &World, scopes: &[&str]) {
    let request = RegistrationRequest {
        is_public: true,
        name: Some("Weekly letter".to_owned()),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        ..World::registration_request("letter")
    };
    world.client(&request).await;
}

#[tokio::test]
async fn what_was_allowed_is_shown_in_words_since_when_and_ends_when_it_is_taken_back() {
    let world = World::start().await;
    letter(&world, &["openid", "offline_access", "shop.account"]).await;
    let none = signed_in(&world, EMAIL, PASSWORD).await.get(CONSENTS).await;
    assert!(none.body.contains("You have allowed no program anything."), "{}", none.body);
    assert!(none.body.contains("this shop does nothing with your data that would need"));
    let tokens = world.tokens("letter", "openid offline_access shop.account").await;
    let access = tokens["access_token"].as_str().expect("it is there");
    world.clock.advance(Duration::from_mins(5));
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get(CONSENTS).await;
    assert!(page.body.contains("Weekly letter"), "{}", page.body);
    assert!(page.body.contains("Since 2026-11-29 08:00 UTC, for app.example"), "{}", page.body);
    assert!(page.body.contains("Use your customer account"), "{}", page.body);
    assert!(!page.body.contains("shop.account"), "{}", page.body);
    assert_eq!(world.userinfo(access).await.status, StatusCode::OK);
    let done = submit(&browser, CONSENTS, &[("withdraw", "letter")]).await;
    assert!(done.body.contains("Weekly letter has no access any more."), "{}", done.body);
    assert!(done.body.contains("You have allowed no program anything."), "{}", done.body);
    assert_eq!(world.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    let refresh = tokens["refresh_token"].as_str().expect("it is there");
    assert_eq!(world.refresh("letter", refresh).await.error(), (400, "invalid_grant".to_owned()));
    let again = [("form", &*page.form()), ("withdraw", "letter")];
    let again = browser.post(CONSENTS, &again).await;
    assert_eq!(again.status, StatusCode::OK, "from another window");
}

#[tokio::test]
async fn nobody_takes_back_what_somebody_else_allowed_and_each_language_says_it() {
    let world = World::start().await;
    letter(&world, &["openid", "stock.count"]).await;
    let administration = world.administration().await;
    let eve = "eve@example.com";
    administration.add_user(eve, None, Some(PASSWORD)).await.expect("it is there");
    world.code("letter", "openid stock.count").await;
    let stranger = signed_in(&world, eve, PASSWORD).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let form = browser.get(CONSENTS).await.form();
    let stolen = stranger.post(CONSENTS, &[("form", &form), ("withdraw", "letter")]).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
    let request = http::Request::get(CONSENTS).header("accept-language", "de");
    let page = browser.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    assert!(page.body.contains("Die Berechtigung „stock.count“ benutzen"), "{}", page.body);
    assert!(page.body.contains("Zurücknehmen"), "{}", page.body);
}

#[tokio::test]
async fn a_program_that_was_removed_and_another_one_of_its_name_have_nothing_in_common() {
    let world = World::start().await;
    letter(&world, &["openid"]).await;
    world.code("letter", "openid").await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    assert!(browser.get(CONSENTS).await.body.contains("Weekly letter"));
    let administration = world.administration().await;
    administration.remove_client("letter").await.expect("it is removed");
    let none = "You have allowed no program anything.";
    let world = world.restarted().await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    assert!(browser.get(CONSENTS).await.body.contains(none));
    world.clock.advance(Duration::from_secs(1));
    letter(&world, &["openid"]).await;
    let world = world.restarted().await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get(CONSENTS).await;
    assert!(page.body.contains(none), "{}", page.body);
}

/// Signs up from the sign-in page of a client, in a browser; the page after the account was made, in the browser that follows the link.
async fn sign_up_for_client(
    mailbox: &Mailbox,
    browser: &Browser<'_>,
    follower: &Browser<'_>,
) -> crate::harness::Answer {
    let challenge = challenge();
    let fields = changed(&authorization("letter", &challenge), "scope", Some("openid"));
    let page = browser.get(&authorize_path(&fields)).await;
    let (_, rest) = page.body.split_once(r#"href="/auth/sign-up"#).expect("there is a link");
    let link = ["/auth/sign-up", rest.split('"').next().unwrap_or_default()].concat();
    let asked = browser.get(&link).await;
    let email = "new@example.com";
    browser.post("/auth/sign-up", &[("form", &asked.form()), ("email", email)]).await;
    let page = follower.get(&mailbox.next(email).await.path()).await;
    let fields = [("form", &*page.form()), ("password", PASSWORD)];
    follower.post("/auth/verify", &fields).await
}

#[tokio::test]
async fn who_signs_up_on_the_way_to_a_program_goes_on_there_once_the_account_is_ready() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    letter(&world, &["openid"]).await;
    let browser = Browser::new(&world);
    let ready = sign_up_for_client(&mailbox, &browser, &browser).await;
    assert!(ready.body.contains(r#"id="go-on""#), "{}", ready.body);
    let sign_in = browser.post("/auth/sign-up/go-on", &[("form", &ready.form())]).await;
    assert!(sign_in.body.contains("To continue to Weekly letter"), "{}", sign_in.body);
    assert!(sign_in.body.contains(r#"value="new@example.com""#), "{}", sign_in.body);
    let consent = browser.sign_in(&sign_in, "new@example.com", PASSWORD).await;
    let answer = browser.decide(&consent, "allow").await;
    assert!(answer.location().starts_with("https://app.example/back?"), "{}", answer.location());
    assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn in_another_browser_the_link_of_a_sign_up_leads_to_the_account() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    letter(&world, &["openid"]).await;
    let (browser, phone) = (Browser::new(&world), Browser::new(&world));
    let ready = sign_up_for_client(&mailbox, &browser, &phone).await;
    assert!(ready.body.contains(r#"id="to-account""#), "{}", ready.body);
    assert!(!ready.body.contains("the state"), "{}", ready.body);
}
