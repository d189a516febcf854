//! Stock API for operators.

use crate::{TestService, hold_id};
use contracts::inventory::{
    Movement,
    MovementKind::{self, Adjusted, Received, Returned, Sold},
    Movements, Stock, UNTRACKED_AVAILABLE,
};
use kernel::{Cursor, Page};
use serde_json::{Value, json};
use storage::{Collection, Document, StoredDocument, Write};
use testkit::{code, on_edge};
use transport::Edge;

impl TestService {
    async fn movements(&self, sku: &str, query: &str) -> Movements {
        self.client().get(format!("/api/v1/stock/{sku}/movements{query}")).send().await.unwrap()
    }

    async fn record_movement(&self, sku: &str, body: &Value, key: Option<&str>) -> Movement {
        let request = self.client().post(format!("/api/v1/stock/{sku}/movements")).json(body);
        match key {
            Some(key) => request.idempotency_key(key).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    }
}

#[tokio::test]
async fn shoppers_are_forbidden() {
    let service = TestService::start().await;
    service.count(&[("a", 1)]).await;
    let show = || async { service.client().get("/api/v1/stock/a").send::<Stock>().await };
    assert_eq!(code(on_edge(Edge::Shop, show()).await), "forbidden");
    assert_eq!(on_edge(Edge::Operator, show()).await.unwrap().available, 1);
    let change =
        service.client().put("/api/v1/stock/a").json(&json!({"on_hand": 9})).send::<Stock>();
    assert_eq!(code(on_edge(Edge::Shop, change).await), "forbidden");
    assert_eq!(show().await.unwrap().on_hand, 1);
}

#[tokio::test]
async fn a_sku_that_was_never_counted_is_not_found() {
    let service = TestService::start().await;
    assert_eq!(code(service.stock("a").await), "not_found");
    let movements = service.client().get("/api/v1/stock/a/movements").send::<Value>();
    assert_eq!(code(movements.await), "not_found");
}

#[tokio::test]
async fn a_count_is_shown_by_location_and_in_any_spelling() {
    let service = TestService::start().await;
    let put =
        |body: Value| service.client().put("/api/v1/stock/Lamp%2F7").json(&body).send::<Stock>();
    put(json!({"on_hand": 4})).await.unwrap();
    let stock = put(json!({"on_hand": 3, "location": "east", "reason": "moved"})).await.unwrap();
    assert_eq!((stock.sku.as_str(), stock.on_hand, stock.available), ("Lamp/7", 7, 7));
    let places: Vec<(&str, i64)> =
        stock.locations.iter().map(|it| (it.location.as_str(), it.on_hand)).collect();
    assert_eq!(places, [("east", 3), ("main", 4)]);
    assert_eq!(service.stock("LAMP/7").await.unwrap(), stock);
    let published = service.published().await;
    assert_eq!(
        published[0],
        json!({"type": "stock_changed", "sku": "Lamp/7", "location": "main", "quantity": 4, "reason": null})
    );
    assert_eq!(
        published[1],
        json!({"type": "availability_changed", "sku": "Lamp/7", "available": 4})
    );
    assert_eq!(published.len(), 4);
}

#[tokio::test]
async fn every_change_of_stock_is_a_movement() {
    let service = TestService::start().await;
    service.count(&[("a", 10), ("b", 10)]).await;
    service
        .record_movement(
            "a",
            &json!({"kind": "received", "quantity": 5, "reason": "delivery"}),
            None,
        )
        .await;
    service
        .record_movement(
            "a",
            &json!({"kind": "adjusted", "quantity": -1, "reason": "broken"}),
            None,
        )
        .await;
    service.hold(1, &[("a", 3), ("b", 1)]).await.unwrap();
    service.inventory.commit(hold_id(1)).await.unwrap();
    service.inventory.release(hold_id(1)).await.unwrap();

    let all = service.movements("a", "").await;
    let entries: Vec<(MovementKind, i64, i64)> =
        all.items.iter().map(|it| (it.kind, it.quantity, it.on_hand)).collect();
    let expected = [
        (Returned, 3, 14),
        (Sold, -3, 11),
        (Adjusted, -1, 14),
        (Received, 5, 15),
        (Adjusted, 10, 10),
    ];
    assert_eq!(entries, expected);
    assert_eq!(all.items[1].order_id.map(|id| id.0), Some(hold_id(1).0));
    assert_eq!(all.next_cursor, None);

    let mut paged = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = service.movements("A", &query).await;
        paged.extend(page.items);
        let Some(cursor) = page.next_cursor else { break };
        query = format!("?limit=2&cursor={cursor}");
        let other =
            service.client().get(format!("/api/v1/stock/b/movements{query}")).send::<Value>();
        assert_eq!(code(other.await), "invalid_cursor", "the cursor of another list");
    }
    assert_eq!(paged, all.items);
}

