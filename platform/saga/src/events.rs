//! Saga events as the journal keeps them, and the state that they fold to.

use bytes::Bytes;
use journal::{RecordedEvent, Version};
use kernel::{Origin, Problem, Timestamp, Uuid, prefixed_id};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::borrow::Cow;
use storage::StorageError;

pub(crate) const BEGUN: &str = "saga_begun";
pub(crate) const WAITING: &str = "saga_waiting";
pub(crate) const UNDOING: &str = "saga_undoing";
pub(crate) const ENDED: &str = "saga_ended";

const STREAM_PREFIX: &str = "saga-";

/// Stream of one saga.
pub(crate) fn stream(id: Uuid) -> String {
    prefixed_id(STREAM_PREFIX, id)
}

/// Saga that a stream belongs to; `None` for any other stream.
pub(crate) fn saga_of(stream: &str) -> Option<Uuid> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

/// Data of `saga_begun`: the kind of saga and its input.
#[derive(Debug, Deserialize)]
pub(crate) struct SagaBegun<'a> {
    pub(crate) saga: Cow<'a, str>,
    #[serde(rename = "case")]
    pub(crate) input: Box<RawValue>,
}

/// Data of `saga_begun` as it is written, with the input as its own type.
#[derive(Debug, Serialize)]
pub(crate) struct NewSaga<'a, I> {
    pub(crate) saga: &'a str,
    #[serde(rename = "case")]
    pub(crate) input: &'a I,
}

/// Data of `saga_waiting`: the step that waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SagaWaiting {
    pub(crate) step: String,
    pub(crate) reason: String,
}

/// Data of `saga_undoing`: the saga is undone from this step, the furthest that can have had an effect, to the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SagaUndoing {
    pub(crate) from: String,
    pub(crate) reason: Problem,
}

/// Outcome of a saga that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SagaOutcome {
    Done,
    Undone,
}

/// Data of `saga_ended`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SagaEnded {
    pub(crate) outcome: SagaOutcome,
}

/// Kind of the saga that this event begins.
pub(crate) fn kind_of(begun: &RecordedEvent) -> Result<String, StorageError> {
    decode::<SagaBegun<'_>>(begun).map(|begun| begun.saga.into_owned())
}

/// State of a saga as folded from its events.
#[derive(Clone, Debug)]
pub(crate) struct SavedSaga {
    pub(crate) kind: String,
    pub(crate) input: Box<RawValue>,
    pub(crate) version: Version,
    pub(crate) started_at: Timestamp,
    /// Origin of the request that began it.
    pub(crate) origin: Option<Origin>,
    pub(crate) waiting: Option<SagaWaiting>,
    pub(crate) undoing: Option<SagaUndoing>,
    pub(crate) outcome: Option<SagaOutcome>,
}

impl SavedSaga {
    /// Folds one more event in. An event before `saga_begun` is of a saga that ended long ago, and is skipped.
    pub(crate) fn evolve(
        saved: &mut Option<Self>,
        event: &RecordedEvent,
    ) -> Result<(), StorageError> {
        if event.name == BEGUN {
            let SagaBegun { saga, input } = decode(event)?;
            *saved = Some(Self {
                kind: saga.into_owned(),
                input,
                version: event.version,
                started_at: event.recorded_at,
                origin: event.origin.clone(),
                waiting: None,
                undoing: None,
                outcome: None,
            });
            return Ok(());
        }
        let Some(saved) = saved else { return Ok(()) };
        saved.version = event.version;
        match event.name.as_str() {
            WAITING => saved.waiting = Some(decode(event)?),
            UNDOING => saved.undoing = Some(decode(event)?),
            ENDED => saved.outcome = Some(decode::<SagaEnded>(event)?.outcome),
            // An event of a later version of this program, which says nothing that this version needs.
            _ => {}
        }
        Ok(())
    }

    /// Input of the saga, as its own type.
    pub(crate) fn input<I: DeserializeOwned>(&self) -> Result<I, StorageError> {
        serde_json::from_str(self.input.get()).map_err(|error| {
            StorageError::Corrupt(format!("the input of a {} saga: {error}", self.kind))
        })
    }
}

fn decode<T: DeserializeOwned>(event: &RecordedEvent) -> Result<T, StorageError> {
    serde_json::from_slice(&event.data).map_err(|error| {
        StorageError::Corrupt(format!("{} at position {}: {error}", event.name, event.position))
    })
}

pub(crate) fn encode(event: &impl Serialize) -> Result<Bytes, StorageError> {
    kernel::json::to_vec(event)
        .map(Bytes::from)
        .map_err(|error| StorageError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::codes;
    use serde_json::json;

    #[test]
    fn the_stored_form_of_events_does_not_change() {
        let input = json!({"guests": 4});
        let reason = Problem::of(codes::VERSION_CONFLICT, "no table");
        let stored = [
            encode(&NewSaga { saga: "dinner", input: &input }),
            encode(&SagaWaiting { step: "table".to_owned(), reason: "guests".to_owned() }),
            encode(&SagaUndoing { from: "table".to_owned(), reason }),
            encode(&SagaEnded { outcome: SagaOutcome::Undone }),
        ];
        let expected = [
            json!({"saga": "dinner", "case": {"guests": 4}}),
            json!({"step": "table", "reason": "guests"}),
            json!({"from": "table", "reason":
                {"status": 409, "code": "version_conflict", "title": "no table"}}),
            json!({"outcome": "undone"}),
        ];
        for (stored, expected) in stored.into_iter().zip(expected) {
            let stored: serde_json::Value = serde_json::from_slice(&stored.unwrap()).unwrap();
            assert_eq!(stored, expected);
        }
    }
}
