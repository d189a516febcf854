//! The sagas of a service that nobody serves: which have ended, and what the others are about.

use crate::{
    events::{self, SavedSaga},
    log::Unfinished,
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

/// The unfinished sagas, as the log keeps a snapshot of them.
pub fn unfinished() -> Box<dyn Projection> {
    Box::new(Unfinished::default())
}

/// The case that the saga of this identity was begun with; none when there is no such saga.
pub async fn case(journal: &dyn Journal, id: Uuid) -> Result<Option<Value>, StorageError> {
    let mut told = None;
    for event in journal.read(&events::stream(id), 0, 1).await? {
        SavedSaga::evolve(&mut told, &event)?;
    }
    told.map(|told| told.case()).transpose()
}

/// What sagas that have not ended are about; known once the journal was gone through.
#[derive(Clone, Debug, Default)]
pub struct RunningSagas(Arc<Mutex<HashSet<Uuid>>>);

impl RunningSagas {
    /// Whether a saga about this has not ended.
    pub fn concerns(&self, subject: Uuid) -> bool {
        self.0.lock().contains(&subject)
    }
}

/// Sees that every saga has ended, or is of a kind that somebody goes on with.
pub struct SagaChecker {
    kinds: &'static [&'static str],
    subject: fn(&Value) -> Option<Uuid>,
    under_way: RunningSagas,
    invariant: Invariant,
}

impl SagaChecker {
    /// Of sagas of these kinds; `subject` finds in a case what it is about.
    pub fn new(
        kinds: &'static [&'static str],
        subject: fn(&Value) -> Option<Uuid>,
        under_way: RunningSagas,
    ) -> Self {
        let invariant = Invariant::new("every saga has ended, or waits and is listed");
        Self { kinds, subject, under_way, invariant }
    }
}

#[async_trait]
impl EventVisitor for SagaChecker {
    fn wants(&self, stream: &str) -> bool {
        events::saga_of(stream).is_some()
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let mut told = None;
        for event in events {
            SavedSaga::evolve(&mut told, event)?;
        }
        let stream = events.first().map_or("", |event| &event.stream);
        let Some(told) = told else {
            self.invariant.hold(false, || format!("{stream} does not begin with its beginning"));
            return Ok(());
        };
        if told.ended.is_some() {
            self.invariant.hold(true, String::new);
            return Ok(());
        }
        let subject = told.case::<Value>().ok().and_then(|case| (self.subject)(&case));
        let is_known = self.kinds.contains(&told.saga.as_str()) && subject.is_some();
        self.invariant.hold(is_known, || {
            format!("{stream} has not ended, and nobody goes on with a {:?}", told.saga)
        });
        self.invariant.waits();
        self.under_way.0.lock().extend(subject);
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
