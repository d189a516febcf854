//! Address book of a customer who is signed in: its pages, and the checkout that is filled in from it.

use super::{PRODUCT_PATH, accounts::submit, add_to_cart};
use crate::Page;

/// Fields of an address.
const FIELDS: &[(&str, &str)] =
    &[("name", "Maren Holt"), ("postal_code", "22763"), ("city", "Hamburg")];

/// Stores two addresses, changes one, and has the checkout filled in with each.
pub(super) fn walk_through(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    page.visit("/account/addresses");
    check(page, "empty address book");
    page.wait_for_navigation(|page| page.click("#add-address"));
    check(page, "new address");
    submit(page, "#save-address", &[]);
    assert!(page.exists("#errors"), "an empty address is refused");
    check(page, "new address with errors");
    store(page, "Lindenweg 4");
    page.visit("/account/addresses/new");
    choose_default(page, "billing");
    store(page, "Große Elbstraße 145");
    check(page, "address book");
    page.wait_for_navigation(|page| page.click(".address-list li:last-child a"));
    check(page, "address being edited");
    store(page, "Große Elbstraße 147");
    assert!(page.text_content(".address-list").contains("147"), "{}", page.text_content("main"));
    add_to_cart(page, PRODUCT_PATH);
    page.visit("/checkout");
    assert_eq!(line1(page), "Lindenweg 4", "the default is filled in");
    check(page, "checkout of a customer with addresses");
    page.click(".address-choice summary");
    page.wait_for_navigation(|page| page.click("[name=use_address]"));
    assert_eq!(line1(page), "Große Elbstraße 147", "the other is one button away");
    page.visit("/account/addresses");
    let remove = ".address-list li:last-child form[action$='/remove'] button";
    page.wait_for_navigation(|page| page.click(remove));
    assert!(!page.text_content(".address-list").contains("147"), "it was removed");
}

/// Fills the form for an address, and sends it.
fn store(page: &Page, line1: &str) {
    submit(page, "#save-address", &[FIELDS, &[("line1", line1)]].concat());
    assert_eq!(page.path(), "/account/addresses", "{}", page.text_content("main"));
}

fn choose_default(page: &Page, wanted: &str) {
    page.evaluate(&format!("document.getElementById('default_{wanted}').checked = true"));
}

fn line1(page: &Page) -> String {
    page.evaluate_text("document.getElementById('line1').value")
}
