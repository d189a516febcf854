//! Pages as a browser receives them, over fake services.

#[cfg(test)]
#[path = "support/fake_services.rs"]
mod fake_services;

#[cfg(test)]
#[path = "support/schema_org.rs"]
mod schema_org;
#[cfg(test)]
#[path = "support/test_client.rs"]
mod test_client;

#[cfg(test)]
#[path = "pages/accounts.rs"]
mod accounts;
#[path = "pages/addresses.rs"]
mod addresses;
#[cfg(test)]
#[path = "pages/checkout.rs"]
mod checkout;
#[cfg(test)]
#[path = "pages/languages.rs"]
mod languages;
#[cfg(test)]
#[path = "pages/merchants.rs"]
mod merchants;
#[cfg(test)]
#[path = "pages/search_engines.rs"]
mod search_engines;
#[cfg(test)]
#[path = "pages/slips.rs"]
mod slips;

use test_client::{TestClient, between};

const PAGES: &[&str] = &[
    "/",
    "/products",
    "/products?q=lamp&in_stock=true",
    "/products?q=lmap",
    "/new",
    "/c/lighting",
    "/c/lighting/table-lamps",
    "/p/dome-lamp",
    "/p/speaker",
    "/p/teapot",
    "/cart",
    "/orders",
    "/account",
    "/account?sign_in=expired",
    "/account/signed-out",
    "/help",
    "/suggest?q=la",
];

