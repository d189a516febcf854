//! Internationalisation: right-to-left pages, currencies without decimals and with three, and an order in German.

use crate::{
    layout::overflow_script,
    walkthrough::{Findings, PRODUCT_PATH, add_to_cart, fill_cart_and_checkout, walk_through},
};
use browser_tests::{Emulation, JavaScript, Page, Shop};
use serde_json::{Value, json};

/// Script that sets the text direction of a right-to-left language.
const RIGHT_TO_LEFT: &str = "document.documentElement.dir = 'rtl'";

#[test]
fn no_right_to_left_page_scrolls_sideways_on_a_phone() {
    assert_no_overflow_right_to_left(Emulation { width: 320, ..Emulation::PHONE });
}

#[test]
fn no_right_to_left_page_scrolls_sideways_on_a_desktop() {
    assert_no_overflow_right_to_left(Emulation::DESKTOP);
}

fn assert_no_overflow_right_to_left(emulation: Emulation) {
    let mut findings = Findings::default();
    let script = overflow_script(emulation.page_width());
    walk_through(emulation, |page, page_name| {
        page.evaluate(RIGHT_TO_LEFT);
        let direction = "(it => getComputedStyle(it).direction)(document.querySelector('h1'))";
        assert_eq!(page.evaluate_text(direction), "rtl", "{page_name}");
        findings.collect_from(page, page_name, &script);
        page.evaluate("document.documentElement.removeAttribute('dir')");
    });
    findings.assert_none();
}

/// Creates a product that is sold in another currency, and returns its path.
fn create_product(name: &str, amount: i64, currency: &str) -> String {
    let sku = format!("ABROAD-{}", name.replace(' ', "-"));
    // Every product needs a picture, because the tests of the list check its first ones.
    let picture =
        json!({"url": "/pictures/mug/chalk/object.svg", "alt": name, "width": 400, "height": 500});
    let product = json!({
        "name": name,
        "variants": [{"sku": sku, "price": {"amount": amount, "currency": currency}, "stock": 9}],
        "media": [{"image": picture}],
        "status": "active",
    });
    let response = Shop::shared().operator_post("/api/v1/products", &product.to_string());
    assert_eq!(response.status, 201, "{}", response.text());
    let created: Value = serde_json::from_str(&response.text()).expect("a product");
    format!("/p/{}", created["slug"].as_str().expect("a slug"))
}

/// Checks a price where shoppers see it: in a list, on the product page and in the cart.
fn assert_priced(name: &str, amount: i64, currency: &str, price: &str, total: &str) {
    let path = create_product(name, amount, currency);
    let page = Page::new(Emulation::DESKTOP);
    page.visit(&format!("/products?q={}", name.replace(' ', "+")));
    assert!(
        page.text_content("#grid .card").contains(price),
        "{}",
        page.text_content("#grid .card")
    );
    page.visit(&path);
    assert!(
        page.text_content("main .price").contains(price),
        "{}",
        page.text_content("main .price")
    );
    // The first line decides the currency of the cart.
    add_to_cart(&page, &path);
    page.click(".line [name=step][value='1']");
    page.wait_until("document.querySelector('.line [name=quantity]').value === '2'");
    let line = page.text_content(".line");
    assert!(line.contains(total), "{total}: {line}");
    assert!(
        page.text_content(".summary .sums").contains(total),
        "{}",
        page.text_content(".summary .sums")
    );
}

#[test]
fn yen_have_no_decimals_anywhere() {
    assert_priced("Tenugui cloth", 1_980, "JPY", "¥1,980", "¥3,960");
}

#[test]
fn dinars_have_three_decimals_everywhere() {
    assert_priced("Brass incense tray", 4_750, "KWD", "4.750", "9.500");
}

#[test]
fn a_cart_is_in_one_currency_and_says_so() {
    let path = create_product("Zaru basket", 2_400, "JPY");
    let page = Page::new(Emulation { javascript: JavaScript::Disabled, ..Emulation::DESKTOP });
    add_to_cart(&page, PRODUCT_PATH);
    page.visit(&path);
    page.wait_for_navigation(|page| page.click(".buy-row .button"));
    let message =
        "This item uses a different currency from your cart. Check out first, then add it.";
    assert!(page.text_content("main").contains(message), "{}", page.text_content("main"));
    page.visit("/cart");
    assert_eq!(page.evaluate("document.querySelectorAll('.line').length"), 1);
}

#[test]
fn an_order_in_german_is_german_throughout() {
    let page = Page::new(Emulation { language: "de", ..Emulation::DESKTOP });
    page.visit(PRODUCT_PATH);
    assert_eq!(page.evaluate_text("document.documentElement.lang"), "de");
    fill_cart_and_checkout(&page);
    let checkout = page.text_content("main");
    for word in ["Standard", "Werktage", "Deutschland", "Österreich"] {
        assert!(checkout.contains(word), "{word}: {checkout}");
    }
    assert!(!checkout.contains("delivery"), "{checkout}");
    page.wait_for_navigation(|page| page.click(".pay .button"));
    assert!(page.path().starts_with("/orders/"), "{}", page.path());
    let order = page.text_content("main");
    for word in ["Danke, Maren", "Deutschland", "Versand", "18,00\u{a0}€"] {
        assert!(order.contains(word), "{word}: {order}");
    }
    for word in ["Thank", "Delivery", "delivery", "Germany", "Order", "€18"] {
        assert!(!order.contains(word), "{word}: {order}");
    }
}
