//! Pages of the provider of accounts: the one-time link, sign-in, consent, sign-out, and what they say when something is wrong.

use super::{authenticator_app::AuthenticatorApp, devices};
use crate::{Page, Preparation, Shop};
use std::sync::atomic::{AtomicU32, Ordering};

const EMAIL: &str = "maren@example.com";
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// Client and accounts of the walkthrough. The last command prints the link of an account that nobody has set up.
pub(crate) const COMMANDS: &[Preparation<'static>] = &[
    (
        &[
            "auth",
            "client",
            "add",
            "walkthrough",
            "--public",
            "--name",
            "Weekly letter",
            "--redirect",
            "https://letter.example/back",
        ],
        "",
    ),
    (devices::COMMAND, ""),
    (&["auth", "user", "add", EMAIL, "--password-stdin"], PASSWORD),
    (&["auth", "user", "add", "newcomer@example.com"], ""),
];

/// Authorization request of the client.
const AUTHORIZE: &str = "/auth/authorize?response_type=code&client_id=walkthrough&redirect_uri=https://letter.example/back\
    &scope=openid%20email%20offline_access&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU&code_challenge_method=S256";

/// Visits every page of the provider.
pub fn walk_through(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    page.visit(Shop::shared().account_path());
    check(page, "account set-up");
    submit(page, "#set-password", &[("password", "fourteen chars")]);
    check(page, "account set-up with an error");
    page.visit(&format!("{AUTHORIZE}&prompt=create"));
    check(page, "sign-up for a client");
    page.visit(AUTHORIZE);
    check(page, "sign-in");
    submit(page, "#sign-in", &[("email", EMAIL), ("password", "wrong")]);
    check(page, "sign-in with an error");
    submit(page, "#sign-in", &[("email", EMAIL), ("password", PASSWORD)]);
    assert!(page.exists("#allow"), "the person is asked for consent");
    check(page, "consent");
    page.visit("/auth/logout");
    check(page, "sign-out");
    submit(page, "#sign-out", &[]);
    check(page, "signed out");
    page.visit("/auth/authorize?client_id=nobody");
    check(page, "request of an unknown client");
    look_after_an_account(page, check);
}

/// Makes an account by a mail, visits its pages, and signs in in two steps. Other walkthroughs take place at the same time, so that what
/// changes an account has one of its own.
fn look_after_an_account(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    static WALKERS: AtomicU32 = AtomicU32::new(0);
    let email = format!("walker{}@example.com", WALKERS.fetch_add(1, Ordering::Relaxed));
    page.visit("/auth/forgot");
    check(page, "forgotten password");
    page.visit("/auth/sign-up");
    check(page, "sign-up");
    submit(page, "#send-link", &[("email", &email)]);
    check(page, "mail was sent");
    page.visit(&Shop::shared().mailed_path(&email));
    check(page, "link of a sign-up");
    submit(page, "#create-account", &[("password", PASSWORD)]);
    check(page, "account was created");
    devices::walk_through(page, &email, check);
    page.visit("/auth/logout");
    submit(page, "#sign-out", &[]);
    page.visit("/auth/account");
    submit(page, "#sign-in", &[("email", &email), ("password", PASSWORD)]);
    check(page, "account");
    for (name, path) in [
        ("change of the password", "/auth/account/password"),
        ("change of the address", "/auth/account/email"),
        ("sessions", "/auth/account/sessions"),
        ("passkeys under an address", "/auth/account/passkeys"),
    ] {
        page.visit(path);
        check(page, name);
    }
    page.visit("/auth/account/two-step");
    check(page, "set-up of the second step");
    let app = AuthenticatorApp::of_key(&page.text_content("#key"));
    submit(page, "#turn-on", &[("code", "000000"), ("password", PASSWORD)]);
    check(page, "set-up of the second step with an error");
    submit(page, "#turn-on", &[("code", &app.code(0)), ("password", PASSWORD)]);
    check(page, "recovery codes");
    let recovery_code = page.text_content(".codes code");
    page.visit("/auth/account/two-step");
    check(page, "second step");
    page.visit("/auth/account/sessions");
    page.wait_for_navigation(|page| {
        page.evaluate("document.forms[0].requestSubmit(document.getElementById('everywhere'))");
    });
    check(page, "signed out everywhere");
    page.visit("/auth/account");
    submit(page, "#sign-in", &[("email", &email), ("password", PASSWORD)]);
    check(page, "code of the second step");
    submit(page, "#sign-in", &[("code", &recovery_code)]);
    assert_eq!(page.path(), "/auth/account", "both steps lead to the account");
}

/// Fills a form and submits it as a button of it does, past the checks of the browser: those of the server are shown.
pub(super) fn submit(page: &Page, button: &str, fields: &[(&str, &str)]) {
    for (id, value) in fields {
        page.evaluate(&format!("document.getElementById('{id}').value = '{value}'"));
    }
    page.wait_for_navigation(|page| {
        page.evaluate(&format!("document.querySelector('{button}').form.submit()"));
    });
}
