//! What waits for the writer: decided, placed in the order, not yet in the tables.

use crate::{encoding::Row, service::Service};
use bytes::Bytes;
use journal::{Position, Snapshot};
use std::sync::Arc;
use storage::{Collection, Write};

#[derive(Debug)]
pub(crate) struct Queued {
    /// Its last place in the order.
    pub(crate) position: Position,
    pub(crate) service: Arc<Service>,
    pub(crate) operation: Operation,
}

#[derive(Debug)]
pub(crate) enum Operation {
    Append {
        row: Arc<Row>,
        writes: Vec<Write>,
    },
    Documents(Vec<Write>),
    /// Makes the collection's table what its declaration asks for.
    Collection(&'static Collection),
    /// Sets a value, or removes it.
    Value {
        key: String,
        entry: Option<Entry>,
    },
    /// Removes those of these values whose time has come by `now`.
    Sweep {
        keys: Vec<String>,
        now: i64,
    },
    Snapshot {
        name: String,
        snapshot: Snapshot,
    },
}

/// A small value, and when its time comes, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Bytes,
    pub(crate) expires_at: Option<i64>,
}

impl Entry {
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl Operation {
    /// The documents it writes.
    pub(crate) fn documents(&self) -> &[Write] {
        match self {
            Self::Append { writes, .. } | Self::Documents(writes) => writes,
            _ => &[],
        }
    }

    /// Roughly what it adds to the disk.
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
