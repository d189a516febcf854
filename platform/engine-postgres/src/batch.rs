//! Operations of a batch: what one transaction does, and who waits for it.

use bytes::Bytes;
use journal::{
    Append, AppendError, Appended, DeleteError, SequencePlace, Snapshot, StreamId, Version,
};
use kernel::Timestamp;
use storage::{StorageError, Write};
use tokio::sync::oneshot;

/// Answer to whoever waits for an operation. It may have given up, which changes nothing.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// Operation of the writer.
#[derive(Debug)]
pub(crate) enum WriteOperation {
    Append {
        append: Append,
        reply: Reply<Result<Appended, AppendError>>,
    },
    Write {
        writes: Vec<Write>,
        reply: Reply<Result<(), StorageError>>,
    },
    Put {
        key: String,
        value: Bytes,
        expires_at: Option<Timestamp>,
        reply: Reply<Result<(), StorageError>>,
    },
    Remove {
        key: String,
        reply: Reply<Result<(), StorageError>>,
    },
    Add {
        key: String,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
        reply: Reply<Result<i64, StorageError>>,
    },
    Sweep {
        now: Timestamp,
        limit: usize,
        reply: Reply<Result<usize, StorageError>>,
    },
    SaveSnapshot {
        name: String,
        snapshot: Snapshot,
        reply: Reply<Result<(), StorageError>>,
    },
    DeleteStream {
        stream: StreamId,
        expected: Version,
        reply: Reply<Result<(), DeleteError>>,
    },
}

/// What a committed transaction did for an operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    Done,
    /// Append with the position of its last event.
    Accepted {
        position: u64,
    },
    /// Append to a stream of another version.
    Rejected,
    /// Sum of a counter; `None` for a value that is no number.
    Sum(Option<i64>),
    Swept(usize),
    /// Version of the stream at its deletion, and whether it had the last event of the service.
    Deleted {
        actual: Version,
        is_last: bool,
    },
}

impl WriteOperation {
    /// Whether the operation has the same effect when it is done twice, as it may be when a connection ends before the answer to a
    /// commit.
    pub(crate) fn is_repeatable(&self) -> bool {
        match self {
            Self::Append { .. }
            | Self::Write { .. }
            | Self::Put { .. }
            | Self::Remove { .. }
            | Self::Sweep { .. }
            | Self::SaveSnapshot { .. } => true,
            Self::Add { .. } | Self::DeleteStream { .. } => false,
        }
    }

    /// Bytes of its data, near enough to limit a batch.
    pub(crate) fn bytes(&self) -> usize {
        let of_writes = |writes: &[Write]| {
            let of_write = |write: &Write| match write {
                Write::Put { document, .. } => document.key.len() + document.body.len(),
                Write::Delete { key, .. } => key.len(),
            };
            writes.iter().map(of_write).sum::<usize>()
        };
        match self {
            Self::Append { append, .. } => {
                let events: usize = append.events.iter().map(|event| event.data.len()).sum();
                events + of_writes(&append.writes)
            }
            Self::Write { writes, .. } => of_writes(writes),
            Self::Put { key, value, .. } => key.len() + value.len(),
            Self::SaveSnapshot { snapshot, .. } => snapshot.data.len(),
            Self::Remove { .. }
            | Self::Add { .. }
            | Self::Sweep { .. }
            | Self::DeleteStream { .. } => 0,
        }
    }

    /// Place of an append in its sequence.
    pub(crate) fn sequence(&self) -> Option<&SequencePlace> {
        match self {
            Self::Append { append, .. } => append.sequence.as_ref(),
            _ => None,
        }
    }

    /// Answers with an error.
    pub(crate) fn fail(self, error: StorageError) {
        // Whoever has given up waiting needs no answer; so in every arm.
        match self {
            Self::Append { append, reply } => answer_append(&append, reply, Err(error.into())),
            Self::Write { reply, .. }
            | Self::Put { reply, .. }
            | Self::Remove { reply, .. }
            | Self::SaveSnapshot { reply, .. } => drop(reply.send(Err(error))),
            Self::Add { reply, .. } => drop(reply.send(Err(error))),
            Self::Sweep { reply, .. } => drop(reply.send(Err(error))),
            Self::DeleteStream { reply, .. } => drop(reply.send(Err(error.into()))),
        }
    }
}

/// Answers an append, and records the answer in its sequence before.
pub(crate) fn answer_append(
    append: &Append,
    reply: Reply<Result<Appended, AppendError>>,
    answer: Result<Appended, AppendError>,
) {
    if let Some(place) = &append.sequence {
        place.record(&answer);
    }
    // Whoever has given up waiting needs no answer.
    drop(reply.send(answer));
}
