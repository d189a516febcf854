//! Walkthrough of every page of the shop, from the home page to the order, and the steps it consists of. Tests check
//! each page that it visits, and `look` photographs it.

pub mod accounts;
mod address_book;
mod authenticator_app;
pub mod customers;
mod devices;
mod further_states;

pub use further_states::{open_overlays, reach_further_states};

use crate::{Emulation, Page};

/// A product with plenty of stock.
pub const PRODUCT_PATH: &str = "/p/stoneware-mug-350-ml";
/// A product without stock.
pub const SOLD_OUT_PATH: &str = "/p/nest-box-for-wrens";
/// The list of reduced products.
pub const REDUCED_PATH: &str = "/products?reduced=true";
/// A list with filters and a search.
pub const FILTERED_PATH: &str = "/products?q=lamp&in_stock=true&price_max=250";

/// Pages that do not depend on the visitor, with their names.
const PUBLIC_PAGES: &[(&str, &str)] = &[
    ("home", "/"),
    ("list", "/products"),
    ("department", "/c/lighting"),
    ("list with filters and search", FILTERED_PATH),
    ("list without results", "/products?q=zzyzx"),
    ("product", PRODUCT_PATH),
    ("sold out product", SOLD_OUT_PATH),
    ("new products", "/new"),
    ("empty cart", "/cart"),
    ("help", "/help"),
    ("legal notice", "/imprint"),
    ("find an order", "/orders"),
    ("not found", "/there/is/nothing/here"),
];

/// Values of the checkout fields, by field name.
pub const ADDRESS: &[(&str, &str)] = &[
    ("email", "maren@example.com"),
    ("name", "Maren Holt"),
    ("line1", "Lindenweg 4"),
    ("postal_code", "22763"),
    ("city", "Hamburg"),
];

/// Visits every page of the shop as a new visitor, and calls `check` on each with its name.
pub fn walk_through(emulation: Emulation, mut check: impl FnMut(&Page, &str)) {
    let page = Page::new(emulation);
    for (name, path) in PUBLIC_PAGES {
        page.visit(path);
        check(&page, name);
    }
    page.visit(REDUCED_PATH);
    let reduced = page.evaluate_text("document.querySelector('#grid h3 a').getAttribute('href')");
    page.visit(&reduced);
    check(&page, "reduced product");
    add_to_cart(&page, PRODUCT_PATH);
    check(&page, "cart with lines");
    page.visit("/checkout");
    check(&page, "checkout");
    page.wait_for_navigation(|page| page.click(".pay .button"));
    check(&page, "checkout with errors");
    fill_checkout(&page);
    further_states::choose(&page, "#card-success");
    page.wait_for_navigation(|page| page.click(".pay .button"));
    assert!(
        page.path().starts_with("/orders/"),
        "paying leads to the order, not to {}",
        page.path()
    );
    check(&page, "order");
    customers::walk_through(&page, &mut check);
    accounts::walk_through(&page, &mut check);
}

/// Adds a product to the cart and navigates to the cart page, with JavaScript or without.
pub fn add_to_cart(page: &Page, product_path: &str) {
    page.visit(product_path);
    page.wait_for_navigation(|page| {
        page.evaluate("document.querySelector('form[data-add]').submit()");
    });
    assert_eq!(page.path(), "/cart");
}

/// Fills the checkout fields by script.
pub fn fill_checkout(page: &Page) {
    for (name, value) in ADDRESS {
        page.evaluate(&format!("document.getElementById('{name}').value = '{value}'"));
    }
}

/// Adds a product to the cart and fills the checkout fields, ready to pay.
pub fn fill_cart_and_checkout(page: &Page) {
    add_to_cart(page, PRODUCT_PATH);
    page.visit("/checkout");
    fill_checkout(page);
}

/// Findings of a walkthrough, reported all together.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Adds one finding.
    pub fn add(&mut self, finding: String) {
        self.0.push(finding);
    }

    /// Runs a script that returns a list of findings.
    pub fn collect_from(&mut self, page: &Page, page_name: &str, script: &str) {
        let result = page.evaluate(script);
        let list = result.as_array().unwrap_or_else(|| panic!("not a list: {result}: {script}"));
        for finding in list {
            let text = finding.as_str().map_or_else(|| finding.to_string(), ToOwned::to_owned);
            self.0.push(format!("{page_name}: {text}"));
        }
    }

    /// Panics with all findings, if there are any.
    #[track_caller]
    pub fn assert_none(self) {
        assert!(self.0.is_empty(), "{} findings\n{}", self.0.len(), self.0.join("\n"));
    }
}
