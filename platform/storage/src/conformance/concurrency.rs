//! Conformance checks of concurrency and durability.

use super::values::second;
use crate::{KeyValue, durability};
use bytes::Bytes;
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

/// Atomic addition: no two callers get the same sum, and no addition is lost.
pub async fn concurrent_additions_are_all_counted(values: Arc<dyn KeyValue>) {
    const CALLERS: i64 = 8;
    const CALLS: i64 = 50;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let values = Arc::clone(&values);
        callers.spawn(async move {
            let mut sums = Vec::new();
            for _ in 0..CALLS {
                sums.push(values.add("hits", 1, second(0), None).await.expect("the store answers"));
                tokio::task::yield_now().await;
            }
            sums
        });
    }
    let sums: BTreeSet<i64> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(sums, (1..=CALLERS * CALLS).collect());
}

/// Read of an unflushed value: its commit becomes a dependency of the running scope, so that the boundary waits for it.
pub async fn a_value_read_before_its_flush_becomes_a_dependency_of_the_scope(
    values: Arc<dyn KeyValue>,
) {
    for round in 0..50 {
        let key = format!("key-{round}");
        let commit =
            values.put(&key, Bytes::from_static(b"1"), None).await.expect("the value is accepted");
        let (value, dependencies) = durability::scope(values.value(&key, second(0))).await;
        assert!(value.expect("the store answers").is_some());
        dependencies.wait().await.expect("the value is flushed");
        assert!(commit.is_durable());

        let (sum, dependencies) = durability::scope(values.add("hits", 1, second(0), None)).await;
        assert_eq!(sum.expect("the store answers"), round + 1);
        dependencies.wait().await.expect("the counter is flushed");
    }
}
