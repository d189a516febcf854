//! Recording: activities are stored once, and dropped ones are counted.

use crate::fixture::{AuditFixture, activity};
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
    let fixture = AuditFixture::start().await;
    let seen = activity(1, "guest", "product.viewed", "product:lamp");
    let bought = activity(2, "guest", "cart.line_added", "cart:1");
    fixture.audit().record(&batch(vec![seen.clone()], 0)).await.unwrap();
    fixture
        .audit()
        .record(&batch(vec![seen.clone(), bought.clone(), seen.clone()], 0))
        .await
        .unwrap();
    let page = fixture.page("").await;
    assert_eq!(page.items, [bought, seen], "newest first, as they were sent");
    assert_eq!((page.lost, page.next_cursor), (0, None));
}

#[tokio::test]
async fn dropped_activities_are_summed_and_survive_a_restart() {
    let fixture = AuditFixture::start().await;
    let audit = fixture.audit();
    let first = batch(vec![activity(1, "guest", "product.viewed", "product:lamp")], 5);
    audit.record(&first).await.unwrap();
    // A lost response makes the source send its batch again.
    audit.record(&first).await.unwrap();
    assert_eq!(fixture.page("").await.lost, 5);
    let other = ActivityBatch { source: "storefront".to_owned(), activities: Vec::new(), lost: 2 };
    audit.record(&other).await.unwrap();
    audit
        .record(&batch(vec![activity(2, "guest", "product.viewed", "product:lamp")], 0))
        .await
        .unwrap();
    assert_eq!(fixture.page("").await.lost, 7);

    fixture.tasks.drain(std::time::Duration::ZERO).await;
    let again = AuditFixture::on(fixture.engine.crash(), Vec::new()).await;
    again.audit().record(&first).await.unwrap();
    assert_eq!(again.page("").await.lost, 7, "still the batch counted last");
    again
        .audit()
        .record(&batch(vec![activity(3, "guest", "product.viewed", "x")], 1))
        .await
        .unwrap();
    assert_eq!(again.page("").await.lost, 8);
}

#[tokio::test]
async fn an_invalid_batch_is_rejected_with_the_field_name() {
    let fixture = AuditFixture::start().await;
    let rejected = async |batch: &ActivityBatch| match fixture.audit().record(batch).await {
        Err(CallError::Problem(problem)) => (problem.status, problem.errors[0].field.clone()),
        other => panic!("{other:?}"),
    };
    let fine = activity(1, "guest", "product.viewed", "product:lamp");
    let many = (0..).map(|id| Activity { id: Uuid::from_u128(id), ..fine.clone() });
    let too_many = batch(many.take(ACTIVITIES_MAX + 1).collect(), 0);
    assert_eq!(rejected(&too_many).await, (422, "activities".to_owned()));
    let anonymous = Activity { actor: String::new(), ..fine.clone() };
    let anonymous = batch(vec![fine.clone(), anonymous], 0);
    assert_eq!(rejected(&anonymous).await, (422, "activities[1].actor".to_owned()));
    let endless = Activity { subject: "x".repeat(301), ..fine.clone() };
    assert_eq!(rejected(&batch(vec![endless], 0)).await, (422, "activities[0].subject".to_owned()));
    let mut talkative = fine.clone();
    talkative.details.insert("text".to_owned(), json!("x".repeat(40_000)));
    assert_eq!(
        rejected(&batch(vec![talkative], 0)).await,
        (422, "activities[0].details".to_owned())
    );
    let anonymous = ActivityBatch { source: String::new(), ..batch(vec![fine.clone()], 0) };
    assert_eq!(rejected(&anonymous).await, (422, "source".to_owned()));
    let typo = json!({ "source": "x", "activities": [], "lost": 0, "lots": 1 });
    let typo = fixture.http().post("/internal/v1/activities").json(&typo).send::<()>().await;
    assert!(matches!(typo, Err(CallError::Problem(problem)) if problem.status == 422));
    assert_eq!(fixture.page("").await.items, [], "nothing of a rejected batch is stored");

    let full =
        (0..ACTIVITIES_MAX as u128).map(|id| Activity { id: Uuid::from_u128(id), ..fine.clone() });
    fixture.audit().record(&batch(full.collect(), 0)).await.unwrap();
    assert_eq!(fixture.all("", 200).await.len(), ACTIVITIES_MAX);
}

#[tokio::test]
async fn a_storage_failure_is_reported_and_does_not_affect_readiness() {
    let engine = MemoryEngine::new();
    let fixture = AuditFixture::on(engine, Vec::new()).await;
    fixture.engine.close().await.unwrap();
    let lost = batch(vec![activity(1, "guest", "product.viewed", "x")], 0);
    let Err(CallError::Problem(problem)) = fixture.audit().record(&lost).await else { panic!() };
    assert_eq!((problem.status, problem.retry_after_seconds), (503, Some(1)));
    let report = fixture.health.readiness();
    assert_eq!(report.components["audit-service"].status, telemetry::HealthStatus::Down);
    assert_eq!(
        report.status,
        telemetry::HealthStatus::Up,
        "the process stays ready for everything else"
    );
}
