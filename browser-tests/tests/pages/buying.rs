//! From the goods to the order, with scripts and without, and when something goes wrong on the way.

use crate::tour::{ADDRESS, GOODS, fill_checkout, put_into_cart, ready_to_pay};
use browser_tests::{Look, Page, Scripts, Shop};

const WITHOUT_SCRIPTS: Look = Look { scripts: Scripts::Off, ..Look::DESKTOP };
const PAY: &str = ".pay .button";

fn fill_by_hand(page: &Page) {
    for (name, value) in ADDRESS {
        page.fill(&format!("#{name}"), value);
    }
}

fn is_thanked(page: &Page) {
    assert!(page.path().starts_with("/orders/"), "{}", page.path());
    assert_eq!(page.text_of("h1"), "Thank you, Maren");
}

#[test]
fn a_purchase_needs_no_script() {
    let page = Page::new(WITHOUT_SCRIPTS);
    page.visit("/");
    page.leads(|page| page.click(".departments a[href='/c/kitchen']"));
    page.leads(|page| page.click("#grid a[href='/p/stoneware-mug-350-ml']"));
    page.click(".choices label:has([value=Ink i])");
    page.leads(|page| page.click("noscript .button"));
    assert!(
        page.holds("document.querySelector('.choices [value=Ink i]').checked"),
        "{}",
        page.path()
    );
    page.leads(|page| page.click(".buy-form [name=step][value='1']"));
    assert_eq!(page.value("document.getElementById('quantity').value"), "2");
    page.leads(|page| page.click(".buy-row .button"));
    assert_eq!(page.path(), "/cart");
    page.leads(|page| page.click(".line [name=step][value='-1']"));
    assert_eq!(page.value("document.querySelector('.line [name=quantity]').value"), "1");
    page.leads(|page| page.click(".summary a.button"));
    fill_by_hand(&page);
    page.leads(|page| page.click(PAY));
    is_thanked(&page);
    page.visit("/cart");
    assert_eq!(page.text_of(".nothing-head"), "Your cart is empty.");
}

