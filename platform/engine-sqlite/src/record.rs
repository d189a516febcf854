//! The operations of one batch as one piece of bytes: what the log holds until the tables have it.
//!
//! Version 1: the byte 1; then for each operation its kind (one byte), the service's name, and its parts. Text and
//! bytes have their length before them in 4 bytes, numbers have 8, all little-endian; what may be missing has a byte
//! before it that says whether it is there.

use crate::{
    encoding::Row,
    operation::{Entry, Operation, Queued},
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use storage::{FieldValue, StorageError, Write};

const FORMAT: u8 = 1;

const APPEND: u8 = 1;
const DOCUMENTS: u8 = 2;
const VALUE: u8 = 3;
const SWEEP: u8 = 4;
const SNAPSHOT: u8 = 5;

const PUT: u8 = 1;
const DELETE: u8 = 2;

const INTEGER: u8 = 1;
const TEXT: u8 = 2;

/// An operation as it is read back, without the declarations the program had when it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) service: String,
    pub(crate) change: Change,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Append { row: Row, writes: Vec<DocumentWrite> },
    Documents(Vec<DocumentWrite>),
    Value { key: String, entry: Option<Entry> },
    Sweep { keys: Vec<String>, now: i64 },
    Snapshot { name: String, position: u64, data: Bytes },
}

/// A document that was put, or removed when it has no content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentWrite {
    pub(crate) collection: String,
    pub(crate) key: String,
    pub(crate) content: Option<Content>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) body: Bytes,
    pub(crate) fields: Vec<(String, FieldValue)>,
}

pub(crate) fn encode(batch: &[Queued]) -> Bytes {
    let payload = batch.iter().map(|queued| queued.operation.bytes() + 128).sum::<usize>();
    let mut into = BytesMut::with_capacity(payload);
    into.put_u8(FORMAT);
    for queued in batch {
        put_operation(&mut into, queued.service.name(), &queued.operation);
    }
    into.freeze()
}

fn put_operation(into: &mut BytesMut, service: &str, operation: &Operation) {
    let mut begin = |kind| {
        into.put_u8(kind);
        put_bytes(into, service.as_bytes());
    };
    match operation {
        Operation::Append { row, writes } => {
            begin(APPEND);
            put_bytes(into, row.stream.as_bytes());
            into.put_u64_le(row.first_version);
            into.put_u64_le(row.first_position);
            into.put_u64_le(row.count);
            put_bytes(into, &row.events);
            put_writes(into, writes);
        }
        Operation::Documents(writes) => {
            begin(DOCUMENTS);
            put_writes(into, writes);
        }
        // The writer has made the table before it commits the batch.
        Operation::Collection(_) => {}
        Operation::Value { key, entry } => {
            begin(VALUE);
            put_bytes(into, key.as_bytes());
            put_option(into, entry.as_ref(), |into, entry| {
                put_bytes(into, &entry.value);
                put_option(into, entry.expires_at, BytesMut::put_i64_le);
            });
        }
        Operation::Sweep { keys, now } => {
            begin(SWEEP);
            into.put_i64_le(*now);
            put_count(into, keys.len());
            for key in keys {
                put_bytes(into, key.as_bytes());
            }
        }
        Operation::Snapshot { name, snapshot } => {
            begin(SNAPSHOT);
            put_bytes(into, name.as_bytes());
            into.put_u64_le(snapshot.position);
            put_bytes(into, &snapshot.data);
        }
    }
}

fn put_writes(into: &mut BytesMut, writes: &[Write]) {
    put_count(into, writes.len());
    for write in writes {
        match write {
            Write::Put { collection, document } => {
                into.put_u8(PUT);
                put_bytes(into, collection.name.as_bytes());
                put_bytes(into, document.key.as_bytes());
                put_bytes(into, &document.body);
                put_count(into, document.fields.len());
                for (name, value) in &document.fields {
                    put_bytes(into, name.as_bytes());
                    match value {
                        FieldValue::Integer(number) => {
                            into.put_u8(INTEGER);
                            into.put_i64_le(*number);
                        }
                        FieldValue::Text(text) => {
                            into.put_u8(TEXT);
                            put_bytes(into, text.as_bytes());
                        }
                    }
                }
            }
            Write::Delete { collection, key } => {
                into.put_u8(DELETE);
                put_bytes(into, collection.name.as_bytes());
                put_bytes(into, key.as_bytes());
            }
        }
    }
}

