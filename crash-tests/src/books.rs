//! The books of a shop that has stopped, read from its data folder: what no edge shows.

use crate::violation::{Checked, Violation, ensure};
use engine_sqlite::{Options, SqliteEngine};
use journal::READ_EVENTS_MAX;
use serde_json::Value;
use std::{collections::HashMap, fmt::Display, path::Path};

/// States in which a payment has nothing set aside any more.
const ENDED: [&str; 4] = ["captured", "refunded", "voided", "failed"];

/// Checks that no payment has money set aside: not even one that no order knows of. Returns how many payments there
/// are.
pub(crate) async fn nothing_is_set_aside(data: &Path) -> Checked<usize> {
    let unreadable = |error: &dyn Display| Violation::new(format!("{}: {error}", data.display()));
    let engine =
        SqliteEngine::open(data, Options::default()).map_err(|error| unreadable(&error))?;
    let journal = engine.service("payment-service").journal;
    let mut states: HashMap<String, String> = HashMap::new();
    let mut after = 0;
    loop {
        let page = journal.follow(after, READ_EVENTS_MAX).await;
        let page = page.map_err(|error| unreadable(&error))?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page.iter().filter(|event| event.stream.starts_with("payment-")) {
            let json: Value = serde_json::from_slice(&event.data).unwrap_or_default();
            if let Some(state) = json["state"].as_str() {
                states.insert(event.stream.clone(), state.to_owned());
            }
        }
    }
    engine.close().await.map_err(|error| unreadable(&error))?;
    let left: Vec<_> =
        states.iter().filter(|(_, state)| !ENDED.contains(&state.as_str())).take(5).collect();
    ensure(left.is_empty(), || format!("money is still set aside: {left:?}"))?;
    Ok(states.len())
}
