//! Accounts in a real browser: passkeys with a virtual authenticator, and every page without a script.

use browser_tests::{
    Emulation, JavaScript, Page, Preparation, Shop, Theme, axe_core,
    walkthrough::{Findings, accounts, customers},
};
use std::cell::RefCell;

use crate::accessibility::RUN_AXE;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";
const USER: &[Preparation<'static>] =
    &[(&["auth", "user", "add", EMAIL, "--password-stdin"], PASSWORD)];
/// Whether the page says that the device gave no passkey, and asks for one again.
const HAS_FAILED: &str = "!document.getElementById('passkey-failure').hidden \
    && !document.getElementById('passkey').disabled";
const IS_ACCOUNT: &str = "location.pathname === '/auth/account' \
    && !!document.querySelector('a[href=\"/auth/account/passkeys\"]')";

#[test]
fn a_passkey_is_added_and_signs_in_without_a_password() {
    let shop = Shop::at_localhost(USER);
    let page = Page::new(Emulation::DESKTOP);
    let authenticator = page.add_virtual_authenticator();
    page.visit_url(&shop.url("/auth/account"));
    page.fill("#email", EMAIL);
    page.fill("#password", PASSWORD);
    page.wait_for_navigation(|page| page.click("#sign-in"));
    page.visit_url(&shop.url("/auth/account/passkeys"));
    page.fill("#password", PASSWORD);
    authenticator.verify_person(false);
    page.click("#passkey");
    page.wait_until(HAS_FAILED);
    authenticator.verify_person(true);
    page.wait_for_navigation(|page| page.click("#passkey"));
    assert!(page.exists(".session [name=remove]"), "{}", page.text_content("main"));
    // Enter asks for another passkey, of which this device can have no second; it removes none.
    page.fill("#password", PASSWORD);
    page.press("Enter");
    page.wait_until(HAS_FAILED);
    assert!(page.exists(".session [name=remove]"), "{}", page.text_content("main"));
    page.visit_url(&shop.url("/auth/logout"));
    page.wait_for_navigation(|page| page.click("#sign-out"));
    page.visit_url(&shop.url("/auth/account"));
    // The browser may offer it by itself (conditional mediation) before the button is pressed.
    page.evaluate("document.getElementById('passkey')?.click()");
    page.wait_until(IS_ACCOUNT);
    page.visit_url(&shop.url("/auth/account/passkeys"));
    page.fill("#password", PASSWORD);
    page.wait_for_navigation(|page| page.click(".session [name=remove]"));
    assert!(!page.exists(".session"), "{}", page.text_content("main"));
}

#[test]
fn a_customer_signs_in_and_out_at_a_listener_of_the_providers_own() {
    let (shop, _) = Shop::with_settings("[auth-server]\nlisten = \"127.0.0.1:0\"\n", USER);
    let page = Page::new(Emulation::DESKTOP);
    page.visit_url(&shop.url("/sign-in?return_to=/account"));
    assert_ne!(page.evaluate_text("location.origin"), shop.url(""), "it is elsewhere");
    page.fill("#email", EMAIL);
    page.fill("#password", PASSWORD);
    page.click("#sign-in");
    let origin = shop.url("");
    page.wait_until(&format!(
        "location.href === '{origin}/account' && !!document.getElementById('sign-out')"
    ));
    // The policy of the page lets its form go to its own origin alone, and the way leads to another.
    page.click("#sign-out");
    page.wait_until(&format!("location.href === '{origin}/account/signed-out'"));
    page.visit_url(&shop.url("/sign-in?return_to=/account"));
    assert!(page.exists("#password"), "signed out there as well");
}

#[test]
fn without_a_script_every_page_of_an_account_works() {
    let page = Page::new(Emulation { javascript: JavaScript::Disabled, ..Emulation::PHONE });
    let mut visited = 0;
    accounts::walk_through(&page, &mut |page, name| {
        assert!(page.exists("h1"), "{name}");
        visited += 1;
    });
    assert!(visited > 20, "only {visited} pages");
}

#[test]
fn a_customer_signs_up_buys_sees_the_order_and_signs_out_with_a_script_and_without() {
    for javascript in [JavaScript::Enabled, JavaScript::Disabled] {
        let page = Page::new(Emulation { javascript, ..Emulation::PHONE });
        let mut visited = Vec::new();
        customers::walk_through(&page, &mut |page, name| {
            assert!(page.exists("h1"), "{name}");
            visited.push(name.to_owned());
        });
        assert!(visited.contains(&"account with an order".to_owned()), "{visited:?}");
    }
}

/// Pages of the address book, of consents and of devices are checked here by themselves; the walks visit them among all others.
fn is_looked_at(name: &str) -> bool {
    ["address", "consent", "device"].iter().any(|part| name.contains(part))
}

#[test]
fn axe_finds_nothing_serious_on_the_pages_of_addresses_consents_and_devices() {
    let (axe, findings) = (axe_core(), RefCell::new(Findings::default()));
    let visited = RefCell::new(Vec::new());
    for theme in [Theme::Light, Theme::Dark] {
        for size in [Emulation::PHONE, Emulation::DESKTOP] {
            let page = Page::new(Emulation { theme, ..size });
            let mut check = |page: &Page, name: &str| {
                if is_looked_at(name) {
                    page.evaluate(&axe);
                    let name = format!("{name}, {theme:?}, {} px", size.width);
                    findings.borrow_mut().collect_from(page, &name, RUN_AXE);
                    visited.borrow_mut().push(name);
                }
            };
            customers::walk_through(&page, &mut check);
            accounts::walk_through(&page, &mut check);
        }
    }
    findings.into_inner().assert_none();
    assert!(visited.borrow().len() >= 4 * 12, "{visited:?}");
}
