//! Checkout: from the product to the order, with JavaScript and without, and with errors on the way.

use crate::walkthrough::{
    ADDRESS, PRODUCT_PATH, add_to_cart, fill_cart_and_checkout, fill_checkout,
};
use browser_tests::{Emulation, JavaScript, Page, Shop};

const WITHOUT_JAVASCRIPT: Emulation =
    Emulation { javascript: JavaScript::Disabled, ..Emulation::DESKTOP };
const PAY: &str = ".pay .button";

fn type_address(page: &Page) {
    for (name, value) in ADDRESS {
        page.fill(&format!("#{name}"), value);
    }
}

fn assert_thanked(page: &Page) {
    assert!(page.path().starts_with("/orders/"), "{}", page.path());
    assert_eq!(page.text_content("h1"), "Thank you, Maren");
}

#[test]
fn a_purchase_needs_no_javascript() {
    let page = Page::new(WITHOUT_JAVASCRIPT);
    page.visit("/");
    page.wait_for_navigation(|page| page.click(".departments a[href='/c/kitchen']"));
    page.wait_for_navigation(|page| page.click("#grid a[href='/p/stoneware-mug-350-ml']"));
    page.click(".choices label:has([value=Ink i])");
    page.wait_for_navigation(|page| page.click("noscript .button"));
    assert!(
        page.is_true("document.querySelector('.choices [value=Ink i]').checked"),
        "{}",
        page.path()
    );
    page.wait_for_navigation(|page| page.click(".buy-form [name=step][value='1']"));
    assert_eq!(page.evaluate("document.getElementById('quantity').value"), "2");
    page.wait_for_navigation(|page| page.click(".buy-row .button"));
    assert_eq!(page.path(), "/cart");
    page.wait_for_navigation(|page| page.click(".line [name=step][value='-1']"));
    assert_eq!(page.evaluate("document.querySelector('.line [name=quantity]').value"), "1");
    page.wait_for_navigation(|page| page.click(".summary a.button"));
    type_address(&page);
    page.wait_for_navigation(|page| page.click(PAY));
    assert_thanked(&page);
    page.visit("/cart");
    assert_eq!(page.text_content(".nothing-head"), "Your cart is empty.");
}