static OPERATIONS: Collection = Collection { name: "movement_operations", indexes: &[] };

#[tokio::test]
async fn a_movement_with_a_repeated_key_is_recorded_once_even_if_the_response_was_lost() {
    let service = TestService::start().await;
    let delivery = json!({"kind": "received", "quantity": 5});
    let first = service.record_movement("a", &delivery, Some("delivery-7")).await;
    assert_eq!(service.record_movement("a", &delivery, Some("delivery-7")).await, first);
    // A crash between the effect and the stored response: the journal survives, the response does not.
    let storage = service.engine.service("inventory-service");
    let engine = engine_memory::MemoryEngine::new();
    let copy = engine.service("inventory-service").journal;
    for event in storage.journal.follow(0, 100).await.unwrap() {
        let new = journal::NewEvent {
            id: event.id,
            name: if event.name == "received" { "received" } else { "availability_changed" },
            data: event.data,
            recorded_at: event.recorded_at,
            typed: journal::TypedEvent::default(),
            personal: None,
        };
        let (stream, expected) = (event.stream, event.version - 1);
        let append = journal::Append {
            stream,
            expected,
            events: vec![new],
            writes: vec![],
            origin: None,
            sequence: None,
        };
        let _ = copy.append(append).await.unwrap();
    }
    // With the documents that were written in the commits of the events.
    let kept = storage.documents.scan(&OPERATIONS, None, 100).await.unwrap();
    let put = |StoredDocument { key, body }: StoredDocument| {
        let document = Document { key, body, fields: Vec::new() };
        Write::Put { collection: &OPERATIONS, document }
    };
    let written = kept.into_iter().map(put).collect();
    let documents = engine.service("inventory-service").documents;
    let _ = documents.write(written).await.unwrap();
    let restarted = TestService::on(engine, std::sync::Arc::clone(&service.clock)).await;
    assert_eq!(restarted.record_movement("a", &delivery, Some("delivery-7")).await, first);
    assert_eq!(restarted.units("a").await, (5, 0, 5));
    restarted.record_movement("a", &delivery, Some("delivery-8")).await;
    assert_eq!(restarted.units("a").await, (10, 0, 10));
}

#[tokio::test]
async fn impossible_movements_are_rejected() {
    let service = TestService::start().await;
    service.count(&[("a", 3)]).await;
    for (body, field) in [
        (json!({"kind": "received", "quantity": 0}), "quantity"),
        (json!({"kind": "received", "quantity": -2}), "quantity"),
        (json!({"kind": "adjusted", "quantity": 0}), "quantity"),
        (json!({"kind": "adjusted", "quantity": -4}), "quantity"),
        (json!({"kind": "adjusted", "quantity": i64::MAX}), "quantity"),
        (json!({"kind": "sold", "quantity": 1}), "kind"),
    ] {
        let answer = service.client().post("/api/v1/stock/a/movements").json(&body).send::<Value>();
        let problem = testkit::problem(answer.await);
        assert_eq!((problem.status, &*problem.errors[0].field), (422, field), "{body}");
    }
    assert_eq!(service.units("a").await, (3, 0, 3));
}

