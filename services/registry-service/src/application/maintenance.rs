//! Maintenance of a running registry: evictions, and what is forgotten with time.

use super::node::RegistryNode;
use crate::domain::registry::Registry;
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Interval at which old changes and overrides are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_secs(30);
/// Time that the copy of a peer's registry may take at the start.
const COPY_TIME_MAX: Duration = Duration::from_secs(5);

/// Evicts expired instances at this interval, for ever.
pub(crate) async fn evict_regularly(node: Arc<RegistryNode>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let outcome = node.change(Registry::evict);
        if outcome.evicted > 0 {
            tracing::info!(
                outcome.evicted,
                outcome.expired,
                "instances without heartbeats were evicted"
            );
        } else if outcome.expired > 0 {
            let (received, threshold) = (outcome.reason.received, outcome.reason.threshold);
            tracing::warn!(
                outcome.expired,
                received,
                threshold,
                "self-preservation keeps instances without heartbeats"
            );
        }
    }
}

/// Forgets what is old, for ever.
pub(crate) async fn forget_regularly(node: Arc<RegistryNode>) {
    let mut ticks = interval(FORGET_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        node.change(Registry::forget);
    }
}

/// Starts from the registry of the first peer that answers. Without any the registry begins empty, and heartbeats fill it.
pub(crate) async fn copy_from_peers(node: &RegistryNode) {
    for link in &node.links {
        match tokio::time::timeout(COPY_TIME_MAX, link.copy_registry(node)).await {
            Ok(Ok(instances)) => {
                tracing::info!(
                    peer = link.address(),
                    instances,
                    "the registry of a peer was copied"
                );
                return;
            }
            Ok(Err(error)) => {
                tracing::warn!(peer = link.address(), %error, "the registry of a peer could not be copied");
            }
            Err(_) => {
                tracing::warn!(peer = link.address(), "a peer took too long to give its registry");
            }
        }
    }
}
