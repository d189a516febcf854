//! Every message was told once, in order, and taken in once.

use crate::{books::Findings, people::Asking, world::World};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const SOURCES: [&str; 5] = [
    "product-service",
    "shopping-cart-service",
    "inventory-service",
    "payment-service",
    "order-service",
];

/// What only the audit is told of, by whoever answers.
const LOOKS: [&str; 4] =
    ["product.viewed", "product.listed", "product.searched", "product.filtered"];

const ONCE: &str = "every message has its effect once";

pub(super) async fn check(world: &Arc<World>, found: &mut Findings) {
    let mut audited = audited(world).await;
    for source in SOURCES {
        let Some(messages) = feed(world, source).await else {
            found.add("feeds answer", source.to_owned());
            continue;
        };
        let mut last = 0;
        for message in messages {
            let position = message["position"].as_u64().unwrap_or_default();
            found.check(position > last, "feeds are in order", || {
                format!("{source}: {position} after {last}")
            });
            last = position;
            if message["data"]["type"] == "availability_changed" {
                continue;
            }
            let id = message["id"].as_str().unwrap_or_default();
            let times = audited.remove(id).map_or(0, |(times, _)| times);
            found.check(times == 1, ONCE, || {
                format!("{source} told {message}, audited {times} times")
            });
        }
    }
    for (id, (_, action)) in audited {
        found.check(LOOKS.contains(&action.as_str()), ONCE, || {
            format!("activity {id} ({action}) is of something that did not happen")
        });
    }
}

/// What the audit has: how often, and what it was.
async fn audited(world: &Arc<World>) -> BTreeMap<String, (usize, String)> {
    let mut audited: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut path = "/api/v1/audit?limit=200".to_owned();
    loop {
        let answer = world.ask(Asking::operator(Method::GET, path).patience(3)).await;
        let Some(page) = answer.success() else { return audited };
        for activity in page["items"].as_array().into_iter().flatten() {
            let (id, action) = (activity["id"].as_str(), activity["action"].as_str());
            let entry = audited.entry(id.unwrap_or_default().to_owned()).or_default();
            *entry = (entry.0 + 1, action.unwrap_or_default().to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return audited };
        path = format!("/api/v1/audit?limit=200&cursor={cursor}");
    }
}

/// Everything a service tells.
async fn feed(world: &Arc<World>, source: &'static str) -> Option<Vec<Value>> {
    let home = world.home_of(source)?.clone();
    let (mut after, mut messages) = (0, Vec::new());
    loop {
        let path = format!("/internal/v1/feeds/{source}?after={after}&wait_ms=0");
        let request = http::Request::get(path).body(Bytes::new()).ok()?;
        let answer = world.deliver(&home, source, request).await.ok()?;
        let page: Value = serde_json::from_slice(answer.body()).ok()?;
        messages.extend(page["messages"].as_array()?.iter().cloned());
        if page["more"] != true {
            return Some(messages);
        }
        after = page["position"].as_u64()?;
    }
}
