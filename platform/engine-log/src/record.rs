//! Records: the encoding of a write as the payload of a frame, and views of its parts.
//!
//! A record is its kind (1 byte), the service's name, and the parts of the kind. Text and bytes are prefixed by their length;
//! lengths, counts and other numbers are of variable length (LEB128), signed ones by zigzag. A kind is never changed: another
//! encoding is another kind.

use crate::frame::Location;
use bytes::Bytes;
use document_index::IndexedWrite;
use journal::{Append, Position, RecordedEvent, Snapshot, TypedEvent, Version};
use kernel::{Timestamp, Uuid};
use storage::{FieldValue, StorageError, Write};

const START: u8 = 1;
const APPEND: u8 = 2;
const DOCUMENTS: u8 = 3;
const VALUE: u8 = 4;
const SWEEP: u8 = 5;
const SNAPSHOT: u8 = 6;
const DELETE_STREAM: u8 = 7;

/// Estimate of the bytes of an event besides its name and data, and of a record besides its parts.
const EVENT_BYTES: usize = 16 + 12 + 8;

/// Record in memory: the payload of a frame, with its location and position.
#[derive(Clone, Debug)]
pub(crate) struct LocatedRecord {
    pub(crate) location: Location,
    /// Position of the write; of an append, the position of its last event.
    pub(crate) position: Position,
    pub(crate) payload: Bytes,
    /// Decoded events of an append; empty when the record was read from the disk.
    pub(crate) typed: Vec<TypedEvent>,
}

/// View of a record's parts. Names are bytes here: most views are there to compare them.
#[derive(Debug)]
pub(crate) struct RecordView<'a> {
    pub(crate) service: &'a [u8],
    pub(crate) operation: RecordOperation<'a>,
}

/// View of a write.
#[derive(Debug)]
pub(crate) enum RecordOperation<'a> {
    /// Begins an incarnation; no write.
    Start,
    Append(AppendView<'a>),
    /// Writes documents.
    Documents(Parts<'a>),
    /// Sets a value, or removes it.
    Value {
        key: &'a [u8],
        entry: Option<ValueView<'a>>,
    },
    /// Deletes the values before it whose expiry entries are not after this key and order.
    Sweep {
        key: u64,
        order: u64,
    },
    Snapshot {
        name: &'a [u8],
        position: Position,
        data: &'a [u8],
    },
    DeleteStream {
        stream: &'a [u8],
    },
}

/// View of an append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendView<'a> {
    pub(crate) stream: &'a [u8],
    pub(crate) first_version: Version,
    pub(crate) count: u64,
    pub(crate) origin: &'a [u8],
    rest: Parts<'a>,
}

/// View of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueView<'a> {
    pub(crate) value: &'a [u8],
    /// Expiry in microseconds since the epoch.
    pub(crate) expires_at: Option<i64>,
}

