//! Side effects of a visit: an empty console, one cookie once the cart has a line, and a strict content security policy.

use crate::walkthrough::{Findings, PRODUCT_PATH, walk_through};
use browser_tests::{Emulation, Page, Shop};

#[test]
fn the_console_stays_empty_and_no_page_violates_its_policy() {
    let mut findings = Findings::default();
    let mut reported = 0;
    walk_through(Emulation::DESKTOP, |page, name| {
        let problems = page.problems();
        for problem in problems.iter().skip(reported) {
            findings.add(format!("{name}: {problem}"));
        }
        reported = problems.len();
    });
    findings.assert_none();
}

#[test]
fn the_console_stays_empty_while_pages_are_used() {
    let page = Page::new(Emulation::PHONE);
    page.visit("/products");
    page.click(".filters-button");
    page.click("label:has(#f-in_stock-true)");
    page.wait_until("location.search.includes('in_stock') && !!document.querySelector('.chip')");
    page.press("Escape");
    page.click("[data-more]");
    page.wait_until("document.querySelectorAll('#grid > li').length > 24");
    page.fill("#q", "mug");
    page.wait_until("!document.getElementById('offers').hidden");
    page.press("Escape");
    page.visit(PRODUCT_PATH);
    page.click(".choices label:has([value=Clay i])");
    page.wait_until("location.search.includes('lay')");
    page.click("form[data-add] .button.large");
    page.wait_until("document.getElementById('toast').matches(':popover-open')");
    page.wait_for_navigation(|page| page.click("#toast a[href='/cart']"));
    page.click(".line [name=step][value='1']");
    page.wait_until("document.querySelector('.line [name=quantity]').value === '2'");
    page.click(".line [name=remove]");
    page.wait_until("!!document.querySelector('.nothing-head')");
    assert_eq!(page.problems(), Vec::<String>::new());
}

#[test]
fn a_visit_sets_no_cookie_until_the_cart_has_a_line_and_then_one() {
    let page = Page::new(Emulation::DESKTOP);
    for path in ["/", "/products", PRODUCT_PATH, "/cart", "/help", "/there/is/nothing/here"] {
        page.visit(path);
    }
    assert_eq!(page.cookies(), Vec::<serde_json::Value>::new());
    page.visit(PRODUCT_PATH);
    page.click("form[data-add] .button.large");
    page.wait_until("document.getElementById('toast').matches(':popover-open')");
    let cookies = page.cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let cookie = cookies.first().unwrap();
    assert_eq!(
        (&cookie["httpOnly"], &cookie["sameSite"]),
        (&true.into(), &"Lax".into()),
        "{cookie}"
    );
    page.visit("/");
    page.visit("/cart");
    assert_eq!(page.cookies().len(), 1);
    let stored = page.evaluate("[localStorage.length, sessionStorage.length]");
    assert_eq!(stored, serde_json::json!([0, 0]), "nothing is stored besides the cookie");
}

#[test]
fn every_page_has_a_content_security_policy() {
    for path in ["/", "/products", PRODUCT_PATH, "/cart", "/there/is/nothing/here"] {
        let response = Shop::shared().get(path, &[]);
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{path}");
    }
}
