//! Feed consumption: contract events become activities exactly once.

use crate::fixture::{AuditFixture, at};
use kernel::{Edge, Origin, Uuid};
use serde_json::json;

const ID: Uuid = Uuid::from_u128(7);

/// Collection of the activities.
static CHUNKS: storage::Collection = storage::Collection { name: "event_bundles", indexes: &[] };

/// Collection of the consumers' positions.
static INBOX: storage::Collection = storage::Collection { name: "inbox", indexes: &[] };

#[tokio::test]
async fn each_feed_is_turned_into_activities() {
    let fixture = AuditFixture::start().await;
    let price = json!({ "amount": 1999, "currency": "EUR" });
    fixture.publish("product-service", "p", json!({ "type": "product_changed", "product_id": ID, "change": "published", "status": "active" })).await;
    fixture.publish("product-service", "p", json!({ "type": "price_changed", "product_id": ID, "sku": "LAMP-1", "old": null, "new": price })).await;
    fixture.publish("shopping-cart-service", "c", json!({ "type": "cart_changed", "cart_id": ID, "change": "line_added", "sku": "LAMP-1", "quantity": 2 })).await;
    fixture.publish("inventory-service", "s", json!({ "type": "stock_changed", "sku": "LAMP-1", "location": "main", "quantity": -3, "reason": "broken" })).await;
    fixture
        .publish(
            "inventory-service",
            "s",
            json!({ "type": "availability_changed", "sku": "LAMP-1", "available": 2 }),
        )
        .await;
    fixture.publish(
        "payment-service",
        "y",
        json!({ "type": "payment_changed", "payment_id": ID, "order_id": ID, "state": "captured" }),
    )
    .await;
    fixture.publish("order-service", "o", json!({ "type": "order_changed", "order_id": ID, "number": "1001", "change": "confirmed", "status": "confirmed", "total": price })).await;

    let mut found: Vec<_> = fixture
        .wait_for_count(6)
        .await
        .into_iter()
        .map(|it| (it.action, it.subject, it.actor, it.edge))
        .collect();
    found.sort();
    let digest = found[0].1.strip_prefix("cart:").unwrap().to_owned();
    assert!(digest.starts_with("digest-") && !digest.contains(&ID.to_string()), "{digest}");
    let expected = [
        ("cart.line_added", format!("cart:{digest}"), format!("guest:{digest}"), "shop"),
        ("order.confirmed", format!("order:{digest}"), "system".to_owned(), "internal"),
        ("payment.captured", format!("payment:{digest}"), "system".to_owned(), "internal"),
        ("product.price_changed", format!("product:{ID}"), "system".to_owned(), "internal"),
        ("product.published", format!("product:{ID}"), "system".to_owned(), "internal"),
        ("stock.changed", "stock:LAMP-1".to_owned(), "operator".to_owned(), "operator"),
    ];
    let expected = expected
        .map(|(action, subject, actor, edge)| (action.to_owned(), subject, actor, edge.to_owned()));
    assert_eq!(found, expected);

    // Who knows an id finds what was done to it; nothing that opens anything is shown or stored.
    for (filter, action) in [
        (format!("subject=cart:{ID}"), "cart.line_added"),
        (format!("actor=guest:{ID}"), "cart.line_added"),
        (format!("subject=cart:{digest}"), "cart.line_added"),
        (format!("subject=order:{ID}"), "order.confirmed"),
        (format!("subject=payment:{ID}"), "payment.captured"),
    ] {
        let page = fixture.page(&filter).await;
        let [activity] = &page.items[..] else { panic!("{filter}: {page:?}") };
        assert_eq!(activity.action, action, "{filter}");
        assert!(!json!(activity).to_string().contains(&ID.to_string()), "{activity:?}");
    }

    let stock = &fixture.page("subject=stock:LAMP-1").await.items[0];
    assert_eq!(stock.at, at("2026-05-31T12:00:00Z"));
    assert_eq!(
        json!(stock.details),
        json!({ "sku": "LAMP-1", "location": "main", "quantity": -3, "reason": "broken" })
    );
}

