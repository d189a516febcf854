//! Customers with an account: sign-up, sign-in, the pages of the account, an order, and the sign-out.

use super::{
    PRODUCT_PATH,
    accounts::{PASSWORD, submit},
    add_to_cart, address_book, fill_checkout,
    further_states::choose,
};
use crate::{Page, Shop};
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes an account, buys something with it, and visits every page of it; the number of the order.
pub fn walk_through(page: &Page, check: &mut impl FnMut(&Page, &str)) -> String {
    page.visit("/account?sign_in=expired");
    check(page, "account after a failed sign-in");
    let email = sign_up(page);
    page.visit("/account");
    check(page, "account of a stranger");
    sign_in(page, &email);
    assert_eq!(page.path(), "/account", "the sign-in leads back to the shop");
    check(page, "account without orders");
    add_to_cart(page, PRODUCT_PATH);
    page.visit("/checkout");
    fill_checkout(page);
    choose(page, "#card-success");
    page.wait_for_navigation(|page| page.click(".pay .button"));
    let order = page.path();
    assert!(order.starts_with("/orders/"), "paying leads to the order, not to {order}");
    check(page, "order of a customer");
    page.visit(&format!("{order}/receipt"));
    check(page, "receipt");
    buy_again(page, &order);
    check(page, "cart of a customer");
    page.visit("/account");
    assert!(
        page.exists(&format!(".order-list a[href='{order}']")),
        "{}",
        page.text_content("main")
    );
    check(page, "account with an order");
    wish(page, check);
    address_book::walk_through(page, check);
    claim(page, check);
    sign_out(page);
    check(page, "signed out of the shop");
    page.visit(&order);
    assert!(
        page.path().starts_with("/auth/"),
        "a stranger is asked to sign in, at {}",
        page.path()
    );
    order
}

/// Puts the goods of an order into the cart once more.
fn buy_again(page: &Page, order: &str) {
    page.visit(order);
    page.wait_for_navigation(|page| {
        page.evaluate("document.getElementById('again').form.submit()");
    });
    assert_eq!(page.path(), "/cart");
}

/// Remembers a product.
fn wish(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    page.visit("/account/wish-list");
    check(page, "empty wish list");
    page.visit(PRODUCT_PATH);
    check(page, "product as a customer sees it");
    page.wait_for_navigation(|page| {
        page.evaluate("document.getElementById('wish').form.submit()");
    });
    assert!(page.exists(".wishes li"), "{}", page.text_content("main"));
    check(page, "wish list");
}

/// Asks for the link to an order, and follows one that has ended.
fn claim(page: &Page, check: &mut impl FnMut(&Page, &str)) {
    page.visit("/account");
    submit(page, "#send-claim", &[("number", "1"), ("email", "")]);
    check(page, "claim that is incomplete");
    submit(page, "#send-claim", &[("number", "1"), ("email", "nobody@example.com")]);
    check(page, "claim that was asked for");
    page.visit("/account");
    submit(page, "#send-claim", &[("number", "1"), ("email", "x")]);
    check(page, "claim without an address");
    page.visit("/account/claim?link=ended");
    assert!(!page.exists("#claim"), "a link of no use is not asked about");
    check(page, "claim that has ended");
}

/// Makes an account by the link in a mail; its address.
fn sign_up(page: &Page) -> String {
    static CUSTOMERS: AtomicU32 = AtomicU32::new(0);
    let email = format!("customer{}@example.com", CUSTOMERS.fetch_add(1, Ordering::Relaxed));
    page.visit("/auth/sign-up");
    submit(page, "#send-link", &[("email", &email)]);
    page.visit(&Shop::shared().mailed_path(&email));
    submit(page, "#create-account", &[("password", PASSWORD)]);
    email
}

/// Signs in from the account page.
fn sign_in(page: &Page, email: &str) {
    page.wait_for_navigation(|page| page.click("#sign-in"));
    if page.exists("#password") {
        submit(page, "#sign-in", &[("email", email), ("password", PASSWORD)]);
    }
}

/// Signs out from the account page.
fn sign_out(page: &Page) {
    page.wait_for_navigation(|page| {
        page.evaluate("document.getElementById('sign-out').form.submit()");
    });
    assert_eq!(page.path(), "/account/signed-out");
}
