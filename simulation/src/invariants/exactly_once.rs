//! Exactly-once effect of messages: every feed is ordered, and each of its messages took effect once in the audit trail.

use crate::{client::ApiRequest, simulation::Simulation, violation::Violations};
use axum::body::Body;
use http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Services with a feed that the audit trail consumes.
const SOURCES: [&str; 5] = [
    "product-service",
    "shopping-cart-service",
    "inventory-service",
    "payment-service",
    "order-service",
];

/// Activities that services report to the audit trail directly, without an event in a feed.
const VIEWS: [&str; 4] =
    ["product.viewed", "product.listed", "product.searched", "product.filtered"];

const EXACTLY_ONCE: &str = "every message takes effect exactly once";

/// Compares the feeds of all services with the audit trail.
pub(super) async fn check(sim: &Arc<Simulation>, violations: &mut Violations) {
    let mut audited = audit_trail(sim).await;
    for source in SOURCES {
        let Some(messages) = read_feed(sim, source).await else {
            violations.add("feeds are readable", source.to_owned());
            continue;
        };
        let mut last = 0;
        for message in messages {
            let position = message["position"].as_u64().unwrap_or_default();
            violations.check(position > last, "feeds are ordered", || {
                format!("{source}: {position} after {last}")
            });
            last = position;
            if message["data"]["type"] == "availability_changed" {
                continue;
            }
            let id = message["id"].as_str().unwrap_or_default();
            let times = audited.remove(id).map_or(0, |(times, _)| times);
            violations.check(times == 1, EXACTLY_ONCE, || {
                format!("{source} published {message}, audited {times} times")
            });
        }
    }
    for (id, (_, action)) in audited {
        violations.check(VIEWS.contains(&action.as_str()), EXACTLY_ONCE, || {
            format!("activity {id} ({action}) has no event")
        });
    }
}

/// Activities of the audit trail by id, with their number and action.
async fn audit_trail(sim: &Arc<Simulation>) -> BTreeMap<String, (usize, String)> {
    let mut audited: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut path = "/api/v1/audit?limit=200".to_owned();
    loop {
        let response =
            sim.client.send(ApiRequest::operator(Method::GET, path).retries_max(3)).await;
        let Some(page) = response.success() else { return audited };
        for activity in page["items"].as_array().into_iter().flatten() {
            let (id, action) = (activity["id"].as_str(), activity["action"].as_str());
            let entry = audited.entry(id.unwrap_or_default().to_owned()).or_default();
            *entry = (entry.0 + 1, action.unwrap_or_default().to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return audited };
        path = format!("/api/v1/audit?limit=200&cursor={cursor}");
    }
}

/// All messages of a service's feed.
async fn read_feed(sim: &Arc<Simulation>, source: &'static str) -> Option<Vec<Value>> {
    let (mut after, mut messages) = (0, Vec::new());
    loop {
        let arguments = serde_json::json!({"after": after, "wait_ms": 0});
        let request = http::Request::post(rpc::call_path(source, "pull"))
            .body(Body::from(arguments.to_string()))
            .ok()?;
        let response = sim.cluster.deliver(source, request).await.ok()?;
        let page: Value = serde_json::from_slice(response.body()).ok()?;
        messages.extend(page["messages"].as_array()?.iter().cloned());
        let position = page["position"].as_u64()?;
        if position == after {
            return Some(messages);
        }
        after = position;
    }
}
