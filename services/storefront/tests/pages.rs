//! The pages as a browser gets them, over services that only stand in.

#[cfg(test)]
#[path = "window/stand_in.rs"]
mod stand_in;

#[cfg(test)]
#[path = "window/visitor.rs"]
mod visitor;

use visitor::{Visitor, between};

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
    "/help",
    "/suggest?q=la",
];

#[tokio::test]
async fn no_page_needs_a_weaker_policy_and_none_sets_a_cookie() {
    let visitor = Visitor::new().await;
    for path in PAGES.iter().chain(&["/nowhere", "/c/nowhere", "/p/nowhere"]) {
        let page = visitor.get(path).await;
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
        let scripts = page.body.matches("<script").count();
        assert_eq!(
            scripts,
            page.body.matches("<script type=\"module\" src=\"/assets/").count(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn headings_go_down_one_level_at_a_time() {
    let visitor = Visitor::new().await;
    for path in PAGES.iter().filter(|path| !path.starts_with("/suggest")) {
        let body = visitor.get(path).await.body;
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
async fn a_page_is_packed_and_not_sent_twice() {
    let visitor = Visitor::new().await;
    let plain = visitor.get("/products").await;
    let tag = plain.header("etag");
    for (accepted, expected) in [("gzip, br", "br"), ("gzip", "gzip"), ("identity", "")] {
        let packed = visitor.with("accept-encoding", accepted).get("/products").await;
        assert_eq!(packed.header("content-encoding"), expected);
        assert_eq!(packed.header("etag"), tag);
        assert!(packed.header("vary").contains("accept-encoding"));
    }
    let again = visitor.with("if-none-match", tag).get("/products").await;
    assert_eq!((again.status, again.bytes), (304, 0));
    let other = visitor.with("if-none-match", tag).get("/products?color=Clay").await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_list_with_its_files_stays_within_24_kilobytes() {
    let visitor = Visitor::new().await.with("accept-encoding", "br");
    let page = Visitor::new().await.get("/products").await;
    assert_eq!(page.body.matches("<li class=\"card").count(), 24);
    let mut bytes = visitor.get("/products").await.bytes;
    let files = ["rel=\"stylesheet\" href=\"", "type=\"module\" src=\""];
    for file in files.iter().flat_map(|mark| page.body.split(mark).skip(1)) {
        let path = file.split('"').next().unwrap();
        let file = visitor.get(path).await;
        assert_eq!((file.status, file.header("content-encoding")), (200, "br"), "{path}");
        assert!(file.header("cache-control").contains("immutable"), "{path}");
        bytes += file.bytes;
    }
    assert!(bytes < 24 * 1024, "{bytes} bytes");
}

#[tokio::test]
async fn a_purchase_needs_nothing_but_forms() {
    let mut visitor = Visitor::new().await;
    let order = visitor.buys("success").await;
    assert_eq!(order.status, 303);
    let path = order.header("location").to_owned();
    assert!(path.starts_with("/orders/"), "{path}");
    assert!(order.header("set-cookie").contains("Max-Age=0"), "the cart is forgotten");
    let page = visitor.get(&path).await;
    assert!(page.body.contains("<h1>Thank you, Maren</h1>"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("aria-current=\"step\""));
    let cancelled = visitor.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!((cancelled.status, cancelled.header("location")), (303, path.as_str()));
    assert!(visitor.get(&path).await.body.contains("€71.20 goes back"));
    let twice = visitor.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!(twice.status, 409);
    assert!(twice.body.contains("cannot be cancelled any more"));
}

#[tokio::test]
async fn one_cookie_remembers_the_cart_and_nothing_else() {
    let visitor = Visitor::new().await;
    let lamp = [("product", "dome-lamp"), ("colour", "Brick")];
    let added = visitor.post("/cart/add", &lamp).await;
    assert_eq!((added.status, added.header("location")), (303, "/cart"));
    let cookie = added.header("set-cookie");
    assert!(cookie.starts_with("cart=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    let secure = visitor.with("x-forwarded-proto", "https").post("/cart/add", &lamp).await;
    assert!(secure.header("set-cookie").ends_with("; Secure"), "{}", secure.header("set-cookie"));
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let visitor = Visitor::new().await.with("sec-fetch-site", "cross-site");
    let page = visitor.post("/cart/add", &[("product", "dome-lamp")]).await;
    assert_eq!((page.status, page.header("set-cookie")), (403, ""));
    assert!(page.body.contains("That came from another page."));
}

#[tokio::test]
async fn a_script_gets_the_part_it_asks_for() {
    let visitor = Visitor::new().await.with("shop-part", "1");
    let part = visitor
        .post("/cart/add", &[("product", "mug"), ("colour", "Clay"), ("quantity", "2")])
        .await;
    assert_eq!(part.status, 200);
    assert!(part.body.contains("data-say=\"Added. Cart: 2 items, €36.00\""), "{}", part.body);
    assert!(part.body.contains("Cart, 2 items") && !part.body.contains("<html"), "{}", part.body);
}

#[tokio::test]
async fn what_cannot_be_bought_says_so_and_too_many_are_refused() {
    let visitor = Visitor::new().await;
    let coal = visitor
        .post("/cart/add", &[("product", "dome-lamp"), ("colour", "Coal"), ("plug", "EU")])
        .await;
    assert_eq!((coal.status, coal.header("location")), (303, "/p/dome-lamp?colour=Coal&plug=EU"));
    assert!(visitor.get("/p/dome-lamp?colour=Coal").await.body.contains("Sold out"));
    let mut visitor = visitor;
    visitor.puts("mug", "Clay").await;
    let many = visitor
        .post("/cart/add", &[("product", "mug"), ("colour", "Clay"), ("quantity", "900")])
        .await;
    assert_eq!(many.status, 422);
    assert!(many.body.contains("more of one article than an order may have"), "{}", many.body);
}

#[tokio::test]
async fn the_cart_counts_steps_and_lets_go() {
    let mut visitor = Visitor::new().await;
    visitor.puts("mug", "Clay").await;
    let change = [("sku", "MUG-CLAY"), ("quantity", "1"), ("step", "1")];
    assert_eq!(visitor.post("/cart/change", &change).await.status, 303);
    let page = visitor.get("/cart").await.body;
    assert!(page.contains("€36.00") && page.contains("€18.00 each"), "{page}");
    assert!(page.contains("€14.00 more and delivery is free."), "{page}");
    let change = [("sku", "MUG-CLAY"), ("quantity", "2"), ("remove", "1")];
    assert_eq!(visitor.post("/cart/change", &change).await.status, 303);
    assert!(visitor.get("/cart").await.body.contains("Your cart is empty."));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_same_words_at_its_field() {
    let mut visitor = Visitor::new().await;
    visitor.puts("dome-lamp", "Brick").await;
    let page = visitor
        .post("/checkout", &[("key", "k-1"), ("email", "maren@lindqvist"), ("postal_code", "2276")])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: Checkout – Tarnwood</title>"));
    assert!(page.body.contains("There are 5 things to put right"), "{}", page.body);
    let summary = between(&page.body, "id=\"errors\"", "</div>");
    for (field, text) in [
        ("email", "Enter an e-mail address like name@example.com"),
        ("postal_code", "Enter a postcode for Germany, five digits"),
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
    assert!(page.body.contains("value=\"maren@lindqvist\""), "what was typed stays");
}

#[tokio::test]
async fn what_only_the_order_service_finds_stands_at_its_field_too() {
    let mut visitor = Visitor::new().await;
    visitor.puts("dome-lamp", "Brick").await;
    let page = visitor.pays(&[("line1", "Nowhere 1")]).await;
    assert_eq!(page.status, 422);
    assert!(between(&page.body, "id=\"line1-error\"", "</p>").contains("Enter street and number"));
}

#[tokio::test]
async fn every_refusal_says_what_happened_and_that_nothing_was_charged() {
    let mut visitor = Visitor::new().await;
    let declined = visitor.buys("decline").await;
    assert_eq!(declined.status, 422);
    assert!(declined.body.contains("Your bank declined the payment. Nothing was charged."));
    assert!(declined.body.contains("Pay €71.20"), "another card can be tried at once");

    let changed = visitor.pays(&[("expected", "7000"), ("seen", "DOME-LAMP-BRICK-EU=69.90")]).await;
    assert_eq!(changed.status, 422);
    let told = "Dome table lamp went from €69.90 to €71.20. New total €71.20. Nothing was charged.";
    assert!(changed.body.contains(told), "{}", changed.body);

    let unknown = visitor.pays(&[("card", "unknown_outcome")]).await;
    assert_eq!(unknown.status, 202);
    assert!(unknown.body.contains("We are waiting for your bank. Do not pay again."));

    let gone = visitor.pays(&[("card", "insufficient_funds")]).await;
    assert_eq!(gone.status, 422);
    assert!(gone.body.contains(
        "Dome table lamp sold out while you were shopping. We took it out; nothing was charged."
    ));
    assert!(gone.body.contains("Your cart is empty."));
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_order() {
    let mut visitor = Visitor::new().await;
    visitor.puts("mug", "Clay").await;
    let form = visitor.get("/checkout").await.body;
    let key = between(&form, "name=\"key\" value=\"", "\"").to_owned();
    let first = visitor.pays(&[("key", &key), ("expected", "2290")]).await;
    let second = visitor.pays(&[("key", &key), ("expected", "2290")]).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    let other = visitor.pays(&[("key", "another"), ("expected", "2290")]).await;
    assert_eq!(
        other.header("location"),
        first.header("location"),
        "an ordered cart leads to its order"
    );
}

#[tokio::test]
async fn a_bank_that_asks_is_answered_on_its_page() {
    for (outcome, heading) in
        [("confirm", "Thank you, Maren"), ("refuse", "This order is cancelled")]
    {
        let mut visitor = Visitor::new().await;
        let asked = visitor.buys("requires_action").await;
        let bank = asked.header("location").to_owned();
        assert!(bank.starts_with("/payments/") && bank.ends_with("/action"), "{bank}");
        assert_eq!(asked.header("set-cookie"), "", "the cart is not forgotten yet");
        assert!(visitor.get(&bank).await.body.contains("Tarnwood asks for €71.20."));
        let answered = visitor.post(&bank, &[("outcome", outcome)]).await;
        assert_eq!(answered.status, 303);
        let order = visitor.get(answered.header("location")).await.body;
        assert!(order.contains(heading), "{order}");
        assert!(visitor.get(&bank).await.body.contains("nothing to confirm here any more"));
    }
}

#[tokio::test]
async fn an_order_is_found_by_number_and_address_together() {
    let mut visitor = Visitor::new().await;
    let placed = visitor.buys("success").await;
    let order = placed.header("location");
    let wrong =
        visitor.post("/orders", &[("number", "1000482"), ("email", "someone@example.com")]).await;
    assert_eq!(wrong.status, 422);
    let email = order.replace("/orders/", "") + "@example.com";
    let unknown = visitor.post("/orders", &[("number", "1000482"), ("email", &email)]).await;
    assert_eq!(unknown.status, 422);
    let found =
        visitor.post("/orders", &[("number", "1000482"), ("email", "maren@example.com")]).await;
    assert_eq!(found.status, 303);
    assert!(found.header("location").starts_with("/orders/"));
}

#[tokio::test]
async fn fetching_ahead_is_no_view() {
    let visitor = Visitor::new().await;
    let views = || stand_in::VIEWS.lock().unwrap().get("umbrella").copied().unwrap_or(0);
    visitor.with("sec-purpose", "prefetch;prerender").get("/p/umbrella").await;
    assert_eq!(views(), 0);
    visitor.get("/p/umbrella").await;
    assert_eq!(views(), 1);
}

#[tokio::test]
async fn filters_come_and_go_by_their_address() {
    let visitor = Visitor::new().await;
    let page = visitor.get("/products?color=Clay&price_max=30&in_stock=true&sort=price").await.body;
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
    assert!(page.contains("id=\"f-color-clay\" name=\"color\" value=\"Clay\" checked"));
    let none = visitor.get("/products?q=lmap").await.body;
    assert!(none.contains("Nothing for “lmap”.") && none.contains("href=\"/products?q=lamp\""));
    let last = visitor.get("/products?cursor=junk&color=Clay").await;
    assert_eq!((last.status, last.header("location")), (303, "/products?color=Clay"));
}

#[tokio::test]
async fn germans_read_german() {
    let visitor = Visitor::new().await.with("accept-language", "de-AT,de;q=0.9,en;q=0.5");
    let page = visitor.get("/p/dome-lamp").await;
    assert!(page.body.contains("<html lang=\"de\">") && page.body.contains("71,20\u{a0}€"));
    assert!(
        page.body.contains("In den Warenkorb")
            && page.body.contains("Kommt an: Di., 25. – Do., 27. Nov.")
    );
    assert!(page.header("vary").contains("accept-language"));
}

#[tokio::test]
async fn trouble_has_a_page_of_its_own() {
    let visitor = Visitor::new().await;
    let gone = visitor.get("/nowhere").await;
    assert!(
        gone.body.contains("This page is gone.")
            && gone.header("content-type").starts_with("text/html")
    );
    let method = visitor.get("/cart/add").await;
    assert_eq!((method.status, method.header("allow")), (405, "POST"));
    assert!(method.body.contains("<html"));
    let alone = Visitor::alone().await;
    let busy = alone.get("/products").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, "10"));
    assert!(busy.body.contains("Try again in 10 seconds."), "{}", busy.body);
    assert_eq!(alone.get("/cart").await.status, 200, "an empty cart asks nobody");
}

#[tokio::test]
async fn pictures_are_kept_for_ever() {
    let visitor = Visitor::new().await;
    let picture = visitor.get("/pictures/dome-lamp/brick/object.svg").await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.header("cache-control").contains("immutable"));
    let tag = picture.header("etag");
    assert_eq!(
        visitor.with("if-none-match", tag).get("/pictures/dome-lamp/brick/object.svg").await.status,
        304
    );
    for path in [
        "/pictures/dome-lamp/plaid/object.svg",
        "/pictures/dome-lamp/brick/object.png",
        "/assets/shop.css",
    ] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_old_address_leads_to_the_new_one() {
    let visitor = Visitor::new().await;
    let page = visitor.get("/p/dome-lamp").await.body;
    assert!(page.contains("Lowest price of the 30 days before: €89.00."));
    let id = "00000000-0000-0000-0000-000000000000";
    assert_eq!(visitor.get(&format!("/p/{id}")).await.status, 404);
    assert_eq!(visitor.get(&format!("/orders/{id}")).await.status, 404);
    assert_eq!(visitor.get("/orders/junk").await.status, 404);
}
