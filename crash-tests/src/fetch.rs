//! Reads that must succeed: single reads, and polling for facts that follow their cause a moment later.

use crate::{
    client::{Edge, EdgeClient, Response},
    violation::{CheckResult, Violation, ensure},
};
use serde_json::Value;
use std::time::Duration;

/// Attempts before a poll gives up: two minutes' worth, because some facts are only reached by retries with back-off.
const POLL_ATTEMPTS_MAX: usize = 6_000;
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Reads a path, retrying while the response is retryable; any other failure is a violation.
pub(crate) async fn fetch(client: &EdgeClient, edge: Edge, path: &str) -> CheckResult<Response> {
    for _ in 0..POLL_ATTEMPTS_MAX {
        let response = client.get(edge, path).await.ok_or_else(unexpected_exit)?;
        if !response.is_retryable() {
            ensure(response.is_success(), || {
                format!("{path}: {} {}", response.status, response.json)
            })?;
            return Ok(response);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(Violation::new(format!("{path} is not answered")))
}

/// Reads an order at the operator edge.
pub(crate) async fn fetch_order(client: &EdgeClient, id: &str) -> CheckResult<Value> {
    Ok(fetch(client, Edge::Operator, &format!("/api/v1/orders/{id}")).await?.json)
}

/// Reads a path of the operator edge until the predicate holds.
pub(crate) async fn poll_until(
    client: &EdgeClient,
    path: &str,
    predicate: impl Fn(&Value) -> bool,
) -> CheckResult<Value> {
    let mut last = Value::Null;
    for _ in 0..POLL_ATTEMPTS_MAX {
        last = fetch(client, Edge::Operator, path).await?.json;
        if predicate(&last) {
            return Ok(last);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(Violation::new(format!("{path} stays {last}")))
}

/// The violation where the shop does not answer although no fault was injected.
pub(crate) fn unexpected_exit() -> Violation {
    Violation::new("the shop does not answer, although no fault was injected")
}
