//! What a service says of its streams to whoever lays several services' books side by side: small facts in the words
//! of its contract, found by identity or met one after the other, never all in memory.

use super::event_visitor::whole;
use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent};
use kernel::Uuid;
use serde_json::Value;
use std::sync::Arc;
use storage::StorageError;

/// The fact that a stream's events come to; none when nothing is to be said.
pub type Fact = dyn Fn(Uuid, &[RecordedEvent]) -> Result<Option<Value>, StorageError> + Send + Sync;

/// The facts of one kind.
pub struct Facts {
    /// Which kind, as the contract names it.
    pub kind: &'static str,
    prefix: &'static str,
    journal: Arc<dyn Journal>,
    fact: Box<Fact>,
}

impl Facts {
    /// Facts about the streams of a prefix, each followed by the identity it is about.
    pub fn new(
        kind: &'static str,
        prefix: &'static str,
        journal: Arc<dyn Journal>,
        fact: Box<Fact>,
    ) -> Self {
        Self { kind, prefix, journal, fact }
    }

    /// The fact about this identity. Asked also about those without a stream.
    pub async fn about(&self, id: Uuid) -> Result<Option<Value>, StorageError> {
        let events = whole(&*self.journal, &format!("{}{id}", self.prefix)).await?;
        (self.fact)(id, &events)
    }

    /// Facts about streams that begin after a position, and where to go on; `None` at the end.
    pub async fn page(
        &self,
        after: Position,
    ) -> Result<Option<(Vec<Value>, Position)>, StorageError> {
        let events = self.journal.follow(after, READ_EVENTS_MAX).await?;
        let Some(last) = events.last() else { return Ok(None) };
        let mut facts = Vec::new();
        for event in events.iter().filter(|event| event.version == 1) {
            let id = event.stream.strip_prefix(self.prefix).and_then(|id| id.parse().ok());
            if let Some(id) = id {
                facts.extend(self.about(id).await?);
            }
        }
        Ok(Some((facts, last.position)))
    }
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Facts").field(&self.kind).finish()
    }
}
