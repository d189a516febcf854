//! Journal port. The [conformance suite](crate::conformance) tests its promises.

use crate::{NewEvent, Position, RecordedEvent, SequencePlace, StreamId, Version};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Origin;
use storage::{Commit, StorageError, Write};

/// Append request: events for one stream, and documents to write in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Stream to append to.
    pub stream: StreamId,
    /// Version that the stream must have now; 0 when it must not exist.
    pub expected: Version,
    /// Events to append: at least one, at most [`APPEND_EVENTS_MAX`](crate::APPEND_EVENTS_MAX).
    pub events: Vec<NewEvent>,
    /// Document writes of the same commit, for read models that must never be behind the events.
    pub writes: Vec<Write>,
    /// Origin of the change, stored once with all events of the append. The runtime sets it, from the running request.
    pub origin: Option<Origin>,
    /// Place in a sequence, for a writer that submits appends without waiting for the answers in between.
    pub sequence: Option<SequencePlace>,
}

impl Append {
    /// Validates the request. Engines call this before they decide.
    ///
    /// # Errors
    ///
    /// * [`StorageError::Unavailable`] for no events, or for more than [`APPEND_EVENTS_MAX`](crate::APPEND_EVENTS_MAX).
    /// * [`StorageError::TooLarge`] for an event or a document above [`storage::RECORD_BYTES_MAX`].
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

/// Result of an append.
#[derive(Clone, Debug)]
pub struct Appended {
    /// Version of the stream with these events, and no later ones, in it.
    pub version: Version,
    /// Position of the last of these events.
    pub position: Position,
    /// Handle of the commit, to be awaited before anything leaves the process. The running [durability
    /// scope](storage::durability) depends on it already.
    pub commit: Commit,
}

/// Reasons why nothing was appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Version conflict: the stream has another version than expected, and the events are not those it has there.
    #[error("the stream has version {actual}")]
    Conflict {
        /// Current version of the stream.
        actual: Version,
    },
    /// An append before it in its [sequence](crate::AppendSequence) was not accepted.
    #[error("an append before it in its sequence was not accepted")]
    OutOfSequence,
    /// Failure of the store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Reasons why a stream was not deleted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeleteError {
    /// Version conflict: the stream has another version than expected.
    #[error("the stream has version {actual}")]
    Conflict {
        /// Current version of the stream.
        actual: Version,
    },
    /// The stream has the last event of the service, whose position must not be given again. Once there is a later event, the stream
    /// can be deleted.
    #[error("the stream has the last event of its service")]
    LastEvent,
    /// Failure of the store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Snapshot: state folded from the events up to a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Position of the last event that is folded in.
    pub position: Position,
    /// Encoded state; at most [`SNAPSHOT_BYTES_MAX`](crate::SNAPSHOT_BYTES_MAX) bytes.
    pub data: Bytes,
}

/// Event store of one service (port).
///
/// * `append` decides at once: it compares `expected` with the stream's version, takes its place in the order and returns
///   a commit handle, before the flush where the engine uses group commit. Events and writes of one append become durable
///   together; appends become durable in the order in which they were taken, all of them or a prefix.
/// * Appending the same events (by id) at the same expected version again succeeds and changes nothing.
/// * The appends of a [sequence](crate::AppendSequence) are taken in the order of their places, all of them or a prefix. An engine takes
///   an append before the first suspension of the call, or decides on it then.
/// * `read` shows every append that returned before, flushed or not, and makes the running [durability
///   scope](storage::durability) depend on what is not flushed.
/// * `follow` shows only flushed events, in commit order, and never skips one.
///
/// Every operation answers [`StorageError`] when the store cannot be used.
///
/// ```
/// use journal::{Append, AppendError, NewEvent, TypedEvent};
/// use kernel::{Timestamp, Uuid};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let journal = engine_memory::MemoryEngine::new().service("tanks").journal;
/// let append = |id| Append {
///     stream: "tank-1".to_owned(),
///     expected: 0,
///     events: vec![NewEvent {
///         id: Uuid::from_u128(id),
///         name: "filled",
///         data: r#"{"litres":40}"#.into(),
///         recorded_at: Timestamp::UNIX_EPOCH,
///         typed: TypedEvent::default(),
///         personal: None,
///     }],
///     writes: Vec::new(),
///     origin: None,
///     sequence: None,
/// };
/// let appended = journal.append(append(1)).await?;
/// appended.commit.wait().await?;
/// assert_eq!(appended.version, 1);
///
/// assert!(journal.append(append(1)).await.is_ok(), "the same event again changes nothing");
/// let conflict = journal.append(append(2)).await;
/// assert!(matches!(conflict, Err(AppendError::Conflict { actual: 1 })));
/// assert_eq!(journal.read("tank-1", 0, 10).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Appends events to a stream, with optimistic concurrency control.
    ///
    /// # Errors
    ///
    /// * [`AppendError::Conflict`] when the stream has another version than expected.
    /// * [`AppendError::OutOfSequence`] when an append before it in its sequence was not accepted.
    /// * [`AppendError::Storage`] when the request is [invalid](Append::check) or the store cannot be written.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Deletes a stream of this version with all its events, which no read shows any more; consumers that are behind miss
    /// them. It is for streams that nobody asks for again: until the deletion is done, an append to the stream is refused.
    ///
    /// # Errors
    ///
    /// See [`DeleteError`].
    async fn delete_stream(&self, stream: &str, expected: Version) -> Result<Commit, DeleteError>;

    /// Reads up to `limit` events of a stream with a version above `after`, in order; at most
    /// [`READ_EVENTS_MAX`](crate::READ_EVENTS_MAX).
    async fn read(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// Reads up to `limit` flushed events of this service with a position above `after`, in commit order; at most
    /// [`READ_EVENTS_MAX`](crate::READ_EVENTS_MAX). Fewer are all that there are. What was appended before, with an answer or without one,
    /// is among them, or will never be stored.
    async fn follow(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// Waits until an event of this service with a position above `after` may have been flushed.
    async fn wait_beyond(&self, after: Position);

    /// Position of the last flushed event of this service; 0 when there is none.
    async fn last_position(&self) -> Result<Position, StorageError>;

    /// Saves a snapshot under `name`, in place of an older one.
    async fn save_snapshot(&self, name: &str, snapshot: Snapshot) -> Result<Commit, StorageError>;

    /// Reads the snapshot saved under `name`.
    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StorageError>;
}
