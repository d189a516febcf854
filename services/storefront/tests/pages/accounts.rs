//! Account pages: what a customer who is signed in sees, and that nobody else does.

use crate::test_client::{TestClient, between};

/// Settings of a shop that sends mail.
const MAIL: &[(&str, &str)] =
    &[("storefront.sign_up", "true"), ("storefront.order_claims", "true")];

/// Customer of an account, whose last digits these are. Tests share the fake orders, and each has customers of its own.
fn customer(client: &TestClient, number: u16) -> TestClient {
    let account = format!("0190a8b4-0000-7000-8000-00000000{number:04x}");
    client.with("icommerce-actor", &format!("customer:{account}"))
}

#[tokio::test]
async fn a_stranger_is_shown_the_ways_to_sign_in_and_why_a_sign_in_failed() {
    let client = TestClient::of_shop(MAIL).await;
    let page = client.get("/account").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(
        page.body.contains("href=\"/sign-in?return_to=%2Faccount%2Farrival%3Fto%3D%252Faccount\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("href=\"/auth/sign-up\""), "{}", page.body);
    assert!(!page.body.contains("role=\"alert\""), "{}", page.body);
    for (reason, text) in
        [("expired", "took too long"), ("refused", "signed in"), ("unavailable", "right now")]
    {
        let page = client.get(&format!("/account?sign_in={reason}")).await.body;
        assert!(between(&page, "role=\"alert\"", "</p>").contains(text), "{reason}");
    }
    let other = client.get("/account?sign_in=%3Cscript%3E").await.body;
    assert!(!other.contains("role=\"alert\""), "{other}");
}

#[tokio::test]
async fn a_shop_without_mail_offers_nothing_that_takes_it() {
    let shop = TestClient::new().await;
    let stranger = shop.get("/account").await.body;
    assert!(stranger.contains("id=\"sign-in\"") && !stranger.contains("sign-up"), "{stranger}");
    let customer = customer(&shop, 0xf0f0);
    let account = customer.get("/account").await;
    assert_eq!(account.status, 200);
    assert!(!account.body.contains("/account/claims"), "{}", account.body);
    let fields = [("number", "1"), ("email", "ada@example.com")];
    assert_eq!(customer.post("/account/claims", &fields).await.status, 404);
    let unknown = customer.post("/account/claim", &[("link", "ended")]).await;
    assert!(!unknown.body.contains("action=\"/account/claims\""), "{}", unknown.body);
}

#[tokio::test]
async fn a_customer_buys_and_finds_the_order_in_the_account_and_nobody_else_does() {
    let shop = TestClient::new().await;
    let mut client = customer(&shop, 0xada0);
    assert!(client.get("/account").await.body.contains("ordered anything yet"));
    client.add_to_cart("dome-lamp", "Brick").await;
    let placed = client.submit_checkout(&[("key", "of ada")]).await;
    let order = placed.header("location").to_owned();
    assert!(order.starts_with("/orders/"), "{} {}", placed.status, placed.body);
    let account = client.get("/account").await;
    assert_eq!((account.status, account.header("cache-control")), (200, "no-store"));
    assert!(account.body.contains(&format!("href=\"{order}\"")), "{}", account.body);
    assert!(account.body.contains("Being prepared"), "{}", account.body);
    assert!(account.body.contains("action=\"/sign-out\" method=\"post\""), "{}", account.body);
    let page = client.get(&order).await.body;
    assert!(page.contains("in your account"), "{page}");

    let eve = customer(&shop, 0xe0e0);
    assert!(!eve.get("/account").await.body.contains(&order));
    assert_eq!(eve.get(&order).await.status, 404);
    let stranger = shop.get(&order).await;
    let arrival = "%2Faccount%2Farrival%3Fto%3D";
    let sign_in = format!("/sign-in?return_to={arrival}{}", order.replace('/', "%252F"));
    assert_eq!((stranger.status, stranger.header("location")), (303, &*sign_in));
}

