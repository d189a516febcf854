//! Product listing and search: filters without page loads, search suggestions, pagination, and the back button.

use crate::walkthrough::PRODUCT_PATH;
use browser_tests::{Emulation, Page, Shop};

#[test]
fn ticking_a_filter_needs_no_page_load() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/products");
    let before = page.text_content("[data-count]");
    let requests = page.record_requests(|page| {
        page.click("label:has(#f-in_stock-true)");
        page.wait_until(
            "location.search === '?in_stock=true' && !!document.querySelector('.chip')",
        );
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_ne!(page.text_content("[data-count]"), before);
    assert!(page.is_true("document.activeElement.id === 'f-in_stock-true'"), "the focus stays");
    page.wait_until("/\\d+ of \\d+ products/.test(document.getElementById('status').textContent)");
    page.click(".chip");
    page.wait_until("location.search === '' && !document.querySelector('.chip')");
    assert_eq!(page.text_content("[data-count]"), before);
    assert!(page.is_true("!document.getElementById('f-in_stock-true').checked"));
}

#[test]
fn back_keeps_filters_and_scroll_position() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/products");
    page.click("label:has(#f-in_stock-true)");
    page.wait_until("location.search === '?in_stock=true' && !!document.querySelector('.chip')");
    page.evaluate("scrollTo({top: 900, behavior: 'instant'})");
    let position = page.evaluate("scrollY").as_f64().unwrap();
    page.wait_for_navigation(|page| page.click("#grid > li:nth-child(8) h3 a"));
    let left_at = position.max(1.0);
    page.evaluate("history.back()");
    page.wait_until(
        "location.pathname === '/products' && document.readyState === 'complete' && scrollY > 200",
    );
    assert_eq!(page.path(), "/products?in_stock=true");
    assert!(page.is_true("document.getElementById('f-in_stock-true').checked"));
    let back_at = page.evaluate("scrollY").as_f64().unwrap();
    assert!((back_at - left_at).abs() < 600.0, "left at {left_at}, back at {back_at}");
    page.evaluate("history.back()");
    page.wait_until("location.search === '' && !document.querySelector('.chip')");
    assert!(page.is_true("!document.getElementById('f-in_stock-true').checked"));
}

#[test]
fn show_more_appends_and_moves_the_focus_there() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/products");
    page.click("[data-more]");
    page.wait_until("document.querySelectorAll('#grid > li').length > 24");
    assert!(page.is_true("document.activeElement.closest('li') === document.querySelector('#grid > li:nth-child(25)')"));
    let names = "[...document.querySelectorAll('#grid h3 a')].map(it => it.href)";
    assert!(
        page.is_true(&format!("new Set({names}).size === {names}.length")),
        "nothing is shown twice"
    );
}

#[test]
fn the_search_box_suggests_and_follows_its_keys() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/");
    page.click("#q");
    page.type_text("lam");
    page.wait_until("document.getElementById('q').getAttribute('aria-expanded') === 'true'");
    let selected = "document.getElementById(document.getElementById('q').getAttribute('aria-activedescendant'))";
    let index =
        format!("[...document.querySelectorAll('#offers [role=option]')].indexOf({selected})");
    assert_eq!(page.evaluate(&index), -1, "nothing is selected at first");
    page.press("ArrowDown");
    assert_eq!(page.evaluate(&index), 0);
    page.press("ArrowDown");
    assert_eq!(page.evaluate(&index), 1);
    assert!(page.is_true(&format!("{selected}.getAttribute('aria-selected') === 'true'")));
    page.press("ArrowUp");
    assert_eq!(page.evaluate(&index), 0);
    assert!(page.is_true("document.activeElement.id === 'q'"), "the focus stays in the box");
    page.press("Escape");
    assert!(page.is_true(
        "document.getElementById('offers').hidden && document.getElementById('q').value === 'lam'"
    ));
    page.press("ArrowDown");
    page.wait_until("!document.getElementById('offers').hidden");
    page.press("ArrowDown");
    let expected = page.evaluate_text(&format!("{selected}.getAttribute('href')"));
    page.wait_for_navigation(|page| page.press("Enter"));
    assert_eq!(page.path(), expected);
}

#[test]
fn enter_without_a_selected_suggestion_searches() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/");
    page.click("#q");
    page.type_text("lamp");
    page.wait_until("!document.getElementById('offers').hidden");
    page.wait_for_navigation(|page| page.press("Enter"));
    assert_eq!(page.path(), "/products?q=lamp");
    assert!(page.is_true("document.querySelectorAll('#grid > li').length > 0"));
}

#[test]
fn a_misspelt_search_finds_the_right_word() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/products?q=lmap");
    assert!(
        page.is_true("document.querySelector('main').textContent.includes('lamp')"),
        "{}",
        page.text_content("main")
    );
}

#[test]
fn german_browsers_get_german_pages_and_formats() {
    let page = Page::new(Emulation { language: "de-AT,de;q=0.9,en;q=0.5", ..Emulation::DESKTOP });
    page.visit(PRODUCT_PATH);
    assert_eq!(page.evaluate_text("document.documentElement.lang"), "de");
    let price = page.text_content(".price.large");
    assert!(price.replace('\u{a0}', " ").contains("18,00 €"), "{price}");
    assert_eq!(page.text_content(".buy-row .button"), "In den Warenkorb");
    let response = Shop::shared().get(PRODUCT_PATH, &[("accept-language", "de")]);
    assert!(response.header("vary").contains("accept-language"), "{}", response.header("vary"));
}
