//! Sign-up by a link in a mail.

use crate::{
    harness::{
        Answer, Browser, EMAIL, PASSWORD, World, authorization, challenge, changed, form_request,
    },
    mailbox::Mailbox,
};
use http::StatusCode;
use std::time::Duration;

const NEW: &str = "new@example.com";

/// Asks for a link with an address.
pub(crate) async fn ask(browser: &Browser<'_>, path: &str, email: &str) -> Answer {
    let page = browser.get(path).await;
    browser.post(path, &[("form", &page.form()), ("email", email)]).await
}

/// Chooses the password on the page of a link.
async fn choose(browser: &Browser<'_>, page: &Answer, password: &str) -> Answer {
    browser.post("/auth/verify", &[("form", &page.form()), ("password", password)]).await
}

/// Signs in for the pages of the account.
pub(crate) async fn sign_in(world: &World, email: &str, password: &str) -> Answer {
    let browser = Browser::new(world);
    let page = browser.get("/auth/account").await;
    browser.sign_in(&page, email, password).await
}

fn is_signed_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.location() == "/auth/account"
}

#[tokio::test]
async fn whoever_reads_the_mail_to_an_address_makes_the_account_once() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    let sent = ask(&browser, "/auth/sign-up", NEW).await;
    assert!(sent.body.contains("Look at your mail") && sent.body.contains(NEW));
    let mail = mailbox.next(NEW).await;
    assert_eq!(mail.subject, "Confirm your address");
    let page = browser.get(&mail.path()).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.body.contains(NEW) && page.body.contains("readonly"));
    let short = choose(&browser, &page, "fourteen chars").await;
    assert!(short.body.contains("too short") && short.status == StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!is_signed_in(&sign_in(&world, NEW, PASSWORD).await), "to open the link is not enough");
    let done = choose(&browser, &page, PASSWORD).await;
    assert!(done.body.contains("Your account is ready"), "{}", done.body);
    assert!(is_signed_in(&sign_in(&world, NEW, PASSWORD).await));
    for answer in [browser.get(&mail.path()).await, choose(&browser, &page, PASSWORD).await] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "used");
        assert!(answer.body.contains("This link is not valid"));
    }
}

#[tokio::test]
async fn an_address_that_was_shown_to_be_read_is_verified_and_one_that_an_operator_wrote_is_not() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    ask(&browser, "/auth/sign-up", NEW).await;
    let page = browser.get(&mailbox.next(NEW).await.path()).await;
    choose(&browser, &page, PASSWORD).await;
    for (email, is_verified) in [(NEW, true), (EMAIL, false)] {
        let browser = Browser::new(&world);
        let challenge = crate::harness::challenge();
        let fields = crate::harness::authorization("app", &challenge);
        let fields = crate::harness::changed(&fields, "scope", Some("openid email"));
        let page = browser.authorize(&fields).await;
        let consent = browser.sign_in(&page, email, PASSWORD).await;
        let code = browser.decide(&consent, "allow").await.parameter("code").expect("it is there");
        let tokens = world.redeem("app", &code).await.json();
        let claims =
            world.userinfo(tokens["access_token"].as_str().expect("it is there")).await.json();
        assert_eq!(claims["email_verified"], is_verified, "{email}");
    }
}

#[tokio::test]
async fn every_address_gets_the_same_answer_and_only_its_owner_learns_of_an_account() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let answer = async |email: &str| {
        let answer = ask(&Browser::new(&world), "/auth/sign-up", email).await;
        (answer.status, answer.body.replace(email, ""))
    };
    assert_eq!(answer(EMAIL).await, answer(NEW).await);
    let mail = mailbox.next(EMAIL).await;
    assert_eq!((&*mail.subject, &*mail.path()), ("You have an account already", "/auth/forgot"));
    assert_eq!(mailbox.next(NEW).await.subject, "Confirm your address");
}

#[tokio::test]
async fn asking_ends_for_an_address_with_an_account_and_for_one_without() {
    let (_mailbox, world) = Mailbox::with_world(&[]).await;
    for path in ["/auth/sign-up", "/auth/forgot"] {
        world.clock.advance(Duration::from_mins(15));
        for email in [EMAIL, NEW] {
            for attempt in 0..5_u8 {
                let mut browser = Browser::new(&world);
                browser.address = format!("198.51.100.{attempt}");
                let sent = ask(&browser, path, email).await;
                assert!(sent.body.contains("Look at your mail"), "{}", sent.body);
            }
            let refused = ask(&Browser::new(&world), path, email).await;
            assert!(refused.body.contains("too many attempts"), "{path} {email}");
        }
    }
}

