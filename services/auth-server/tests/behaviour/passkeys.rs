//! Passkeys, with an authenticator in software.

use crate::{
    account::{signed_in, submit},
    authenticator::Authenticator,
    feed::sign_ins,
    harness::{Answer, Browser, EMAIL, ORIGIN, PASSWORD, World, authorization, challenge},
    mailbox::Mailbox,
    sign_up::ask,
};
use http::StatusCode;
use jose::{base64url_decode, base64url_encode};
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/auth/account/passkeys";
pub(crate) const NAMED: &[(&str, &str)] = &[("issuer", "http://localhost:8080/auth")];

/// Options that a page gives to the script.
fn options(page: &Answer) -> Value {
    let options = page.body.split(r#"data-options=""#).nth(1).and_then(|it| it.split('"').next());
    serde_json::from_str(&options.expect("it is there").replace("&quot;", "\""))
        .expect("it is there")
}

/// Sealed form of the passkey.
fn passkey_form(page: &Answer) -> String {
    let form = page.body.split(r#"id="passkey-form""#).nth(1).expect("it is there");
    form.split(r#"name="form" value=""#)
        .nth(1)
        .expect("it is there")
        .split('"')
        .next()
        .expect("it is there")
        .to_owned()
}

/// Adds the passkey of an authenticator in a browser where somebody is signed in.
pub(crate) async fn add(browser: &Browser<'_>, authenticator: &mut Authenticator) -> Answer {
    let page = browser.get(PATH).await;
    let (client_data, attestation) = authenticator.create(&options(&page));
    let form = passkey_form(&page);
    let fields = [("form", &*form), ("client_data", &client_data), ("attestation", &attestation)];
    browser.post(PATH, &[&fields[..], &[("password", PASSWORD)]].concat()).await
}

async fn answer_page(
    browser: &Browser<'_>,
    page: &Answer,
    fields: &[(&'static str, String)],
) -> Answer {
    let form = passkey_form(page);
    let mut all = vec![("form", &*form)];
    all.extend(fields.iter().map(|(name, value)| (*name, &**value)));
    browser.post("/auth/passkey", &all).await
}

async fn sign_in_with(world: &World, authenticator: &Authenticator) -> Answer {
    let browser = Browser::new(world);
    let page = browser.get("/auth/account").await;
    let fields = authenticator.get(&options(&page));
    answer_page(&browser, &page, &fields).await
}

fn is_signed_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER
}

fn is_refused(answer: &Answer) -> bool {
    answer.body.contains("This passkey cannot be used here")
}

/// World with a passkey, whose counter has not grown since.
async fn with_passkey() -> (World, Authenticator) {
    let world = World::start_with(NAMED).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let mut authenticator = Authenticator::new(1);
    let list = add(&browser, &mut authenticator).await;
    assert!(list.body.contains("Passkey of 2026-11-29 08:00 UTC, on one device"), "{}", list.body);
    authenticator.sign_count = 2;
    (world, authenticator)
}

#[tokio::test]
async fn a_passkey_is_added_signs_in_and_is_told() {
    let (mailbox, world) = Mailbox::with_world(NAMED).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let mut authenticator = Authenticator::new(1);
    add(&browser, &mut authenticator).await;
    assert_eq!(mailbox.next(EMAIL).await.subject, "A passkey was added");
    assert_eq!(base64url_decode(&authenticator.user_handle).expect("it is there").len(), 64);
    for count in [2, 3] {
        authenticator.sign_count = count;
        assert_eq!(sign_in_with(&world, &authenticator).await.location(), "/auth/account");
    }
}

#[tokio::test]
async fn tokens_say_that_somebody_signed_in_with_a_passkey() {
    let (world, authenticator) = with_passkey().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let page = browser.authorize(&authorization("app", &challenge)).await;
    let consent = answer_page(&browser, &page, &authenticator.get(&options(&page))).await;
    let code = browser.decide(&consent, "allow").await.parameter("code").expect("it is there");
    let tokens = world.redeem("app", &code).await.json();
    let claims = world.claims(tokens["id_token"].as_str().expect("it is there")).await;
    assert_eq!(claims.get("amr"), Some(&json!(["hwk", "user", "mfa"])));
}

#[tokio::test]
async fn a_page_names_no_credential_and_its_script_is_the_one_that_was_meant() {
    let (world, _) = with_passkey().await;
    let page = Browser::new(&world).get("/auth/account").await;
    assert!(options(&page).get("allowCredentials").is_none());
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    let tag = page
        .body
        .split("<script ")
        .nth(1)
        .expect("it is there")
        .split('>')
        .next()
        .expect("it is there");
    let [path, integrity] = ["src=\"", "integrity=\"sha384-"].map(|name| {
        tag.split(name).nth(1).expect("it is there").split('"').next().expect("it is there")
    });
    let script = world.get(path).await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    let digest = ring::digest::digest(&ring::digest::SHA384, script.body.as_bytes());
    let expected = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, digest);
    assert_eq!(integrity, expected);
}

#[tokio::test]
async fn a_challenge_is_answered_once_in_time_by_the_browser_that_was_given_it() {
    let (world, mut authenticator) = with_passkey().await;
    let browser = Browser::new(&world);
    let page = browser.get("/auth/account").await;
    let fields = authenticator.get(&options(&page));
    assert!(is_signed_in(&answer_page(&browser, &page, &fields).await));
    assert!(is_refused(&answer_page(&browser, &page, &fields).await), "replayed");
    authenticator.sign_count = 3;
    let (victim, thief) = (Browser::new(&world), Browser::new(&world));
    let page = victim.get("/auth/account").await;
    thief.get("/auth/account").await;
    let fields = authenticator.get(&options(&page));
    let stolen = answer_page(&thief, &page, &fields).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
    world.clock.advance(Duration::from_mins(5));
    assert!(is_refused(&answer_page(&victim, &page, &fields).await), "late");
}

#[tokio::test]
async fn a_passkey_of_another_origin_account_or_key_is_refused() {
    let (world, authenticator) = with_passkey().await;
    let with = |change: &dyn Fn(&mut Authenticator)| {
        let mut other = Authenticator::new(1);
        (other.user_handle, other.sign_count) = (authenticator.user_handle.clone(), 9);
        change(&mut other);
        other
    };
    for (what, other) in [
        ("origin", with(&|it| it.origin = "http://localhost:8080.evil.example".to_owned())),
        ("key", with(&|it| it.key = Authenticator::new(2).key)),
        ("credential", with(&|it| it.credential = vec![3; 16])),
        ("handle", with(&|it| it.user_handle = base64url_encode([0; 64]))),
        ("counter", with(&|it| it.sign_count = 1)),
    ] {
        assert!(is_refused(&sign_in_with(&world, &other).await), "{what}");
    }
    assert!(is_signed_in(&sign_in_with(&world, &with(&|_| {})).await));
}

#[tokio::test]
async fn two_accounts_may_have_credentials_of_one_identifier() {
    let (world, authenticator) = with_passkey().await;
    world
        .administration()
        .await
        .add_user("eve@example.com", None, Some(PASSWORD))
        .await
        .expect("it is there");
    let eve = signed_in(&world, "eve@example.com", PASSWORD).await;
    // She made a credential with the identifier of Ada's.
    let mut forged = Authenticator::new(2);
    forged.credential.clone_from(&authenticator.credential);
    add(&eve, &mut forged).await;
    forged.sign_count = 2;
    for (authenticator, email) in [(&authenticator, EMAIL), (&forged, "eve@example.com")] {
        let browser = Browser::new(&world);
        let page = browser.get("/auth/account").await;
        let fields = authenticator.get(&options(&page));
        assert!(is_signed_in(&answer_page(&browser, &page, &fields).await));
        assert!(browser.get("/auth/account").await.body.contains(email), "{email}");
    }
}

#[tokio::test]
async fn a_passkey_of_an_account_that_was_disabled_signs_nobody_in_ever_again() {
    let (world, mut authenticator) = with_passkey().await;
    world.administration().await.disable_user(EMAIL).await.expect("it is there");
    // Operators work on a data folder that no shop is serving.
    let disabled = world.restarted_with(NAMED).await;
    assert!(is_refused(&sign_in_with(&disabled, &authenticator).await));
    let link = world.administration().await.reset_user(EMAIL).await.expect("it is there");
    let enabled = world.restarted_with(NAMED).await;
    assert!(is_refused(&sign_in_with(&enabled, &authenticator).await), "before the link is used");
    let browser = Browser::new(&enabled);
    let page = browser.get(link.strip_prefix(ORIGIN).expect("it is of the shop")).await;
    browser.post("/auth/set-up", &[("form", &page.form()), ("password", PASSWORD)]).await;
    assert!(is_refused(&sign_in_with(&enabled, &authenticator).await), "after it was used");
    let browser = signed_in(&enabled, EMAIL, PASSWORD).await;
    assert!(browser.get(PATH).await.body.contains("There is none yet."));
    add(&browser, &mut authenticator).await;
    authenticator.sign_count = 3;
    assert!(is_signed_in(&sign_in_with(&enabled, &authenticator).await), "it can be added again");
}

#[tokio::test]
async fn a_password_set_by_a_link_removes_a_passkey_that_somebody_else_added() {
    let (mailbox, world) = Mailbox::with_world(NAMED).await;
    let mut authenticator = Authenticator::new(1);
    add(&signed_in(&world, EMAIL, PASSWORD).await, &mut authenticator).await;
    authenticator.sign_count = 2;
    assert!(mailbox.next(EMAIL).await.text.contains("set a new password at once"));
    let browser = Browser::new(&world);
    ask(&browser, "/auth/forgot", EMAIL).await;
    let page = browser.get(&mailbox.next(EMAIL).await.path()).await;
    let fields = [("form", &*page.form()), ("password", "another horse battery")];
    assert!(browser.post("/auth/set-up", &fields).await.body.contains("Your password is set"));
    assert!(is_refused(&sign_in_with(&world, &authenticator).await));
    let browser = signed_in(&world, EMAIL, "another horse battery").await;
    assert!(browser.get(PATH).await.body.contains("There is none yet."));
}

#[tokio::test]
async fn a_refused_passkey_is_in_the_audit_trail() {
    let (world, mut authenticator) = with_passkey().await;
    let before = sign_ins(&world).await.len();
    authenticator.key = Authenticator::new(2).key;
    assert!(is_refused(&sign_in_with(&world, &authenticator).await));
    assert_eq!(sign_ins(&world).await[before..], [("failed".to_owned(), false)]);
}

#[tokio::test]
async fn a_password_that_is_changed_after_a_sign_in_by_passkey_is_named_beside_it() {
    let (world, authenticator) = with_passkey().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let page = browser.get("/auth/account").await;
    answer_page(&browser, &page, &authenticator.get(&options(&page))).await;
    let fields = [("password", PASSWORD), ("new-password", "another horse battery")];
    let done = submit(&browser, "/auth/account/password", &fields).await;
    assert!(done.body.contains("Your password was changed."), "{}", done.body);
    let code = browser.code("app", "openid").await;
    let tokens = world.redeem("app", &code).await.json();
    let claims = world.claims(tokens["id_token"].as_str().expect("it is there")).await;
    assert_eq!(claims.get("amr"), Some(&json!(["pwd", "hwk", "user", "mfa"])));
}

#[tokio::test]
async fn enter_in_the_password_field_removes_no_passkey() {
    let (world, _) = with_passkey().await;
    let page = signed_in(&world, EMAIL, PASSWORD).await.get(PATH).await;
    let form = page.body.split("<form").nth(1).expect("it is there");
    let button = form.split("<button").nth(1).and_then(|rest| rest.split('>').next());
    let button = button.expect("the default button of the form");
    for part in [r#"id="passkey""#, r#"type="submit""#, "disabled"] {
        assert!(button.contains(part), "{button}");
    }
}

#[tokio::test]
async fn a_passkey_that_was_removed_signs_nobody_in() {
    let (world, authenticator) = with_passkey().await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get(PATH).await;
    let id = page.body.split(r#"name="remove" value=""#).nth(1).expect("it is there");
    let id = id.split('"').next().expect("it is there");
    let wrong = submit(&browser, PATH, &[("remove", id), ("password", "wrong")]).await;
    assert!(wrong.body.contains("present password is not right"));
    assert!(is_signed_in(&sign_in_with(&world, &authenticator).await));
    let removed = submit(&browser, PATH, &[("remove", id), ("password", PASSWORD)]).await;
    assert!(removed.body.contains("There is none yet."), "{}", removed.body);
    assert!(is_refused(&sign_in_with(&world, &authenticator).await));
}

#[tokio::test]
async fn a_passkey_is_not_added_twice_nor_without_the_password_nor_by_another_ceremony() {
    let (world, mut authenticator) = with_passkey().await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let again = add(&browser, &mut authenticator).await;
    assert!(again.body.contains("The passkey was not added"), "{}", again.body);
    let page = browser.get(PATH).await;
    assert_eq!(options(&page)["excludeCredentials"].as_array().expect("it is there").len(), 1);
    let mut other = Authenticator::new(2);
    let (client_data, attestation) = other.create(&options(&page));
    let form = passkey_form(&page);
    let fields = [("form", &*form), ("client_data", &client_data), ("attestation", &attestation)];
    let without = browser.post(PATH, &[&fields[..], &[("password", "wrong")]].concat()).await;
    assert!(without.body.contains("present password is not right"));
    let forged = [&fields[..1], &[("client_data", "e30"), ("attestation", "oA")]].concat();
    let nonsense = browser.post(PATH, &[&forged[..], &[("password", PASSWORD)]].concat()).await;
    assert!(nonsense.body.contains("The passkey was not added"), "{}", nonsense.body);
}

#[tokio::test]
async fn under_an_address_the_page_says_why_there_are_no_passkeys() {
    let world = World::start().await;
    let page = world.get("/auth/account").await;
    assert!(!page.body.contains("passkey-form") && !page.body.contains("<script"));
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get(PATH).await;
    assert!(
        page.body.contains("Passkeys belong to a name, and this shop is at http://127.0.0.1:8080.")
    );
    assert!(!page.body.contains("<script"));
}
