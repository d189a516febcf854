//! Old activities are forgotten, new ones are not.

use crate::shop::{Shop, activity, at};
use contracts::audit::ActivityBatch;
use engine_memory::MemoryEngine;
use settings::Flag;
use std::time::Duration;

async fn shop_that_keeps(days: &str) -> Shop {
    let flag = Flag::new("--audit-service.kept-days", "audit-service.kept_days", days);
    let shop = Shop::on(MemoryEngine::new(), vec![flag]).await;
    // 1,440 activities, one a minute: the whole first of May.
    for first in (0..1_440).step_by(480) {
        let activities =
            (first..first + 480).map(|number| activity(number, "guest", "a", "b")).collect();
        let batch = ActivityBatch { source: "product-service".to_owned(), activities, lost: 0 };
        shop.audit().record(&batch).await.unwrap();
    }
    shop
}

#[tokio::test(start_paused = true)]
async fn activities_older_than_wanted_are_forgotten() {
    let shop = shop_that_keeps("10").await;
    shop.clock.set(at("2026-05-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    let left = shop.all("", 200).await;
    assert_eq!(left.len(), 720);
    assert!(left.iter().all(|activity| activity.at >= at("2026-05-01T12:00:00Z")));
    shop.clock.set(at("2026-06-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(shop.all("", 200).await, []);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forgotten_where_everything_is_kept() {
    let shop = shop_that_keeps("0").await;
    shop.clock.set(at("2126-05-11T12:00:00Z"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(shop.all("", 200).await.len(), 1_440);
}
