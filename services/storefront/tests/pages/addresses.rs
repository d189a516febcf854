//! Address book of a customer: its pages, and the checkout that is filled in from it.

use crate::{
    fake_services::EMAIL,
    test_client::{TestClient, between},
};

/// Customer of an account, whose last digits these are.
fn customer(client: &TestClient, number: u16) -> TestClient {
    let account = format!("0190a8b4-0000-7000-9000-00000000{number:04x}");
    client.with("icommerce-actor", &format!("customer:{account}"))
}

/// Fields of an address.
fn address(line1: &str) -> [(&str, &str); 5] {
    [
        ("name", "Maren Lindqvist"),
        ("line1", line1),
        ("postal_code", "22763"),
        ("city", "Hamburg"),
        ("country", "DE"),
    ]
}

/// Stores an address by the form for a new one; the path of its form.
async fn add(client: &TestClient, line1: &str, more: &[(&str, &str)]) -> String {
    let form = client.get("/account/addresses/new").await;
    assert_eq!(form.status, 200, "{}", form.body);
    let action = between(&form.body, "class=\"address-form\" action=\"", "\"").to_owned();
    let saved = client.post(&action, &[&address(line1)[..], more].concat()).await;
    assert_eq!((saved.status, saved.header("location")), (303, "/account/addresses"));
    action
}

#[tokio::test]
async fn addresses_are_added_changed_made_the_default_and_removed() {
    let client = customer(&TestClient::new().await, 1);
    let empty = client.get("/account/addresses").await;
    assert_eq!(empty.header("cache-control"), "no-store");
    assert!(empty.body.contains("You haven’t saved any address yet"), "{}", empty.body);
    add(&client, "Elbchaussee 12", &[]).await;
    let second = add(&client, "Reeperbahn 1", &[]).await;
    let list = client.get("/account/addresses").await.body;
    assert!(list.contains("Elbchaussee 12") && list.contains("Germany"), "{list}");
    assert_eq!(list.matches("Default delivery address").count(), 1, "{list}");
    let chosen = client.post(&format!("{second}/default"), &[("use", "delivery")]).await;
    assert_eq!(chosen.status, 303);
    let form = client.get(&second).await.body;
    assert!(form.contains("value=\"Reeperbahn 1\"") && form.contains("Edit the address"), "{form}");
    let tick = between(&form, "id=\"default_delivery\"", ">");
    assert!(tick.contains("checked"), "{form}");
    let saved = client.post(&second, &address("Große Freiheit 7")).await;
    assert_eq!(saved.status, 303);
    let list = client.get("/account/addresses").await.body;
    assert!(list.contains("Große Freiheit 7") && !list.contains("Reeperbahn"), "{list}");
    assert_eq!(client.post(&format!("{second}/remove"), &[]).await.status, 303);
    let list = client.get("/account/addresses").await.body;
    assert!(!list.contains("Große Freiheit"), "{list}");
    let gone = client.get(&second).await;
    assert_eq!((gone.status, gone.header("location")), (303, "/account/addresses"));
    assert_eq!(client.get("/account/addresses/nothing").await.status, 404);
}

#[tokio::test]
async fn an_address_is_refused_by_the_rule_of_the_checkout_and_the_form_follows_its_country() {
    let client = customer(&TestClient::new().await, 2);
    let form = client.get("/account/addresses/new").await.body;
    let action = between(&form, "class=\"address-form\" action=\"", "\"").to_owned();
    let wrong = [("country", "GB"), ("name", "Ada"), ("line1", "1 Road"), ("postal_code", "!!")];
    let page = client.post(&action, &wrong).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("Enter a postcode like SW1A 1AA"), "{}", page.body);
    assert!(page.body.contains("Fix 2 fields to continue"), "{}", page.body);
    let other = client.post(&action, &[("country", "JP"), ("update", "1")]).await;
    assert_eq!(other.status, 200);
    assert!(other.body.contains("<option value=\"Tokyo\">"), "{}", other.body);
    let german = client.with("cookie", "language=de").post(&action, &wrong).await.body;
    assert!(german.contains("Gib einen Postcode wie SW1A 1AA ein"), "{german}");
    let foreign = client.with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post(&action, &address("1 Road")).await.status, 403);
}

