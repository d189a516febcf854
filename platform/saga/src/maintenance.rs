//! Offline maintenance of a service's sagas: which have ended, and what the unfinished ones are about.

use crate::{
    SagaInput,
    events::{self, SagaBegun, SagaEnded, SagaUndoing, SagaWaiting, SavedSaga},
    log::UnfinishedIndex,
};
use async_trait::async_trait;
use journal::{
    DecodeError, Journal, Projection, RecordedEvent,
    maintenance::{EventVisitor, Invariant, InvariantChecker},
};
use kernel::Uuid;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::{collections::HashSet, fmt, sync::Arc};
use storage::StorageError;

/// Projection of the unfinished sagas, of which [`SagaLog`](crate::SagaLog) keeps a snapshot.
pub fn unfinished() -> Box<dyn Projection> {
    Box::new(UnfinishedIndex::default())
}

/// Kind of saga with its type of input, for readers of the log that run no saga.
#[derive(Debug)]
pub struct SagaKind {
    name: &'static str,
    subject: fn(&[u8]) -> Result<Uuid, String>,
    json: fn(&[u8]) -> Result<Box<RawValue>, String>,
}

impl SagaKind {
    /// Kind of this name, with inputs of this type.
    pub const fn of<I: SagaInput>(name: &'static str) -> Self {
        Self {
            name,
            subject: |input| journal::decode::<I>(input).map(|input| input.subject()),
            json: |input| {
                let input = journal::decode::<I>(input)?;
                to_raw_value(&input).map_err(|error| error.to_string())
            },
        }
    }

    fn find<'a>(kinds: &'a [Self], name: &str) -> Result<&'a Self, String> {
        let found = kinds.iter().find(|kind| kind.name == name);
        found.ok_or_else(|| format!("there is no kind of saga {name:?}"))
    }
}

/// Subject of the saga of this id; `None` when there is no such saga, or when it is none of these kinds.
///
/// # Errors
///
/// [`StorageError`] when the journal cannot be read, or holds an event that this version cannot decode.
pub async fn saga_subject(
    journal: &dyn Journal,
    id: Uuid,
    kinds: &[SagaKind],
) -> Result<Option<Uuid>, StorageError> {
    let mut saved = None;
    for event in journal.read(&events::stream(id), 0, 1).await? {
        SavedSaga::evolve(&mut saved, &event)?;
    }
    let subject = saved.map(|saved| saved.subject(kinds)).transpose();
    subject.map(Option::flatten).map_err(StorageError::Corrupt)
}

/// JSON of an event of a saga of these kinds; `None` when it is an event of something else.
pub fn event_json(
    recorded: &RecordedEvent,
    kinds: &[SagaKind],
) -> Option<Result<Box<RawValue>, DecodeError>> {
    events::saga_of(&recorded.stream)?;
    Some(match recorded.name.as_str() {
        events::WAITING => journal::event_json::<SagaWaiting>(recorded),
        events::UNDOING => journal::event_json::<SagaUndoing>(recorded),
        events::ENDED => journal::event_json::<SagaEnded>(recorded),
        events::BEGUN => begun_json(recorded, kinds),
        _ => Err(DecodeError::new(recorded, "no event of a saga has this name".to_owned())),
    })
}

fn begun_json(recorded: &RecordedEvent, kinds: &[SagaKind]) -> Result<Box<RawValue>, DecodeError> {
    let SagaBegun { saga, input } = journal::decode_event(recorded)?;
    let json = SagaKind::find(kinds, &saga).and_then(|kind| {
        let begun = SagaBegunJson { saga: &saga, input: &(kind.json)(&input)? };
        to_raw_value(&begun).map_err(|error| error.to_string())
    });
    json.map_err(|reason| DecodeError::new(recorded, reason))
}

/// JSON of `saga_begun`.
#[derive(Serialize)]
struct SagaBegunJson<'a> {
    saga: &'a str,
    #[serde(rename = "case")]
    input: &'a RawValue,
}

impl SavedSaga {
    /// Subject of the saga; `None` when it is none of these kinds, and the reason when its input cannot be decoded.
    fn subject(&self, kinds: &[SagaKind]) -> Result<Option<Uuid>, String> {
        let kind = kinds.iter().find(|kind| kind.name == self.kind);
        kind.map(|kind| (kind.subject)(&self.input)).transpose()
    }
}

/// Subjects of the unfinished sagas, known once the journal was visited. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct RunningSagas(Arc<Mutex<HashSet<Uuid>>>);

impl RunningSagas {
    /// Whether an unfinished saga is about this subject.
    pub fn concerns(&self, subject: Uuid) -> bool {
        self.0.lock().contains(&subject)
    }
}

/// Invariant checker for sagas: each has ended, or is of a kind that a runner resumes.
pub struct SagaChecker {
    kinds: &'static [SagaKind],
    running: RunningSagas,
    invariant: Invariant,
}

impl SagaChecker {
    /// Checker for sagas of these kinds; `running` collects the subjects of the unfinished ones.
    pub fn new(kinds: &'static [SagaKind], running: RunningSagas) -> Self {
        let invariant = Invariant::new("every saga has ended, or waits and is listed");
        Self { kinds, running, invariant }
    }
}

#[async_trait]
impl EventVisitor for SagaChecker {
    fn wants(&self, stream: &str) -> bool {
        events::saga_of(stream).is_some()
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let mut saved = None;
        for event in events {
            SavedSaga::evolve(&mut saved, event)?;
        }
        let stream = events.first().map_or("", |event| &event.stream);
        let Some(saved) = saved else {
            self.invariant.hold(false, || format!("{stream} does not begin with saga_begun"));
            return Ok(());
        };
        if saved.outcome.is_some() {
            self.invariant.hold(true, String::new);
            return Ok(());
        }
        let subject = saved.subject(self.kinds);
        self.invariant.hold(matches!(subject, Ok(Some(_))), || match &subject {
            Err(reason) => {
                format!("{stream} has not ended, and its input cannot be read: {reason}")
            }
            Ok(_) => format!("{stream} has not ended, and no runner resumes a {:?}", saved.kind),
        });
        self.invariant.waits();
        self.running.0.lock().extend(subject.ok().flatten());
        Ok(())
    }
}

impl InvariantChecker for SagaChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        vec![self.invariant.clone()]
    }
}

impl fmt::Debug for SagaChecker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SagaChecker").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}
