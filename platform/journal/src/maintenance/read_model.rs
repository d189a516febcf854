//! A read model: documents that follow from a service's journal and from nothing else.

use crate::{Position, RecordedEvent, ServiceStorage};
use async_trait::async_trait;
use storage::{Collection, StorageError, Write};

/// What one step of folding takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One event.
    Event,
    /// All events of one stream; streams of this prefix.
    Stream(&'static str),
}

impl Grain {
    /// Whether this stream is folded whole.
    pub(super) fn takes(self, stream: &str) -> bool {
        matches!(self, Self::Stream(prefix) if stream.starts_with(prefix))
    }
}

/// Documents that follow from a service's journal and from nothing else. The service keeps them up to date as it
/// works; here is how they come about again.
#[async_trait]
pub trait ReadModel: Send + Sync {
    /// Where they are. Nothing else is in this collection.
    fn collection(&self) -> &'static Collection;

    /// What is folded at a time.
    fn grain(&self) -> Grain;

    /// The documents that these events lead to: one event, or all of a stream.
    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError>;

    /// How far the service has kept them; `None` when it keeps them in the commit of the events.
    async fn reached(&self, _storage: &ServiceStorage) -> Result<Option<Position>, StorageError> {
        Ok(None)
    }

    /// What the service wants to read about documents that were folded up to here.
    fn marks(&self, _position: Position) -> Vec<Write> {
        Vec::new()
    }
}
