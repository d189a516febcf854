//! Hold API as the order service uses it.

use crate::{TestService, code, hold_id, lines, new_hold, problem};
use contracts::inventory::{HoldStatus, Restock};
use journal::durability;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_of_fifty_units_buy_exactly_fifty() {
    let service = Arc::new(TestService::start().await);
    service.count(&[("hot", 50)]).await;
    let mut buyers = JoinSet::new();
    for number in 1..=200 {
        let service = Arc::clone(&service);
        buyers.spawn(async move {
            let held = service.hold(number, &[("hot", 1)]).await;
            // Half of the buyers retry, as after a timeout.
            if number % 2 == 0 && held.is_ok() {
                service.hold(number, &[("hot", 1)]).await.unwrap();
            }
            match held {
                Ok(_) => service.client().commit(hold_id(number)).await.map(|_| ()),
                Err(error) => Err(error),
            }
        });
    }
    let answers = buyers.join_all().await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(served.len(), 50);
    for answer in refused {
        let problem = problem(answer);
        assert_eq!((problem.status, problem.code.as_str()), (409, "out_of_stock"));
        assert_eq!(
            (problem.subject.as_deref(), &problem.facts["available"]),
            (Some("hot"), &json!(0))
        );
    }
    assert_eq!(service.units("hot").await, (0, 0, 0));
}

#[tokio::test]
async fn an_order_is_sold_restocked_in_part_and_returned_in_full() {
    let service = TestService::start().await;
    service.count(&[("a", 10), ("b", 10)]).await;
    let client = service.client();
    let held = service.hold(1, &[("a", 3), ("b", 2)]).await.unwrap();
    assert_eq!((held.id, held.status), (hold_id(1), HoldStatus::Held));
    assert_eq!(service.units("a").await, (10, 3, 7));
    assert_eq!(client.commit(hold_id(1)).await.unwrap().status, HoldStatus::Committed);
    assert_eq!(client.commit(hold_id(1)).await.unwrap().status, HoldStatus::Committed);
    assert_eq!(service.units("a").await, (7, 0, 7));

    let back = Restock { lines: lines(&[("a", 2)]), reason: "did not fit".to_owned() };
    client.restock(hold_id(1), "return 1", &back).await.unwrap();
    client.restock(hold_id(1), "return 1", &back).await.unwrap();
    assert_eq!(service.units("a").await, (9, 0, 9));
    assert_eq!(code(client.restock(hold_id(1), "return 2", &back).await), "not_sold");
    let other = Restock { lines: lines(&[("a", 1)]), ..back };
    assert_eq!(code(client.restock(hold_id(1), "return 1", &other).await), "id_reused");

    client.release(hold_id(1)).await.unwrap();
    client.release(hold_id(1)).await.unwrap();
    assert_eq!((service.units("a").await, service.units("b").await), ((10, 0, 10), (10, 0, 10)));
    assert_eq!(code(service.hold(1, &[("a", 3), ("b", 2)]).await), "hold_ended");
}

#[tokio::test]
async fn a_hold_released_before_it_was_placed_cannot_be_placed() {
    let service = TestService::start().await;
    service.count(&[("a", 1)]).await;
    service.client().release(hold_id(1)).await.unwrap();
    assert_eq!(code(service.hold(1, &[("a", 1)]).await), "hold_ended");
    assert_eq!(service.units("a").await, (1, 0, 1));
}