#[test]
fn a_purchase_with_scripts_waits_for_few_pages() {
    let page = Page::new(Look::DESKTOP);
    page.visit(GOODS);
    let requests = page.requests(|page| {
        page.click(".choices label:has([value=Spruce i])");
        page.until("location.search.includes('pruce')");
        page.click("form[data-add] .button.large");
        page.until("document.getElementById('toast').matches(':popover-open')");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_eq!(page.text_of("#toast p"), "Added. Cart: 1 item, €18.00");
    assert_eq!(page.text_of("[data-part=cart-link] .count"), "1");
    assert!(
        page.holds("document.activeElement.matches('form[data-add] .button.large')"),
        "the focus stays"
    );
    page.until("document.getElementById('status').textContent.startsWith('Added.')");
    page.leads(|page| page.click("#toast a[href='/cart']"));

    let requests = page.requests(|page| {
        page.click(".line [name=step][value='1']");
        page.until("document.querySelector('.line-price strong').textContent === '€36.00'");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    page.leads(|page| page.click(".summary a.button"));
    fill_by_hand(&page);
    page.leads(|page| page.click(PAY));
    is_thanked(&page);
}

#[test]
fn two_clicks_on_pay_make_one_order() {
    for (look, email) in
        [(Look::DESKTOP, "twice@example.com"), (WITHOUT_SCRIPTS, "twice.unscripted@example.com")]
    {
        let page = Page::new(look);
        ready_to_pay(&page);
        page.value(&format!("document.getElementById('email').value = '{email}'"));
        page.double_click(PAY);
        page.until(
            "location.pathname.startsWith('/orders/') && document.readyState === 'complete'",
        );
        is_thanked(&page);
        let orders = Shop::shared().operator_get("/api/v1/orders?limit=200").text();
        assert_eq!(orders.matches(&format!("\"{email}\"")).count(), 1, "{orders}");
    }
}

#[test]
fn what_is_wrong_is_said_at_once_and_leads_to_its_field() {
    is_said_at_its_field(Look::DESKTOP);
}

#[test]
fn what_is_wrong_is_said_at_once_and_leads_to_its_field_without_scripts() {
    is_said_at_its_field(WITHOUT_SCRIPTS);
}

fn is_said_at_its_field(look: Look) {
    let page = Page::new(look);
    put_into_cart(&page, GOODS);
    page.visit("/checkout");
    page.fill("#email", "maren@example");
    page.fill("#city", "Hamburg");
    page.leads(|page| page.click(PAY));
    assert_eq!(page.status(), 422);
    assert!(page.text("document.title").starts_with("Error: Checkout"));
    page.until("document.activeElement.id === 'errors'");
    assert!(page.has("#errors[role=alert]"));
    let links = page.value("[...document.querySelectorAll('#errors a')].map(it => it.hash)");
    assert_eq!(links, serde_json::json!(["#email", "#name", "#line1", "#postal_code"]));
    for id in ["email", "name", "line1", "postal_code"] {
        page.click(&format!("#errors a[href='#{id}']"));
        page.until(&format!("document.activeElement.id === '{id}'"));
        let said_above = page.text_of(&format!("#errors a[href='#{id}']"));
        let said_there = page.text(
            "document.getElementById(document.activeElement.getAttribute('aria-describedby').split(' ').at(-1)).textContent",
        );
        assert!(said_there.ends_with(&said_above), "{id}: {said_above} / {said_there}");
        assert!(
            page.holds("document.activeElement.getAttribute('aria-invalid') === 'true'"),
            "{id}"
        );
    }
    assert_eq!(
        page.value("[email.value, city.value]"),
        serde_json::json!(["maren@example", "Hamburg"]),
        "what was typed stays"
    );
}

#[test]
fn a_declined_card_is_told_and_another_one_pays() {
    let page = Page::new(Look::DESKTOP);
    ready_to_pay(&page);
    page.click("label:has(#card-decline)");
    page.leads(|page| page.click(PAY));
    let told =
        "Your bank declined the payment. Nothing was charged. Try another card or ask your bank.";
    assert_eq!(page.text_of("#errors .errors-notice"), told);
    assert!(page.path().starts_with("/checkout"), "{}", page.path());
    assert!(
        page.holds("name.value !== '' && document.getElementById('line1').value === 'Lindenweg 4'"),
        "what was typed stays"
    );
    page.click("label:has(#card-success)");
    page.leads(|page| page.click(PAY));
    is_thanked(&page);
}

#[test]
fn a_bank_that_asks_is_answered_and_leads_back_to_the_order() {
    let page = Page::new(Look::DESKTOP);
    ready_to_pay(&page);
    page.click("label:has(#card-requires_action)");
    page.leads(|page| page.click(PAY));
    // The bank asks at once, or the order leads to it.
    if page.path().starts_with("/orders/") {
        page.leads(|page| page.click("main .button.large"));
    }
    assert!(page.path().starts_with("/payments/"), "{}", page.path());
    page.leads(|page| page.click("[name=outcome][value=confirm]"));
    page.until("document.querySelector('h1')?.textContent === 'Thank you, Maren'");
}

#[test]
fn another_country_changes_the_form_and_the_sums_in_place() {
    let page = Page::new(Look::DESKTOP);
    put_into_cart(&page, GOODS);
    page.visit("/checkout");
    fill_checkout(&page);
    let before = page.text_of("[data-part=order] .sums");
    assert!(!page.has("#region"));
    let requests = page.requests(|page| {
        page.choose("#country", "US");
        page.until("!!document.getElementById('region')");
    });
    assert!(requests.iter().all(|request| request.kind != "Document"), "{requests:?}");
    assert_ne!(page.text_of("[data-part=order] .sums"), before, "another tax");
    assert_eq!(
        page.value("document.getElementById('line1').value"),
        "Lindenweg 4",
        "what was typed stays"
    );
    assert!(page.holds("document.activeElement.id === 'country'"), "the focus stays");
}
