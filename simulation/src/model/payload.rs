//! Payloads of stored events, of which the services say the JSON, decoded without their types.

use crate::violation::Violations;
use journal::RecordedEvent;
use serde::{Deserialize, de::DeserializeOwned};

/// Amount of money in minor units.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Amount {
    pub(super) amount: i64,
}

/// Decodes the payload of an event.
pub(super) fn decode<T: DeserializeOwned>(
    event: &RecordedEvent,
    violations: &mut Violations,
) -> Option<T> {
    match serde_json::from_slice(&event.data) {
        Ok(payload) => Some(payload),
        Err(error) => {
            let what = format!("{} {}: {error}", event.stream, event.name);
            violations.add("stored events can be decoded", what);
            None
        }
    }
}
