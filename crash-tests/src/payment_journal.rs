//! Payment journal of a stopped shop, read from its data folder: payments that no edge shows.

use crate::violation::{CheckResult, Violation, ensure};
use engine_log::{LogEngine, LogOptions};
use journal::{Journal, READ_EVENTS_MAX};
use serde_json::Value;
use std::{collections::HashMap, fmt::Display, path::Path};
use storage::StorageError;

const SERVICE: &str = "payment-service";

/// States in which a payment has no open authorisation.
const TERMINAL_STATES: [&str; 4] = ["captured", "refunded", "voided", "failed"];

/// Checks that every payment is in a terminal state, even one that no order refers to. Returns the number of payments.
pub(crate) async fn check_no_open_authorisations(data: &Path) -> CheckResult<usize> {
    let unreadable = |error: &dyn Display| Violation::new(format!("{}: {error}", data.display()));
    let engine = LogEngine::open(data, LogOptions::default());
    let engine = engine.map_err(|error| unreadable(&error))?;
    let states = payment_states(&*engine.service(SERVICE).journal).await;
    engine.close().await.map_err(|error| unreadable(&error))?;
    let states = states.map_err(|error| unreadable(&error))?;
    let open: Vec<_> = states
        .iter()
        .filter(|(_, state)| !TERMINAL_STATES.contains(&state.as_str()))
        .take(5)
        .collect();
    ensure(open.is_empty(), || format!("open authorisations: {open:?}"))?;
    Ok(states.len())
}

/// Last state of each payment, by its stream.
async fn payment_states(journal: &dyn Journal) -> Result<HashMap<String, String>, StorageError> {
    let mut states: HashMap<String, String> = HashMap::new();
    let mut after = 0;
    loop {
        let page = journal.follow(after, READ_EVENTS_MAX).await?;
        let Some(last) = page.last() else { return Ok(states) };
        after = last.position;
        for event in page.iter().filter(|event| event.stream.starts_with("payment-")) {
            let json = payment_service::MODULE.events.map(|read| read(event)).transpose()?;
            let json: Option<Value> = json.and_then(|json| serde_json::from_str(json.get()).ok());
            let state = json.as_ref().and_then(|json| json["state"].as_str()).ok_or_else(|| {
                let (name, position) = (&event.name, event.position);
                StorageError::Corrupt(format!("{name} at position {position} has no state"))
            })?;
            states.insert(event.stream.clone(), state.to_owned());
        }
    }
}