#[tokio::test]
async fn a_hold_expires_by_the_clock_and_a_late_commit_sources_the_units_again_if_available() {
    let service = TestService::start().await;
    service.count(&[("a", 1)]).await;
    service.hold(1, &[("a", 1)]).await.unwrap();
    service.advance(899);
    assert_eq!(code(service.hold(2, &[("a", 1)]).await), "out_of_stock");
    service.advance(1);
    assert_eq!(service.units("a").await, (1, 0, 1), "no background job ran");
    service.hold(2, &[("a", 1)]).await.unwrap();
    let late = problem(service.client().commit(hold_id(1)).await);
    assert_eq!((late.code.as_str(), late.subject.as_deref()), ("hold_expired", Some("a")));
    service.client().release(hold_id(2)).await.unwrap();
    let late = service.client().commit(hold_id(1)).await.unwrap();
    assert_eq!(late.status, HoldStatus::Committed);
    assert_eq!(service.units("a").await, (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn maintenance_records_expiry_and_publishes_availability() {
    let service = TestService::start().await;
    service.count(&[("a", 2)]).await;
    service.hold(1, &[("a", 2)]).await.unwrap();
    service.advance(900);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let last = service.published().await.pop().unwrap();
    assert_eq!(last, json!({"type": "availability_changed", "sku": "a", "available": 2}));
    assert_eq!(code(service.client().commit(hold_id(9)).await), "not_found");
}

#[tokio::test]
async fn holds_that_ended_long_ago_are_still_recognised() {
    let service = TestService::start().await;
    service.count(&[("a", 5)]).await;
    service.hold(1, &[("a", 1)]).await.unwrap();
    service.client().commit(hold_id(1)).await.unwrap();
    // More than are cached in memory.
    for number in 100..10_200 {
        service.client().release(hold_id(number)).await.unwrap();
    }
    let again = service.hold(1, &[("a", 1)]).await.unwrap();
    assert_eq!(again.status, HoldStatus::Committed);
    assert_eq!(code(service.hold(100, &[("a", 1)]).await), "hold_ended");
    let back = Restock { lines: lines(&[("a", 1)]), reason: String::new() };
    service.client().restock(hold_id(1), "r", &back).await.unwrap();
    service.client().release(hold_id(1)).await.unwrap();
    assert_eq!(service.units("a").await, (5, 0, 5));
}

#[tokio::test]
async fn a_rejection_depends_on_the_events_that_caused_it() {
    let service = TestService::start().await;
    service.count(&[("a", 1)]).await;
    service.engine.hold();
    service.hold(1, &[("a", 1)]).await.unwrap();
    let (answer, dependencies) = durability::scope(service.hold(2, &[("a", 1)])).await;
    assert_eq!(code(answer), "out_of_stock");
    let restarted = service.crash().await;
    assert!(
        dependencies.wait().await.is_err(),
        "the rejection must not be sent: the unit is free after the crash"
    );
    restarted.hold(2, &[("a", 1)]).await.unwrap();
}

#[tokio::test]
async fn invalid_input_is_rejected_with_the_field_name() {
    let service = TestService::start().await;
    service.count(&[("a", 5)]).await;
    let order = hold_id(1).to_string();
    let hold = |lines: Value, seconds: Value| json!({"order_id": order, "lines": lines, "expires_in_seconds": seconds});
    let line = json!({"sku": "a", "quantity": 1});
    let many: Vec<Value> =
        (0..1_001).map(|it| json!({"sku": format!("s{it}"), "quantity": 1})).collect();
    let holds = "/internal/v1/holds/00000000-0000-0000-0000-000000000001";
    let rows = [
        (holds, hold(json!([]), json!(900)), 422, "lines"),
        (holds, hold(json!(many), json!(900)), 422, "lines"),
        (holds, hold(json!([{"sku": "", "quantity": 1}]), json!(900)), 422, "lines[0].sku"),
        (holds, hold(json!([line, {"sku": "A", "quantity": 1}]), json!(900)), 422, "lines[1].sku"),
        (holds, hold(json!([{"sku": "a", "quantity": 0}]), json!(900)), 422, "lines[0].quantity"),
        (holds, hold(json!([{"sku": "a", "quantity": -1}]), json!(900)), 422, "lines[0].quantity"),
        (
            holds,
            hold(json!([{"sku": "a", "quantity": i64::MAX}]), json!(900)),
            422,
            "lines[0].quantity",
        ),
        (holds, hold(json!([{"sku": "a", "quantity": "1"}]), json!(900)), 422, "lines[0].quantity"),
        (holds, hold(json!([line]), json!(0)), 422, "expires_in_seconds"),
        (holds, hold(json!([line]), json!(604_801)), 422, "expires_in_seconds"),
        ("/internal/v1/holds/not-a-uuid", hold(json!([line]), json!(900)), 400, "id"),
        ("/api/v1/stock/a", json!({"on_hand": -1}), 422, "on_hand"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "location": ""}), 422, "location"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "reason": "x".repeat(501)}), 422, "reason"),
        ("/api/v1/stock/a", json!({"on_hand": 1, "colour": "red"}), 422, "colour"),
        ("/api/v1/stock/%20", json!({"on_hand": 1}), 400, "sku"),
        (
            "/internal/v1/stock",
            json!({"counts": [{"sku": "a", "on_hand": -1}], "reason": ""}),
            422,
            "counts[0].on_hand",
        ),
    ];
    for (path, body, status, field) in rows {
        let problem = problem(service.raw().put(path).json(&body).send::<Value>().await);
        assert_eq!((problem.status, &*problem.errors[0].field), (status, field), "{path} {body}");
    }
    assert_eq!(service.units("a").await, (5, 0, 5));
}

#[tokio::test]
async fn an_order_of_a_thousand_lines_is_one_append() {
    let service = TestService::start().await;
    let names: Vec<String> = (0..1_000).map(|number| format!("sku-{number:04}")).collect();
    let counts: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 100)).collect();
    service.count(&counts).await;
    let order: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let journal = service.engine.service("inventory-service").journal;
    service.client().hold(hold_id(1), &new_hold(1, &order)).await.unwrap();
    service.client().commit(hold_id(1)).await.unwrap();
    let events = journal.read(&format!("hold-{}", hold_id(1)), 0, 10).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["held", "committed"]);
    assert_eq!(service.units("sku-0999").await, (98, 0, 98));
}
