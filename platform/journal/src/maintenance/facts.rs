//! Reconciliation facts: what a service states about its streams, in the words of its contract, for a comparison with other
//! services. They are looked up by identity or read page by page, never all in memory.

use super::event_visitor::read_stream;
use crate::{Journal, Position, READ_EVENTS_MAX, RecordedEvent};
use kernel::Uuid;
use serde_json::Value;
use std::sync::Arc;
use storage::StorageError;

/// Function from the events of a stream to its fact; `None` when there is nothing to state.
pub type Fact = dyn Fn(Uuid, &[RecordedEvent]) -> Result<Option<Value>, StorageError> + Send + Sync;

/// Facts of one kind, derived from the streams of one prefix.
pub struct Facts {
    /// Kind of the facts, as the contract names it.
    pub kind: &'static str,
    prefix: &'static str,
    journal: Arc<dyn Journal>,
    fact: Box<Fact>,
}

impl Facts {
    /// Facts of the streams whose names are `prefix` and an identity.
    pub fn new(
        kind: &'static str,
        prefix: &'static str,
        journal: Arc<dyn Journal>,
        fact: Box<Fact>,
    ) -> Self {
        Self { kind, prefix, journal, fact }
    }

    /// Fact about this identity, which need not have a stream.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the journal cannot be read or an event cannot be decoded.
    pub async fn about(&self, id: Uuid) -> Result<Option<Value>, StorageError> {
        let events = read_stream(&*self.journal, &format!("{}{id}", self.prefix)).await?;
        (self.fact)(id, &events)
    }

    /// Page of facts about streams whose first event lies after this position, and the position to continue after; `None`
    /// at the end.
    ///
    /// # Errors
    ///
    /// As for [`Facts::about`].
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
