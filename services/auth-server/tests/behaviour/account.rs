//! Pages of the own account: password, e-mail address, sessions.

use crate::{
    harness::{Answer, Browser, EMAIL, PASSWORD, World},
    mailbox::Mailbox,
    sign_up::{ask, sign_in},
};
use http::StatusCode;
use std::time::Duration;

const OTHER_PASSWORD: &str = "another horse battery";
const OTHER_EMAIL: &str = "lovelace@example.com";

/// A browser in which somebody is signed in.
pub(crate) async fn signed_in<'a>(world: &'a World, email: &str, password: &str) -> Browser<'a> {
    let browser = Browser::new(world);
    let page = browser.get("/auth/account").await;
    let answer = browser.sign_in(&page, email, password).await;
    // Without `/auth` where the issuer has no path.
    assert!(["/auth/account", "/account"].contains(&answer.location()), "{}", answer.location());
    browser
}

/// Submits the form of a page of the account, with these fields.
pub(crate) async fn submit(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let form = browser.get(path).await.form();
    browser.post(path, &[&[("form", &*form)], fields].concat()).await
}

fn asks_for_sign_in(answer: &Answer) -> bool {
    answer.body.contains(r#"action="/auth/sign-in""#)
}

#[tokio::test]
async fn the_pages_of_an_account_ask_for_a_sign_in_first() {
    let (_mailbox, world) = Mailbox::with_world(&[]).await;
    for path in [
        "/auth/account",
        "/auth/account/password",
        "/auth/account/email",
        "/auth/account/sessions",
        "/auth/account/two-step",
    ] {
        let answer = world.get(path).await;
        assert!(
            asks_for_sign_in(&answer) && answer.header("cache-control") == "no-store",
            "{path}"
        );
    }
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get("/auth/account").await;
    assert!(page.body.contains("You are signed in as ada@example.com."), "{}", page.body);
}

#[tokio::test]
async fn another_password_signs_out_everybody_but_this_browser() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let elsewhere = signed_in(&world, EMAIL, PASSWORD).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let before = browser.cookie("auth").expect("it is there");
    world.clock.advance(Duration::from_secs(1));
    let path = "/auth/account/password";
    for (fields, sentence) in [
        (
            [("password", "wrong"), ("new-password", OTHER_PASSWORD)],
            "present password is not right",
        ),
        ([("password", PASSWORD), ("new-password", "eight ch")], "too short"),
        (
            [("password", PASSWORD), ("new-password", "Ada@example.com was here")],
            "too easy to guess",
        ),
        ([("password", PASSWORD), ("new-password", PASSWORD)], "This is your present password"),
    ] {
        let answer = submit(&browser, path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(sentence), "{}", answer.body);
    }
    let fields = [("password", PASSWORD), ("new-password", OTHER_PASSWORD)];
    let done = submit(&browser, path, &fields).await;
    assert!(done.body.contains("Your password was changed."), "{}", done.body);
    assert_ne!(browser.cookie("auth").expect("it is there"), before, "a new session");
    assert!(!asks_for_sign_in(&browser.get("/auth/account").await));
    assert!(asks_for_sign_in(&elsewhere.get("/auth/account").await));
    let refreshed =
        world.refresh("app", tokens["refresh_token"].as_str().expect("it is there")).await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(sign_in(&world, EMAIL, OTHER_PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sign_in(&world, EMAIL, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(mailbox.next(EMAIL).await.subject, "Your password was changed");
}

#[tokio::test]
async fn guessing_the_present_password_ends_like_a_sign_in() {
    let world = World::start_with(&[("failed_sign_ins_per_account_max", "3")]).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let fields = [("password", "wrong"), ("new-password", OTHER_PASSWORD)];
    for _ in 0..3 {
        let answer = submit(&browser, "/auth/account/password", &fields).await;
        assert!(answer.body.contains("present password is not right"));
    }
    let right = [("password", PASSWORD), ("new-password", OTHER_PASSWORD)];
    let answer = submit(&browser, "/auth/account/password", &right).await;
    assert!(answer.body.contains("too many attempts"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_of_the_account_belongs_to_the_session_in_which_it_was_shown() {
    let world = World::start().await;
    world
        .administration()
        .await
        .add_user("eve@example.com", None, Some(PASSWORD))
        .await
        .expect("it is there");
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let path = "/auth/account/password";
    let form = browser.get(path).await.form();
    // Eve signs in in the same browser, and the page that was left open is sent.
    let page = browser.get("/auth/logout").await;
    browser.post("/auth/sign-out", &[("form", &page.form())]).await;
    let page = browser.get("/auth/account").await;
    browser.sign_in(&page, "eve@example.com", PASSWORD).await;
    let fields = [("form", &*form), ("password", PASSWORD), ("new-password", OTHER_PASSWORD)];
    let answer = browser.post(path, &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let without = browser.post(path, &fields[1..]).await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    assert_eq!(sign_in(&world, EMAIL, PASSWORD).await.status, StatusCode::SEE_OTHER, "unchanged");
}

#[tokio::test]
async fn another_address_is_taken_up_by_a_link_to_it_and_the_earlier_one_is_told() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let path = "/auth/account/email";
    let wrong = submit(&browser, path, &[("email", OTHER_EMAIL), ("password", "wrong")]).await;
    assert!(wrong.body.contains("present password is not right"));
    let sent = submit(&browser, path, &[("email", OTHER_EMAIL), ("password", PASSWORD)]).await;
    assert!(sent.body.contains("Look at your mail"), "{}", sent.body);
    let mail = mailbox.next(OTHER_EMAIL).await;
    // In another browser, on a telephone perhaps.
    let phone = Browser::new(&world);
    let page = phone.get(&mail.path()).await;
    assert!(page.body.contains("lovelace@example.com"), "{}", page.body);
    assert_eq!(sign_in(&world, EMAIL, PASSWORD).await.status, StatusCode::SEE_OTHER, "not yet");
    let done = phone.post("/auth/confirm-email", &[("form", &page.form())]).await;
    assert!(done.body.contains("Your e-mail address was changed."), "{}", done.body);
    assert_eq!(sign_in(&world, OTHER_EMAIL, PASSWORD).await.status, StatusCode::SEE_OTHER);
    let earlier = sign_in(&world, EMAIL, PASSWORD).await;
    assert_eq!(earlier.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(mailbox.next(EMAIL).await.subject, "Your e-mail address was changed");
    let again = phone.post("/auth/confirm-email", &[("form", &page.form())]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "used");
}

#[tokio::test]
async fn a_link_to_another_address_ends_after_half_an_hour_and_with_the_password() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let fields = [("email", OTHER_EMAIL), ("password", PASSWORD)];
    submit(&browser, "/auth/account/email", &fields).await;
    let late = mailbox.next(OTHER_EMAIL).await.path();
    world.clock.advance(Duration::from_mins(30));
    assert_eq!(browser.get(&late).await.status, StatusCode::BAD_REQUEST);
    submit(&browser, "/auth/account/email", &fields).await;
    let link = mailbox.next(OTHER_EMAIL).await.path();
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    ask(&browser, "/auth/forgot", EMAIL).await;
    let page = browser.get(&mailbox.next(EMAIL).await.path()).await;
    let fields = [("form", &*page.form()), ("password", OTHER_PASSWORD)];
    assert!(browser.post("/auth/set-up", &fields).await.body.contains("Your password is set"));
    assert_eq!(browser.get(&link).await.status, StatusCode::BAD_REQUEST, "void");
}

#[tokio::test]
async fn an_address_of_somebody_else_is_not_taken_and_who_asks_does_not_learn_of_it() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world
        .administration()
        .await
        .add_user(OTHER_EMAIL, None, Some(PASSWORD))
        .await
        .expect("it is there");
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let fields = [("email", OTHER_EMAIL), ("password", PASSWORD)];
    let sent = submit(&browser, "/auth/account/email", &fields).await;
    assert!(sent.body.contains("Look at your mail"));
    let page = browser.get(&mailbox.next(OTHER_EMAIL).await.path()).await;
    let refused = browser.post("/auth/confirm-email", &[("form", &page.form())]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(sign_in(&world, EMAIL, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sessions_are_listed_and_each_can_be_ended() {
    let world = World::start().await;
    let other = signed_in(&world, EMAIL, PASSWORD).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let path = "/auth/account/sessions";
    let list = browser.get(path).await;
    assert_eq!(
        list.body.matches("A browser, since 2026-11-29 08:00 UTC").count(),
        3,
        "{}",
        list.body
    );
    assert_eq!(list.body.matches("(this one)").count(), 1);
    let sid = list
        .body
        .split(r#"name="end" value=""#)
        .nth(1)
        .expect("it is there")
        .split('"')
        .next()
        .expect("it is there");
    let after = browser.post(path, &[("form", &list.form()), ("end", sid)]).await;
    assert!(!after.body.contains(sid) && after.body.contains("(this one)"), "{}", after.body);
    assert!(asks_for_sign_in(&other.get("/auth/account").await));
    assert!(!asks_for_sign_in(&browser.get("/auth/account").await));
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let world = World::start().await;
    world
        .administration()
        .await
        .add_user("eve@example.com", None, Some(PASSWORD))
        .await
        .expect("it is there");
    let [ada, second] =
        [signed_in(&world, EMAIL, PASSWORD).await, signed_in(&world, EMAIL, PASSWORD).await];
    let list = ada.get("/auth/account/sessions").await;
    let sid = list
        .body
        .split(r#"name="end" value=""#)
        .nth(1)
        .expect("it is there")
        .split('"')
        .next()
        .expect("it is there");
    let eve = signed_in(&world, "eve@example.com", PASSWORD).await;
    submit(&eve, "/auth/account/sessions", &[("end", sid)]).await;
    assert!(!asks_for_sign_in(&second.get("/auth/account").await));
}

#[tokio::test]
async fn everywhere_is_everywhere() {
    let world = World::start().await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let other = signed_in(&world, EMAIL, PASSWORD).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    world.clock.advance(Duration::from_secs(1));
    let out = submit(&browser, "/auth/account/sessions", &[("end", "everywhere")]).await;
    assert!(out.body.contains("You are signed out") && browser.cookie("auth").is_none());
    for browser in [&other, &browser] {
        assert!(asks_for_sign_in(&browser.get("/auth/account").await));
    }
    let refreshed =
        world.refresh("app", tokens["refresh_token"].as_str().expect("it is there")).await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(sign_in(&world, EMAIL, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_that_has_ended_leaves_the_list() {
    let world = World::start().await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    world.clock.advance(Duration::from_hours(24));
    assert!(asks_for_sign_in(&browser.get("/auth/account/sessions").await));
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let list = browser.get("/auth/account/sessions").await;
    assert_eq!(list.body.matches("A browser, since").count(), 1, "{}", list.body);
}
