//! Holds as the order service uses them.

use crate::{TestService, hold_id, lines, new_hold};
use contracts::inventory::{HoldStatus, Restock};
use journal::durability;
use serde_json::json;
use std::sync::Arc;
use testkit::{code, problem};
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
                Ok(_) => service.inventory.commit(hold_id(number)).await.map(|_| ()),
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
async fn a_hold_expires_by_the_clock_and_a_late_commit_sources_the_units_again_if_available() {
    let service = TestService::start().await;
    service.count(&[("a", 1)]).await;
    service.hold(1, &[("a", 1)]).await.unwrap();
    service.advance(899);
    assert_eq!(code(service.hold(2, &[("a", 1)]).await), "out_of_stock");
    service.advance(1);
    assert_eq!(service.units("a").await, (1, 0, 1), "no background job ran");
    service.hold(2, &[("a", 1)]).await.unwrap();
    let late = problem(service.inventory.commit(hold_id(1)).await);
    assert_eq!((late.code.as_str(), late.subject.as_deref()), ("hold_expired", Some("a")));
    service.inventory.release(hold_id(2)).await.unwrap();
    let late = service.inventory.commit(hold_id(1)).await.unwrap();
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
    assert_eq!(code(service.inventory.commit(hold_id(9)).await), "not_found");
}

#[tokio::test]
async fn holds_that_ended_long_ago_are_still_recognised() {
    let service = TestService::start().await;
    service.count(&[("a", 5)]).await;
    service.hold(1, &[("a", 1)]).await.unwrap();
    service.inventory.commit(hold_id(1)).await.unwrap();
    // More than are cached in memory.
    for number in 100..10_200 {
        service.inventory.release(hold_id(number)).await.unwrap();
    }
    let again = service.hold(1, &[("a", 1)]).await.unwrap();
    assert_eq!(again.status, HoldStatus::Committed);
    assert_eq!(code(service.hold(100, &[("a", 1)]).await), "hold_ended");
    let back = Restock { lines: lines(&[("a", 1)]), reason: String::new() };
    service.inventory.restock(hold_id(1), "r".to_owned(), back).await.unwrap();
    service.inventory.release(hold_id(1)).await.unwrap();
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
async fn an_order_of_a_thousand_lines_is_one_append() {
    let service = TestService::start().await;
    let names: Vec<String> = (0..1_000).map(|number| format!("sku-{number:04}")).collect();
    let counts: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 100)).collect();
    service.count(&counts).await;
    let order: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let journal = service.engine.service("inventory-service").journal;
    service.inventory.hold(hold_id(1), new_hold(1, &order)).await.unwrap();
    service.inventory.commit(hold_id(1)).await.unwrap();
    let events = journal.read(&format!("hold-{}", hold_id(1)), 0, 10).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["held", "committed"]);
    assert_eq!(service.units("sku-0999").await, (98, 0, 98));
}