fn put_count(into: &mut BytesMut, count: usize) {
    // What is counted and measured here was checked against limits far below what four bytes hold.
    into.put_u32_le(u32::try_from(count).unwrap_or(u32::MAX));
}

fn put_bytes(into: &mut BytesMut, bytes: &[u8]) {
    put_count(into, bytes.len());
    into.put_slice(bytes);
}

fn put_option<T>(into: &mut BytesMut, option: Option<T>, put: impl FnOnce(&mut BytesMut, T)) {
    into.put_u8(u8::from(option.is_some()));
    if let Some(value) = option {
        put(into, value);
    }
}

/// The operations of the batch whose last one stands at `position`.
pub(crate) fn decode(position: u64, batch: Vec<u8>) -> Result<Vec<Record>, StorageError> {
    let mut reader = Reader(Bytes::from(batch));
    let mut records = Vec::new();
    let read = (|| {
        (reader.byte()? == FORMAT).then_some(())?;
        while !reader.0.is_empty() {
            records.push(reader.record()?);
        }
        Some(())
    })();
    let damaged =
        || StorageError::Corrupt(format!("the batch up to position {position} is damaged"));
    read.map(|()| records).ok_or_else(damaged)
}

/// Reads parts off the front; `None` when they are not what they should be.
struct Reader(Bytes);

impl Reader {
    fn record(&mut self) -> Option<Record> {
        let kind = self.byte()?;
        let service = self.text()?;
        let change = match kind {
            APPEND => {
                let stream = self.text()?;
                let (first_version, first_position) = (self.number()?, self.number()?);
                let (count, events) = (self.number()?, self.bytes()?);
                let row = Row { stream, first_version, first_position, count, events };
                Change::Append { row, writes: self.list(Self::write)? }
            }
            DOCUMENTS => Change::Documents(self.list(Self::write)?),
            VALUE => Change::Value { key: self.text()?, entry: self.option(Self::entry)? },
            SWEEP => {
                let now = self.0.try_get_i64_le().ok()?;
                Change::Sweep { keys: self.list(Self::text)?, now }
            }
            SNAPSHOT => Change::Snapshot {
                name: self.text()?,
                position: self.number()?,
                data: self.bytes()?,
            },
            _ => return None,
        };
        Some(Record { service, change })
    }

    fn write(&mut self) -> Option<DocumentWrite> {
        let kind = self.byte()?;
        let (collection, key) = (self.text()?, self.text()?);
        let content = match kind {
            PUT => Some(Content { body: self.bytes()?, fields: self.list(Self::field)? }),
            DELETE => None,
            _ => return None,
        };
        Some(DocumentWrite { collection, key, content })
    }

    fn field(&mut self) -> Option<(String, FieldValue)> {
        let name = self.text()?;
        let value = match self.byte()? {
            INTEGER => FieldValue::Integer(self.0.try_get_i64_le().ok()?),
            TEXT => FieldValue::Text(self.text()?),
            _ => return None,
        };
        Some((name, value))
    }

    fn entry(&mut self) -> Option<Entry> {
        let value = self.bytes()?;
        let expires_at = self.option(|reader| reader.0.try_get_i64_le().ok())?;
        Some(Entry { value, expires_at })
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.try_get_u8().ok()
    }

    fn number(&mut self) -> Option<u64> {
        self.0.try_get_u64_le().ok()
    }