impl ValueView<'_> {
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl LocatedRecord {
    /// View of the record.
    ///
    /// # Errors
    ///
    /// [`StorageError::Corrupt`] when the payload is not what this module encodes.
    pub(crate) fn view(&self) -> Result<RecordView<'_>, StorageError> {
        Parts(&self.payload).record().ok_or_else(|| self.corrupt())
    }

    fn corrupt(&self) -> StorageError {
        StorageError::Corrupt(format!("the record at position {} is damaged", self.position))
    }

    /// Bytes that the record takes in memory, estimated: typed events are not measured, each takes about twice its encoding.
    pub(crate) fn memory_bytes(&self) -> usize {
        if self.typed.is_empty() { self.payload.len() } else { 3 * self.payload.len() }
    }

    /// Decodes the events of an append that `is_wanted` selects by position and version, until `into` has `limit`.
    pub(crate) fn events(
        &self,
        append: &AppendView<'_>,
        is_wanted: impl Fn(Position, Version) -> bool,
        limit: usize,
        into: &mut Vec<RecordedEvent>,
    ) -> Result<(), StorageError> {
        let corrupt = || self.corrupt();
        let stream = text(append.stream).ok_or_else(corrupt)?;
        let origin = match append.origin {
            [] => None,
            origin => Some(text(origin).and_then(|it| it.parse().ok()).ok_or_else(corrupt)?),
        };
        let mut rest = append.rest;
        for (index, number) in (0..append.count).zip(0_usize..) {
            if into.len() >= limit {
                break;
            }
            let (position, version) =
                (self.position + index + 1 - append.count, append.first_version + index);
            let (id, name, recorded_at, data) = rest.event().ok_or_else(corrupt)?;
            if is_wanted(position, version) {
                let name = text(name).ok_or_else(corrupt)?.to_owned();
                let stream = stream.to_owned();
                let (data, typed) = (
                    self.payload.slice_ref(data),
                    self.typed.get(number).cloned().unwrap_or_default(),
                );
                let origin = origin.clone();
                into.push(RecordedEvent {
                    position,
                    stream,
                    version,
                    id,
                    name,
                    data,
                    recorded_at,
                    origin,
                    typed,
                });
            }
        }
        Ok(())
    }

    /// Writes to documents that the record has.
    pub(crate) fn documents(&self) -> Result<Vec<IndexedWrite<'_>>, StorageError> {
        let RecordView { service, operation } = self.view()?;
        let service = text(service).ok_or_else(|| self.corrupt())?;
        let writes = match operation {
            RecordOperation::Append(append) => {
                let mut rest = append.rest;
                (0..append.count)
                    .try_for_each(|_| rest.event().map(|_| ()))
                    .and_then(|()| rest.writes(service))
            }
            RecordOperation::Documents(mut parts) => parts.writes(service),
            _ => Some(Vec::new()),
        };
        writes.ok_or_else(|| self.corrupt())
    }
}

/// Whether this payload begins an incarnation.
pub(crate) fn is_start(payload: &[u8]) -> bool {
    payload.first() == Some(&START)
}

/// Parts of an event that is appended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventParts<'a> {
    pub(crate) id: Uuid,
    pub(crate) name: &'a str,
    pub(crate) recorded_at: Timestamp,
    pub(crate) data: &'a [u8],
}

/// Parts of an append besides its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendParts<'a> {
    pub(crate) stream: &'a str,
    pub(crate) first_version: Version,
    /// Empty when it is unknown.
    pub(crate) origin: &'a str,
}

/// Encoder of a record.
#[derive(Debug)]
pub(crate) struct RecordEncoder(Vec<u8>);

impl RecordEncoder {
    fn begin(kind: u8, service: &str, bytes: usize) -> Self {
        let mut encoder = Self(Vec::with_capacity(service.len() + bytes + EVENT_BYTES));
        encoder.0.push(kind);
        encoder.bytes(service.as_bytes());
        encoder
    }

    pub(crate) fn start() -> Bytes {
        Self::begin(START, "", 0).0.into()
    }

    pub(crate) fn append(service: &str, append: &Append) -> Bytes {
        let events = append.events.iter().map(|event| EventParts {
            id: event.id,
            name: event.name,
            recorded_at: event.recorded_at,
            data: &event.data,
        });
        let origin = append.origin.as_ref().map(ToString::to_string).unwrap_or_default();
        // Refused later where it is too large for any stream.
        let first_version = append.expected.saturating_add(1);
        let parts = AppendParts { stream: &append.stream, first_version, origin: &origin };
        let mut to = Self::begin_append(service, parts, events, bytes_of(&append.writes));
        to.writes(&append.writes);
        to.0.into()
    }

    /// Append of these events, with writes to documents as a log holds them.
    pub(crate) fn events<'a>(
        service: &str,
        append: AppendParts<'_>,
        events: impl ExactSizeIterator<Item = EventParts<'a>> + Clone,
        writes: &[IndexedWrite<'_>],
    ) -> Bytes {
        let mut to = Self::begin_append(service, append, events, bytes_of_indexed(writes));
        to.indexed_writes(writes);
        to.0.into()
    }

