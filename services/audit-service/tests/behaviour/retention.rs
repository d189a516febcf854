//! Retention: old activities are deleted when the period of their kind is over, and not before.

use crate::fixture::{AuditFixture, activity, at, batch};
use contracts::audit::Activity;
use engine_memory::MemoryEngine;
use std::{collections::BTreeMap, time::Duration};
use storage::{Collection, Document, FieldValue, Index, Write};

/// An action of each kind.
const ACTIONS: [&str; 4] =
    ["product.published", "order.confirmed", "cart.created", "product.viewed"];

/// Fixture with 1,440 activities, one a minute, of all kinds in turn: the whole first of May.
async fn fixture_with(values: &[(&str, &str)]) -> AuditFixture {
    let fixture = AuditFixture::on(MemoryEngine::new(), values).await;
    for first in (0..1_440).step_by(480) {
        let activities = (first..first + 480)
            .map(|number| activity(number, "x", ACTIONS[number as usize % 4], "b"))
            .collect();
        fixture.audit.record(batch(activities, 0)).await.unwrap();
    }
    fixture
}

/// Number of activities by action, after the retention had time at this moment.
async fn left_at(fixture: &AuditFixture, moment: &str) -> BTreeMap<String, usize> {
    fixture.clock.set(at(moment));
    tokio::time::sleep(Duration::from_hours(1)).await;
    let mut left = BTreeMap::new();
    for Activity { action, .. } in fixture.all("", 200).await {
        *left.entry(action).or_default() += 1;
    }
    left
}

fn expected(counts: [usize; 4]) -> BTreeMap<String, usize> {
    let counts = ACTIONS.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    counts.map(|(action, count)| (action.to_owned(), count)).collect()
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_deleted_when_its_own_period_is_over() {
    let fixture = fixture_with(&[
        ("retention_days.operator", "40"),
        ("retention_days.order", "30"),
        ("retention_days.cart", "20"),
        ("retention_days.visit", "10"),
    ])
    .await;
    for (moment, counts) in [
        ("2026-05-02T00:00:00Z", [360; 4]),
        ("2026-05-11T12:00:00Z", [360, 360, 360, 180]),
        ("2026-05-21T12:00:00Z", [360, 360, 180, 0]),
        ("2026-05-31T12:00:00Z", [360, 180, 0, 0]),
        ("2026-06-10T12:00:00Z", [180, 0, 0, 0]),
        ("2026-07-10T12:00:00Z", [0; 4]),
    ] {
        assert_eq!(left_at(&fixture, moment).await, expected(counts), "{moment}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_a_period_is_kept_forever() {
    let zero = ["operator", "order", "cart", "visit"].map(|kind| format!("retention_days.{kind}"));
    let zero: Vec<_> = zero.iter().map(|key| (key.as_str(), "0")).collect();
    let fixture = fixture_with(&zero).await;
    assert_eq!(left_at(&fixture, "2126-05-11T12:00:00Z").await, expected([360; 4]));
    let fixture = fixture_with(&zero[..1]).await;
    assert_eq!(left_at(&fixture, "2126-05-11T12:00:00Z").await, expected([360, 0, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn what_is_read_from_feeds_is_deleted_as_well() {
    let fixture = AuditFixture::on(MemoryEngine::new(), &[("retention_days.cart", "20")]).await;
    let id = kernel::Uuid::from_u128(7);
    let data = serde_json::json!({ "type": "cart_changed", "cart_id": id, "change": "created", "sku": null, "quantity": null });
    fixture.publish("shopping-cart-service", "c", data).await;
    fixture.wait_for_count(1).await;
    let carts = |count| BTreeMap::from([("cart.created".to_owned(), count)]);
    assert_eq!(left_at(&fixture, "2026-06-20T11:00:00Z").await, carts(1));
    assert_eq!(left_at(&fixture, "2026-06-20T12:10:00Z").await, BTreeMap::new());
}

static CHUNKS: Collection = Collection { name: "bundles", indexes: &[] };
static HEADERS: Collection = Collection {
    name: "bundle_summaries",
    indexes: &[Index { name: "by_second", fields: &["second"] }],
};

#[tokio::test(start_paused = true)]
async fn chunks_of_early_versions_are_read_and_deleted_like_orders() {
    let engine = MemoryEngine::new();
    let documents = engine.bulk("audit-service").documents;
    let first = at("2026-05-01T00:00:00Z").as_second();
    // An early version stored activities of all kinds together, with no address, and its header without a kind.
    for number in 0..1_200_u32 {
        let second = first + i64::from(number);
        let key = kernel::Uuid::from_u128(u128::from(number)).to_string();
        let at = kernel::Timestamp::from_second(second).unwrap();
        let line = format!(
            r#"{{"id":"{key}","at":"{at}","actor":"guest","edge":"shop","action":"product.viewed","subject":"product:x","details":{{}}}}"#
        );
        let header = [&second.to_le_bytes()[..], &[0xff; 16]].concat();
        let chunk = Document { key: key.clone(), body: line.into(), fields: Vec::new() };
        let fields = vec![("second", FieldValue::Integer(second))];
        let header = Document { key, body: header.into(), fields };
        let writes = vec![
            Write::Put { collection: &CHUNKS, document: chunk },
            Write::Put { collection: &HEADERS, document: header },
        ];
        drop(documents.write(writes).await.unwrap());
    }
    let fixture = AuditFixture::on(engine, &[("retention_days.order", "30")]).await;
    let visits = |count| BTreeMap::from([("product.viewed".to_owned(), count)]);
    assert_eq!(left_at(&fixture, "2026-05-20T00:00:00Z").await, visits(1_200));
    assert_eq!(left_at(&fixture, "2026-05-31T00:10:00Z").await, visits(600));
    assert_eq!(left_at(&fixture, "2026-06-30T00:00:00Z").await, BTreeMap::new());
}