#[tokio::test]
async fn a_change_names_who_made_it_as_far_as_that_is_known() {
    let fixture = AuditFixture::start().await;
    let address = "192.0.2.7".parse().ok();
    let ann = Origin::new(Edge::Operator, Some("operator:ann"), address, Some("curl/8.5"));
    let unknown = Origin::of_edge(Edge::Operator);
    let shopper = Origin::new(Edge::Shop, None, address, Some("Mozilla/5.0"));
    let total = json!({ "amount": 1, "currency": "EUR" });
    let product = |change: &str| json!({ "type": "product_changed", "product_id": ID, "change": change, "status": "active" });
    let order = |change: &str| json!({ "type": "order_changed", "order_id": ID, "number": "1", "change": change, "status": "pending", "total": total });
    let stock = json!({ "type": "stock_changed", "sku": "X", "location": "main", "quantity": 1, "reason": null });
    let cart = json!({ "type": "cart_changed", "cart_id": ID, "change": "created", "sku": null, "quantity": null });
    for (origin, source, data) in [
        (Some(&ann), "product-service", product("published")),
        (Some(&ann), "order-service", order("fulfilled")),
        (Some(&ann), "inventory-service", stock),
        (Some(&ann), "shopping-cart-service", cart),
        (Some(&unknown), "product-service", product("archived")),
        (Some(&shopper), "order-service", order("placed")),
        (None, "order-service", order("expired")),
    ] {
        fixture.publish_from(origin.cloned(), source, "s", data).await;
    }
    let mut found: Vec<_> = fixture
        .wait_for_count(7)
        .await
        .into_iter()
        .map(|it| (it.action, it.actor, it.edge, it.address, it.user_agent))
        .collect();
    found.sort();
    let by = |action: &str, actor: &str, edge: &str, address: Option<&str>| {
        let agent = address.map(|_| "curl/8.5".to_owned());
        let address = address.map(str::to_owned);
        (action.to_owned(), actor.to_owned(), edge.to_owned(), address, agent)
    };
    let known = Some("192.0.2.7");
    let expected = [
        by("cart.created", "operator:ann", "operator", known),
        by("order.expired", "system", "internal", None),
        by("order.fulfilled", "operator:ann", "operator", known),
        by("order.placed", "guest", "shop", None),
        by("product.archived", "operator", "operator", None),
        by("product.published", "operator:ann", "operator", known),
        by("stock.changed", "operator:ann", "operator", known),
    ];
    assert_eq!(found, expected);
    let of_ann = fixture.all("actor=operator:ann", 10).await;
    assert_eq!(of_ann.len(), 4);
}

#[tokio::test]
async fn a_feed_that_is_read_again_from_its_beginning_adds_nothing() {
    let fixture = AuditFixture::start().await;
    let change = |number: u32| json!({ "type": "cart_changed", "cart_id": ID, "change": format!("change_{number}"), "sku": null, "quantity": null });
    for number in 0..30 {
        fixture.publish("shopping-cart-service", "c", change(number)).await;
    }
    fixture.wait_for_count(30).await;
    fixture.tasks.drain(std::time::Duration::ZERO).await;

    // The position is lost, the activities are not: as after a restored backup.
    let documents = fixture.engine.bulk("audit-service").documents;
    let key = "audit.shopping-cart-service".to_owned();
    assert!(documents.find(&INBOX, &key).await.unwrap().is_some());
    drop(documents.write(vec![storage::Write::Delete { collection: &INBOX, key }]).await.unwrap());

    let again = AuditFixture::on(fixture.engine.crash(), &[]).await;
    again.publish("shopping-cart-service", "c", change(30)).await;
    again.wait_for_count(31).await;
    assert_eq!(again.all("action=cart.change_3", 10).await.len(), 1);
}

#[tokio::test]
async fn an_undecodable_message_is_parked_and_listed_for_operators() {
    let fixture = AuditFixture::start().await;
    fixture.publish("order-service", "o", json!({ "type": "order_changed" })).await;
    fixture.publish("order-service", "o1", json!({ "type": "order_eaten" })).await;
    fixture.publish("order-service", "o2", json!({ "type": "order_changed", "order_id": ID, "number": "1", "change": "placed", "status": "pending", "total": { "amount": 1, "currency": "EUR" } })).await;
    fixture.wait_for_count(1).await;
    let parked: serde_json::Value =
        fixture.client().get("/api/v1/parked/audit-service").send().await.unwrap();
    assert_eq!(parked["items"].as_array().unwrap().len(), 1, "a later version's event is skipped");
    assert_eq!(parked["items"][0]["message"]["source"], "order-service");
}