    fn bytes(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.0.try_get_u32_le().ok()?).ok()?;
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.into()).ok()
    }

    fn list<T>(&mut self, mut part: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.0.try_get_u32_le().ok()?;
        (0..count).map(|_| part(self)).collect()
    }

    #[expect(clippy::option_option, reason = "damaged, or missing, or there: as everywhere here")]
    fn option<T>(&mut self, part: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => part(self).map(Some),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;
    use journal::Snapshot;
    use std::sync::Arc;
    use storage::{Collection, Document};

    static THINGS: Collection = Collection { name: "things", indexes: &[] };

    fn batch() -> Vec<Queued> {
        let service = Arc::new(Service::new("a-service", 0, None));
        let document = Document {
            key: "k".into(),
            body: Bytes::from_static(b"{}"),
            fields: vec![("size", FieldValue::Integer(-3)), ("name", FieldValue::Text("n".into()))],
        };
        let writes = || {
            vec![
                Write::Put { collection: &THINGS, document: document.clone() },
                Write::Delete { collection: &THINGS, key: "gone".into() },
            ]
        };
        let (stream, events) = ("s".to_owned(), Bytes::from_static(b"events"));
        let row = Row { stream, first_version: 2, first_position: 7, count: 1, events };
        let entry = Entry { value: Bytes::from_static(b"v"), expires_at: Some(-5) };
        let snapshot = Snapshot { position: 6, data: Bytes::from_static(b"state") };
        let operations = [
            Operation::Append { row: Arc::new(row), writes: writes() },
            Operation::Documents(writes()),
            Operation::Collection(&THINGS),
            Operation::Value { key: "k".into(), entry: Some(entry) },
            Operation::Value { key: "k".into(), entry: None },
            Operation::Sweep { keys: vec!["a".into(), "b".into()], now: 9 },
            Operation::Snapshot { name: "n".into(), snapshot },
        ];
        let queued = |operation| Queued { position: 7, service: Arc::clone(&service), operation };
        operations.into_iter().map(queued).collect()
    }

    #[test]
    fn every_operation_comes_back() {
        let records = decode(7, encode(&batch()).to_vec()).unwrap();
        assert!(records.iter().all(|record| record.service == "a-service"));
        let [append, documents, value, removed, sweep, snapshot] = records.as_slice() else {
            panic!("{records:?}")
        };
        let Change::Append { row, writes } = &append.change else { panic!("{append:?}") };
        let place = (row.stream.as_str(), row.first_version, row.first_position, row.count);
        assert_eq!((place, &row.events[..]), (("s", 2, 7, 1), &b"events"[..]));
        let fields = vec![
            ("size".into(), FieldValue::Integer(-3)),
            ("name".into(), FieldValue::Text("n".into())),
        ];
        let body = Bytes::from_static(b"{}");
        let write = |key: &str, content| {
            let (collection, key) = ("things".to_owned(), key.to_owned());
            DocumentWrite { collection, key, content }
        };
        assert_eq!(*writes, [write("k", Some(Content { body, fields })), write("gone", None)]);
        assert!(matches!(&documents.change, Change::Documents(same) if same == writes));
        assert!(matches!(
            &value.change,
            Change::Value { key, entry: Some(entry) } if key == "k" && entry.expires_at == Some(-5)
        ));
        assert!(matches!(&removed.change, Change::Value { entry: None, .. }));
        assert!(matches!(&sweep.change, Change::Sweep { keys, now: 9 } if keys.len() == 2));
        assert!(matches!(&snapshot.change, Change::Snapshot { position: 6, .. }));
    }

    #[test]
    fn every_kind_of_damage_is_an_error_and_not_a_panic() {
        let whole = encode(&batch()).to_vec();
        let count = decode(7, whole.clone()).unwrap().len();
        for length in 0..whole.len() {
            // What ends between two operations is whole as far as it goes; the database guards the length.
            let shorter = decode(7, whole[..length].to_vec());
            assert!(shorter.is_err() || shorter.unwrap().len() < count, "{length} bytes");
        }
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 0xff;
            let _ = decode(7, bytes);
        }
    }
}
