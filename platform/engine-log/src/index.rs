//! Index entries: what a record is found by, and where it is. An entry is a hint and never an identity: whoever follows it
//! compares the record with what was asked for.

use crate::{frame::Location, record::RecordOperation};
use journal::Position;
use siphasher::sip::SipHasher13;
use storage::Write;

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// Append, by the hash of its stream and its last version.
    Stream = 0,
    /// Append, by its position.
    Event = 1,
    /// Value, by the hash of its key and its position.
    Value = 2,
    /// Value that expires, by its expiry and its position.
    Expiry = 3,
    /// Snapshot, by the hash of its name and its position.
    Snapshot = 4,
    /// Deletion of a stream, by its position.
    Deletion = 5,
    /// Sweep, by its position.
    Sweep = 6,
    /// Write to a document, by the hash of its collection and key, and its position.
    Document = 7,
}

impl EntryKind {
    /// Space of the entries of this kind among those of a service.
    pub(crate) fn of(self, spaces: u32) -> u32 {
        spaces | self as u32
    }
}

/// Kinds that a service may have.
const KINDS: u32 = 8;

/// Index entry; entries are sorted by all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexEntry {
    /// Service and kind.
    pub(crate) space: u32,
    pub(crate) key: u64,
    pub(crate) order: u64,
    pub(crate) location: Location,
}

/// Lowest entry of a key, and of those of higher order.
pub(crate) fn lowest(space: u32, key: u64, order: u64) -> IndexEntry {
    IndexEntry { space, key, order, location: Location(0) }
}

/// Entry above all of a key.
pub(crate) fn highest(space: u32, key: u64) -> IndexEntry {
    IndexEntry { space, key, order: u64::MAX, location: Location(u64::MAX) }
}

impl IndexEntry {
    /// Whether it is found by a position, which grows with the locations.
    pub(crate) fn is_event(&self) -> bool {
        self.space % KINDS == EntryKind::Event as u32
    }

    /// Lowest entry after this one.
    pub(crate) fn next(self) -> Self {
        Self { location: Location(self.location.0 + 1), ..self }
    }

    /// Whether many records may be asked for by keys of this space that are not there: a filter holds its keys.
    pub(crate) fn is_filtered(&self) -> bool {
        let kind = self.space % KINDS;
        [EntryKind::Stream, EntryKind::Value, EntryKind::Snapshot, EntryKind::Document]
            .iter()
            .any(|it| *it as u32 == kind)
    }
}

/// Key of an expiry: times before the epoch come first.
pub(crate) fn expiry_key(expires_at: i64) -> u64 {
    expires_at.cast_unsigned() ^ 1 << 63
}

/// Hash of names, keyed with the secret of the log: clients choose keys, and cannot make them collide.
#[derive(Clone, Debug)]
pub(crate) struct KeyHash {
    hasher: SipHasher13,
    values_max: u64,
}

impl KeyHash {
    pub(crate) fn new(secret: &[u8; 16], values_max: u64) -> Self {
        Self { hasher: SipHasher13::new_with_key(secret), values_max }
    }

    pub(crate) fn of(&self, name: &[u8]) -> u64 {
        let hash = self.hasher.hash(name);
        if self.values_max == u64::MAX { hash } else { hash % self.values_max }
    }

    /// Spaces of a service's entries.
    pub(crate) fn spaces(&self, service: &[u8]) -> u32 {
        u32::try_from(self.of(service) >> 32).expect("32 bits are left") & !(KINDS - 1)
    }

    /// Hash of a document's name.
    pub(crate) fn document(&self, collection: &str, key: &str) -> u64 {
        self.of(collection.as_bytes()).rotate_left(1) ^ self.of(key.as_bytes())
    }

    /// Hashes of the documents that these writes are to.
    pub(crate) fn documents(&self, writes: &[Write]) -> Vec<u64> {
        let hash = |write: &Write| match write {
            Write::Put { collection, document } => self.document(collection.name, &document.key),
            Write::Delete { collection, key } => self.document(collection.name, key),
        };
        writes.iter().map(hash).collect()
    }

    /// Hash of the name that a record is found by; 0 for one without a name.
    pub(crate) fn key(&self, operation: &RecordOperation<'_>) -> u64 {
        match operation {
            RecordOperation::Append(append) => self.of(append.stream),
            RecordOperation::Value { key: name, .. } | RecordOperation::Snapshot { name, .. } => {
                self.of(name)
            }
            _ => 0,
        }
    }
}

/// What the entries of a record are made of besides the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryNames<'a> {
    /// Spaces of its service.
    pub(crate) spaces: u32,
    /// [Hash](KeyHash::key) of its name.
    pub(crate) key: u64,
    /// [Hashes](KeyHash::document) of the documents that it writes to.
    pub(crate) documents: &'a [u64],
}

/// Passes the entries of a record to `add`.
pub(crate) fn entries(
    EntryNames { spaces, key, documents }: EntryNames<'_>,
    operation: &RecordOperation<'_>,
    position: Position,
    location: Location,
    mut add: impl FnMut(IndexEntry),
) {
    let mut put = |kind: EntryKind, key, order| {
        add(IndexEntry { space: kind.of(spaces), key, order, location });
    };
    for document in documents {
        put(EntryKind::Document, *document, position);
    }
    match operation {
        RecordOperation::Start | RecordOperation::Documents(_) => {}
        RecordOperation::Append(append) => {
            put(EntryKind::Stream, key, append.first_version + append.count - 1);
            put(EntryKind::Event, position, 0);
        }
        RecordOperation::Value { entry, .. } => {
            put(EntryKind::Value, key, position);
            if let Some(at) = entry.and_then(|entry| entry.expires_at) {
                put(EntryKind::Expiry, expiry_key(at), position);
            }
        }
        RecordOperation::Sweep { .. } => put(EntryKind::Sweep, 0, position),
        RecordOperation::Snapshot { .. } => put(EntryKind::Snapshot, key, position),
        RecordOperation::DeleteStream { .. } => put(EntryKind::Deletion, 0, position),
    }
}