#[test]
fn a_purchase_with_javascript_needs_few_page_loads() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit(PRODUCT_PATH);
    let requests = page.record_requests(|page| {
        page.click(".choices label:has([value=Spruce i])");
        page.wait_until("location.search.includes('pruce')");
        page.click("form[data-add] .button.large");
        page.wait_until("document.getElementById('toast').matches(':popover-open')");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_eq!(page.text_content("#toast p"), "Added. Your cart: 1 item, €18.00");
    assert_eq!(page.text_content("[data-part=cart-link] .count"), "1");
    assert!(
        page.is_true("document.activeElement.matches('form[data-add] .button.large')"),
        "the focus stays"
    );
    page.wait_until("document.getElementById('status').textContent.startsWith('Added.')");
    page.wait_for_navigation(|page| page.click("#toast a[href='/cart']"));

    let requests = page.record_requests(|page| {
        page.click(".line [name=step][value='1']");
        page.wait_until("document.querySelector('.line-price strong').textContent === '€36.00'");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    page.wait_for_navigation(|page| page.click(".summary a.button"));
    type_address(&page);
    page.wait_for_navigation(|page| page.click(PAY));
    assert_thanked(&page);
}

#[test]
fn two_clicks_on_pay_make_one_order() {
    for (emulation, email) in [
        (Emulation::DESKTOP, "twice@example.com"),
        (WITHOUT_JAVASCRIPT, "twice.no-javascript@example.com"),
    ] {
        let page = Page::new(emulation);
        fill_cart_and_checkout(&page);
        page.evaluate(&format!("document.getElementById('email').value = '{email}'"));
        page.double_click(PAY);
        page.wait_until(
            "location.pathname.startsWith('/orders/') && document.readyState === 'complete'",
        );
        assert_thanked(&page);
        let orders = Shop::shared().operator_get("/api/v1/orders?limit=200").text();
        assert_eq!(orders.matches(&format!("\"{email}\"")).count(), 1, "{orders}");
    }
}

#[test]
fn all_errors_are_listed_and_link_to_their_fields() {
    assert_errors_at_fields(Emulation::DESKTOP);
}

#[test]
fn all_errors_are_listed_and_link_to_their_fields_without_javascript() {
    assert_errors_at_fields(WITHOUT_JAVASCRIPT);
}

fn assert_errors_at_fields(emulation: Emulation) {
    let page = Page::new(emulation);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    page.fill("#email", "maren@example");
    page.fill("#city", "Hamburg");
    page.wait_for_navigation(|page| page.click(PAY));
    assert_eq!(page.status(), 422);
    assert!(page.evaluate_text("document.title").starts_with("Error: Checkout"));
    page.wait_until("document.activeElement.id === 'errors'");
    assert!(page.exists("#errors[role=alert]"));
    let links = page.evaluate("[...document.querySelectorAll('#errors a')].map(it => it.hash)");
    assert_eq!(links, serde_json::json!(["#email", "#name", "#line1", "#postal_code"]));
    for id in ["email", "name", "line1", "postal_code"] {
        page.click(&format!("#errors a[href='#{id}']"));
        page.wait_until(&format!("document.activeElement.id === '{id}'"));
        let summary_error = page.text_content(&format!("#errors a[href='#{id}']"));
        let field_error = page.evaluate_text(
            "document.getElementById(document.activeElement.getAttribute('aria-describedby').split(' ').at(-1)).textContent",
        );
        assert!(field_error.ends_with(&summary_error), "{id}: {summary_error} / {field_error}");
        assert!(
            page.is_true("document.activeElement.getAttribute('aria-invalid') === 'true'"),
            "{id}"
        );
    }
    assert_eq!(
        page.evaluate("[email.value, city.value]"),
        serde_json::json!(["maren@example", "Hamburg"]),
        "what was typed stays"
    );
}

#[test]
fn a_declined_card_is_reported_and_another_one_pays() {
    let page = Page::new(Emulation::DESKTOP);
    fill_cart_and_checkout(&page);
    page.click("label:has(#card-decline)");
    page.wait_for_navigation(|page| page.click(PAY));
    let message =
        "Your bank declined the payment. Nothing was charged. Try another card or ask your bank.";
    assert_eq!(page.text_content("#errors .errors-notice"), message);
    assert!(page.path().starts_with("/checkout"), "{}", page.path());
    assert!(
        page.is_true(
            "name.value !== '' && document.getElementById('line1').value === 'Lindenweg 4'"
        ),
        "what was typed stays"
    );
    page.click("label:has(#card-success)");
    page.wait_for_navigation(|page| page.click(PAY));
    assert_thanked(&page);
}

#[test]
fn a_payment_action_leads_back_to_the_order() {
    let page = Page::new(Emulation::DESKTOP);
    fill_cart_and_checkout(&page);
    page.click("label:has(#card-requires_action)");
    page.wait_for_navigation(|page| page.click(PAY));
    // The payment action comes at once, or the order page links to it.
    if page.path().starts_with("/orders/") {
        page.wait_for_navigation(|page| page.click("main .button.large"));
    }
    assert!(page.path().starts_with("/payments/"), "{}", page.path());
    page.wait_for_navigation(|page| page.click("[name=outcome][value=confirm]"));
    page.wait_until("document.querySelector('h1')?.textContent === 'Thank you, Maren'");
}

#[test]
fn another_country_changes_the_form_and_the_totals_without_a_page_load() {
    let page = Page::new(Emulation::DESKTOP);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    fill_checkout(&page);
    let before = page.text_content("[data-part=order] .sums");
    assert!(!page.exists("#region"));
    let requests = page.record_requests(|page| {
        page.select_option("#country", "US");
        page.wait_until("!!document.getElementById('region')");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_ne!(page.text_content("[data-part=order] .sums"), before, "another tax");
    assert_eq!(
        page.evaluate("document.getElementById('line1').value"),
        "Lindenweg 4",
        "what was typed stays"
    );
    assert!(page.is_true("document.activeElement.id === 'country'"), "the focus stays");
}

#[test]
fn the_address_form_follows_the_country_with_javascript_and_without() {
    let page = Page::new(Emulation::DESKTOP);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    page.select_option("#country", "JP");
    page.wait_until("!!document.getElementById('region')");
    assert_address_form(
        &page,
        "Prefecture",
        &["name", "postal_code", "region", "city", "line1", "line2"],
    );
    page.select_option("#country", "US");
    page.wait_until("document.querySelector('label[for=region]').textContent === 'State'");
    assert_address_form(
        &page,
        "State",
        &["name", "line1", "line2", "city", "region", "postal_code"],
    );
    assert!(page.is_true("document.getElementById('postal_code').inputMode === 'numeric'"));

    let page = Page::new(WITHOUT_JAVASCRIPT);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    page.evaluate("document.getElementById('country').value = 'AU'");
    page.wait_for_navigation(|page| page.click("[data-part=delivery] noscript .button"));
    assert_address_form(
        &page,
        "State",
        &["name", "line1", "line2", "city", "region", "postal_code"],
    );
}

fn assert_address_form(page: &Page, region: &str, order: &[&str]) {
    assert_eq!(page.text_content("label[for=region]"), region);
    let fields = page
        .evaluate("[...document.querySelectorAll('[data-part=shipping] .input')].map(it => it.id)");
    assert_eq!(fields, serde_json::json!(order));
}

#[test]
fn a_wrong_field_keeps_its_error_until_it_is_right() {
    let page = Page::new(Emulation::DESKTOP);
    fill_cart_and_checkout(&page);
    for (field, wrong, right) in
        [("email", "a@b", "maren@example.com"), ("postal_code", "!!", "22763")]
    {
        page.evaluate(&format!("document.getElementById('{field}').value = '{wrong}'"));
        page.wait_for_navigation(|page| page.click(PAY));
        let leave = |value: &str| {
            page.evaluate(&format!(
                "{{ const it = document.getElementById('{field}'); it.focus(); it.value = '{value}'; it.blur(); }}"
            ));
            page.exists(&format!("#{field}-error"))
        };
        assert!(leave(wrong), "{field} is still wrong");
        assert!(!leave(right), "{field} is right");
    }
}

#[test]
fn the_button_says_at_once_that_the_payment_runs() {
    let page = Page::new(Emulation::DESKTOP);
    fill_cart_and_checkout(&page);
    page.evaluate(
        "document.querySelector('form[data-checkout]').addEventListener('submit', (event) => event.preventDefault())",
    );
    page.click(PAY);
    page.wait_until(&format!("document.querySelector('{PAY}').textContent === 'Paying…'"));
    page.wait_until("document.getElementById('status').textContent === 'Paying…'");
}

#[test]
fn the_lines_of_the_error_summary_begin_beside_their_bullets() {
    let page = Page::new(Emulation::PHONE);
    add_to_cart(&page, PRODUCT_PATH);
    page.visit("/checkout");
    page.wait_for_navigation(|page| page.click(PAY));
    // A bullet stands on the first line of its item, unless an inline block of several lines moves it to the last one.
    let inline_blocks = page.evaluate(
        "[...document.querySelectorAll('#errors li a')].filter(it => getComputedStyle(it).display === 'inline-block').length",
    );
    assert_eq!(inline_blocks, 0);
    let narrow = page.is_true(
        "[...document.querySelectorAll('#errors li a')].every(it => it.getBoundingClientRect().height >= 24)",
    );
    assert!(narrow, "a link is too low to be hit");
}

#[test]
fn an_order_page_shows_pictures_and_the_time_of_the_visitor() {
    let page = Page::new(Emulation::DESKTOP);
    fill_cart_and_checkout(&page);
    page.wait_for_navigation(|page| page.click(PAY));
    assert_thanked(&page);
    assert!(page.exists(".ordered .tile img"));
    let local = "new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', \
                 minute: '2-digit', timeZoneName: 'short'}).format(new Date(document.querySelector('.order-facts time').dateTime))";
    page.wait_until(&format!(
        "document.querySelector('.order-facts time').textContent === {local}"
    ));
    assert!(page.text_content(".order-facts").contains("maren@example.com"));
}

#[test]
fn more_than_there_is_is_told_in_the_cart_and_put_right_with_one_press() {
    let page = Page::new(Emulation::DESKTOP);
    add_to_cart(&page, PRODUCT_PATH);
    page.evaluate("document.querySelector('.line [name=quantity]').value = '900'");
    page.evaluate(
        "document.querySelector('.line [name=quantity]').dispatchEvent(new Event('change', {bubbles: true}))",
    );
    page.wait_until(
        "!!document.querySelector('.problem') || !!document.querySelector('.notice.bad')",
    );
    assert!(page.exists(".problem"), "{}", page.text_content("main"));
    assert!(!page.exists(".summary a.button"), "the cart cannot be checked out as it is");
    page.click(".problem .button");
    page.wait_until("!document.querySelector('.problem')");
    assert!(page.exists(".summary a.button"));
}
