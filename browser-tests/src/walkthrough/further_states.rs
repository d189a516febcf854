//! States beside the straight way from the home page to the order: what is sold out, wrong, refused, waiting or laid over
//! a page, and the pages for operators.

use super::{PRODUCT_PATH, add_to_cart, fill_cart_and_checkout};
use crate::{Emulation, JavaScript, Page, Shop};

/// Script that returns the query of a value that is sold out.
const SOLD_OUT_CHOICE: &str = "(it => `${it.name}=${encodeURIComponent(it.value)}`)\
    (document.querySelector('.choices label:not([class=\"\"]) input'))";

const PAY: &str = ".pay .button";

/// Reaches the further states as a new visitor, and calls `check` on each with its name. The shop has to offer prepayment
/// and invoice.
pub fn reach_further_states(emulation: Emulation, mut check: impl FnMut(&Page, &str)) {
    let page = Page::new(emulation);
    page.visit(PRODUCT_PATH);
    let sold_out = page.evaluate_text(SOLD_OUT_CHOICE);
    page.visit(&format!("{PRODUCT_PATH}?{sold_out}"));
    check(&page, "product with a sold-out choice");
    page.visit("/orders");
    page.evaluate("document.getElementById('number').value = '1000001'");
    page.evaluate("document.getElementById('email').value = 'nobody@example.com'");
    submit(&page, "main form");
    check(&page, "find an order, without a match");

    add_to_cart(&page, PRODUCT_PATH);
    page.evaluate("document.querySelector('.line [name=quantity]').value = '900'");
    submit(&page, ".line form:has([name=quantity])");
    assert!(page.exists(".problem"), "a cart of 900 mugs has no problem");
    check(&page, "cart with a problem");

    reach_checkout_states(emulation, &mut check);
    reach_payment_states(emulation, &mut check);

    page.visit_url(&Shop::cut_off().url("/"));
    assert!(page.status() >= 500, "the page of a shop without services is an error");
    check(&page, "error");
    page.visit_url(&Shop::shared().operator_url("/"));
    check(&page, "operator edge");
    if emulation.javascript == JavaScript::Enabled {
        page.visit_url(&Shop::shared().operator_url("/docs"));
        page.wait_until("!!document.querySelector('.swagger-ui .opblock')");
        check(&page, "API document");
    }
}

fn reach_checkout_states(emulation: Emulation, check: &mut impl FnMut(&Page, &str)) {
    let page = Page::new(emulation);
    fill_cart_and_checkout(&page);
    if emulation.javascript == JavaScript::Enabled {
        page.select_option("#country", "JP");
    } else {
        page.evaluate("document.getElementById('country').value = 'JP'");
        page.wait_for_navigation(|page| page.click("[data-part=delivery] noscript .button"));
    }
    page.wait_until("!!document.getElementById('region')");
    check(&page, "checkout to Japan");

    let page = Page::new(emulation);
    fill_cart_and_checkout(&page);
    choose(&page, "#card-decline");
    page.wait_for_navigation(|page| page.click(PAY));
    assert!(page.exists("#errors"), "a declined payment is not told");
    check(&page, "checkout after a declined payment");
}

fn reach_payment_states(emulation: Emulation, check: &mut impl FnMut(&Page, &str)) {
    let page = Page::new(emulation);
    fill_cart_and_checkout(&page);
    choose(&page, "#card-requires_action");
    page.wait_for_navigation(|page| page.click(PAY));
    assert!(page.path().starts_with("/payments/"), "{}", page.path());
    check(&page, "payment to be confirmed");
    let order = page.evaluate_text("document.querySelector('[name=order]').value");
    page.visit(&format!("/orders/{order}"));
    check(&page, "order that waits for its payment");
    page.wait_for_navigation(|page| {
        page.evaluate("document.querySelector('#cancel form').submit()");
    });
    check(&page, "cancelled order");

    for (method, name) in [("prepayment", "order by prepayment"), ("invoice", "order on invoice")] {
        let page = Page::new(emulation);
        fill_cart_and_checkout(&page);
        choose(&page, &format!("[name=payment][value={method}]"));
        page.wait_for_navigation(|page| page.click(PAY));
        assert!(page.path().starts_with("/orders/"), "{}", page.path());
        check(&page, name);
    }
}

/// Opens what is laid over pages with scripts: drawers, suggestions, messages and questions. `check` is called with each.
pub fn open_overlays(emulation: Emulation, mut check: impl FnMut(&Page, &str)) {
    let page = Page::new(emulation);
    for (drawer, button) in [("filters", ".filters-button"), ("departments", ".menu")] {
        page.visit("/products");
        let is_shown = format!("!!document.querySelector('{button}')?.checkVisibility()");
        // A wide window has both on the page itself.
        if page.is_true(&is_shown) {
            page.click(button);
            page.wait_until(&format!(
                "document.getElementById('{drawer}').matches(':popover-open')"
            ));
            check(&page, &format!("{drawer} drawer"));
        }
    }
    page.visit("/");
    page.fill("#q", "la");
    page.wait_until("document.querySelectorAll('#offers [role=option]').length > 1");
    check(&page, "suggestions");
    page.visit(PRODUCT_PATH);
    page.click("form[data-add] .button.large");
    page.wait_until("document.getElementById('toast').matches(':popover-open')");
    check(&page, "added to the cart");
}

/// Chooses a radio button, whose label may be all that is seen of it.
pub(super) fn choose(page: &Page, selector: &str) {
    page.evaluate(&format!("document.querySelector('{selector}').checked = true"));
}

fn submit(page: &Page, form: &str) {
    page.wait_for_navigation(|page| {
        page.evaluate(&format!("document.querySelector('{form}').submit()"));
    });
}
