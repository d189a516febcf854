//! Retention: old activities are deleted, recent ones are not.

use crate::fixture::{AuditFixture, activity, at, batch};
use engine_memory::MemoryEngine;
use settings::Flag;
use std::time::Duration;

async fn fixture_with_retention(days: &str) -> AuditFixture {
    let flag = Flag::new("--audit-service.kept-days", "audit-service.kept_days", days);
    let fixture = AuditFixture::on(MemoryEngine::new(), vec![flag]).await;
    // 1,440 activities, one a minute: the whole first of May.
    for first in (0..1_440).step_by(480) {
        let activities =
            (first..first + 480).map(|number| activity(number, "guest", "a", "b")).collect();
        fixture.audit.record(batch(activities, 0)).await.unwrap();
    }
    fixture
}

#[tokio::test(start_paused = true)]
async fn activities_older_than_the_retention_period_are_deleted() {
    let fixture = fixture_with_retention("10").await;
    fixture.clock.set(at("2026-05-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    let left = fixture.all("", 200).await;
    assert_eq!(left.len(), 720);
    assert!(left.iter().all(|activity| activity.at >= at("2026-05-01T12:00:00Z")));
    fixture.clock.set(at("2026-06-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(fixture.all("", 200).await, []);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_without_a_retention_period() {
    let fixture = fixture_with_retention("0").await;
    fixture.clock.set(at("2126-05-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(fixture.all("", 200).await.len(), 1_440);
}
