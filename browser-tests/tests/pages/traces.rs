//! What a visit leaves behind: nothing on the console, and one cookie when there is something to remember.

use crate::tour::{Findings, GOODS, tour};
use browser_tests::{Look, Page, Shop};

#[test]
fn the_console_stays_empty_and_no_page_asks_for_what_it_may_not_have() {
    let mut findings = Findings::default();
    let mut known = 0;
    tour(Look::DESKTOP, |page, stop| {
        let complaints = page.complaints();
        for complaint in complaints.iter().skip(known) {
            findings.add(format!("{stop}: {complaint}"));
        }
        known = complaints.len();
    });
    findings.must_be_none();
}

#[test]
fn the_console_stays_empty_while_everything_is_used() {
    let page = Page::new(Look::PHONE);
    page.visit("/products");
    page.click(".filters-button");
    page.click("label:has(#f-in_stock-true)");
    page.until("location.search.includes('in_stock') && !!document.querySelector('.chip')");
    page.press("Escape");
    page.click("[data-more]");
    page.until("document.querySelectorAll('#grid > li').length > 24");
    page.fill("#q", "mug");
    page.until("!document.getElementById('offers').hidden");
    page.press("Escape");
    page.visit(GOODS);
    page.click(".choices label:has([value=Clay i])");
    page.until("location.search.includes('lay')");
    page.click("form[data-add] .button.large");
    page.until("document.getElementById('toast').matches(':popover-open')");
    page.leads(|page| page.click("#toast a[href='/cart']"));
    page.click(".line [name=step][value='1']");
    page.until("document.querySelector('.line [name=quantity]').value === '2'");
    page.click(".line [name=remove]");
    page.until("!!document.querySelector('.nothing-head')");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_visit_sets_no_cookie_until_something_is_put_into_the_cart_and_then_one() {
    let page = Page::new(Look::DESKTOP);
    for path in ["/", "/products", GOODS, "/cart", "/help", "/there/is/nothing/here"] {
        page.visit(path);
    }
    assert_eq!(page.cookies(), Vec::<serde_json::Value>::new());
    page.visit(GOODS);
    page.click("form[data-add] .button.large");
    page.until("document.getElementById('toast').matches(':popover-open')");
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
    let kept = page.value("[localStorage.length, sessionStorage.length]");
    assert_eq!(kept, serde_json::json!([0, 0]), "nothing is kept beside the cookie");
}

#[test]
fn every_page_says_what_it_may_load() {
    for path in ["/", "/products", GOODS, "/cart", "/there/is/nothing/here"] {
        let answer = Shop::shared().get(path, &[]);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}
