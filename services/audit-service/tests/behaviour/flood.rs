//! Flood: what strangers do costs the audit trail little, and what operators and buyers do is recorded all the same.

use crate::fixture::{AuditFixture, activity, batch};
use engine_memory::MemoryEngine;
use kernel::{Edge, Origin};
use serde_json::{Map, json};
use std::time::Duration;

static CHUNKS: storage::Collection = storage::Collection { name: "bundles", indexes: &[] };

/// Budget of visits in a day, in bytes.
const BUDGET: usize = 100_000;

#[tokio::test]
async fn a_flood_of_searches_with_random_words_stays_in_the_budget_of_a_day() {
    let budget = BUDGET.to_string();
    let settings = [("day_bytes_max.visit", budget.as_str())];
    let fixture = AuditFixture::on(MemoryEngine::new(), &settings).await;
    let mut details = Map::new();
    details.insert("q".to_owned(), json!("zxcv ".repeat(600)));
    details.insert("brand".to_owned(), json!(vec!["zxcv"; 500]));
    details.insert("mail".to_owned(), json!("ann@example.com"));
    for round in 0..40 {
        let searches = (0..100).map(|number| contracts::audit::Activity {
            details: details.clone(),
            ..activity(round * 100 + number, "guest", "product.searched", "products")
        });
        fixture.audit.record(batch(searches.collect(), 0)).await.unwrap();
    }
    let order = activity(9_000, "guest", "order.confirmed", "order:1");
    let change = activity(9_001, "operator", "product.published", "product:1");
    fixture.audit.record(batch(vec![order, change], 0)).await.unwrap();
    assert_eq!(fixture.page("action=order.confirmed").await.items.len(), 1);
    assert_eq!(fixture.page("action=product.published").await.items.len(), 1);
    let searches = fixture.all("action=product.searched", 200).await;
    assert!(searches.len() > 50 && searches.len() < 1_000, "{}", searches.len());
    assert!(searches.iter().all(|search| search.details["mail"] == "…"));

    fixture.tasks.drain(Duration::ZERO).await;
    let documents = fixture.engine.bulk("audit-service").documents;
    let chunks = documents.scan(&CHUNKS, None, 10_000).await.unwrap();
    let visits = chunks.iter().filter(|chunk| chunk.key.starts_with("visit/"));
    let bytes: usize = visits.map(|chunk| chunk.body.len()).sum();
    // Each activity ends with a line break, which the budget does not count.
    assert!(bytes <= BUDGET + searches.len(), "{bytes}");
}

#[tokio::test]
async fn programs_that_register_themselves_have_the_budget_of_accounts_and_operators_none() {
    let settings = [("day_bytes_max.account", "10000")];
    let fixture = AuditFixture::on(MemoryEngine::new(), &settings).await;
    let operator = Origin::new(Edge::Operator, Some("cli"), None, None);
    for number in 0..500 {
        for (origin, name) in [(Origin::of_edge(Edge::Shop), "own"), (operator.clone(), "added")] {
            let registered = json!({ "type": "client_changed", "client_id": format!("{name}-{number}"), "change": "registered" });
            fixture.publish_from(Some(origin), "auth-server", "c", registered).await;
        }
    }
    while fixture.all("actor=cli", 200).await.len() < 500 {
        tokio::task::yield_now().await;
    }
    let own = fixture.all("actor=guest", 200).await.len();
    assert!((1..100).contains(&own), "{own}");
}

#[tokio::test]
async fn a_feed_that_is_read_late_has_the_budgets_of_the_days_of_its_events() {
    let fixture = AuditFixture::on(MemoryEngine::new(), &[("day_bytes_max.cart", "10000")]).await;
    let id = kernel::Uuid::from_u128(7);
    for day in 1..=4 {
        for number in 0..15 {
            let time = format!("2026-05-0{day}T12:00:{number:02}Z");
            let change = format!("change_{day}_{number}");
            let data = json!({ "type": "cart_changed", "cart_id": id, "change": change, "sku": null, "quantity": null });
            fixture.publish_at(&time, None, "shopping-cart-service", "c", data).await;
        }
    }
    // Four fifths of them would not fit into one day.
    fixture.wait_for_count(60).await;
}