#[tokio::test]
async fn the_stored_form_of_activities_is_stable() {
    let fixture = AuditFixture::start().await;
    fixture.publish("inventory-service", "s", json!({ "type": "stock_changed", "sku": "Lamp-1", "location": "main", "quantity": -3, "reason": null })).await;
    let operator = Origin::new(Edge::Operator, Some("ann"), "::1".parse().ok(), Some("curl"));
    fixture.publish_from(Some(operator), "product-service", "p", json!({ "type": "product_changed", "product_id": ID, "change": "published", "status": "active" })).await;
    fixture.wait_for_count(2).await;
    fixture.tasks.drain(std::time::Duration::ZERO).await;
    let documents = fixture.engine.bulk("audit-service").documents;
    let chunks = documents.scan(&CHUNKS, None, 10).await.unwrap();
    assert!(chunks.iter().all(|chunk| chunk.key.starts_with("operator/")));
    let mut lines: Vec<&str> =
        chunks.iter().flat_map(|chunk| std::str::from_utf8(&chunk.body).unwrap().lines()).collect();
    lines.sort_unstable();
    let stock = r#"","at":"2026-05-31T12:00:00Z","actor":"operator","edge":"operator","action":"stock.changed","subject":"stock:Lamp-1","details":{"location":"main","quantity":-3,"reason":null,"sku":"Lamp-1"}}"#;
    let product = r#"","at":"2026-05-31T12:00:00Z","actor":"ann","edge":"operator","address":"::1","user_agent":"curl","action":"product.published","subject":"product:00000000-0000-0000-0000-000000000007","details":{"change":"published","product_id":"00000000-0000-0000-0000-000000000007","status":"active"}}"#;
    for expected in [stock, product] {
        assert!(lines.iter().any(|line| line.ends_with(expected)), "{lines:#?}");
    }
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn sign_ins_consents_and_what_happens_to_clients_and_keys_are_activities() {
    let fixture = AuditFixture::start().await;
    for data in [
        json!({ "type": "account_changed", "account_id": ID, "change": "disabled" }),
        json!({ "type": "sign_in_attempted", "account_id": ID, "outcome": "signed_in" }),
        json!({ "type": "sign_in_attempted", "account_id": ID, "outcome": "failed" }),
        json!({ "type": "sign_in_attempted", "account_id": null, "outcome": "locked_out" }),
        json!({ "type": "client_changed", "client_id": "app", "change": "registered" }),
        json!({ "type": "grant_changed", "grant_id": ID, "change": "code_replayed" }),
        json!({ "type": "keys_rotated", "at_once": true }),
    ] {
        fixture.publish("auth-server", "a", data).await;
    }
    let grant = json!({ "type": "grant_changed", "grant_id": ID, "change": "authorized" });
    let person = Origin::new(Edge::Shop, Some("account:ada"), None, None);
    fixture.publish_from(Some(person), "auth-server", "a", grant).await;
    let own = json!({ "type": "account_changed", "account_id": ID, "change": "password_set" });
    fixture.publish_from(Some(Origin::of_edge(Edge::Shop)), "auth-server", "a", own).await;
    let consent = json!({ "type": "consent_changed", "account_id": ID, "client_id": "app", "change": "given" });
    fixture.publish_from(Some(Origin::of_edge(Edge::Shop)), "auth-server", "a", consent).await;
    let found = fixture.wait_for_count(10).await;
    let mut found: Vec<_> = found.into_iter().map(|it| (it.action, it.subject, it.actor)).collect();
    found.sort();
    let account = format!("account:{ID}");
    let expected = [
        ("account.disabled", &*account, "system"),
        ("account.password_set", &*account, &*account),
        ("client.registered", "client:app", "system"),
        ("consent.given", "client:app", &*account),
        ("grant.authorized", &*format!("grant:{ID}"), "account:ada"),
        ("grant.code_replayed", &*format!("grant:{ID}"), "system"),
        ("keys.rotated", "keys", "system"),
        ("sign_in.failed", &*account, "guest"),
        ("sign_in.locked_out", "account:unknown", "guest"),
        ("sign_in.signed_in", &*account, &*account),
    ];
    let expected = expected
        .map(|(action, subject, actor)| (action.to_owned(), subject.to_owned(), actor.to_owned()));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_consent_is_taken_back_by_its_person_or_by_whoever_administers_the_shop() {
    let fixture = AuditFixture::start().await;
    let operator = Origin::new(Edge::Operator, Some("cli"), None, None);
    let origins = [Some(operator), Some(Origin::of_edge(Edge::Shop)), None];
    for (client, origin) in ["one", "two", "three"].into_iter().zip(origins) {
        let withdrawn = json!({ "type": "consent_changed", "account_id": ID, "client_id": client, "change": "withdrawn" });
        fixture.publish_from(origin, "auth-server", "a", withdrawn).await;
    }
    let found = fixture.wait_for_count(3).await;
    let mut found: Vec<_> = found.into_iter().map(|it| (it.subject, it.actor, it.edge)).collect();
    found.sort();
    let by = |client: &str, actor: &str, edge: &str| {
        (format!("client:{client}"), actor.to_owned(), edge.to_owned())
    };
    let person = format!("account:{ID}");
    let expected = [
        by("one", "cli", "operator"),
        by("three", "system", "internal"),
        by("two", &person, "shop"),
    ];
    assert_eq!(found, expected);
}