#[tokio::test]
async fn older_orders_are_on_further_pages() {
    let mut client = customer(&TestClient::new().await, 0xb0b0);
    for key in ["b1", "b2", "b3"] {
        client.add_to_cart("dome-lamp", "Brick").await;
        let placed = client.submit_checkout(&[("key", key)]).await;
        assert_eq!(placed.status, 303);
        client.keep_cookie(&placed);
    }
    let first = client.get("/account").await.body;
    assert_eq!(first.matches("href=\"/orders/").count(), 2, "{first}");
    let older = between(&first, "href=\"/account?from=", "\"");
    let second = client.get(&format!("/account?from={older}")).await.body;
    assert_eq!(second.matches("href=\"/orders/").count(), 1, "{second}");
    assert!(second.contains("Newest orders"), "{second}");
    let changed = client.get("/account?from=x").await;
    assert_eq!((changed.status, changed.body.matches("href=\"/orders/").count()), (200, 2));
}

#[tokio::test]
async fn a_customer_who_has_ordered_sees_the_cart_that_another_browser_fills() {
    let shop = TestClient::new().await;
    let (mut first, mut second) = (customer(&shop, 0xd0d0), customer(&shop, 0xd0d0));
    first.add_to_cart("mug", "Clay").await;
    let placed = first.submit_checkout(&[("key", "d1"), ("expected", "2290")]).await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    // The page of the order is not looked at.
    first.keep_cookie(&placed);
    assert!(first.get("/cart").await.body.contains("Your cart is empty."));
    second.add_to_cart("dome-lamp", "Brick").await;
    let cart = first.get("/cart").await.body;
    assert!(cart.contains("Dome table lamp") && !cart.contains("Your cart is empty."), "{cart}");
}

#[tokio::test]
async fn what_a_customer_sees_is_kept_by_no_shared_cache() {
    let client = TestClient::new().await;
    let public = client.get("/products").await;
    assert_eq!(public.header("cache-control"), "no-cache");
    assert!(public.body.contains("aria-label=\"Sign in\""), "{}", public.body);
    let own = customer(&client, 0xc0c0).get("/products").await;
    assert_eq!(own.header("cache-control"), "private, no-cache");
    assert!(own.body.contains("aria-label=\"Your account\""), "{}", own.body);
    assert_ne!(own.header("etag"), public.header("etag"));
}

#[tokio::test]
async fn the_pages_are_there_in_german() {
    let settings = [MAIL, &[("storefront.languages", "en,de")]].concat();
    let client = TestClient::of_shop(&settings).await.with("cookie", "language=de");
    let page = client.get("/account").await.body;
    assert!(page.contains("Dein Konto") && page.contains("Konto anlegen"), "{page}");
    assert!(client.get("/account/signed-out").await.body.contains("Du bist abgemeldet"));
}

#[tokio::test]
async fn the_cart_of_a_guest_goes_with_the_shopper_into_the_account_and_stays_there() {
    let shop = TestClient::new().await;
    let mut guest = shop.clone();
    guest.add_to_cart("dome-lamp", "Brick").await;
    let mut customer = customer(&guest, 0xd0d0);
    let arrived = customer.get("/account/arrival?to=%2Fcheckout").await;
    assert_eq!((arrived.status, arrived.header("location")), (303, "/checkout"));
    assert!(arrived.header("set-cookie").starts_with("cart="), "{}", arrived.header("set-cookie"));
    customer.keep_cookie(&arrived);
    assert!(customer.get("/cart").await.body.contains("Dome table lamp"));
    assert!(
        !guest.get("/cart").await.body.contains("Dome table lamp"),
        "the guest's cart is closed"
    );
    // Whoever has the cookie of the account's cart and no session sees nothing of it, and loses the cookie.
    let mut other = shop.clone();
    other.keep_cookie(&arrived);
    assert!(!other.get("/cart").await.body.contains("Dome table lamp"));
    let left = other.get("/account/signed-out").await;
    assert!(left.header("set-cookie").starts_with("cart=; "), "{}", left.header("set-cookie"));
    // On another device there is no cookie yet.
    let elsewhere = self::customer(&shop, 0xd0d0).get("/cart").await;
    assert!(elsewhere.body.contains("Dome table lamp"), "{}", elsewhere.body);
    assert_eq!(elsewhere.header("set-cookie"), arrived.header("set-cookie"));
}

