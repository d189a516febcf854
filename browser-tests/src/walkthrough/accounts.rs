//! Pages of the provider of accounts: the one-time link, sign-in, consent, sign-out, and what they say when something is wrong.

use crate::{Page, Preparation, Shop};

const EMAIL: &str = "maren@example.com";
const PASSWORD: &str = "correct horse battery staple";

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
    (&["auth", "user", "add", EMAIL, "--password-stdin"], PASSWORD),
    (&["auth", "user", "add", "newcomer@example.com"], ""),
];

/// Authorization request of the client.
const AUTHORIZE: &str = "/auth/authorize?response_type=code&client_id=walkthrough&redirect_uri=https://letter.example/back\
    &scope=openid%20email%20offline_access&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU&code_challenge_method=S256";

/// Visits every page of the provider.
pub(super) fn walk_through(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    page.visit(Shop::shared().account_path());
    check(page, "account set-up");
    submit(page, "#set-password", &[("password", "fourteen chars")]);
    check(page, "account set-up with an error");
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
}

/// Fills a form and submits it as a button of it does, past the checks of the browser: those of the server are shown.
fn submit(page: &Page, button: &str, fields: &[(&str, &str)]) {
    for (id, value) in fields {
        page.evaluate(&format!("document.getElementById('{id}').value = '{value}'"));
    }
    page.wait_for_navigation(|page| {
        page.evaluate(&format!("document.querySelector('{button}').form.submit()"));
    });
}
