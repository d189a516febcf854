//! Slips and detours of shoppers in a real browser: what covers what, and what leads back.

use crate::walkthrough::{PRODUCT_PATH, add_to_cart, fill_cart_and_checkout};
use browser_tests::{Emulation, Page, Theme};

const PAY: &str = ".pay .button";

#[test]
fn the_number_on_the_cart_leaves_the_cart_and_the_menu_in_sight() {
    for (quantity, text) in [(1, "1"), (12, "12"), (120, "99+")] {
        for emulation in [Emulation::PHONE, Emulation::TABLET, Emulation::DESKTOP] {
            let page = Page::new(emulation);
            page.visit(PRODUCT_PATH);
            page.wait_for_navigation(|page| {
                page.evaluate(&format!(
                    "quantity.value = '{quantity}', document.querySelector('form[data-add]').submit()"
                ));
            });
            assert_eq!(page.text_content("[data-part=cart-link] .count"), text);
            let covered = page.evaluate(
                "(() => {
                    const box = name => document.querySelector(name).getBoundingClientRect();
                    const share = (one, other) => {
                        const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
                        const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
                        return Math.max(0, width) * Math.max(0, height) / (other.width * other.height || 1);
                    };
                    const count = box('[data-part=cart-link] .count');
                    return [share(count, box('[data-part=cart-link] svg')), share(count, box('.menu svg')),
                        Math.max(0, count.right - document.documentElement.clientWidth)];
                })()",
            );
            let covered: Vec<f64> =
                covered.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
            assert!(covered[0] <= 0.3, "{text} covers {} of the cart: {emulation:?}", covered[0]);
            assert_eq!(covered[1..], [0.0, 0.0], "{text}: {emulation:?}");
        }
    }
}

#[test]
fn suggestions_are_shown_to_the_last_one() {
    for language in ["en", "de"] {
        for emulation in [Emulation::PHONE, Emulation::TABLET, Emulation::DESKTOP] {
            let page = Page::new(Emulation { language, ..emulation });
            page.visit("/");
            for text in ["te", "lamp"] {
                page.fill("#q", text);
                page.wait_until(&format!(
                    "!offers.hidden && !!document.querySelector(\"#offer-all[href='/products?q={text}']\")"
                ));
                assert!(page.is_true("offers.scrollHeight <= offers.clientHeight + 1"), "{text}");
                let end = "document.getElementById('offer-all').getBoundingClientRect().bottom";
                assert!(page.is_true(&format!("{end} <= innerHeight")), "{text}: {emulation:?}");
            }
        }
    }
}

#[test]
fn who_leaves_the_bank_finds_the_order_again_and_can_cancel_it() {
    let page = Page::new(Emulation::PHONE);
    fill_cart_and_checkout(&page);
    page.click("label:has(#card-requires_action)");
    page.wait_for_navigation(|page| page.click(PAY));
    assert!(page.path().starts_with("/payments/"), "{}", page.path());
    page.visit("/cart");
    assert!(!page.exists("[name=quantity]"), "a cart that is being paid for does not change");
    page.wait_for_navigation(|page| page.click(".notice.warn a"));
    let order = page.path();
    assert!(order.starts_with("/orders/"), "{order}");
    page.visit("/checkout");
    assert_eq!(page.path(), order, "the checkout leads there as well");
    assert!(page.exists("main a.button[href^='/payments/']"));
    page.click("[popovertarget=cancel]");
    page.wait_for_navigation(|page| page.click("#cancel .danger"));
    page.wait_until(
        "document.querySelector('h1')?.textContent === 'This order has been cancelled'",
    );
    page.visit(&order);
    page.wait_for_navigation(|page| page.click("main a.button[href='/cart']"));
    assert!(page.exists(".summary a.button"), "the cart can be checked out again");
}

#[test]
fn the_error_summary_names_no_field_that_is_gone() {
    let page = Page::new(Emulation::DESKTOP);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    page.wait_for_navigation(|page| page.click(PAY));
    assert!(page.exists("#errors a[href='#postal_code']"));
    page.select_option("#country", "US");
    page.wait_until("!!document.querySelector('#region')");
    page.wait_until(
        "[...document.querySelectorAll('#errors a')].every(it => document.querySelector(it.hash))",
    );
    page.wait_until("!document.querySelector('#errors')");
}

#[test]
fn a_quantity_that_cannot_be_read_is_asked_for_again() {
    let page = Page::new(Emulation::PHONE);
    add_to_cart(&page, PRODUCT_PATH);
    for text in ["-3", "abc", "1.5"] {
        page.evaluate(&format!("document.querySelector('.line [name=quantity]').value = '{text}'"));
        page.evaluate(
            "document.querySelector('.line [name=quantity]').dispatchEvent(new Event('change', {bubbles: true}))",
        );
        page.wait_until("!!document.querySelector('.notice.bad')");
        assert!(page.text_content(".notice.bad").contains("from 1 to 999"), "{text}");
        assert_eq!(page.evaluate("document.querySelector('.line [name=quantity]').value"), "1");
        page.visit("/cart");
    }
}

#[test]
fn a_dark_page_is_printed_light() {
    let page = Page::new(Emulation { theme: Theme::Dark, ..Emulation::DESKTOP });
    page.visit("/help");
    let rule = "[...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
        .flatMap(rule => rule instanceof CSSLayerBlockRule ? [...rule.cssRules] : [rule])
        .filter(rule => rule instanceof CSSMediaRule && rule.conditionText === 'print')
        .flatMap(rule => [...rule.cssRules])
        .some(rule => rule.selectorText === ':root' && rule.style.colorScheme === 'light')";
    assert!(page.is_true(rule));
}
