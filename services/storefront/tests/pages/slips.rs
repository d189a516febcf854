//! Slips of shoppers and dead ends: nothing is done in place of what was asked, and each page says how to go on.

use crate::test_client::{TestClient, between};

#[tokio::test]
async fn a_quantity_that_cannot_be_read_orders_nothing_and_removes_nothing() {
    let mut client = TestClient::new().await;
    let ask = "Enter a whole number from 1 to 999.";
    for quantity in ["0", "-1", "1.5", "1,5", "abc", "", "1000", "99999999999999999999", "٣"] {
        let fields = [("product", "mug"), ("colour", "Clay"), ("quantity", quantity)];
        let refused = client.post("/cart/add", &fields).await;
        assert_eq!((refused.status, refused.header("set-cookie")), (422, ""), "{quantity}");
        assert!(refused.body.contains(ask), "{quantity}: {}", refused.body);
    }
    client.add_to_cart("mug", "Clay").await;
    for quantity in ["-1", "1.5", "abc", "", "1000", "٣"] {
        let fields = [("sku", "MUG-CLAY"), ("quantity", quantity)];
        let refused = client.post("/cart/change", &fields).await;
        assert_eq!(refused.status, 422, "{quantity}");
        assert!(refused.body.contains(ask) && refused.body.contains("€18.00"), "{quantity}");
    }
    assert!(client.get("/cart").await.body.contains("aria-label=\"Cart, 1 item\""));
    let page = client.get("/p/mug?colour=Clay&quantity=abc&step=1").await;
    assert!(page.status == 200 && page.body.contains(ask), "a step without a script");
    let none = [("sku", "MUG-CLAY"), ("quantity", "0")];
    assert_eq!(client.post("/cart/change", &none).await.status, 303);
    assert!(client.get("/cart").await.body.contains("Your cart is empty."));
}

#[tokio::test]
async fn a_page_says_what_it_shows_in_place_of_what_its_address_names() {
    let client = TestClient::new().await;
    for (path, expected) in [
        ("/p/dome-lamp?colour=nowhere", "“nowhere” isn’t available. This page shows Brick, EU."),
        ("/p/dome-lamp?plug=JP&colour=ochre", "“JP” isn’t available. This page shows Ochre, EU."),
        ("/p/dome-lamp?sku=GONE", "“GONE” isn’t available. This page shows Brick, EU."),
        ("/p/dome-lamp?colour=<b>", "“&lt;b&gt;” isn’t available."),
    ] {
        let page = client.get(&path.replace('<', "%3C").replace('>', "%3E")).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(expected), "{path}: {}", page.body);
    }
    for path in ["/p/dome-lamp", "/p/dome-lamp?colour=brick&plug=EU", "/p/dome-lamp?utm=nowhere"] {
        assert!(!client.get(path).await.body.contains("isn’t available."), "{path}");
    }
    let fields = [("product", "dome-lamp"), ("colour", "Plaid"), ("plug", "EU")];
    let added = client.post("/cart/add", &fields).await;
    assert_eq!(added.header("location"), "/p/dome-lamp?colour=Plaid&plug=EU");
}

#[tokio::test]
async fn who_left_the_bank_is_led_back_to_the_order() {
    let mut client = TestClient::new().await;
    let asked = client.buy("requires_action").await;
    let (_, order) = asked.header("location").split_once("order=").unwrap();
    let order = format!("/orders/{order}");
    client.keep_cookie(&asked);
    let checkout = client.get("/checkout").await;
    assert_eq!((checkout.status, checkout.header("location")), (303, order.as_str()));
    let page = client.get(&order).await.body;
    assert!(page.contains("Confirm payment") && page.contains("Cancel order"), "{page}");
}

#[tokio::test]
async fn the_errors_of_two_addresses_can_be_told_apart() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let page = client
        .submit_checkout(&[
            ("name", ""),
            ("billing", "on"),
            ("billing_name", ""),
            ("billing_city", ""),
        ])
        .await;
    assert_eq!(page.status, 422);
    let summary = between(&page.body, "id=\"errors\"", "</div>");
    for line in [
        "<a href=\"#name\">Enter a full name</a>",
        "<a href=\"#billing_name\">Billing address: Enter a full name</a>",
        "<a href=\"#billing_city\">Billing address: Enter a city</a>",
    ] {
        assert!(summary.contains(line), "{line}: {summary}");
    }
    let mut lines: Vec<&str> = summary.split("\">").skip(1).collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "no two lines are the same: {summary}");
}

