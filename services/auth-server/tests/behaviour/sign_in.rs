//! Sign-in and consent.

use crate::harness::{
    Answer, Browser, EMAIL, PASSWORD, World, authorization, challenge, changed, form_request,
};
use async_trait::async_trait;
use auth_server::RegistrationRequest;
use engine_memory::MemoryEngine;
use http::StatusCode;
use journal::interceptor::{InterceptedJournal, JournalInterceptor};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

async fn page(browser: &Browser<'_>) -> Answer {
    let challenge = challenge();
    browser.authorize(&authorization("app", &challenge)).await
}

#[tokio::test]
async fn a_page_is_a_plain_form_and_nothing_frames_or_keeps_it() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let page = page(&browser).await;
    for part in [
        r#"<form action="/auth/sign-in" method="post">"#,
        r#"name="email""#,
        r#"name="password""#,
        r#"id="sign-in""#,
        "<h1>Sign in</h1>",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("<script"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("form-action"), "browsers apply it to the way back to the client");
    let style = page.body.split(r#"rel="stylesheet" href=""#).nth(1).unwrap();
    let style = world.get(style.split('"').next().unwrap()).await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (StatusCode::OK, "text/css; charset=utf-8")
    );
    assert!(style.body.starts_with(":root{--hue:165}"));
}

