//! Checkout and order pages: addresses by country, ways to pay, what stands in the way, and what one keeps.

use crate::test_client::{TestClient, between};

#[tokio::test]
async fn a_postcode_that_cannot_be_one_of_the_country_is_an_error_of_its_field() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    for (country, region, label, text) in [
        ("US", "NY", "ZIP code", "Enter a ZIP code like 95014"),
        ("GB", "", "Postcode", "Enter a postcode like SW1A 1AA"),
        ("JP", "Tokyo", "Postal code", "Enter a postal code like 154-0023"),
        ("BR", "SP", "Postal code", "Enter a postal code like 01310-100"),
        ("NL", "", "Postal code", "Enter a postal code like 1012 JS"),
    ] {
        let fields = [("country", country), ("region", region), ("postal_code", "!!")];
        let page = client.submit_checkout(&fields).await;
        assert_eq!(page.status, 422, "{country}");
        assert!(between(&page.body, "for=\"postal_code\">", "<").contains(label), "{country}");
        assert!(
            between(&page.body, "id=\"postal_code-error\"", "</p>").contains(text),
            "{country}"
        );
        assert!(page.body.contains("Fix 1 field to continue"), "{country}: {}", page.body);
    }
}

#[tokio::test]
async fn the_form_follows_the_country_without_a_script() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let form = async |country: &str| {
        client.submit_checkout(&[("country", country), ("update", "1")]).await.body
    };
    let japan = form("JP").await;
    let order = ["id=\"postal_code\"", "id=\"region\"", "id=\"city\"", "id=\"line1\""];
    let places: Vec<_> = order.iter().map(|id| japan.find(id).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(japan.contains("Prefecture") && japan.contains("<option value=\"Tokyo\">"), "{japan}");
    let states = form("US").await;
    assert!(states.contains("<option value=\"NY\">New York</option>"), "{states}");
    assert!(states.contains("autocomplete=\"shipping address-level1\""), "{states}");
    let zip = between(&states, "<input class=\"input\" id=\"postal_code\"", ">");
    assert!(zip.contains("inputmode=\"numeric\"") && !zip.contains("autocapitalize"), "{zip}");
    let kingdom = form("GB").await;
    assert!(!kingdom.contains("id=\"region\""), "{kingdom}");
    let postcode = between(&kingdom, "<input class=\"input\" id=\"postal_code\"", ">");
    assert!(postcode.contains("autocapitalize=\"characters\""), "{postcode}");
    assert!(kingdom.contains("value=\"Elbchaussee 12\""), "what was typed stays");
}

#[tokio::test]
async fn who_collects_gives_no_address() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let none = [("line1", ""), ("city", ""), ("postal_code", "")];
    let pickup = [("method", "pickup"), ("update", "1")];
    let form = client.submit_checkout(&[&none[..], &pickup].concat()).await.body;
    assert!(form.contains("Lindenweg 4") && form.contains("Mon–Fri 10:00–18:00"), "{form}");
    assert!(!form.contains("id=\"line1\""), "{form}");
    let placed = client
        .submit_checkout(&[&none[..], &[("method", "pickup"), ("key", "collected")]].concat())
        .await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    let order = client.get(placed.header("location")).await.body;
    assert!(order.contains("Collect from") && order.contains("Workshop"), "{order}");
    assert!(!order.contains("Delivery address"), "{order}");
    let help = client.get("/help").await.body;
    assert!(help.contains("Mon–Fri 10:00–18:00") && help.contains(">Free</td>"), "{help}");
    assert!(!help.contains("€0.00"), "{help}");
}

#[tokio::test]
async fn what_cannot_be_bought_is_said_all_together_before_the_payment() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let many =
        client.post("/cart/change", &[("sku", "DOME-LAMP-BRICK-EU"), ("quantity", "90")]).await;
    assert_eq!(many.status, 303);
    let cart = client.get("/cart").await.body;
    for text in
        ["Fix 1 item to check out", "Only 4 left of Dome table lamp.", "name=\"set\" value=\"4\""]
    {
        assert!(cart.contains(text), "{text}: {cart}");
    }
    assert!(!cart.contains("href=\"/checkout\""), "{cart}");
    assert_eq!(client.get("/checkout").await.header("location"), "/cart");
    let both = client.submit_checkout(&[("email", "nobody"), ("postal_code", "!!")]).await;
    assert_eq!(both.status, 422);
    for text in
        ["Only 4 left of Dome table lamp. We’ve updated your cart", "Fix 2 fields to continue"]
    {
        assert!(both.body.contains(text), "{text}: {}", both.body);
    }
    let set = client.post("/cart/change", &[("sku", "DOME-LAMP-BRICK-EU"), ("set", "2")]).await;
    assert_eq!(set.status, 303);
    assert!(client.get("/cart").await.body.contains("href=\"/checkout\""));
}

#[tokio::test]
async fn an_order_by_bank_transfer_says_how_to_pay() {
    let mut client = TestClient::new().await;
    client.add_to_cart("dome-lamp", "Brick").await;
    let placed = client.submit_checkout(&[("payment", "prepayment"), ("key", "transfer")]).await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    client.keep_cookie(&placed);
    let shown = client.get(placed.header("location")).await;
    assert!(shown.header("set-cookie").contains("Max-Age=0"), "the cart is cleared");
    let order = shown.body;
    assert!(order.contains("<h1>Thank you, Maren</h1>"), "{order}");
    for text in [
        "DE02 1203 0000 0000 2020 51",
        "Transfer €71.20 by 28 Nov 2025.",
        "1000482",
        "Awaiting payment",
    ] {
        assert!(order.contains(text), "{text}: {order}");
    }
    assert!(!order.contains("data-poll"), "a transfer takes days");
}

#[tokio::test]
async fn an_order_page_has_what_one_would_keep() {
    let mut client = TestClient::new().await;
    let placed = client.buy("success").await;
    let order = client.get(placed.header("location")).await.body;
    assert!(between(&order, "class=\"ordered\"", "</ul>").contains("<img"), "{order}");
    let facts = between(&order, "class=\"order-facts\"", "</dl>");
    for text in ["Standard", "maren@example.com", "Test card", "UTC"] {
        assert!(facts.contains(text), "{text}: {facts}");
    }
    assert!(order.contains("<p class=\"print-only\"><strong>Fernleigh</strong></p>"), "{order}");
}

#[tokio::test]
async fn a_mail_is_promised_where_one_is_sent_and_nowhere_else() {
    for (settings, is_promised) in
        [(&[][..], false), (&[("storefront.order_mails", "true")][..], true)]
    {
        let mut client = TestClient::of_shop(settings).await;
        let placed = client.buy("success").await;
        let order = client.get(placed.header("location")).await.body;
        assert!(order.contains("Thank you"), "{order}");
        let sentence = "We’ll send updates about this order to";
        assert_eq!(order.contains(sentence), is_promised, "{order}");
    }
}
