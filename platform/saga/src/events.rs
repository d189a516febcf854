//! What the log says about a saga, and what a reader of it makes of that.

use bytes::Bytes;
use journal::{RecordedEvent, Version};
use kernel::{Problem, Timestamp, Uuid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::borrow::Cow;
use storage::StorageError;

pub(crate) const BEGUN: &str = "saga_begun";
pub(crate) const WAITING: &str = "saga_waiting";
pub(crate) const UNDOING: &str = "saga_undoing";
pub(crate) const ENDED: &str = "saga_ended";

const STREAM_PREFIX: &str = "saga-";

/// The stream of one saga.
pub(crate) fn stream(id: Uuid) -> String {
    format!("{STREAM_PREFIX}{id}")
}

/// The saga a stream belongs to; `None` for streams of anything else.
pub(crate) fn saga_of(stream: &str) -> Option<Uuid> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begun<'a> {
    pub(crate) saga: Cow<'a, str>,
    pub(crate) case: Box<RawValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) step: String,
    pub(crate) reason: String,
}

/// It goes back: from this step, which is the furthest that can have had an effect, to the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undoing {
    pub(crate) from: String,
    pub(crate) reason: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Done,
    Undone,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
}

/// Which kind of saga this event begins.
pub(crate) fn kind_of(begun: &RecordedEvent) -> Result<String, StorageError> {
    decode::<Begun<'_>>(begun).map(|begun| begun.saga.into_owned())
}

/// A saga as its events tell it.
#[derive(Clone, Debug)]
pub(crate) struct SavedSaga {
    pub(crate) saga: String,
    pub(crate) case: Box<RawValue>,
    pub(crate) version: Version,
    pub(crate) begun_at: Timestamp,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) undoing: Option<Undoing>,
    pub(crate) ended: Option<Outcome>,
}

impl SavedSaga {
    /// Folds one more event in. An event about a saga that is not known is of one that has ended long ago.
    pub(crate) fn evolve(
        told: &mut Option<Self>,
        event: &RecordedEvent,
    ) -> Result<(), StorageError> {
        if event.name == BEGUN {
            let Begun { saga, case } = decode(event)?;
            *told = Some(Self {
                saga: saga.into_owned(),
                case,
                version: event.version,
                begun_at: event.recorded_at,
                waiting: None,
                undoing: None,
                ended: None,
            });
            return Ok(());
        }
        let Some(told) = told else { return Ok(()) };
        told.version = event.version;
        match event.name.as_str() {
            WAITING => told.waiting = Some(decode(event)?),
            UNDOING => told.undoing = Some(decode(event)?),
            ENDED => told.ended = Some(decode::<Ended>(event)?.outcome),
            // Of a later version of this program; it says nothing this one needs.
            _ => {}
        }
        Ok(())
    }

    /// The case, as the saga's own type.
    pub(crate) fn case<C: DeserializeOwned>(&self) -> Result<C, StorageError> {
        serde_json::from_str(self.case.get()).map_err(|error| {
            StorageError::Corrupt(format!("the case of a {} saga: {error}", self.saga))
        })
    }
}

fn decode<T: DeserializeOwned>(event: &RecordedEvent) -> Result<T, StorageError> {
    serde_json::from_slice(&event.data).map_err(|error| {
        StorageError::Corrupt(format!("{} at position {}: {error}", event.name, event.position))
    })
}

pub(crate) fn encode(event: &impl Serialize) -> Result<Bytes, StorageError> {
    serde_json::to_vec(event)
        .map(Bytes::from)
        .map_err(|error| StorageError::Corrupt(error.to_string()))
}
