//! The journal port. Its promises are tested by [`crate::conformance`].

use crate::{NewEvent, Position, RecordedEvent, StreamId, Version};
use async_trait::async_trait;
use bytes::Bytes;
use storage::{Commit, StorageError, Write};

/// Events to append to one stream, and documents to write in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// How many events the stream must have now.
    pub expected: Version,
    /// At least one, at most [`crate::APPEND_EVENTS_MAX`].
    pub events: Vec<NewEvent>,
    /// Read models that must be right as soon as the events are.
    pub writes: Vec<Write>,
}

impl Append {
    /// Refuses what no engine takes. Engines call this before they decide.
    pub fn check(&self) -> Result<(), StorageError> {
        if self.events.is_empty() {
            return Err(StorageError::Unavailable(format!("nothing to append to {}", self.stream)));
        }
        if self.events.len() > crate::APPEND_EVENTS_MAX {
            let reason = format!("{} events are more than one append takes", self.events.len());
            return Err(StorageError::Unavailable(reason));
        }
        self.events.iter().try_for_each(|event| {
            storage::check_size(event.data.len(), storage::RECORD_BYTES_MAX)
        })?;
        self.writes.iter().try_for_each(Write::check)
    }
}

/// What an append came to.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The stream's version with these events, and no later ones, in it.
    pub version: Version,
    /// Place of the last event.
    pub position: Position,
    /// To wait for before anything leaves the process. Already touched in the running scope.
    pub commit: Commit,
}

/// Why nothing was appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream has another version than expected, and the events are not the ones it already has there.
    #[error("the stream has version {actual}")]
    Conflict {
        /// The version it has.
        actual: Version,
    },
    /// The store could not.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// State folded from the log up to a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Every event up to here is in it.
    pub position: Position,
    /// The state, as its owner encoded it.
    pub data: Bytes,
}

/// A service's own event store.
///
/// * `append` decides at once: it checks `expected` against the head, takes its place in the order and returns with
///   a commit handle, before the flush where the engine groups flushes. Events and writes of one append become
///   durable together; appends become durable in the order in which they were taken, all or a prefix.
/// * Appending the same events (ids) at the same expected version again succeeds and changes nothing.
/// * `read` shows every append that returned before, flushed or not, and touches the scope with what is not flushed.
/// * `follow` shows only what is flushed, in commit order, and never skips.
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Appends, or says why not.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Up to `limit` events of a stream with a version above `after`, in order.
    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// Up to `limit` flushed events of this service with a position above `after`, in commit order.
    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// Returns when something of this service with a position above `after` may have been flushed.
    async fn wait_beyond(&self, after: Position);

    /// The position of the last flushed event of this service; 0 when there is none.
    async fn last_position(&self) -> Result<Position, StorageError>;

    /// Keeps a snapshot under `name`, in place of an older one.
    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError>;

    /// The snapshot kept under `name`.
    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError>;
}
