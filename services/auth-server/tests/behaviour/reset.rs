//! Password reset by a link in a mail.

use crate::{
    harness::{Answer, Browser, EMAIL, PASSWORD, World},
    mailbox::Mailbox,
    sign_up::{ask, sign_in},
};
use http::StatusCode;
use std::time::Duration;

const OTHER_PASSWORD: &str = "another horse battery";

async fn reset(browser: &Browser<'_>, page: &Answer, password: &str) -> Answer {
    browser.post("/auth/set-up", &[("form", &page.form()), ("password", password)]).await
}

async fn can_sign_in(world: &World, password: &str) -> bool {
    sign_in(world, EMAIL, password).await.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_reset_ends_sessions_and_tokens_and_is_told() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world.public_client("app").await;
    let tokens = world.tokens("app", "openid offline_access").await;
    let refresh_token = tokens["refresh_token"].as_str().expect("it is there");
    let signed_in = Browser::new(&world);
    let page = signed_in.get("/auth/account").await;
    signed_in.sign_in(&page, EMAIL, PASSWORD).await;
    assert!(signed_in.get("/auth/account").await.body.contains("You are signed in"));
    world.clock.advance(Duration::from_secs(1));
    let browser = Browser::new(&world);
    ask(&browser, "/auth/forgot", EMAIL).await;
    let mail = mailbox.next(EMAIL).await;
    assert_eq!(mail.subject, "Set a new password");
    let page = browser.get(&mail.path()).await;
    assert!(can_sign_in(&world, PASSWORD).await, "to open the link changes nothing");
    let done = reset(&browser, &page, OTHER_PASSWORD).await;
    assert!(done.body.contains("Your password is set"), "{}", done.body);
    assert!(can_sign_in(&world, OTHER_PASSWORD).await && !can_sign_in(&world, PASSWORD).await);
    assert!(signed_in.get("/auth/account").await.body.contains(r#"id="sign-in""#), "signed out");
    let refreshed = world.refresh("app", refresh_token).await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(mailbox.next(EMAIL).await.subject, "Your password was changed");
    assert_eq!(reset(&browser, &page, PASSWORD).await.status, StatusCode::BAD_REQUEST, "used");
    assert_eq!(browser.get(&mail.path()).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_newest_link_counts_for_half_an_hour() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    let mut links = Vec::new();
    for _ in 0..2 {
        ask(&browser, "/auth/forgot", EMAIL).await;
        links.push(mailbox.next(EMAIL).await.path());
    }
    assert_eq!(browser.get(&links[0]).await.status, StatusCode::BAD_REQUEST, "void");
    world.clock.advance(Duration::from_secs(30 * 60 - 1));
    let page = browser.get(&links[1]).await;
    assert_eq!(page.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reset(&browser, &page, OTHER_PASSWORD).await.status, StatusCode::BAD_REQUEST);
    assert!(can_sign_in(&world, PASSWORD).await);
}

#[tokio::test]
async fn an_address_without_an_account_or_with_a_disabled_one_gets_the_same_answer_and_no_mail() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let administration = world.administration().await;
    administration.add_user("off@example.com", None, Some(PASSWORD)).await.expect("it is there");
    administration.disable_user("off@example.com").await.expect("it is there");
    let answer = async |email: &str| {
        let answer = ask(&Browser::new(&world), "/auth/forgot", email).await;
        (answer.status, answer.body.replace(email, ""))
    };
    let unknown = answer("nobody@example.com").await;
    assert_eq!(answer("off@example.com").await, unknown);
    assert_eq!(answer(EMAIL).await, unknown);
    // The queue is delivered in its order, so that the others came to nothing.
    mailbox.next(EMAIL).await;
    assert_eq!(mailbox.len(), 1);
}

#[tokio::test]
async fn somebody_who_was_invited_by_an_operator_can_ask_for_a_link_as_well() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world
        .administration()
        .await
        .add_user("eve@example.com", None, None)
        .await
        .expect("it is there");
    let browser = Browser::new(&world);
    ask(&browser, "/auth/forgot", "eve@example.com").await;
    let page = browser.get(&mailbox.next("eve@example.com").await.path()).await;
    assert!(reset(&browser, &page, OTHER_PASSWORD).await.body.contains("Your password is set"));
    let answer = sign_in(&world, "eve@example.com", OTHER_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
