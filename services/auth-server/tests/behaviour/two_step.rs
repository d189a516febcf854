//! Two-step sign-in: an authenticator app and recovery codes.

use crate::{
    account::{signed_in, submit},
    feed::sign_ins,
    harness::{Answer, Browser, EMAIL, PASSWORD, World, authorization, challenge},
    mailbox::Mailbox,
    sign_up::ask,
};
use http::StatusCode;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use std::time::Duration;

const PATH: &str = "/auth/account/two-step";

/// Authenticator app.
pub(crate) struct App(Vec<u8>);

impl App {
    /// App into which the key of a page was typed.
    fn of_page(page: &Answer) -> Self {
        let key = page.body.split(r#"id="key">"#).nth(1).and_then(|rest| rest.split('<').next());
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let values = key.expect("it is there").chars().filter_map(|it| alphabet.find(it));
        let bits = values.map(|value| format!("{value:05b}")).collect::<Vec<_>>().concat();
        let bytes = bits.as_bytes().chunks_exact(8);
        Self(
            bytes
                .map(|byte| {
                    u8::from_str_radix(std::str::from_utf8(byte).expect("it is there"), 2)
                        .expect("it is there")
                })
                .collect(),
        )
    }

    /// Code that it shows now.
    fn code(&self, world: &World) -> String {
        let step = world.now().as_second() / 30;
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let bytes: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().expect("it is there");
        format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
    }
}

/// Turns it on; the app and the recovery codes.
pub(crate) async fn turn_on(world: &World) -> (App, Vec<String>) {
    let browser = signed_in(world, EMAIL, PASSWORD).await;
    let page = browser.get(PATH).await;
    let app = App::of_page(&page);
    let fields = [("form", &*page.form()), ("code", &*app.code(world)), ("password", PASSWORD)];
    let codes = browser.post(PATH, &fields).await;
    let codes: Vec<_> = codes
        .body
        .split("<code>")
        .skip(1)
        .map(|rest| rest.split('<').next().expect("it is there").to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    world.clock.advance(Duration::from_secs(30));
    (app, codes)
}

/// Page that asks for the code, after the password.
async fn first_step(browser: &Browser<'_>) -> Answer {
    let page = browser.get("/auth/account").await;
    let page = browser.sign_in(&page, EMAIL, PASSWORD).await;
    assert!(page.body.contains(r#"name="code""#), "{}", page.body);
    assert!(browser.cookie("auth").is_none(), "no session before the second step");
    page
}

async fn second_step(browser: &Browser<'_>, page: &Answer, code: &str) -> Answer {
    browser.post("/auth/second-step", &[("form", &page.form()), ("code", code)]).await
}

async fn sign_in_with(world: &World, code: &str) -> Answer {
    let browser = Browser::new(world);
    let page = first_step(&browser).await;
    second_step(&browser, &page, code).await
}

#[tokio::test]
async fn an_app_is_set_up_by_a_code_that_it_shows_and_then_asked_for() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = signed_in(&world, EMAIL, PASSWORD).await;
    let page = browser.get(PATH).await;
    assert!(page.body.contains("<svg") && page.body.contains(r#"role="img""#));
    let app = App::of_page(&page);
    for (code, password, sentence) in [
        ("000000", PASSWORD, "The code is not right"),
        (&*app.code(&world), "wrong", "present password is not right"),
    ] {
        let fields = [("form", &*page.form()), ("code", code), ("password", password)];
        let again = browser.post(PATH, &fields).await;
        assert!(again.body.contains(sentence), "{}", again.body);
        assert_eq!(App::of_page(&again).0, app.0, "the same key, so that nobody scans again");
    }
    let (app, _) = turn_on(&world).await;
    assert_eq!(mailbox.next(EMAIL).await.subject, "Two-step sign-in is on");
    let answer = sign_in_with(&world, &app.code(&world)).await;
    assert_eq!(answer.location(), "/auth/account");
    assert!(browser.get("/auth/account").await.body.contains("10 recovery codes are left"));
}

#[tokio::test]
async fn a_code_is_accepted_once_even_at_once() {
    let world = World::start().await;
    let (app, _) = turn_on(&world).await;
    let code = app.code(&world);
    let browsers: Vec<_> = (0..4).map(|_| Browser::new(&world)).collect();
    let mut pages = Vec::new();
    for browser in &browsers {
        pages.push(first_step(browser).await);
    }
    let attempts = browsers.iter().zip(&pages).map(|(it, page)| second_step(it, page, &code));
    let answers = futures_util::future::join_all(attempts).await;
    let accepted = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER);
    assert_eq!(accepted.count(), 1);
    let replayed = sign_in_with(&world, &code).await;
    assert!(replayed.body.contains("The code is not right"), "{}", replayed.body);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(sign_in_with(&world, &app.code(&world)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_recovery_code_works_once_and_is_told() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let (_, codes) = turn_on(&world).await;
    assert_eq!(mailbox.next(EMAIL).await.subject, "Two-step sign-in is on");
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert_eq!(sign_in_with(&world, &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mailbox.next(EMAIL).await.subject, "A recovery code was used");
    assert!(sign_in_with(&world, &codes[3]).await.body.contains("The code is not right"));
    assert_eq!(sign_in_with(&world, &codes[4]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_codes_ends_for_the_account_and_is_in_the_audit_trail() {
    let world = World::start().await;
    let (app, codes) = turn_on(&world).await;
    for _ in 0..5 {
        let answer = sign_in_with(&world, "000000").await;
        assert!(answer.body.contains("The code is not right"), "{}", answer.body);
    }
    for code in [&app.code(&world), &codes[0]] {
        let answer = sign_in_with(&world, code).await;
        assert!(answer.body.contains("too many attempts"), "{}", answer.body);
    }
    let outcomes = sign_ins(&world).await;
    let expected = [&["failed"; 5][..], &["locked_out"]].concat();
    let failures = outcomes.iter().filter(|(outcome, _)| outcome != "signed_in");
    let failures: Vec<_> = failures.map(|(outcome, is_known)| (&**outcome, *is_known)).collect();
    assert_eq!(failures, expected.iter().map(|outcome| (*outcome, true)).collect::<Vec<_>>());
    world.clock.advance(Duration::from_mins(15));
    assert_eq!(sign_in_with(&world, &app.code(&world)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_second_step_belongs_to_the_browser_of_the_first_and_ends() {
    let world = World::start().await;
    let (app, _) = turn_on(&world).await;
    let (browser, thief) = (Browser::new(&world), Browser::new(&world));
    let page = first_step(&browser).await;
    thief.get("/auth/account").await;
    let stolen = second_step(&thief, &page, &app.code(&world)).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
    world.clock.advance(Duration::from_mins(30));
    let late = second_step(&browser, &page, &app.code(&world)).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_that_is_set_between_the_steps_ends_the_sign_in() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let (app, _) = turn_on(&world).await;
    mailbox.next(EMAIL).await;
    let browser = Browser::new(&world);
    let page = first_step(&browser).await;
    world.clock.advance(Duration::from_secs(30));
    let other = Browser::new(&world);
    ask(&other, "/auth/forgot", EMAIL).await;
    let set_up = other.get(&mailbox.next(EMAIL).await.path()).await;
    let fields = [("form", &*set_up.form()), ("password", "another horse battery")];
    assert!(other.post("/auth/set-up", &fields).await.body.contains("Your password is set"));
    let answer = second_step(&browser, &page, &app.code(&world)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
}

#[tokio::test]
async fn a_client_goes_on_after_both_steps_and_its_tokens_say_so() {
    let world = World::start().await;
    world.public_client("app").await;
    let methods = async |code: &str| {
        let tokens = world.redeem("app", code).await.json();
        let mut methods = Vec::new();
        for name in ["id_token", "access_token"] {
            let claims = world.claims(tokens[name].as_str().expect("it is there")).await;
            methods.push(claims.get("amr").cloned().expect("it is there"));
        }
        methods
    };
    let one = world.code("app", "openid").await;
    assert_eq!(methods(&one).await, [serde_json::json!(["pwd"]), serde_json::json!(["pwd"])]);
    let (app, _) = turn_on(&world).await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let page = browser.authorize(&authorization("app", &challenge)).await;
    let page = browser.sign_in(&page, EMAIL, PASSWORD).await;
    let answer = second_step(&browser, &page, &app.code(&world)).await;
    let code = answer.parameter("code").expect("consent was given before");
    let both = serde_json::json!(["pwd", "otp", "mfa"]);
    assert_eq!(methods(&code).await, [both.clone(), both]);
}

#[tokio::test]
async fn new_recovery_codes_void_the_earlier_ones_and_are_told() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let (app, old) = turn_on(&world).await;
    let browser = Browser::new(&world);
    let page = first_step(&browser).await;
    second_step(&browser, &page, &app.code(&world)).await;
    let form = browser.get(PATH).await.form();
    let change = "/auth/account/two-step/change";
    let fields = [("form", &*form), ("password", PASSWORD), ("change", "codes")];
    let page = browser.post(change, &fields).await;
    assert_eq!(page.body.matches("<code>").count(), 10, "{}", page.body);
    assert_eq!(mailbox.next(EMAIL).await.subject, "Two-step sign-in is on");
    assert_eq!(mailbox.next(EMAIL).await.subject, "You have new recovery codes");
    let new = page
        .body
        .split("<code>")
        .nth(1)
        .expect("it is there")
        .split('<')
        .next()
        .expect("it is there");
    assert!(sign_in_with(&world, &old[0]).await.body.contains("The code is not right"));
    assert_eq!(sign_in_with(&world, new).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn with_a_second_step_a_shorter_password_will_do_and_without_it_not() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let (app, _) = turn_on(&world).await;
    mailbox.next(EMAIL).await;
    let browser = Browser::new(&world);
    let page = first_step(&browser).await;
    second_step(&browser, &page, &app.code(&world)).await;
    let path = "/auth/account/password";
    let done =
        submit(&browser, path, &[("password", PASSWORD), ("new-password", "8 letter")]).await;
    assert!(done.body.contains("Your password was changed."), "{}", done.body);
    let change = "/auth/account/two-step/change";
    let off = async |password: &str| {
        let form = browser.get(PATH).await.form();
        let fields = [("form", &*form), ("password", password), ("change", "off")];
        browser.post(change, &fields).await
    };
    assert!(off("wrong").await.body.contains("present password is not right"));
    let refused = off("8 letter").await;
    assert!(refused.body.contains("fewer than 15 characters"), "{}", refused.body);
    submit(&browser, path, &[("password", "8 letter"), ("new-password", PASSWORD)]).await;
    assert!(off(PASSWORD).await.body.contains("Saved."));
    crate::account::signed_in(&world, EMAIL, PASSWORD).await;
}

#[tokio::test]
async fn an_operator_turns_it_off_for_somebody_who_lost_the_app_and_the_codes() {
    let world = World::start().await;
    turn_on(&world).await;
    let administration = world.administration().await;
    assert!(administration.disable_second_factor(EMAIL).await.unwrap(), "it was on");
    let again = administration.disable_second_factor(EMAIL).await.expect("again is no error");
    assert!(!again, "it was off");
    assert!(administration.disable_second_factor("nobody@example.com").await.is_err());
    // Operators work on a data folder that no shop is serving.
    signed_in(&world.restarted().await, EMAIL, PASSWORD).await;
}
