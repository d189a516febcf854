//! Offline maintenance of a service's sagas: which have ended, and what the unfinished ones are about.

use crate::{
    events::{self, SavedSaga},
    log::UnfinishedIndex,
};
use async_trait::async_trait;
use journal::{
    Journal, Projection, RecordedEvent,
    maintenance::{EventVisitor, Invariant, InvariantChecker},
};
use kernel::Uuid;
use parking_lot::Mutex;
use serde_json::Value;
use std::{collections::HashSet, fmt, sync::Arc};
use storage::StorageError;

/// Projection of the unfinished sagas, of which [`SagaLog`](crate::SagaLog) keeps a snapshot.
pub fn unfinished() -> Box<dyn Projection> {
    Box::new(UnfinishedIndex::default())
}

/// Input that the saga of this id was started with; `None` when there is no such saga.
///
/// # Errors
///
/// [`StorageError`] when the journal cannot be read, or holds an event that this version cannot decode.
pub async fn saga_input(journal: &dyn Journal, id: Uuid) -> Result<Option<Value>, StorageError> {
    let mut saved = None;
    for event in journal.read(&events::stream(id), 0, 1).await? {
        SavedSaga::evolve(&mut saved, &event)?;
    }
    saved.map(|saved| saved.input()).transpose()
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
    kinds: &'static [&'static str],
    subject: fn(&Value) -> Option<Uuid>,
    running: RunningSagas,
    invariant: Invariant,
}

impl SagaChecker {
    /// Checker for sagas of these kinds; `subject` finds in an input what the saga is about, and `running` collects the
    /// subjects of the unfinished ones.
    pub fn new(
        kinds: &'static [&'static str],
        subject: fn(&Value) -> Option<Uuid>,
        running: RunningSagas,
    ) -> Self {
        let invariant = Invariant::new("every saga has ended, or waits and is listed");
        Self { kinds, subject, running, invariant }
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
        let subject = saved.input::<Value>().ok().and_then(|input| (self.subject)(&input));
        let is_known = self.kinds.contains(&saved.kind.as_str()) && subject.is_some();
        self.invariant.hold(is_known, || {
            format!("{stream} has not ended, and no runner resumes a {:?}", saved.kind)
        });
        self.invariant.waits();
        self.running.0.lock().extend(subject);
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
