//! Behaviours that only show when several callers meet.

use super::values::second;
use crate::{KeyValue, durability};
use bytes::Bytes;
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

/// No two callers get the same sum, and none is lost.
pub async fn a_counter_counts_every_caller(values: Arc<dyn KeyValue>) {
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

/// Who is shown a value that is not flushed has to wait for it before telling the world.
pub async fn a_value_seen_before_its_flush_touches_the_scope(values: Arc<dyn KeyValue>) {
    for round in 0..50 {
        let key = format!("key-{round}");
        let commit =
            values.put(&key, Bytes::from_static(b"1"), None).await.expect("the value is taken");
        let (value, touched) = durability::scope(values.value(&key, second(0))).await;
        assert!(value.expect("the store answers").is_some());
        touched.wait().await.expect("the value is flushed");
        assert!(commit.is_durable());

        let (sum, touched) = durability::scope(values.add("hits", 1, second(0), None)).await;
        assert_eq!(sum.expect("the store answers"), round + 1);
        touched.wait().await.expect("the counter is flushed");
    }
}