#[tokio::test]
async fn no_page_needs_a_weaker_content_security_policy_or_sets_a_cookie() {
    let client = TestClient::new().await;
    for path in PAGES.iter().chain(&["/nowhere", "/c/nowhere", "/p/nowhere"]) {
        let page = client.get(path).await;
        let expected = if path.contains("nowhere") { 404 } else { 200 };
        assert_eq!(page.status, expected, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{path}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("set-cookie"), "", "{path}");
        for forbidden in [" style=\"", "data:", "onclick", "<style", "javascript:"] {
            assert!(!page.body.contains(forbidden), "{path} has {forbidden}");
        }
        let data = page.body.matches("<script type=\"application/ld+json\">").count();
        let scripts = page.body.matches("<script").count() - data;
        assert_eq!(
            scripts,
            page.body.matches("<script type=\"module\" src=\"/assets/").count(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn heading_levels_are_never_skipped() {
    let client = TestClient::new().await;
    for path in PAGES.iter().filter(|path| !path.starts_with("/suggest")) {
        let body = client.get(path).await.body;
        assert_eq!(body.matches("<h1").count(), 1, "{path}");
        let levels: Vec<u8> = body
            .match_indices("<h")
            .filter_map(|(at, _)| body.as_bytes().get(at + 2).copied())
            .filter(u8::is_ascii_digit)
            .map(|digit| digit - b'0')
            .collect();
        let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
        assert!(!skips, "{path}: {levels:?}");
    }
}

#[tokio::test]
async fn a_page_is_compressed_and_revalidated() {
    let client = TestClient::new().await;
    let plain = client.get("/products").await;
    let tag = plain.header("etag");
    for (accepted, expected) in [("gzip, br", "br"), ("gzip", "gzip"), ("identity", "")] {
        let compressed = client.with("accept-encoding", accepted).get("/products").await;
        assert_eq!(compressed.header("content-encoding"), expected);
        assert_eq!(compressed.header("etag"), tag);
        assert!(compressed.header("vary").contains("accept-encoding"));
    }
    let again = client.with("if-none-match", tag).get("/products").await;
    assert_eq!((again.status, again.bytes), (304, 0));
    let other = client.with("if-none-match", tag).get("/products?color=Clay").await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_listing_with_its_assets_stays_within_24_kilobytes() {
    let client = TestClient::new().await.with("accept-encoding", "br");
    let page = TestClient::new().await.get("/products").await;
    assert_eq!(page.body.matches("<li class=\"card").count(), 24);
    let mut bytes = client.get("/products").await.bytes;
    let files = ["rel=\"stylesheet\" href=\"", "type=\"module\" src=\""];
    for file in files.iter().flat_map(|mark| page.body.split(mark).skip(1)) {
        let path = file.split('"').next().unwrap();
        let file = client.get(path).await;
        assert_eq!((file.status, file.header("content-encoding")), (200, "br"), "{path}");
        assert!(file.header("cache-control").contains("immutable"), "{path}");
        bytes += file.bytes;
    }
    assert!(bytes < 24 * 1024, "{bytes} bytes");
}

#[tokio::test]
async fn a_purchase_works_with_forms_alone() {
    let mut client = TestClient::new().await;
    let order = client.buy("success").await;
    assert_eq!(order.status, 303);
    let path = order.header("location").to_owned();
    assert!(path.starts_with("/orders/"), "{path}");
    client.keep_cookie(&order);
    let page = client.get(&path).await;
    assert!(page.header("set-cookie").contains("Max-Age=0"), "the cart is cleared");
    assert!(page.body.contains("<h1>Thank you, Maren</h1>"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("aria-current=\"step\""));
    let cancelled = client.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!((cancelled.status, cancelled.header("location")), (303, path.as_str()));
    assert!(client.get(&path).await.body.contains("We’ll refund €71.20"));
    let twice = client.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!(twice.status, 409);
    assert!(twice.body.contains("can no longer be cancelled"));
}

#[tokio::test]
async fn one_cookie_remembers_the_cart() {
    let client = TestClient::new().await;
    let lamp = [("product", "dome-lamp"), ("colour", "Brick")];
    let added = client.post("/cart/add", &lamp).await;
    assert_eq!((added.status, added.header("location")), (303, "/cart"));
    let cookie = added.header("set-cookie");
    assert!(cookie.starts_with("cart=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    let secure = client.with("x-forwarded-proto", "https").post("/cart/add", &lamp).await;
    assert!(secure.header("set-cookie").ends_with("; Secure"), "{}", secure.header("set-cookie"));
}

#[tokio::test]
async fn forms_of_other_sites_are_rejected() {
    let client = TestClient::new().await.with("sec-fetch-site", "cross-site");
    let page = client.post("/cart/add", &[("product", "dome-lamp")]).await;
    assert_eq!((page.status, page.header("set-cookie")), (403, ""));
    assert!(page.body.contains("We couldn’t accept that form."));
}

#[tokio::test]
async fn a_script_gets_the_fragment_it_asks_for() {
    let client = TestClient::new().await.with("shop-part", "1");
    let part = client
        .post("/cart/add", &[("product", "mug"), ("colour", "Clay"), ("quantity", "2")])
        .await;
    assert_eq!(part.status, 200);
    assert!(part.body.contains("data-say=\"Added. Your cart: 2 items, €36.00\""), "{}", part.body);
    assert!(part.body.contains("Cart, 2 items") && !part.body.contains("<html"), "{}", part.body);
}

#[tokio::test]
async fn unavailable_variants_say_so_and_excessive_quantities_are_rejected() {
    let client = TestClient::new().await;
    let coal = client
        .post("/cart/add", &[("product", "dome-lamp"), ("colour", "Coal"), ("plug", "EU")])
        .await;
    assert_eq!((coal.status, coal.header("location")), (303, "/p/dome-lamp?colour=Coal&plug=EU"));
    assert!(client.get("/p/dome-lamp?colour=Coal").await.body.contains("Sold out"));
    let mut client = client;
    client.add_to_cart("mug", "Clay").await;
    let many = client
        .post("/cart/add", &[("product", "mug"), ("colour", "Clay"), ("quantity", "900")])
        .await;
    assert_eq!(many.status, 422);
    assert!(many.body.contains("You can’t order that many of one product"), "{}", many.body);
}

#[tokio::test]
async fn quantity_steps_and_removal_change_the_cart() {
    let mut client = TestClient::new().await;
    client.add_to_cart("mug", "Clay").await;
    let change = [("sku", "MUG-CLAY"), ("quantity", "1"), ("step", "1")];
    assert_eq!(client.post("/cart/change", &change).await.status, 303);
    let page = client.get("/cart").await.body;
    assert!(page.contains("€36.00") && page.contains("€18.00 each"), "{page}");
    assert!(page.contains("Add €14.00 more for free delivery."), "{page}");
    let change = [("sku", "MUG-CLAY"), ("quantity", "2"), ("remove", "1")];
    assert_eq!(client.post("/cart/change", &change).await.status, 303);
    assert!(client.get("/cart").await.body.contains("Your cart is empty."));
}

#[tokio::test]
async fn the_error_summary_and_the_fields_show_the_same_messages() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let page = client
        .post("/checkout", &[("key", "k-1"), ("email", "maren@lindqvist"), ("postal_code", "2276")])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: Checkout – Fernleigh</title>"));
    assert!(page.body.contains("Fix 5 fields to continue"), "{}", page.body);
    let summary = between(&page.body, "id=\"errors\"", "</div>");
    for (field, text) in [
        ("email", "Enter an e-mail address like name@example.com"),
        ("postal_code", "Enter a postal code like 10115"),
    ] {
        assert!(summary.contains(&format!("<a href=\"#{field}\">{text}</a>")), "{summary}");
        let message = between(&page.body, &format!("id=\"{field}-error\""), "</p>");
        assert!(message.contains(text), "{message}");
        let input = between(&page.body, &format!("<input class=\"input\" id=\"{field}\""), ">");
        assert!(
            input.contains("aria-invalid=\"true\"") && input.contains(&format!("{field}-error\"")),
            "{input}"
        );
    }
    assert!(page.body.contains("value=\"maren@lindqvist\""), "the input is kept");
}

#[tokio::test]
async fn errors_of_the_order_service_are_shown_at_their_fields() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let page = client.submit_checkout(&[("line1", "Nowhere 1")]).await;
    assert_eq!(page.status, 422);
    assert!(between(&page.body, "id=\"line1-error\"", "</p>").contains("Enter a street address"));
}

#[tokio::test]
async fn every_rejection_says_what_happened_and_that_nothing_was_charged() {
    let mut client = TestClient::new().await;
    let declined = client.buy("decline").await;
    assert_eq!(declined.status, 422);
    assert!(declined.body.contains("Your bank declined the payment. Nothing was charged."));
    assert!(declined.body.contains("Place order for €71.20"), "another card can be tried at once");

    let changed =
        client.submit_checkout(&[("expected", "7000"), ("seen", "DOME-LAMP-BRICK-EU=69.90")]).await;
    assert_eq!(changed.status, 422);
    let notice = "The price of Dome table lamp changed from €69.90 to €71.20. New total: €71.20. Nothing was charged.";
    assert!(changed.body.contains(notice), "{}", changed.body);

    let unknown = client.submit_checkout(&[("payment", "test:unknown_outcome")]).await;
    assert_eq!(unknown.status, 202);
    assert!(unknown.body.contains("We’re waiting for your bank. Don’t pay again."));

    let gone = client.submit_checkout(&[("payment", "test:insufficient_funds")]).await;
    assert_eq!(gone.status, 422);
    assert!(gone.body.contains(
        "Dome table lamp sold out while you were shopping. We’ve removed it from your cart; nothing was charged."
    ));
    assert!(gone.body.contains("Your cart is empty."));
}

#[tokio::test]
async fn a_form_submitted_twice_places_one_order() {
    let mut client = TestClient::new().await;
    client.add_to_cart("mug", "Clay").await;
    let form = client.get("/checkout").await.body;
    let key = between(&form, "name=\"key\" value=\"", "\"").to_owned();
    let first = client.submit_checkout(&[("key", &key), ("expected", "2290")]).await;
    let second = client.submit_checkout(&[("key", &key), ("expected", "2290")]).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    let other = client.submit_checkout(&[("key", "another"), ("expected", "2290")]).await;
    assert_eq!(other.header("location"), "/orders", "only its key leads to the order of a cart");
}

#[tokio::test]
async fn the_second_of_two_clicks_finds_the_order_with_the_cookie_of_the_first_answer() {
    for payment in ["test:success", "prepayment"] {
        let mut client = TestClient::new().await;
        client.add_to_cart("mug", "Clay").await;
        let form = client.get("/checkout").await.body;
        let key = between(&form, "name=\"key\" value=\"", "\"").to_owned();
        let fields = [("key", key.as_str()), ("expected", "2290"), ("payment", payment)];
        let first = client.submit_checkout(&fields).await;
        assert!(first.header("location").starts_with("/orders/"), "{}", first.body);
        client.keep_cookie(&first);
        let second = client.submit_checkout(&fields).await;
        assert_eq!((second.status, second.header("location")), (303, first.header("location")));
        client.keep_cookie(&second);
        let page = client.get(second.header("location")).await;
        assert!(page.body.contains("<h1>Thank you, Maren</h1>"), "{}", page.body);
        assert!(page.header("set-cookie").contains("Max-Age=0"), "the cart is cleared");
    }
}

#[tokio::test]
async fn a_payment_that_requires_action_is_confirmed_on_the_bank_page() {
    for (outcome, heading) in [
        ("confirm", "Thank you, Maren"),
        ("refuse", "Your bank declined the payment. Nothing was charged."),
    ] {
        let mut client = TestClient::new().await;
        let asked = client.buy("requires_action").await;
        let bank = asked.header("location").to_owned();
        assert!(bank.starts_with("/payments/") && bank.contains("/action?order="), "{bank}");
        assert!(
            asked.header("set-cookie").contains("Max-Age=2592000"),
            "the cart is not cleared yet"
        );
        assert!(client.get(&bank).await.body.contains("Fernleigh requests a payment of €71.20."));
        let (_, order) = bank.split_once("order=").unwrap();
        let answered = client.post(&bank, &[("outcome", outcome), ("order", order)]).await;
        assert_eq!(answered.status, 303);
        let order = client.get(answered.header("location")).await.body;
        assert!(order.contains(heading), "{order}");
        assert!(client.get(&bank).await.body.contains("There’s nothing left to confirm."));
    }
}

#[tokio::test]
async fn who_knows_a_payment_does_not_learn_its_order() {
    let mut client = TestClient::new().await;
    let asked = client.buy("requires_action").await;
    let (bank, order) = asked.header("location").split_once("?order=").unwrap();
    let page = client.get(bank).await;
    assert!(page.body.contains("Fernleigh requests a payment of") && !page.body.contains(order));
    let answered = client.post(bank, &[("outcome", "confirm")]).await;
    assert_eq!((answered.status, answered.header("location")), (303, bank));
    let page = client.get(bank).await;
    assert!(page.body.contains("There’s nothing left to confirm.") && !page.body.contains(order));
}

#[tokio::test]
async fn an_order_is_found_by_number_and_e_mail_address_together() {
    let mut client = TestClient::new().await;
    let placed = client.buy("success").await;
    let order = placed.header("location");
    let wrong =
        client.post("/orders", &[("number", "1000482"), ("email", "someone@example.com")]).await;
    assert_eq!(wrong.status, 422);
    let email = order.replace("/orders/", "") + "@example.com";
    let unknown = client.post("/orders", &[("number", "1000482"), ("email", &email)]).await;
    assert_eq!(unknown.status, 422);
    let found =
        client.post("/orders", &[("number", "1000482"), ("email", "maren@example.com")]).await;
    assert_eq!(found.status, 303);
    assert!(found.header("location").starts_with("/orders/"));
    let incomplete = client.post("/orders", &[("number", "1000482"), ("email", " ")]).await;
    assert_eq!(incomplete.status, 422);
    for refused in [wrong, unknown, incomplete] {
        assert!(refused.body.contains("We couldn’t find an order"), "{}", refused.body);
        assert!(!refused.body.contains(order), "{}", refused.body);
    }
}

#[tokio::test]
async fn an_order_lookup_without_services_is_not_an_unknown_order() {
    let client = TestClient::without_services().await;
    let fields = [("number", "1000482"), ("email", "maren@example.com")];
    assert_eq!(client.post("/orders", &fields).await.status, 503);
}

#[tokio::test]
async fn a_prefetch_does_not_count_as_a_view() {
    let client = TestClient::new().await;
    let views = || fake_services::VIEWS.lock().unwrap().get("umbrella").copied().unwrap_or(0);
    client.with("sec-purpose", "prefetch;prerender").get("/p/umbrella").await;
    assert_eq!(views(), 0);
    client.get("/p/umbrella").await;
    assert_eq!(views(), 1);
    let lists = || fake_services::LISTS.lock().unwrap().get("travel/bags").copied().unwrap_or(0);
    client.with("sec-purpose", "prefetch").get("/c/travel/bags").await;
    assert_eq!(lists(), 0);
    client.get("/c/travel/bags").await;
    assert_eq!(lists(), 1);
}

#[tokio::test]
async fn what_a_page_reads_by_itself_does_not_count_as_a_list() {
    let client = TestClient::new().await;
    let page = client.get("/").await.body;
    assert!(page.contains("href=\"/c/furniture\""), "the departments have pictures: {page}");
    assert!(client.get("/p/stool").await.body.contains("id=\"also\""));
    assert!(!fake_services::LISTS.lock().unwrap().contains_key("furniture"));
    assert!(!fake_services::LISTS.lock().unwrap().contains_key("Furniture"));
}

#[tokio::test]
async fn filters_are_added_and_removed_by_address() {
    let client = TestClient::new().await;
    let page = client.get("/products?color=Clay&price_max=30&in_stock=true&sort=price").await.body;
    assert!(
        page.contains("<strong>3</strong> of 28 products"),
        "{}",
        between(&page, "data-count", "</p>")
    );
    let chips = between(&page, "<ul class=\"chips\"", "</ul>");
    assert!(
        chips.contains("href=\"/products?price_max=30&amp;in_stock=true&amp;sort=price\""),
        "{chips}"
    );
    assert!(chips.contains("href=\"/products?sort=price\""), "all at once: {chips}");
    assert!(page.contains("id=\"f-color-Clay\" name=\"color\" value=\"Clay\" checked"));
    let none = client.get("/products?q=lmap").await.body;
    assert!(none.contains("No results for “lmap”.") && none.contains("href=\"/products?q=lamp\""));
    let last = client.get("/products?cursor=junk&color=Clay").await;
    assert_eq!((last.status, last.header("location")), (303, "/products?color=Clay"));
}

#[tokio::test]
async fn a_page_has_one_address() {
    let client = TestClient::new().await;
    for (path, canonical) in [
        ("/p/Dome-Lamp", "/p/dome-lamp"),
        ("/p/dome-lamp/", "/p/dome-lamp"),
        ("/p/dome-lamp/?colour=Brick", "/p/dome-lamp?colour=Brick"),
        ("/c/Kitchen", "/c/kitchen"),
        ("/c/kitchen/tableware/?sort=price", "/c/kitchen/tableware?sort=price"),
    ] {
        let moved = client.get(path).await;
        assert_eq!((moved.status, moved.header("location")), (308, canonical), "{path}");
    }
    assert_eq!(client.get("/p/nowhere/").await.status, 308);
    assert_eq!(client.get("/p/nowhere").await.status, 404);
}

#[tokio::test]
async fn a_list_shows_again_what_was_loaded() {
    let client = TestClient::new().await;
    let cards = |page: &str| page.matches("<li class=\"card").count();
    assert_eq!(cards(&client.get("/products").await.body), 24);
    let page = client.get("/products?shown=48").await.body;
    assert_eq!(cards(&page), 28);
    assert!(!page.contains("data-more"), "nothing is left to load");
}

#[tokio::test]
async fn the_home_page_shows_no_product_twice() {
    let page = TestClient::new().await.get("/").await.body;
    let links = page.split("href=\"/p/").skip(1);
    let mut links: Vec<&str> = links.map(|link| link.split('"').next().unwrap()).collect();
    let shown = links.len();
    links.sort_unstable();
    links.dedup();
    assert!(shown >= 5 && links.len() == shown, "{shown} {links:?}");
    assert!(page.contains("id=\"new-in\"") && page.contains("id=\"reduced\""));
}

#[tokio::test]
async fn errors_are_rendered_as_pages() {
    let client = TestClient::new().await;
    let gone = client.get("/nowhere").await;
    assert!(
        gone.body.contains("We can’t find this page.")
            && gone.header("content-type").starts_with("text/html")
    );
    let method = client.get("/cart/add").await;
    assert_eq!((method.status, method.header("allow")), (405, "POST"));
    assert!(method.body.contains("<html"));
    let isolated = TestClient::without_services().await;
    let busy = isolated.get("/products").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, "10"));
    assert!(busy.body.contains("Try again in 10 seconds."), "{}", busy.body);
    assert_eq!(isolated.get("/cart").await.status, 200, "an empty cart needs no call");
}

#[tokio::test]
async fn pictures_are_cached_for_ever() {
    let client = TestClient::new().await;
    let picture = client.get("/pictures/dome-lamp/brick/object.svg").await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.header("cache-control").contains("immutable"));
    let tag = picture.header("etag");
    assert_eq!(
        client.with("if-none-match", tag).get("/pictures/dome-lamp/brick/object.svg").await.status,
        304
    );
    for path in [
        "/pictures/dome-lamp/plaid/object.svg",
        "/pictures/dome-lamp/brick/object.png",
        "/assets/shop.css",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn unknown_ids_are_not_found() {
    let client = TestClient::new().await;
    let page = client.get("/p/dome-lamp").await.body;
    assert!(page.contains("Lowest price in the 30 days before the reduction: €89.00."));
    let id = "00000000-0000-0000-0000-000000000000";
    assert_eq!(client.get(&format!("/p/{id}")).await.status, 404);
    assert_eq!(client.get(&format!("/orders/{id}")).await.status, 404);
    assert_eq!(client.get("/orders/junk").await.status, 404);
}
