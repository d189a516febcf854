//! Read model: documents that are derived from a service's journal and from nothing else.

use crate::{Position, RecordedEvent, ServiceStorage};
use async_trait::async_trait;
use storage::{Collection, StorageError, Write};

/// Granularity of a fold: what one step of it takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Each event by itself.
    Event,
    /// All events of a stream together, for streams of this prefix.
    Stream(&'static str),
}

impl Grain {
    /// Whether this stream is folded whole.
    pub(super) fn covers(self, stream: &str) -> bool {
        matches!(self, Self::Stream(prefix) if stream.starts_with(prefix))
    }
}

/// Read model: documents that are derived from a service's journal and from nothing else. The service keeps them up to date
/// as it works; [`rebuild`](super::rebuild()) derives them again.
#[async_trait]
pub trait ReadModel: Send + Sync {
    /// Collection of its documents, which contains nothing else.
    fn collection(&self) -> &'static Collection;

    /// Granularity of its fold.
    fn grain(&self) -> Grain;

    /// Document writes for these events: one event, or all of a stream.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] for an event that cannot be decoded.
    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError>;

    /// Checkpoint: position up to which the service has applied events; `None` when it writes the documents in the commit
    /// of the events.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the checkpoint cannot be read.
    async fn checkpoint(
        &self,
        _storage: &ServiceStorage,
    ) -> Result<Option<Position>, StorageError> {
        Ok(None)
    }

    /// Whether a document that these events lead to the deletion of may be there until the next start of the service, which deletes it: as
    /// where keys of personal data were destroyed since the document was written.
    fn deletes_at_start(&self) -> bool {
        false
    }

    /// Document writes that record a rebuild up to this position as the service's checkpoint.
    fn checkpoint_writes(&self, _position: Position) -> Vec<Write> {
        Vec::new()
    }
}