#[tokio::test]
async fn an_order_that_is_collected_speaks_of_no_shipping() {
    for (method, step) in [("pickup", "Collection"), ("standard", "Shipping")] {
        let mut client = TestClient::new().await;
        client.add_to_cart("dome-lamp", "Brick").await;
        let key = format!("step-{method}");
        let placed = client.submit_checkout(&[("method", method), ("key", &key)]).await;
        assert_eq!(placed.status, 303, "{}", placed.body);
        let order = client.get(placed.header("location")).await.body;
        let steps = between(&order, "<ol class=\"progress\"", "</ol>");
        assert!(steps.contains(&format!("<strong>{step}</strong>")), "{method}: {steps}");
    }
}

#[tokio::test]
async fn names_are_listed_in_the_order_of_the_language() {
    let names = r#"{"de": {"Kitchen": "Küche", "Lighting": "Leuchten", "Furniture": "Möbel"}}"#;
    let client = TestClient::of_shop(&[
        ("storefront.languages", "en,de"),
        ("storefront.translations", names),
    ])
    .await;
    let listed = |page: &str| -> Vec<String> {
        let list = between(page, "<ul class=\"countries\"", "</ul>");
        list.split("<li>").skip(1).map(|it| it.split('<').next().unwrap().to_owned()).collect()
    };
    let english = listed(&client.get("/help").await.body);
    assert_eq!((english[0].as_str(), english.len()), ("Austria", 8));
    let german = client.with("accept-language", "de");
    let expected = [
        "Brasilien",
        "Deutschland",
        "Irland",
        "Japan",
        "Niederlande",
        "Österreich",
        "Vereinigte Staaten",
        "Vereinigtes Königreich",
    ];
    assert_eq!(listed(&german.get("/help").await.body), expected);
    let page = german.get("/products").await.body;
    let facet = between(&page, "id=\"facet-category\"", "</fieldset>");
    let places: Vec<_> =
        ["Küche", "Leuchten", "Möbel"].iter().map(|name| facet.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{facet}");
}

#[tokio::test]
async fn a_department_is_found_by_the_name_that_the_page_gives_it() {
    let names = r#"{"de": {"Kitchen": "Küche", "Tableware": "Geschirr"}}"#;
    let client = TestClient::of_shop(&[
        ("storefront.languages", "en,de"),
        ("storefront.translations", names),
    ])
    .await;
    let german = client.with("accept-language", "de");
    for (text, address) in
        [("k%C3%BCche", "/c/kitchen"), ("KUCHE", "/c/kitchen"), ("esch", "/c/kitchen/tableware")]
    {
        let offers = german.get(&format!("/suggest?q={text}")).await.body;
        assert!(offers.contains(&format!("href=\"{address}\"")), "{text}: {offers}");
        let page = german.get(&format!("/products?q={text}")).await.body;
        let main = between(&page, "data-part=\"results\"", "</section>");
        assert!(main.contains(&format!("href=\"{address}\"")), "{text}: {main}");
    }
    assert!(!german.get("/suggest?q=zzzz").await.body.contains("/c/kitchen"));
    assert!(!client.get("/products?q=k%C3%BCche").await.body.contains("<li><a class=\"chip\""));
}

#[tokio::test]
async fn a_page_without_its_services_does_not_call_itself_busy() {
    let client = TestClient::without_services().await;
    for path in ["/products", "/p/dome-lamp", "/c/lighting", "/suggest?q=lamp"] {
        let page = client.get(path).await;
        assert_eq!((page.status, page.header("retry-after")), (503, "10"), "{path}");
        assert!(page.body.contains("Part of our shop isn’t available right now."), "{path}");
        assert!(!page.body.contains("busy"), "{path}");
    }
}

#[tokio::test]
async fn the_footer_lists_the_departments_of_the_header() {
    let page = TestClient::new().await.get("/help").await.body;
    let links = |part: &str| -> Vec<String> {
        let links = part.split("href=\"/c/").skip(1);
        links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let header = links(between(&page, "id=\"departments\"", "</nav>"));
    assert!(header.len() > 3, "{header:?}");
    assert_eq!(links(between(&page, "id=\"foot-shop\"", "</nav>")), header);
}