    fn begin_append<'a>(
        service: &str,
        AppendParts { stream, first_version, origin }: AppendParts<'_>,
        events: impl ExactSizeIterator<Item = EventParts<'a>> + Clone,
        bytes_of_writes: usize,
    ) -> Self {
        let bytes = |event: EventParts<'_>| event.name.len() + event.data.len() + EVENT_BYTES;
        let bytes = events.clone().map(bytes).sum::<usize>() + bytes_of_writes;
        let mut to = Self::begin(APPEND, service, stream.len() + bytes);
        to.bytes(stream.as_bytes());
        to.number(first_version);
        to.number(events.len() as u64);
        to.bytes(origin.as_bytes());
        for event in events {
            to.0.extend_from_slice(event.id.as_bytes());
            to.bytes(event.name.as_bytes());
            to.signed(event.recorded_at.as_second());
            to.signed(event.recorded_at.subsec_nanosecond().into());
            to.bytes(event.data);
        }
        to
    }

    pub(crate) fn documents(service: &str, writes: &[Write]) -> Bytes {
        let mut to = Self::begin(DOCUMENTS, service, bytes_of(writes));
        to.writes(writes);
        to.0.into()
    }

    /// Writes to documents, without the declarations of their collections.
    pub(crate) fn indexed(service: &str, writes: &[IndexedWrite<'_>]) -> Bytes {
        let mut to = Self::begin(DOCUMENTS, service, bytes_of_indexed(writes));
        to.indexed_writes(writes);
        to.0.into()
    }

    pub(crate) fn value(service: &str, key: &str, entry: Option<ValueView<'_>>) -> Bytes {
        let mut to =
            Self::begin(VALUE, service, key.len() + entry.map_or(0, |entry| entry.value.len()));
        to.bytes(key.as_bytes());
        match entry {
            None => to.0.push(0),
            Some(ValueView { value, expires_at: None }) => {
                to.0.push(1);
                to.bytes(value);
            }
            Some(ValueView { value, expires_at: Some(at) }) => {
                to.0.push(2);
                to.signed(at);
                to.bytes(value);
            }
        }
        to.0.into()
    }

    pub(crate) fn sweep(service: &str, key: u64, order: u64) -> Bytes {
        let mut to = Self::begin(SWEEP, service, 0);
        to.number(key);
        to.number(order);
        to.0.into()
    }

    pub(crate) fn snapshot(service: &str, name: &str, snapshot: &Snapshot) -> Bytes {
        let mut to = Self::begin(SNAPSHOT, service, name.len() + snapshot.data.len());
        to.bytes(name.as_bytes());
        to.number(snapshot.position);
        to.bytes(&snapshot.data);
        to.0.into()
    }

    pub(crate) fn delete_stream(service: &str, stream: &str) -> Bytes {
        let mut to = Self::begin(DELETE_STREAM, service, stream.len());
        to.bytes(stream.as_bytes());
        to.0.into()
    }

    fn writes(&mut self, writes: &[Write]) {
        self.number(writes.len() as u64);
        for write in writes {
            match write {
                Write::Put { collection, document } => {
                    // A field that no index of the collection names is not stored.
                    let is_indexed = |field: &&str| {
                        collection.indexes.iter().any(|index| index.fields.contains(field))
                    };
                    let fields = document.fields.iter().filter(|(name, _)| is_indexed(name));
                    let fields = fields.map(|(name, value)| (*name, value));
                    self.document(collection.name, &document.key, &document.body, fields);
                }
                Write::Delete { collection, key } => self.deletion(collection.name, key),
            }
        }
    }

    fn indexed_writes(&mut self, writes: &[IndexedWrite<'_>]) {
        self.number(writes.len() as u64);
        for write in writes {
            match &write.document {
                Some((body, fields)) => {
                    let fields = fields.iter().map(|(name, value)| (*name, value));
                    self.document(write.collection, write.key, body, fields);
                }
                None => self.deletion(write.collection, write.key),
            }
        }
    }

    fn document<'a>(
        &mut self,
        collection: &str,
        key: &str,
        body: &[u8],
        fields: impl Iterator<Item = (&'a str, &'a FieldValue)> + Clone,
    ) {
        self.bytes(collection.as_bytes());
        self.bytes(key.as_bytes());
        self.0.push(1);
        self.bytes(body);
        self.number(fields.clone().count() as u64);
        for (name, value) in fields {
            self.bytes(name.as_bytes());
            match value {
                FieldValue::Integer(number) => {
                    self.0.push(0);
                    self.signed(*number);
                }
                FieldValue::Text(text) => {
                    self.0.push(1);
                    self.bytes(text.as_bytes());
                }
            }
        }
    }

    fn deletion(&mut self, collection: &str, key: &str) {
        self.bytes(collection.as_bytes());
        self.bytes(key.as_bytes());
        self.0.push(0);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63).cast_unsigned());
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }
}

