//! Devices (RFC 8628): the page on which a person enters the code that a device shows, and the consent that comes of it, in the account.

use super::accounts::{PASSWORD, submit};
use crate::{Emulation, Page};

/// Client of the device.
pub(super) const CLIENT: &str = "walkthrough-tv";
/// Its name, as people read it.
const NAME: &str = "Living room TV";

/// Command that registers it.
pub(super) const COMMAND: &[&str] = &[
    "auth",
    "client",
    "add",
    CLIENT,
    "--public",
    "--name",
    NAME,
    "--grant",
    "device",
    "--grant",
    "refresh_token",
    "--scope",
    "openid",
    "--scope",
    "shop.account",
    "--scope",
    "offline_access",
];

/// Connects a device to the account of somebody who is not signed in yet, finds it among the consents, and takes it back.
pub(super) fn walk_through(page: &Page, email: &str, check: &mut impl FnMut(&Page, &str)) {
    page.visit("/auth/account/consents");
    submit_sign_in(page, email);
    page.visit("/auth/account/consents");
    assert!(!page.exists("[name=withdraw]"), "{}", page.text_content("main"));
    check(page, "no consents");
    page.visit("/auth/device");
    check(page, "device");
    enter(page, "BCDF-GHJK");
    assert!(page.exists("#error"), "a code that no device has is refused");
    check(page, "device with a wrong code");
    enter(page, &user_code());
    assert!(page.exists("#allow"), "{}", page.text_content("main"));
    assert!(!page.text_content(".scopes").contains("shop.account"), "scopes are in words");
    check(page, "consent to a device");
    page.wait_for_navigation(|page| page.click("#allow"));
    check(page, "device is connected");
    page.visit("/auth/account/consents");
    assert_eq!(page.text_content(".program h2"), NAME);
    check(page, "consents");
    page.wait_for_navigation(|page| page.click("[name=withdraw]"));
    assert!(page.exists("#done") && !page.exists("[name=withdraw]"), "it was taken back");
    check(page, "consent that was taken back");
    enter_again(page);
}

/// A device that was told of in an address has its code filled in, and whoever does not want it says so.
fn enter_again(page: &Page) {
    page.visit(&format!("/auth/device?user_code={}", user_code()));
    page.wait_for_navigation(|page| page.click("#continue"));
    page.wait_for_navigation(|page| page.click("#deny"));
    assert!(!page.exists("#allow") && !page.exists("#error"), "{}", page.text_content("main"));
}

fn enter(page: &Page, code: &str) {
    page.fill("#user-code", code);
    page.wait_for_navigation(|page| page.press("Enter"));
}

/// Signs in where the page asks for it.
fn submit_sign_in(page: &Page, email: &str) {
    if page.exists("#sign-in") {
        submit(page, "#sign-in", &[("email", email), ("password", PASSWORD)]);
    }
}

/// Code that a device which begins to wait would show. It asks by itself, in a browser that runs scripts.
fn user_code() -> String {
    let device = Page::new(Emulation::DESKTOP);
    device.visit("/help");
    device.evaluate_text(&format!(
        "fetch('/auth/device_authorization', {{method: 'POST', body: new URLSearchParams({{
            client_id: '{CLIENT}', scope: 'openid shop.account offline_access'}})}})
        .then(answer => answer.json()).then(({{user_code}}) => user_code)"
    ))
}
