//! A walk through every page of the shop, the way shoppers come to them.

use browser_tests::{Look, Page};

/// Plenty in stock.
pub(crate) const GOODS: &str = "/p/stoneware-mug-350-ml";
pub(crate) const SOLD_OUT: &str = "/p/nest-box-for-wrens";
pub(crate) const REDUCED: &str = "/products?reduced=true";
pub(crate) const FILTERED: &str = "/products?q=lamp&in_stock=true&price_max=250";

/// Pages that everybody finds in the same state.
const OPEN_PAGES: &[(&str, &str)] = &[
    ("home", "/"),
    ("list", "/products"),
    ("department", "/c/lighting"),
    ("list with filters and search", FILTERED),
    ("list without hits", "/products?q=zzyzx"),
    ("product", GOODS),
    ("sold out product", SOLD_OUT),
    ("new goods", "/new"),
    ("empty cart", "/cart"),
    ("help", "/help"),
    ("find an order", "/orders"),
    ("gone", "/there/is/nothing/here"),
];

/// What the checkout asks for, by the names of its fields.
pub(crate) const ADDRESS: &[(&str, &str)] = &[
    ("email", "maren@example.com"),
    ("name", "Maren Holt"),
    ("line1", "Lindenweg 4"),
    ("postal_code", "22763"),
    ("city", "Hamburg"),
];

/// Walks a fresh page through the whole shop, and says the name of each stop when it is there.
pub(crate) fn tour(look: Look, mut stop: impl FnMut(&Page, &str)) {
    let page = Page::new(look);
    for (name, path) in OPEN_PAGES {
        page.visit(path);
        stop(&page, name);
    }
    page.visit(REDUCED);
    let reduced = page.text("document.querySelector('#grid h3 a').getAttribute('href')");
    page.visit(&reduced);
    stop(&page, "reduced product");
    put_into_cart(&page, GOODS);
    stop(&page, "cart with goods");
    page.visit("/checkout");
    stop(&page, "checkout");
    page.leads(|page| page.click(".pay .button"));
    stop(&page, "checkout with errors");
    fill_checkout(&page);
    page.leads(|page| page.click(".pay .button"));
    assert!(
        page.path().starts_with("/orders/"),
        "paying leads to the order, not to {}",
        page.path()
    );
    stop(&page, "order");
}

/// Puts something into the cart and ends on the page of the cart, whether scripts run or not.
pub(crate) fn put_into_cart(page: &Page, goods: &str) {
    page.visit(goods);
    page.leads(|page| {
        page.value("document.querySelector('form[data-add]').submit()");
    });
    assert_eq!(page.path(), "/cart");
}

/// Fills the fields of the checkout at once.
pub(crate) fn fill_checkout(page: &Page) {
    for (name, value) in ADDRESS {
        page.value(&format!("document.getElementById('{name}').value = '{value}'"));
    }
}

/// Puts something into the cart and fills the checkout, up to the button.
pub(crate) fn ready_to_pay(page: &Page) {
    put_into_cart(page, GOODS);
    page.visit("/checkout");
    fill_checkout(page);
}

/// What was found on the way; nothing has to be.
#[derive(Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    pub(crate) fn add(&mut self, finding: String) {
        self.0.push(finding);
    }

    /// A script that lists what is wrong with the page it runs on.
    pub(crate) fn look_for(&mut self, page: &Page, stop: &str, script: &str) {
        let found = page.value(script);
        let found = found.as_array().unwrap_or_else(|| panic!("no list but {found}: {script}"));
        for finding in found {
            let text = finding.as_str().map_or_else(|| finding.to_string(), ToOwned::to_owned);
            self.0.push(format!("{stop}: {text}"));
        }
    }

    /// Fails with all of them.
    #[track_caller]
    pub(crate) fn must_be_none(self) {
        assert!(self.0.is_empty(), "{} findings\n{}", self.0.len(), self.0.join("\n"));
    }
}