#[tokio::test]
async fn invalid_counts_are_rejected_with_the_field_name() {
    let service = TestService::start().await;
    service.count(&[("a", 5)]).await;
    for (path, body, status, field) in [
        ("/api/v1/stock/a", json!({"on_hand": -1}), 422, "on_hand"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "location": ""}), 422, "location"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "reason": "x".repeat(501)}), 422, "reason"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "colour": "red"}), 422, "colour"),
        ("/api/v1/stock/%20", json!({"on_hand": 1}), 400, "sku"),
    ] {
        let answer = service.client().put(path).json(&body).send::<Value>().await;
        let problem = testkit::problem(answer);
        assert_eq!((problem.status, &*problem.errors[0].field), (status, field), "{path} {body}");
    }
    assert_eq!(service.units("a").await, (5, 0, 5));
}

#[tokio::test]
async fn a_count_below_the_held_units_is_a_shortage() {
    let service = TestService::start().await;
    service.count(&[("a", 20)]).await;
    service.hold(1, &[("a", 6)]).await.unwrap();
    service.count(&[("a", 4)]).await;
    let stock = service.stock("a").await.unwrap();
    assert_eq!((stock.on_hand, stock.held, stock.available, stock.shortage), (4, 6, 0, 2));
}

#[tokio::test]
async fn the_list_pages_through_every_sku_once_and_filters_low_stock() {
    let service = TestService::start().await;
    let names: Vec<String> = (0..45).map(|number| format!("sku-{number:02}")).collect();
    let counts: Vec<(&str, i64)> =
        names.iter().zip(0..).map(|(it, on_hand)| (it.as_str(), on_hand)).collect();
    service.count(&counts).await;
    let list = |query: String| {
        service.client().get(format!("/api/v1/stock?{query}")).send::<Page<Stock>>()
    };
    let (mut seen, mut cursor) = (Vec::new(), None::<Cursor>);
    loop {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = list(format!("limit=10{after}")).await.unwrap();
        seen.extend(page.items.iter().map(|stock| stock.sku.to_string()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, names);
    let low = list("low=3".to_owned()).await.unwrap();
    assert_eq!(low.items.iter().map(|it| it.available).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(code(list("limit=0".to_owned()).await), "invalid_query");
    assert_eq!(code(list("hot=1".to_owned()).await), "invalid_query");
}

#[tokio::test]
async fn stock_can_be_untracked_and_is_then_sold_without_limit() {
    let service = TestService::start().await;
    let put =
        |body: Value| service.client().put("/api/v1/stock/poster").json(&body).send::<Stock>();
    for body in [json!({}), json!({"on_hand": -1, "untracked": true}), json!({"untracked": false})]
    {
        assert_eq!(code(put(body.clone()).await), "invalid_field", "{body}");
    }
    put(json!({"on_hand": 2})).await.unwrap();
    let stock = put(json!({"untracked": true, "reason": "printed on demand"})).await.unwrap();
    assert_eq!((stock.on_hand, stock.available, stock.untracked), (2, UNTRACKED_AVAILABLE, true));
    service.hold(1, &[("poster", 40)]).await.unwrap();
    service.inventory.commit(hold_id(1)).await.unwrap();
    service.hold(2, &[("poster", 50)]).await.unwrap();
    let sold = service.movements("poster", "").await;
    assert_eq!(sold.items.len(), 1, "sales of an untracked stock move none");
    // Everything survives a restart, from the journal alone.
    let service = service.restart().await;
    assert_eq!(service.units("poster").await, (2, 0, UNTRACKED_AVAILABLE));
    let counted = service.client().put("/api/v1/stock/poster").json(&json!({"on_hand": 3}));
    let stock: Stock = counted.send().await.unwrap();
    assert_eq!((stock.available, stock.untracked), (3, false));
    service.inventory.commit(hold_id(2)).await.unwrap();
    service.inventory.release(hold_id(1)).await.unwrap();
    assert_eq!(service.units("poster").await, (3, 0, 3));
    assert_eq!(code(service.hold(3, &[("poster", 4)]).await), "out_of_stock");
    let published = service.published().await;
    let policies = published.iter().filter(|it| it["type"] == "stock_policy_changed");
    assert_eq!(policies.map(|it| it["untracked"].clone()).collect::<Vec<_>>(), [true, false]);
}