#[tokio::test]
async fn a_customer_buys_again_and_finds_the_checkout_filled_in() {
    let shop = TestClient::new().await;
    let mut client = customer(&shop, 0xa6a6);
    client.add_to_cart("dome-lamp", "Brick").await;
    let empty = client.get("/checkout").await.body;
    assert!(!empty.contains("value=\"maren@example.com\""), "{empty}");
    let order = client.submit_checkout(&[("key", "again")]).await.header("location").to_owned();
    assert!(client.get(&order).await.body.contains("Buy again"));
    let again = client.post(&format!("{order}/again"), &[]).await;
    assert_eq!((again.status, again.header("location")), (303, "/cart"));
    client.keep_cookie(&again);
    assert!(client.get("/cart").await.body.contains("Dome table lamp"));
    let form = client.get("/checkout").await.body;
    for value in ["account@example.com", "Maren Lindqvist", "Elbchaussee 12", "22763", "Hamburg"] {
        assert!(form.contains(&format!("value=\"{value}\"")), "{value}: {form}");
    }
    let receipt = client.get(&format!("{order}/receipt")).await;
    assert_eq!(receipt.header("cache-control"), "no-store");
    assert!(receipt.body.contains("Receipt for order 1000482"), "{}", receipt.body);
    assert!(receipt.body.contains("Elbchaussee 12"), "{}", receipt.body);
    let eve = customer(&shop, 0xe6e6);
    assert_eq!(eve.get(&format!("{order}/receipt")).await.status, 404);
    assert_eq!(eve.post(&format!("{order}/again"), &[]).await.status, 404);
    let stranger = shop.post(&format!("{order}/again"), &[]).await;
    assert!(stranger.header("location").starts_with("/sign-in?"), "{}", stranger.status);
    let foreign = client.with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post(&format!("{order}/again"), &[]).await.status, 403);
}

#[tokio::test]
async fn an_arrival_leads_to_no_other_site_and_a_guest_keeps_the_cart() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    for to in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example", ""] {
        let arrived = client.get(&format!("/account/arrival?to={to}")).await;
        assert_eq!((arrived.status, arrived.header("location")), (303, "/account"), "{to}");
    }
    let left = client.get("/account/signed-out").await;
    assert_eq!(left.header("set-cookie"), "", "a guest keeps the cart");
    assert!(client.get("/cart").await.body.contains("Dome table lamp"));
}

#[tokio::test]
async fn without_the_services_a_customer_is_served_what_is_left() {
    let shop = TestClient::without_services().await;
    let customer = customer(&shop, 0xf0f0);
    assert_eq!(customer.get("/account").await.status, 503);
    let arrived = customer.get("/account/arrival?to=%2F").await;
    assert_eq!((arrived.status, arrived.header("location")), (303, "/"));
}