fn bytes_of(writes: &[Write]) -> usize {
    let bytes = |write: &Write| match write {
        Write::Put { document, .. } => document.key.len() + document.body.len() + 2 * EVENT_BYTES,
        Write::Delete { key, .. } => key.len() + EVENT_BYTES,
    };
    writes.iter().map(bytes).sum()
}

fn bytes_of_indexed(writes: &[IndexedWrite<'_>]) -> usize {
    let bytes = |write: &IndexedWrite<'_>| {
        let body = write.document.as_ref().map_or(0, |(body, _)| body.len());
        write.key.len() + body + 2 * EVENT_BYTES
    };
    writes.iter().map(bytes).sum()
}

/// Reader of the parts of a record, from the front; `None` means damage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a>(pub(crate) &'a [u8]);

impl<'a> Parts<'a> {
    /// View of the whole record.
    pub(crate) fn record(mut self) -> Option<RecordView<'a>> {
        let kind = self.byte()?;
        let service = self.bytes()?;
        let operation = match kind {
            START => RecordOperation::Start,
            APPEND => {
                let stream = self.bytes()?;
                let (first_version, count, origin) =
                    (self.number()?, self.number()?, self.bytes()?);
                RecordOperation::Append(AppendView {
                    stream,
                    first_version,
                    count,
                    origin,
                    rest: self,
                })
            }
            DOCUMENTS => RecordOperation::Documents(self),
            VALUE => {
                let (key, kind) = (self.bytes()?, self.byte()?);
                let expires_at = if kind == 2 { Some(self.signed()?) } else { None };
                let entry = if kind == 0 {
                    None
                } else {
                    Some(ValueView { value: self.bytes()?, expires_at })
                };
                RecordOperation::Value { key, entry }
            }
            SWEEP => RecordOperation::Sweep { key: self.number()?, order: self.number()? },
            SNAPSHOT => RecordOperation::Snapshot {
                name: self.bytes()?,
                position: self.number()?,
                data: self.bytes()?,
            },
            DELETE_STREAM => RecordOperation::DeleteStream { stream: self.bytes()? },
            _ => return None,
        };
        Some(RecordView { service, operation })
    }

    fn event(&mut self) -> Option<(Uuid, &'a [u8], Timestamp, &'a [u8])> {
        let id = Uuid::from_slice(self.take(16)?).ok()?;
        let name = self.bytes()?;
        let (second, nanosecond) = (self.signed()?, i32::try_from(self.signed()?).ok()?);
        Some((id, name, Timestamp::new(second, nanosecond).ok()?, self.bytes()?))
    }

    fn writes(&mut self, service: &'a str) -> Option<Vec<IndexedWrite<'a>>> {
        let count = self.number()?;
        let write = |parts: &mut Self| {
            let (collection, key) = (parts.text()?, parts.text()?);
            let document = if parts.byte()? == 0 {
                None
            } else {
                let (body, fields) = (parts.bytes()?, parts.number()?);
                Some((body, (0..fields).map(|_| parts.field()).collect::<Option<_>>()?))
            };
            Some(IndexedWrite { service, collection, key, document })
        };
        (0..count).map(|_| write(self)).collect()
    }

    fn field(&mut self) -> Option<(&'a str, FieldValue)> {
        let name = self.text()?;
        let value = match self.byte()? {
            0 => FieldValue::Integer(self.signed()?),
            _ => FieldValue::Text(self.text()?.to_owned()),
        };
        Some((name, value))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.take(count)
    }

    fn text(&mut self) -> Option<&'a str> {
        text(self.bytes()?)
    }
}

/// Text of these bytes; `None` means damage.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
