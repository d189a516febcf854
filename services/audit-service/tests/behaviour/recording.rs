//! What is recorded is there once, and what was lost is known.

use crate::shop::{Shop, activity};
use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch};
use engine_memory::MemoryEngine;
use kernel::Uuid;
use serde_json::json;
use transport::CallError;

fn batch(activities: Vec<Activity>, lost: u64) -> ActivityBatch {
    ActivityBatch { source: "product-service".to_owned(), activities, lost }
}

#[tokio::test]
async fn a_repeated_activity_is_stored_once() {
    let shop = Shop::open().await;
    let seen = activity(1, "guest", "product.viewed", "product:lamp");
    let bought = activity(2, "guest", "cart.line_added", "cart:1");
    shop.audit().record(&batch(vec![seen.clone()], 0)).await.unwrap();
    shop.audit().record(&batch(vec![seen.clone(), bought.clone(), seen.clone()], 0)).await.unwrap();
    let page = shop.page("").await;
    assert_eq!(page.items, [bought, seen], "newest first, as they were sent");
    assert_eq!((page.lost, page.next_cursor), (0, None));
}

#[tokio::test]
async fn what_sources_lost_is_summed_up_and_survives_a_restart() {
    let shop = Shop::open().await;
    let audit = shop.audit();
    let first = batch(vec![activity(1, "guest", "product.viewed", "product:lamp")], 5);
    audit.record(&first).await.unwrap();
    // An answer that did not arrive makes the source send its batch again.
    audit.record(&first).await.unwrap();
    assert_eq!(shop.page("").await.lost, 5);
    let other = ActivityBatch { source: "storefront".to_owned(), activities: Vec::new(), lost: 2 };
    audit.record(&other).await.unwrap();
    audit
        .record(&batch(vec![activity(2, "guest", "product.viewed", "product:lamp")], 0))
        .await
        .unwrap();
    assert_eq!(shop.page("").await.lost, 7);

    shop.tasks.drain(std::time::Duration::ZERO).await;
    let again = Shop::on(shop.engine.crash(), Vec::new()).await;
    again.audit().record(&first).await.unwrap();
    assert_eq!(again.page("").await.lost, 7, "still the batch that was counted last");
    again
        .audit()
        .record(&batch(vec![activity(3, "guest", "product.viewed", "x")], 1))
        .await
        .unwrap();
    assert_eq!(again.page("").await.lost, 8);
}

#[tokio::test]
async fn a_batch_that_makes_no_sense_is_refused_by_field() {
    let shop = Shop::open().await;
    let refused = async |batch: &ActivityBatch| match shop.audit().record(batch).await {
        Err(CallError::Problem(problem)) => (problem.status, problem.errors[0].field.clone()),
        other => panic!("{other:?}"),
    };
    let fine = activity(1, "guest", "product.viewed", "product:lamp");
    let many = (0..).map(|id| Activity { id: Uuid::from_u128(id), ..fine.clone() });
    let too_many = batch(many.take(ACTIVITIES_MAX + 1).collect(), 0);
    assert_eq!(refused(&too_many).await, (422, "activities".to_owned()));
    let nobody = Activity { actor: String::new(), ..fine.clone() };
    let nobody = batch(vec![fine.clone(), nobody], 0);
    assert_eq!(refused(&nobody).await, (422, "activities[1].actor".to_owned()));
    let endless = Activity { subject: "x".repeat(301), ..fine.clone() };
    assert_eq!(refused(&batch(vec![endless], 0)).await, (422, "activities[0].subject".to_owned()));
    let mut talkative = fine.clone();
    talkative.details.insert("text".to_owned(), json!("x".repeat(40_000)));
    assert_eq!(
        refused(&batch(vec![talkative], 0)).await,
        (422, "activities[0].details".to_owned())
    );
    let anonymous = ActivityBatch { source: String::new(), ..batch(vec![fine.clone()], 0) };
    assert_eq!(refused(&anonymous).await, (422, "source".to_owned()));
    let typo = json!({ "source": "x", "activities": [], "lost": 0, "lots": 1 });
    let typo = shop.http().post("/internal/v1/activities").json(&typo).send::<()>().await;
    assert!(matches!(typo, Err(CallError::Problem(problem)) if problem.status == 422));
    assert_eq!(shop.page("").await.items, [], "nothing of a refused batch is stored");

    let full =
        (0..ACTIVITIES_MAX as u128).map(|id| Activity { id: Uuid::from_u128(id), ..fine.clone() });
    shop.audit().record(&batch(full.collect(), 0)).await.unwrap();
    assert_eq!(shop.all("", 200).await.len(), ACTIVITIES_MAX);
}

#[tokio::test]
async fn a_store_that_fails_is_told_of_and_disturbs_nobody() {
    let engine = MemoryEngine::new();
    let shop = Shop::on(engine, Vec::new()).await;
    shop.engine.close().await.unwrap();
    let lost = batch(vec![activity(1, "guest", "product.viewed", "x")], 0);
    let Err(CallError::Problem(problem)) = shop.audit().record(&lost).await else { panic!() };
    assert_eq!((problem.status, problem.retry_after_seconds), (503, Some(1)));
    let report = shop.health.readiness();
    assert_eq!(report.components["audit-service"].status, telemetry::HealthStatus::Down);
    assert_eq!(
        report.status,
        telemetry::HealthStatus::Up,
        "the process is ready for everything else"
    );
}
