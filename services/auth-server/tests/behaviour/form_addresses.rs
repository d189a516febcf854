//! Addresses of forms, which stand in the browser once a form was sent: whoever reloads or keeps one finds a page.

use crate::{
    account::signed_in,
    harness::{EMAIL, PASSWORD},
    mailbox::Mailbox,
    two_step::turn_on,
};
use http::StatusCode;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Every address below `/auth` to which a form of the pages is sent, as their sources have it: below the issuer.
fn form_addresses() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapters/http");
    let mut addresses = BTreeSet::new();
    for file in sources(&folder) {
        let source = std::fs::read_to_string(&file).expect("it is text");
        let actions = source.split("action=(").skip(1);
        let paths = actions.filter_map(|it| it.split_once("issuer.path(\"")?.1.split('"').next());
        addresses.extend(paths.map(|path| format!("/auth{path}")));
    }
    addresses
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("it is there").map(|it| it.expect("it is there"));
    let found = entries.flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() { sources(&path) } else { vec![path] }
    });
    found.collect()
}

#[tokio::test]
async fn every_address_of_a_form_leads_to_a_page() {
    let (_mailbox, world) = Mailbox::with_world(&[]).await;
    let mut addresses = form_addresses();
    assert!(addresses.len() > 12, "only {addresses:?}");
    addresses.extend(["/auth", "/auth/", "/auth/sign-up", "/auth/forgot"].map(String::from));
    let person = signed_in(&world, EMAIL, PASSWORD).await;
    for address in &addresses {
        let redirect = world.get(address).await;
        let page = match redirect.status {
            StatusCode::SEE_OTHER => redirect.location().to_owned(),
            _ => address.clone(),
        };
        for answer in [world.get(&page).await, person.get(&page).await] {
            // A link without its secret is a page that says so.
            let is_page =
                answer.status == StatusCode::OK || answer.body.contains("This link is not valid");
            assert!(is_page, "{address}: {} {}", answer.status, answer.body);
            assert!(answer.header("content-type").starts_with("text/html"), "{address}");
        }
    }
    for (address, page) in [
        ("/auth/sign-in", "/auth/account"),
        ("/auth/second-step", "/auth/account"),
        ("/auth/", "/auth/account"),
        ("/auth/sign-out", "/auth/logout"),
    ] {
        assert_eq!(world.get(address).await.location(), page, "{address}");
    }
}

#[tokio::test]
async fn without_a_path_of_the_issuer_no_page_names_one() {
    let shop = "https://shop.example";
    let settings = [("issuer", "http://localhost:9000"), ("shop_url", shop)];
    let (_mailbox, world) = Mailbox::with_world(&settings).await;
    let person = signed_in(&world, EMAIL, PASSWORD).await;
    let mut addresses = form_addresses();
    addresses.extend(["/auth/account", "/auth/sign-up", "/auth/forgot"].map(String::from));
    for address in &addresses {
        for answer in [world.get(address).await, person.get(address).await] {
            assert!(!answer.header("location").contains("/auth"), "{address}");
            assert!(!answer.body.contains("\"/auth"), "{address}: {}", answer.body);
            let is_page = !answer.body.is_empty();
            assert!(!is_page || answer.body.contains(&format!("href=\"{shop}\"")), "{address}");
        }
    }
    let account = person.get("/auth/account").await.body;
    assert!(account.contains("href=\"/account/passkeys\""), "{account}");
    assert!(account.contains("href=\"/assets/auth."), "{account}");
}

/// Buttons that submit a form, in their order, if Enter in one of its fields presses the first of them.
fn buttons_behind_fields(form: &str) -> Vec<&str> {
    let tags = |name: &'static str| form.split(name).skip(1).filter_map(|it| it.split('>').next());
    let is_field = |tag: &str| !tag.contains("\"hidden\"") && !tag.contains("readonly");
    if tags("<input").any(is_field) { tags("<button").collect() } else { Vec::new() }
}

#[tokio::test]
async fn enter_in_a_field_presses_none_of_several_buttons() {
    let (_mailbox, world) = Mailbox::with_world(&[("issuer", "http://localhost:8080/auth")]).await;
    let person = signed_in(&world, EMAIL, PASSWORD).await;
    turn_on(&world).await;
    let mut with_several = 0;
    for address in form_addresses() {
        let page = person.get(&address).await;
        for form in page.body.split("<form").skip(1).filter_map(|it| it.split("</form>").next()) {
            let buttons = buttons_behind_fields(form);
            if buttons.len() > 1 {
                with_several += 1;
                assert!(buttons[0].contains(" disabled"), "{address}: {buttons:?}");
            }
        }
    }
    assert!(with_several > 0, "the second step has such a form");
}