#[tokio::test]
async fn an_address_at_which_there_is_nothing_has_a_page() {
    let world = World::start().await;
    for path in ["/auth/nowhere", "/auth/assets/auth.css"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(world.get("/auth/nowhere").await.body.contains("This page is gone."));
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser() {
    let world = World::start().await;
    world.public_client("app").await;
    let challenge = challenge();
    let path = crate::harness::authorize_path(&authorization("app", &challenge));
    let request = http::Request::get(path).header("accept-language", "de-CH, en;q=0.5");
    let page = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(page.body.contains(r#"<html lang="de">"#) && page.body.contains("Anmelden"));
}

#[tokio::test]
async fn wrong_password_unknown_address_and_no_address_get_the_same_answer() {
    let world = World::start().await;
    world.public_client("app").await;
    let mut answers = Vec::new();
    for (email, password) in
        [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("nonsense", PASSWORD)]
    {
        let browser = Browser::new(&world);
        let page = page(&browser).await;
        let answer = browser.sign_in(&page, email, password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(browser.cookie("auth").is_none());
        assert!(!answer.body.contains(password));
        answers.push(answer.body.replace(&answer.form(), "").replace(email, ""));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn after_a_wrong_password_the_same_page_goes_on() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let page = page(&browser).await;
    let again = browser.sign_in(&page, EMAIL, "wrong").await;
    let consent = browser.sign_in(&again, EMAIL, PASSWORD).await;
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn capital_letters_of_an_address_make_no_difference() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let page = page(&browser).await;
    let consent = browser.sign_in(&page, " ADA@Example.com ", PASSWORD).await;
    assert!(consent.body.contains(r#"id="allow""#), "{}", consent.body);
}

#[tokio::test]
async fn a_sign_in_gets_a_new_session() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    // Somebody prepared a session for this browser.
    browser.cookies.lock().unwrap().insert("auth".to_owned(), "prepared".to_owned());
    let first = page(&browser).await;
    browser.sign_in(&first, EMAIL, PASSWORD).await;
    let one = browser.cookie("auth").unwrap();
    assert_ne!(one, "prepared");
    let challenge = challenge();
    let login = changed(&authorization("app", &challenge), "prompt", Some("login"));
    let again = browser.authorize(&login).await;
    browser.sign_in(&again, EMAIL, PASSWORD).await;
    let two = browser.cookie("auth").unwrap();
    assert_ne!(one, two);
    browser.cookies.lock().unwrap().insert("auth".to_owned(), one);
    let none = changed(&authorization("app", &challenge), "prompt", Some("none"));
    let answer = browser.authorize(&none).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"), "the old one is void");
}

#[tokio::test]
async fn guessing_ends_for_an_account_and_also_for_one_that_does_not_exist() {
    let world = World::start_with(&[("failed_sign_ins_per_account_max", "3")]).await;
    world.public_client("app").await;
    for (email, is_known) in [(EMAIL, true), ("nobody@example.com", false)] {
        let mut browser = Browser::new(&world);
        for attempt in 0..3_u8 {
            // From several addresses: it is the account that is guessed at.
            browser.address = format!("198.51.100.{attempt}");
            let page = page(&browser).await;
            let answer = browser.sign_in(&page, email, "wrong").await;
            assert!(answer.body.contains("is not right"), "{}", answer.body);
        }
        let first = page(&browser).await;
        let refused = browser.sign_in(&first, email, PASSWORD).await;
        assert!(refused.body.contains("too many attempts"), "{}", refused.body);
        world.clock.advance(Duration::from_mins(15));
        let first = page(&browser).await;
        let later = browser.sign_in(&first, email, PASSWORD).await;
        assert_eq!(later.body.contains(r#"id="allow""#), is_known, "after a quarter of an hour");
    }
}

#[tokio::test]
async fn who_guesses_elsewhere_does_not_keep_the_owner_from_a_device_that_is_known() {
    let world = World::start_with(&[("failed_sign_ins_per_account_max", "3")]).await;
    world.public_client("app").await;
    let (owner, thief) = (Browser::new(&world), Browser::new(&world));
    let first = page(&owner).await;
    owner.sign_in(&first, EMAIL, PASSWORD).await;
    for _ in 0..4 {
        let page = page(&thief).await;
        thief.sign_in(&page, EMAIL, "wrong").await;
    }
    let challenge = challenge();
    let login = changed(&authorization("app", &challenge), "prompt", Some("login"));
    let again = owner.authorize(&login).await;
    assert!(owner.sign_in(&again, EMAIL, PASSWORD).await.body.contains(r#"id="allow""#));
    // The device of somebody else is none of this account.
    let device = owner.cookie("auth-device").unwrap();
    thief.cookies.lock().unwrap().insert("auth-device".to_owned(), format!("{device}x"));
    let first = page(&thief).await;
    let refused = thief.sign_in(&first, EMAIL, PASSWORD).await;
    assert!(refused.body.contains("too many attempts"));
    // And on a known device guessing ends as well.
    for _ in 0..4 {
        let page = owner.authorize(&login).await;
        owner.sign_in(&page, EMAIL, "wrong").await;
    }
    let again = owner.authorize(&login).await;
    assert!(owner.sign_in(&again, EMAIL, PASSWORD).await.body.contains("too many attempts"));
}

#[tokio::test]
async fn over_https_every_cookie_belongs_to_the_host_alone() {
    let world = World::start_with(&[("issuer", "https://shop.example/auth")]).await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let first = page(&browser).await;
    let shown = browser.sign_in(&first, EMAIL, PASSWORD).await;
    assert!(shown.body.contains(r#"id="allow""#));
    for answer in [first, shown] {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-auth") && cookie.contains("; Secure"), "{cookie}");
            assert!(cookie.contains("Path=/;") && !cookie.contains("Domain"), "{cookie}");
        }
    }
    assert!(browser.cookie("__Host-auth").is_some() && browser.cookie("auth").is_none());
}

#[tokio::test]
async fn guessing_ends_for_an_address_on_the_network() {
    let world = World::start_with(&[("failed_sign_ins_per_address_max", "3")]).await;
    world.public_client("app").await;
    let mut browser = Browser::new(&world);
    browser.address = "2001:db8::1".to_owned();
    for attempt in 0..3_u8 {
        let page = page(&browser).await;
        browser.sign_in(&page, &format!("user{attempt}@example.com"), "wrong").await;
    }
    browser.address = "2001:db8::2".to_owned();
    let first = page(&browser).await;
    let refused = browser.sign_in(&first, EMAIL, PASSWORD).await;
    assert!(refused.body.contains("too many attempts"), "the same network");
    browser.address = "2001:db8:0:1::2".to_owned();
    let first = page(&browser).await;
    assert!(browser.sign_in(&first, EMAIL, PASSWORD).await.body.contains(r#"id="allow""#));
}

#[tokio::test]
async fn a_form_belongs_to_the_browser_that_was_shown_it() {
    let world = World::start().await;
    world.public_client("app").await;
    let (victim, attacker) = (Browser::new(&world), Browser::new(&world));
    let shown = page(&attacker).await;
    let expired = |answer: &Answer| {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body.contains("This form is no longer valid."));
    };
    expired(&victim.sign_in(&shown, EMAIL, PASSWORD).await);
    page(&victim).await;
    expired(&victim.sign_in(&shown, EMAIL, PASSWORD).await);
    assert!(victim.cookie("auth").is_none());
    // The consent of one person, sent by the browser of another who is signed in.
    let consent = attacker.sign_in(&shown, EMAIL, PASSWORD).await;
    let own = page(&victim).await;
    victim.sign_in(&own, EMAIL, PASSWORD).await;
    expired(&victim.decide(&consent, "allow").await);
    // A form for another purpose.
    expired(&attacker.decide(&shown, "allow").await);
    expired(&attacker.sign_in(&consent, EMAIL, PASSWORD).await);
}

#[tokio::test]
async fn a_form_of_another_site_or_without_a_seal_does_nothing() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let shown = page(&browser).await;
    let form = shown.form();
    let fields = [("form", &*form), ("email", EMAIL), ("password", PASSWORD)];
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut request = form_request("/auth/sign-in", &fields);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(browser.send(request).await.status, StatusCode::BAD_REQUEST, "{name} {value}");
    }
    for form in ["", "x", &form[1..]] {
        let fields = [("form", form), ("email", EMAIL), ("password", PASSWORD)];
        assert_eq!(browser.post("/auth/sign-in", &fields).await.status, StatusCode::BAD_REQUEST);
        let fields = [("form", form), ("decision", "allow")];
        assert_eq!(browser.post("/auth/consent", &fields).await.status, StatusCode::BAD_REQUEST);
    }
    let mut request = form_request("/auth/sign-in", &fields);
    request.headers_mut().insert("origin", "null".parse().unwrap());
    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    assert_eq!(browser.send(request).await.status, StatusCode::OK, "a page without a referrer");
}

#[tokio::test]
async fn a_form_ends_after_half_an_hour() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let shown = page(&browser).await;
    world.clock.advance(Duration::from_mins(30));
    assert_eq!(browser.sign_in(&shown, EMAIL, PASSWORD).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn consent_is_asked_once_for_the_same_scopes_and_its_page_says_what_for() {
    let world = World::start().await;
    let registration_request = RegistrationRequest {
        name: Some("<b>App</b>".to_owned()),
        is_public: true,
        ..World::registration_request("app")
    };
    world.client(&registration_request).await;
    let browser = Browser::new(&world);
    let first = page(&browser).await;
    assert!(first.body.contains("&lt;b&gt;App&lt;/b&gt;") && !first.body.contains("<b>App"));
    let consent = browser.sign_in(&first, EMAIL, PASSWORD).await;
    for part in ["&lt;b&gt;App", EMAIL, "app.example", "Know who you are", r#"id="deny""#] {
        assert!(consent.body.contains(part), "{part}");
    }
    assert!(!consent.body.contains("See your e-mail address"));
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
    let challenge = challenge();
    let good = authorization("app", &challenge);
    assert!(browser.authorize(&good).await.parameter("code").is_some(), "not asked again");
    let more = changed(&good, "scope", Some("openid email"));
    assert!(browser.authorize(&more).await.body.contains("See your e-mail address"));
    let again = changed(&good, "prompt", Some("consent"));
    assert!(browser.authorize(&again).await.body.contains(r#"id="allow""#));
}

#[tokio::test]
async fn who_does_not_allow_it_is_heard() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let first = page(&browser).await;
    let consent = browser.sign_in(&first, EMAIL, PASSWORD).await;
    for decision in ["deny", "", "ALLOW"] {
        let answer = browser.decide(&consent, decision).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"), "{decision}");
        assert_eq!(answer.parameter("state").as_deref(), Some("the state"));
    }
    assert!(page(&browser).await.body.contains(r#"id="allow""#), "nothing was remembered");
}

#[tokio::test]
async fn nobody_is_asked_about_a_client_of_the_shop_itself() {
    let world = World::start().await;
    world
        .client(&RegistrationRequest { is_trusted: true, ..World::registration_request("app") })
        .await;
    let browser = Browser::new(&world);
    let first = page(&browser).await;
    assert!(browser.sign_in(&first, EMAIL, PASSWORD).await.parameter("code").is_some());
}

#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let none = changed(&authorization("app", &challenge), "prompt", Some("none"));
    let error = async || browser.authorize(&none).await.parameter("error");
    assert_eq!(error().await.as_deref(), Some("login_required"));
    let first = page(&browser).await;
    let consent = browser.sign_in(&first, EMAIL, PASSWORD).await;
    assert_eq!(error().await.as_deref(), Some("consent_required"));
    browser.decide(&consent, "allow").await;
    assert_eq!(error().await, None);
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_or_not_wanted_is_asked_for_again() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let good = authorization("app", &challenge);
    assert!(browser.authorized(&good).await.parameter("code").is_some());
    world.clock.advance(Duration::from_secs(10));
    let asks = async |name, value| {
        let answer = browser.authorize(&changed(&good, name, Some(value))).await;
        answer.body.contains(r#"id="sign-in""#)
    };
    assert!(!asks("max_age", "10000").await);
    assert!(!asks("max_age", "10").await);
    assert!(asks("max_age", "9").await);
    assert!(asks("max_age", "0").await);
    assert!(asks("prompt", "login").await);
    assert!(asks("prompt", "select_account").await);
    let both = changed(&changed(&good, "max_age", Some("1")), "prompt", Some("none"));
    let answer = browser.authorize(&both).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_hint_about_somebody_else_is_not_answered_with_this_one() {
    let world = World::start().await;
    world.public_client("app").await;
    let administration = world.administration().await;
    administration.add_user("bob@example.com", None, Some(PASSWORD)).await.unwrap();
    let own = world.tokens("app", "openid").await;
    let own = own["id_token"].as_str().unwrap();
    let browser = Browser::new(&world);
    let challenge = challenge();
    let good = authorization("app", &challenge);
    browser.authorized(&good).await;
    let none = changed(&good, "prompt", Some("none"));
    let hinted = |hint| changed(&none, "id_token_hint", Some(hint));
    world.clock.advance(Duration::from_hours(1));
    assert!(browser.authorize(&hinted(own)).await.parameter("code").is_some(), "even expired");
    for foreign in ["x", "eyJhbGciOiJub25lIn0.e30."] {
        let answer = browser.authorize(&hinted(foreign)).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("login_required"), "{foreign}");
    }
    // Bob is signed in, and Ada is wanted.
    let bob = Browser::new(&world);
    let page = bob.authorize(&changed(&good, "id_token_hint", Some(own))).await;
    let answer = bob.sign_in(&page, "bob@example.com", PASSWORD).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_consent_ends_with_its_client_and_so_does_a_form_about_it() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let good = authorization("app", &challenge);
    assert!(browser.authorized(&good).await.parameter("code").is_some());
    let asked = browser.authorize(&changed(&good, "prompt", Some("consent"))).await;
    world.clock.advance(Duration::from_secs(1));
    let administration = world.administration().await;
    administration.remove_client("app").await.unwrap();
    administration
        .add_client(&RegistrationRequest { is_public: true, ..World::registration_request("app") })
        .await
        .unwrap();
    let world = world.restarted().await;
    let same = Browser::new(&world);
    *same.cookies.lock().unwrap() = browser.cookies.lock().unwrap().clone();
    let answer = same.decide(&asked, "allow").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("not known to this shop"), "{}", answer.body);
    assert!(same.authorize(&good).await.body.contains(r#"id="allow""#), "another client");
}

#[tokio::test]
async fn the_language_that_a_client_wants_stays_until_the_end() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let challenge = challenge();
    let good = authorization("app", &challenge);
    let first = browser.authorize(&changed(&good, "ui_locales", Some("fr de-AT en"))).await;
    let wrong = browser.sign_in(&first, EMAIL, "wrong").await;
    let consent = browser.sign_in(&wrong, EMAIL, PASSWORD).await;
    for page in [&first, &wrong, &consent] {
        assert!(page.body.contains(r#"<html lang="de">"#), "{}", page.body);
    }
    let unknown = changed(&good, "client_id", Some("nobody"));
    let error = browser.authorize(&changed(&unknown, "ui_locales", Some("de"))).await;
    assert!(error.body.contains(r#"<html lang="de">"#));
    let logout = browser.get("/auth/logout?ui_locales=de").await;
    assert!(logout.body.contains("Abmelden"));
}

#[tokio::test]
async fn a_form_that_is_too_large_is_told_so() {
    let world = World::start().await;
    world.public_client("app").await;
    let browser = Browser::new(&world);
    let (shown, long) = (page(&browser).await, "x".repeat(70_000));
    let answer = browser.sign_in(&shown, EMAIL, &long).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("too long") && !answer.body.contains(&long));
}

/// Crash of the engine at the second write to the journal: the first is the sign-in, the second the code.
#[derive(Debug)]
struct CrashAtWrite(MemoryEngine, AtomicUsize);

#[async_trait]
impl JournalInterceptor for CrashAtWrite {
    async fn before_write(&self) {
        if self.1.fetch_add(1, Ordering::Relaxed) == 1 {
            let _restarted = self.0.crash();
        }
    }
}

#[tokio::test]
async fn who_gave_the_right_password_is_signed_in_even_if_the_request_fails_after_that() {
    let world = World::start().await;
    world
        .client(&RegistrationRequest { is_trusted: true, ..World::registration_request("app") })
        .await;
    let interceptor = Arc::new(CrashAtWrite(world.engine.clone(), AtomicUsize::new(0)));
    let world = world
        .restarted_on(&|journal| {
            let interceptor = Arc::clone(&interceptor);
            Arc::new(InterceptedJournal { journal, interceptor })
        })
        .await;
    let browser = Browser::new(&world);
    let first = page(&browser).await;
    let failed = browser.sign_in(&first, EMAIL, PASSWORD).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE, "the code could not be recorded");
    assert!(browser.cookie("auth").is_some() && browser.cookie("auth-device").is_some());
}
