//! Other countries: pages from right to left, currencies with no decimals and with three, an order in German.

use crate::{
    fitting::too_wide,
    tour::{Findings, GOODS, put_into_cart, ready_to_pay, tour},
};
use browser_tests::{Look, Page, Scripts, Shop};
use serde_json::{Value, json};

/// Turns a page around, as it would be in a language that is read from right to left.
const TURNED: &str = "document.documentElement.dir = 'rtl'";

#[test]
fn no_page_read_from_right_to_left_scrolls_sideways_on_a_phone() {
    fits_turned_around(Look { width: 320, ..Look::PHONE });
}

#[test]
fn no_page_read_from_right_to_left_scrolls_sideways_on_a_desktop() {
    fits_turned_around(Look::DESKTOP);
}

fn fits_turned_around(look: Look) {
    let mut findings = Findings::default();
    let script = too_wide(look.page_width());
    tour(look, |page, stop| {
        page.value(TURNED);
        let heading = "(it => getComputedStyle(it).direction)(document.querySelector('h1'))";
        assert_eq!(page.text(heading), "rtl", "{stop}");
        findings.look_for(page, stop, &script);
        page.value("document.documentElement.removeAttribute('dir')");
    });
    findings.must_be_none();
}

/// An article that is sold in another currency; its address.
fn article(name: &str, amount: i64, currency: &str) -> String {
    let sku = format!("ABROAD-{}", name.replace(' ', "-"));
    // As the other goods have one: the first pictures of a list are looked at elsewhere.
    let picture =
        json!({"url": "/pictures/mug/chalk/object.svg", "alt": name, "width": 400, "height": 500});
    let product = json!({
        "name": name,
        "variants": [{"sku": sku, "price": {"amount": amount, "currency": currency}, "stock": 9}],
        "media": [{"image": picture}],
        "status": "active",
    });
    let made = Shop::shared().operator_post("/api/v1/products", &product.to_string());
    assert_eq!(made.status, 201, "{}", made.text());
    let made: Value = serde_json::from_str(&made.text()).expect("a product");
    format!("/p/{}", made["slug"].as_str().expect("an address"))
}

/// Looks at a price where shoppers meet it: in a list, on the article's own page, in the cart.
fn is_priced(name: &str, amount: i64, currency: &str, one: &str, two: &str) {
    let path = article(name, amount, currency);
    let page = Page::new(Look::DESKTOP);
    page.visit(&format!("/products?q={}", name.replace(' ', "+")));
    assert!(page.text_of("#grid .card").contains(one), "{}", page.text_of("#grid .card"));
    page.visit(&path);
    assert!(page.text_of("main .price").contains(one), "{}", page.text_of("main .price"));
    // A cart is in the currency of what is put in first.
    put_into_cart(&page, &path);
    page.click(".line [name=step][value='1']");
    page.until("document.querySelector('.line [name=quantity]').value === '2'");
    let line = page.text_of(".line");
    assert!(line.contains(two), "{two}: {line}");
    assert!(page.text_of(".summary .sums").contains(two), "{}", page.text_of(".summary .sums"));
}

#[test]
fn yen_have_no_decimals_anywhere() {
    is_priced("Tenugui cloth", 1_980, "JPY", "¥1,980", "¥3,960");
}

#[test]
fn dinars_have_three_decimals_everywhere() {
    is_priced("Brass incense tray", 4_750, "KWD", "4.750", "9.500");
}

#[test]
fn a_cart_is_in_one_currency_and_says_so() {
    let path = article("Zaru basket", 2_400, "JPY");
    let page = Page::new(Look { scripts: Scripts::Off, ..Look::DESKTOP });
    put_into_cart(&page, GOODS);
    page.visit(&path);
    page.leads(|page| page.click(".buy-row .button"));
    let told = "This item uses a different currency from your cart. Check out first, then add it.";
    assert!(page.text_of("main").contains(told), "{}", page.text_of("main"));
    page.visit("/cart");
    assert_eq!(page.value("document.querySelectorAll('.line').length"), 1);
}

#[test]
fn an_order_in_german_says_everything_in_german() {
    let page = Page::new(Look { language: "de", ..Look::DESKTOP });
    page.visit(GOODS);
    assert_eq!(page.text("document.documentElement.lang"), "de");
    ready_to_pay(&page);
    let checkout = page.text_of("main");
    for word in ["Standard", "Abholung", "Deutschland", "Österreich"] {
        assert!(checkout.contains(word), "{word}: {checkout}");
    }
    assert!(!checkout.contains("delivery"), "{checkout}");
    page.leads(|page| page.click(".pay .button"));
    assert!(page.path().starts_with("/orders/"), "{}", page.path());
    let order = page.text_of("main");
    for word in ["Danke, Maren", "Deutschland", "Versand", "18,00\u{a0}€"] {
        assert!(order.contains(word), "{word}: {order}");
    }
    for word in ["Thank", "Delivery", "delivery", "Germany", "Order", "€18"] {
        assert!(!order.contains(word), "{word}: {order}");
    }
}