#[tokio::test]
async fn a_full_address_book_says_so_and_a_stranger_is_asked_to_sign_in() {
    let shop = TestClient::new().await;
    let client = customer(&shop, 3);
    let form = client.get("/account/addresses/new").await.body;
    let late = between(&form, "class=\"address-form\" action=\"", "\"").to_owned();
    for line1 in ["1 Weg", "2 Weg", "3 Weg"] {
        add(&client, line1, &[]).await;
    }
    let list = client.get("/account/addresses").await.body;
    assert!(
        list.contains("as many as an account can have") && !list.contains("add-address"),
        "{list}"
    );
    assert_eq!(client.get("/account/addresses/new").await.status, 303);
    let refused = client.post(&late, &address("4 Weg")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("role=\"alert\"") && refused.body.contains("Remove one"));
    for path in ["/account/addresses", "/account/addresses/new", &late] {
        let answer = shop.get(path).await;
        assert!(answer.header("location").starts_with("/sign-in?"), "{path}: {}", answer.status);
    }
    for path in [late.clone(), format!("{late}/remove"), format!("{late}/default")] {
        let answer = shop.post(&path, &address("4 Weg")).await;
        assert!(answer.header("location").starts_with("/sign-in?"), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn the_checkout_is_filled_in_from_the_address_book_and_the_others_are_one_button_away() {
    let mut client = customer(&TestClient::new().await, 4);
    client.add_to_cart("dome-lamp", "Brick").await;
    let first = client.get("/checkout").await.body;
    assert!(first.contains(&format!("value=\"{EMAIL}\"")), "{first}");
    assert!(first.contains("You’re signed in.") && !first.contains("No account needed"), "{first}");
    add(&client, "Elbchaussee 12", &[]).await;
    let second = add(&client, "Reeperbahn 1", &[("default_billing", "on")]).await;
    let id = second.rsplit('/').next().unwrap();
    let form = client.get("/checkout").await.body;
    let field = |form: &str, id: &str| between(form, &format!("id=\"{id}\""), ">").to_owned();
    assert!(field(&form, "line1").contains("value=\"Elbchaussee 12\""), "{form}");
    assert!(field(&form, "billing_line1").contains("value=\"Reeperbahn 1\""), "{form}");
    assert!(field(&form, "billing").contains("checked"), "{form}");
    assert!(form.contains(&format!("name=\"use_address\" value=\"{id}\"")), "{form}");
    let chosen = client.submit_checkout(&[("use_address", id), ("key", "k4")]).await;
    assert_eq!(chosen.status, 200, "nothing is ordered");
    assert!(field(&chosen.body, "line1").contains("value=\"Reeperbahn 1\""), "{}", chosen.body);
    // An address of somebody else fills in nothing.
    let mut eve = customer(&TestClient::new().await, 5);
    eve.add_to_cart("dome-lamp", "Brick").await;
    let other = eve.submit_checkout(&[("use_address", id)]).await.body;
    assert!(!other.contains("Reeperbahn"), "{other}");
}

#[tokio::test]
async fn an_address_is_kept_at_the_checkout_if_that_is_wanted_and_of_guests_never() {
    let shop = TestClient::new().await;
    let mut client = customer(&shop, 6);
    client.add_to_cart("dome-lamp", "Brick").await;
    let form = client.get("/checkout").await.body;
    assert!(form.contains("name=\"save_address\""), "{form}");
    let placed = client.submit_checkout(&[("save_address", "on"), ("key", "k6")]).await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    let list = client.get("/account/addresses").await.body;
    assert!(list.contains("Elbchaussee 12"), "{list}");
    let mut client = customer(&shop, 7);
    client.add_to_cart("dome-lamp", "Brick").await;
    client.submit_checkout(&[("key", "k7")]).await;
    assert!(client.get("/account/addresses").await.body.contains("haven’t saved any address"));
    let mut guest = shop.clone();
    guest.add_to_cart("dome-lamp", "Brick").await;
    let form = guest.get("/checkout").await.body;
    assert!(!form.contains("save_address") && form.contains("No account needed."), "{form}");
    let way = between(&form, "id=\"who\"", "</p>");
    assert!(way.contains("/sign-in?return_to=") && way.contains("checkout"), "{way}");
    assert_eq!(guest.submit_checkout(&[("save_address", "on"), ("key", "kg")]).await.status, 303);
}
