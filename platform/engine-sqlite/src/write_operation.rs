//! Write operation: what one position of the log does to a service's tables.

use crate::{append_row::AppendRow, service::SqliteService};
use bytes::Bytes;
use journal::{Position, Snapshot, StreamId};
use std::sync::Arc;
use storage::{Collection, Write};

/// Write in the queue: decided, with its position in the log, and waiting for the writer.
#[derive(Debug)]
pub(crate) struct QueuedWrite {
    /// Position of the write; of an append, the position of its last event.
    pub(crate) position: Position,
    pub(crate) service: Arc<SqliteService>,
    pub(crate) operation: WriteOperation,
}

/// Write operation. `W` is a write to a document: as the service declared it (`Write`), or as recovery reads it back from
/// the log (`LoggedWrite`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WriteOperation<W = Write> {
    /// Appends events, and writes documents in the same commit.
    Append { row: Arc<AppendRow>, writes: Vec<W> },
    /// Writes documents.
    Documents(Vec<W>),
    /// Makes the collection's table match its declaration. Never logged: the writer does it before it commits the batch.
    Collection(&'static Collection),
    /// Sets a value, or removes it.
    Value { key: String, entry: Option<ValueEntry> },
    /// Deletes those of these values that have expired by `now`, in microseconds since the epoch.
    Sweep { keys: Vec<String>, now: i64 },
    /// Saves a snapshot in place of an older one.
    Snapshot { name: String, snapshot: Snapshot },
    /// Deletes a stream with its events.
    DeleteStream { stream: StreamId },
}

/// Value of the key-value store, with its expiry in microseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueEntry {
    pub(crate) value: Bytes,
    pub(crate) expires_at: Option<i64>,
}

impl ValueEntry {
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl WriteOperation {
    /// Document writes of the operation.
    pub(crate) fn documents(&self) -> &[Write] {
        match self {
            Self::Append { writes, .. } | Self::Documents(writes) => writes,
            Self::Collection(_)
            | Self::Value { .. }
            | Self::Sweep { .. }
            | Self::Snapshot { .. }
            | Self::DeleteStream { .. } => &[],
        }
    }

    /// Estimate of what the operation adds to the disk, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Append { row, writes } => row.stream.len() + row.events.len() + bytes_of(writes),
            Self::Documents(writes) => bytes_of(writes),
            Self::Collection(_) => 0,
            Self::Value { key, entry } => {
                key.len() + entry.as_ref().map_or(0, |entry| entry.value.len())
            }
            Self::Sweep { keys, .. } => keys.iter().map(String::len).sum(),
            Self::Snapshot { name, snapshot } => name.len() + snapshot.data.len(),
            Self::DeleteStream { stream } => stream.len(),
        }
    }
}

fn bytes_of(writes: &[Write]) -> usize {
    let bytes = |write: &Write| match write {
        Write::Put { document, .. } => document.key.len() + document.body.len(),
        Write::Delete { key, .. } => key.len(),
    };
    writes.iter().map(bytes).sum()
}
