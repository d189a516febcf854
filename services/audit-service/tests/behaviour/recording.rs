//! Recording: dropped activities are counted, and failures are reported.

use crate::fixture::{AuditFixture, activity, batch};
use contracts::audit::ActivityBatch;
use engine_memory::MemoryEngine;
use rpc::CallError;

#[tokio::test]
async fn dropped_activities_are_summed_and_survive_a_restart() {
    let fixture = AuditFixture::start().await;
    let audit = &fixture.audit;
    let first = batch(vec![activity(1, "guest", "product.viewed", "product:lamp")], 5);
    audit.record(first.clone()).await.unwrap();
    // A lost response makes the source send its batch again.
    audit.record(first.clone()).await.unwrap();
    assert_eq!(fixture.page("").await.lost, 5);
    let other = ActivityBatch { source: "storefront".to_owned(), activities: Vec::new(), lost: 2 };
    audit.record(other).await.unwrap();
    audit
        .record(batch(vec![activity(2, "guest", "product.viewed", "product:lamp")], 0))
        .await
        .unwrap();
    assert_eq!(fixture.page("").await.lost, 7);

    fixture.tasks.drain(std::time::Duration::ZERO).await;
    let again = AuditFixture::on(fixture.engine.crash(), &[]).await;
    again.audit.record(first).await.unwrap();
    assert_eq!(again.page("").await.lost, 7, "still the batch counted last");
    again.audit.record(batch(vec![activity(3, "guest", "product.viewed", "x")], 1)).await.unwrap();
    assert_eq!(again.page("").await.lost, 8);
}

#[tokio::test]
async fn a_storage_failure_is_reported_and_does_not_affect_readiness() {
    let engine = MemoryEngine::new();
    let fixture = AuditFixture::on(engine, &[]).await;
    fixture.engine.close().await.unwrap();
    let lost = batch(vec![activity(1, "guest", "product.viewed", "x")], 0);
    let Err(CallError::Problem(problem)) = fixture.audit.record(lost).await else { panic!() };
    assert_eq!((problem.status, problem.retry_after_seconds), (503, Some(1)));
    let report = fixture.health.readiness();
    assert_eq!(report.components["audit-service"].status, telemetry::HealthStatus::Down);
    assert_eq!(
        report.status,
        telemetry::HealthStatus::Up,
        "the process stays ready for everything else"
    );
}
