//! Finding goods: filters that need no new page, a search box with offers, and a way back to where one was.

use crate::tour::GOODS;
use browser_tests::{Look, Page, Shop};

#[test]
fn a_tick_filters_without_a_new_page() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/products");
    let before = page.text_of("[data-count]");
    let requests = page.requests(|page| {
        page.click("label:has(#f-in_stock-true)");
        page.until("location.search === '?in_stock=true' && !!document.querySelector('.chip')");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_ne!(page.text_of("[data-count]"), before);
    assert!(page.holds("document.activeElement.id === 'f-in_stock-true'"), "the focus stays");
    page.until("/\\d+ of \\d+ products/.test(document.getElementById('status').textContent)");
    page.click(".chip");
    page.until("location.search === '' && !document.querySelector('.chip')");
    assert_eq!(page.text_of("[data-count]"), before);
    assert!(page.holds("!document.getElementById('f-in_stock-true').checked"));
}

#[test]
fn back_keeps_filters_and_place() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/products");
    page.click("label:has(#f-in_stock-true)");
    page.until("location.search === '?in_stock=true' && !!document.querySelector('.chip')");
    page.value("scrollTo({top: 900, behavior: 'instant'})");
    let place = page.value("scrollY").as_f64().unwrap();
    page.leads(|page| page.click("#grid > li:nth-child(8) h3 a"));
    let left_at = place.max(1.0);
    page.value("history.back()");
    page.until(
        "location.pathname === '/products' && document.readyState === 'complete' && scrollY > 200",
    );
    assert_eq!(page.path(), "/products?in_stock=true");
    assert!(page.holds("document.getElementById('f-in_stock-true').checked"));
    let back_at = page.value("scrollY").as_f64().unwrap();
    assert!((back_at - left_at).abs() < 600.0, "left at {left_at}, back at {back_at}");
    page.value("history.back()");
    page.until("location.search === '' && !document.querySelector('.chip')");
    assert!(page.holds("!document.getElementById('f-in_stock-true').checked"));
}

#[test]
fn show_more_appends_and_leads_the_focus_there() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/products");
    page.click("[data-more]");
    page.until("document.querySelectorAll('#grid > li').length > 24");
    assert!(page.holds("document.activeElement.closest('li') === document.querySelector('#grid > li:nth-child(25)')"));
    let names = "[...document.querySelectorAll('#grid h3 a')].map(it => it.href)";
    assert!(
        page.holds(&format!("new Set({names}).size === {names}.length")),
        "nothing is shown twice"
    );
}

#[test]
fn the_search_box_offers_and_obeys_its_keys() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/");
    page.click("#q");
    page.type_in("lam");
    page.until("document.getElementById('q').getAttribute('aria-expanded') === 'true'");
    let chosen = "document.getElementById(document.getElementById('q').getAttribute('aria-activedescendant'))";
    let place =
        format!("[...document.querySelectorAll('#offers [role=option]')].indexOf({chosen})");
    assert_eq!(page.value(&place), -1, "nothing is chosen by itself");
    page.press("ArrowDown");
    assert_eq!(page.value(&place), 0);
    page.press("ArrowDown");
    assert_eq!(page.value(&place), 1);
    assert!(page.holds(&format!("{chosen}.getAttribute('aria-selected') === 'true'")));
    page.press("ArrowUp");
    assert_eq!(page.value(&place), 0);
    assert!(page.holds("document.activeElement.id === 'q'"), "the focus stays in the box");
    page.press("Escape");
    assert!(page.holds(
        "document.getElementById('offers').hidden && document.getElementById('q').value === 'lam'"
    ));
    page.press("ArrowDown");
    page.until("!document.getElementById('offers').hidden");
    page.press("ArrowDown");
    let wanted = page.text(&format!("{chosen}.getAttribute('href')"));
    page.leads(|page| page.press("Enter"));
    assert_eq!(page.path(), wanted);
}

#[test]
fn enter_without_a_choice_searches() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/");
    page.click("#q");
    page.type_in("lamp");
    page.until("!document.getElementById('offers').hidden");
    page.leads(|page| page.press("Enter"));
    assert_eq!(page.path(), "/products?q=lamp");
    assert!(page.holds("document.querySelectorAll('#grid > li').length > 0"));
}

#[test]
fn a_typing_error_is_understood() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/products?q=lmap");
    assert!(
        page.holds("document.querySelector('main').textContent.includes('lamp')"),
        "{}",
        page.text_of("main")
    );
}

#[test]
fn germans_are_served_in_german_with_their_money() {
    let page = Page::new(Look { language: "de-AT,de;q=0.9,en;q=0.5", ..Look::DESKTOP });
    page.visit(GOODS);
    assert_eq!(page.text("document.documentElement.lang"), "de");
    let price = page.text_of(".price.large");
    assert!(price.replace('\u{a0}', " ").contains("18,00 €"), "{price}");
    assert_eq!(page.text_of(".buy-row .button"), "In den Warenkorb");
    let answer = Shop::shared().get(GOODS, &[("accept-language", "de")]);
    assert!(answer.header("vary").contains("accept-language"), "{}", answer.header("vary"));
}