#[tokio::test]
async fn asking_ends_for_a_network() {
    let (_mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    for number in 0..30 {
        let sent = ask(&browser, "/auth/forgot", &format!("user{number}@example.com")).await;
        assert!(sent.body.contains("Look at your mail"));
    }
    for _ in 0..5 {
        let refused = ask(&browser, "/auth/sign-up", NEW).await;
        assert!(refused.body.contains("too many attempts"));
    }
    let mut elsewhere = Browser::new(&world);
    elsewhere.address = "198.51.100.1".to_owned();
    let sent = ask(&elsewhere, "/auth/sign-up", NEW).await;
    assert!(sent.body.contains("Look at your mail"), "of the address nothing was used up");
}

#[tokio::test]
async fn no_link_is_built_from_a_header_of_the_request() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    for (path, email) in [("/auth/sign-up", NEW), ("/auth/forgot", EMAIL)] {
        let page = browser.get(path).await;
        let mut request = form_request(path, &[("form", &page.form()), ("email", email)]);
        for name in ["host", "x-forwarded-host", "forwarded"] {
            request.headers_mut().insert(name, "evil.example".parse().expect("it is there"));
        }
        browser.send(request).await;
        let mail = mailbox.next(email).await;
        assert!(!mail.text.contains("evil.example") && mail.path().starts_with("/auth/"));
    }
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_belongs_to_its_purpose() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    ask(&browser, "/auth/sign-up", NEW).await;
    ask(&browser, "/auth/forgot", EMAIL).await;
    let link = mailbox.next(NEW).await.path();
    let reset = mailbox.next(EMAIL).await.path();
    let page = browser.get(&link).await;
    for wrong in [
        "/auth/verify",
        "/auth/verify?link=x",
        &link[..link.len() - 1],
        &format!("{link}&link=x"),
        &link.replace("/verify", "/set-up"),
        &link.replace("/verify", "/confirm-email"),
        &reset.replace("/set-up", "/verify"),
    ] {
        let answer = browser.get(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.body.contains("This link is not valid"), "{wrong}");
    }
    let other = Browser::new(&world);
    assert_eq!(choose(&other, &page, PASSWORD).await.status, StatusCode::BAD_REQUEST);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(browser.get(&link).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn of_many_uses_of_a_link_at_once_one_makes_the_account() {
    let (mailbox, world) = Mailbox::with_world(&[("hashing_passwords_max", "8")]).await;
    let browser = Browser::new(&world);
    ask(&browser, "/auth/sign-up", NEW).await;
    let page = browser.get(&mailbox.next(NEW).await.path()).await;
    let passwords: Vec<_> = (0..8).map(|number| format!("{PASSWORD} {number}")).collect();
    let uses = passwords.iter().map(|password| choose(&browser, &page, password));
    let answers = futures_util::future::join_all(uses).await;
    let made: Vec<_> = answers
        .iter()
        .zip(&passwords)
        .filter(|(answer, _)| answer.body.contains("Your account is ready"))
        .collect();
    assert_eq!(made.len(), 1);
    for password in &passwords {
        let answer = sign_in(&world, NEW, password).await;
        assert_eq!(is_signed_in(&answer), password == made[0].1);
        world.clock.advance(Duration::from_mins(15));
    }
}

#[tokio::test]
async fn a_password_is_neither_huge_nor_common() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    ask(&browser, "/auth/sign-up", NEW).await;
    let page = browser.get(&mailbox.next(NEW).await.path()).await;
    let refused = async |password: &str, sentence: &str| {
        let answer = choose(&browser, &page, password).await;
        assert!(answer.body.contains(sentence), "{}", answer.body);
    };
    refused("PasswordPassword", "Many people use this password").await;
    refused(&"long words ".repeat(50), "too long").await;
    let huge = choose(&browser, &page, &"x".repeat(10_000)).await;
    assert_eq!(huge.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_list_of_the_shop_is_looked_at_as_well() {
    let list = tempfile::NamedTempFile::new().expect("it is there");
    std::fs::write(list.path(), "the name of my first dog\n").expect("it is there");
    let path = list.path().to_str().expect("it is there");
    let (mailbox, world) = Mailbox::with_world(&[("breached_passwords_file", path)]).await;
    let browser = Browser::new(&world);
    ask(&browser, "/auth/sign-up", NEW).await;
    let page = browser.get(&mailbox.next(NEW).await.path()).await;
    let refused = choose(&browser, &page, "The name of my first dog").await;
    assert!(refused.body.contains("Many people use this password"), "{}", refused.body);
}

#[tokio::test]
async fn a_shop_without_mail_offers_no_link() {
    let world = World::start().await;
    let browser = Browser::new(&world);
    let page = browser.get("/auth/account").await;
    assert!(page.body.contains(r#"id="sign-in""#) && !page.body.contains("/auth/sign-up"));
    for path in ["/auth/sign-up", "/auth/forgot"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("This shop sends no mail yet"));
    }
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_the_page() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    let browser = Browser::new(&world);
    let page = browser.get("/auth/sign-up").await;
    let mut request = form_request("/auth/sign-up", &[("form", &page.form()), ("email", NEW)]);
    request.headers_mut().insert("accept-language", "de".parse().expect("it is there"));
    let sent = browser.send(request).await;
    assert!(sent.body.contains("Sieh in dein Postfach"));
    assert!(mailbox.next(NEW).await.text.contains("Folge dem Link"));
}

#[tokio::test]
async fn a_client_that_wants_a_new_account_gets_its_answer_when_there_is_one() {
    let (mailbox, world) = Mailbox::with_world(&[]).await;
    world.public_client("app").await;
    let metadata = world.get("/auth/.well-known/openid-configuration").await.json();
    let prompts = metadata["prompt_values_supported"].as_array().expect("a list").clone();
    assert!(prompts.contains(&"create".into()), "{prompts:?}");
    let challenge = challenge();
    let fields = changed(&authorization("app", &challenge), "prompt", Some("create"));
    let browser = Browser::new(&world);
    let page = browser.authorize(&fields).await;
    assert!(page.body.contains(r#"action="/auth/sign-up""#), "{}", page.body);
    let sent = browser.post("/auth/sign-up", &[("form", &page.form()), ("email", NEW)]).await;
    let link = browser.get(&mailbox.next(NEW).await.path()).await;
    choose(&browser, &link, PASSWORD).await;
    let page = browser.post("/auth/sign-up/go-on", &[("form", &sent.form())]).await;
    assert!(page.body.contains(&format!(r#"value="{NEW}""#)), "{}", page.body);
    let consent = browser.sign_in(&page, NEW, PASSWORD).await;
    let answer = browser.decide(&consent, "allow").await;
    assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
    assert!(answer.parameter("code").is_some(), "{}", answer.location());
    // Whoever has an account says so, and is not kept from it.
    let page = browser.authorize(&fields).await;
    let (_, go_on) = page.body.split_once(r#"action="/auth/sign-up/go-on""#).expect("a form");
    let (_, form) = go_on.split_once(r#"name="form" value=""#).expect("a field");
    let form = form.split('"').next().expect("a value");
    let answer = browser.post("/auth/sign-up/go-on", &[("form", form)]).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.body);
    let stranger = Browser::new(&world).post("/auth/sign-up/go-on", &[("form", form)]).await;
    assert_eq!(stranger.status, StatusCode::BAD_REQUEST, "of another browser");
    for both in ["create login", "create none"] {
        let answer = browser.authorize(&changed(&fields, "prompt", Some(both))).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"), "{both}");
    }
}

#[tokio::test]
async fn a_shop_without_mail_makes_no_accounts_at_the_wish_of_a_client() {
    let world = World::start().await;
    world.public_client("app").await;
    let metadata = world.get("/auth/.well-known/openid-configuration").await.json();
    let prompts = metadata["prompt_values_supported"].as_array().expect("a list").clone();
    assert!(!prompts.contains(&"create".into()), "{prompts:?}");
    let challenge = challenge();
    let fields = changed(&authorization("app", &challenge), "prompt", Some("create"));
    let answer = Browser::new(&world).authorize(&fields).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
}