#[tokio::test]
async fn the_order_of_a_guest_is_claimed_by_a_link_and_a_button() {
    let shop = TestClient::of_shop(MAIL).await;
    let mut guest = shop.clone();
    let order = guest.buy("success").await.header("location").to_owned();
    let customer = customer(&shop, 0xa1a1);
    let fields = [("number", "1000482"), ("email", "maren@example.com")];
    let sent = customer.post("/account/claims", &fields).await;
    assert!(sent.status == 200 && sent.body.contains("sent a link to maren@example.com"));
    assert_eq!(customer.post("/account/claims", &[("number", "1")]).await.status, 422);
    let often =
        customer.post("/account/claims", &[("number", "1"), ("email", "often@example.com")]);
    assert_eq!(often.await.status, 429);
    assert!(shop.post("/account/claims", &fields).await.header("location").starts_with("/sign-in"));

    let link = order.trim_start_matches("/orders/").replace('-', "");
    let page = format!("/account/claim?link={link}");
    assert!(shop.get(&page).await.header("location").starts_with("/sign-in?return_to="));
    let asked = customer.get(&page).await;
    assert!(asked.body.contains(&format!("name=\"link\" value=\"{link}\"")), "{}", asked.body);
    assert!(!customer.get("/account").await.body.contains(&order), "nothing was done yet");
    let foreign = customer.with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post("/account/claim", &[("link", &link)]).await.status, 403);
    let claimed = customer.post("/account/claim", &[("link", &link)]).await;
    assert_eq!((claimed.status, claimed.header("location")), (303, &*order));
    assert!(customer.get("/account").await.body.contains(&order));
    // A link that was made up is told at once, and not asked about.
    let made_up = customer.get("/account/claim?link=abc").await;
    assert!(made_up.status == 404 && made_up.body.contains("This link has ended"));
    assert!(!made_up.body.contains("id=\"claim\""), "{}", made_up.body);
    let no_address = [("number", "1000482"), ("email", "x")];
    let refused = customer.post("/account/claims", &no_address).await;
    assert!(refused.status == 422 && refused.body.contains("like name@example.com"));
    let ended = customer.post("/account/claim", &[("link", "abc")]).await;
    assert!(ended.status == 404 && ended.body.contains("This link has ended"), "{}", ended.body);
    assert_eq!(customer.get("/account/claim?link=%2F%2Fevil").await.status, 404);
}

#[tokio::test]
async fn what_a_customer_wishes_is_remembered_bought_and_removed() {
    let shop = TestClient::new().await;
    let mut client = customer(&shop, 0xa2a2);
    assert!(!shop.get("/p/dome-lamp").await.body.contains("Add to wish list"));
    let product = client.get("/p/dome-lamp").await.body;
    let form = between(&product, "action=\"/account/wish-list/add\"", "</form>");
    let sku = between(form, "name=\"sku\" value=\"", "\"").to_owned();
    assert!(client.get("/account/wish-list").await.body.contains("Nothing is on your wish list"));
    let fields = [("sku", &*sku)];
    let added = client.post("/account/wish-list/add", &fields).await;
    assert_eq!((added.status, added.header("location")), (303, "/account/wish-list"));
    let list = client.get("/account/wish-list").await;
    assert_eq!(list.header("cache-control"), "no-store");
    assert!(list.body.contains("href=\"/p/dome-lamp\""), "{}", list.body);
    let bought = client.post("/account/wish-list/buy", &fields).await;
    assert_eq!((bought.status, bought.header("location")), (303, "/cart"));
    client.keep_cookie(&bought);
    assert!(client.get("/cart").await.body.contains("Dome table lamp"));
    client.post("/account/wish-list/remove", &fields).await;
    assert!(client.get("/account/wish-list").await.body.contains("Nothing is on your wish list"));

    client.post("/account/wish-list/add", &fields).await;
    let eve = customer(&shop, 0xe2e2).get("/account/wish-list").await;
    assert!(eve.body.contains("Nothing is on your wish list"), "{}", eve.body);
    let stranger = shop.get("/account/wish-list").await;
    assert!(stranger.header("location").starts_with("/sign-in?"), "{}", stranger.status);
    for path in ["add", "buy", "remove"] {
        let path = format!("/account/wish-list/{path}");
        assert!(shop.post(&path, &fields).await.header("location").starts_with("/sign-in?"));
        let foreign = client.with("sec-fetch-site", "cross-site");
        assert_eq!(foreign.post(&path, &fields).await.status, 403, "{path}");
        assert_eq!(client.post(&path, &[]).await.status, 404, "{path}");
    }
}
