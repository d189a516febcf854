//! Log record: the encoding of a batch of write operations as one row of the log.
//!
//! Format 1: the byte 1; then for each operation its kind (1 byte), the service's name, and its parts. Text and bytes are
//! prefixed by their length (4 bytes); numbers have 8 bytes; all are little-endian. An optional part is prefixed by a byte
//! that is 1 when it is present and 0 when it is absent.

use crate::{
    append_row::AppendRow,
    write_operation::{QueuedWrite, ValueEntry, WriteOperation},
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use journal::Snapshot;
use std::sync::Arc;
use storage::{FieldValue, StorageError, Write};

const FORMAT: u8 = 1;

const APPEND: u8 = 1;
const DOCUMENTS: u8 = 2;
const VALUE: u8 = 3;
const SWEEP: u8 = 4;
const SNAPSHOT: u8 = 5;
const DELETE_STREAM: u8 = 6;

const PUT: u8 = 1;
const DELETE: u8 = 2;

const INTEGER: u8 = 1;
const TEXT: u8 = 2;

/// Estimate of what the encoding adds to an operation, in bytes.
const FRAME_BYTES: usize = 128;

/// Log record: an operation as recovery reads it back, without the declarations that the program had when it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogRecord {
    pub(crate) service: String,
    pub(crate) operation: WriteOperation<LoggedWrite>,
}

/// Write to a document; a deletion has no document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoggedWrite {
    pub(crate) collection: String,
    pub(crate) key: String,
    pub(crate) document: Option<LoggedDocument>,
}

/// Body and fields of a document that was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoggedDocument {
    pub(crate) body: Bytes,
    pub(crate) fields: Vec<(String, FieldValue)>,
}

/// Encodes a batch.
pub(crate) fn encode(batch: &[QueuedWrite]) -> Bytes {
    let payload = batch.iter().map(|queued| queued.operation.bytes() + FRAME_BYTES).sum::<usize>();
    let mut into = BytesMut::with_capacity(payload);
    into.put_u8(FORMAT);
    for queued in batch {
        put_operation(&mut into, queued.service.name(), &queued.operation);
    }
    into.freeze()
}

fn put_operation(into: &mut BytesMut, service: &str, operation: &WriteOperation) {
    let mut begin = |kind| {
        into.put_u8(kind);
        put_bytes(into, service.as_bytes());
    };
    match operation {
        WriteOperation::Append { row, writes } => {
            begin(APPEND);
            put_bytes(into, row.stream.as_bytes());
            into.put_u64_le(row.first_version);
            into.put_u64_le(row.first_position);
            into.put_u64_le(row.count);
            put_bytes(into, &row.events);
            put_writes(into, writes);
        }
        WriteOperation::Documents(writes) => {
            begin(DOCUMENTS);
            put_writes(into, writes);
        }
        // Never logged: the writer creates the table before it commits the batch.
        WriteOperation::Collection(_) => {}
        WriteOperation::Value { key, entry } => {
            begin(VALUE);
            put_bytes(into, key.as_bytes());
            put_option(into, entry.as_ref(), |into, entry| {
                put_bytes(into, &entry.value);
                put_option(into, entry.expires_at, BytesMut::put_i64_le);
            });
        }
        WriteOperation::Sweep { keys, now } => {
            begin(SWEEP);
            into.put_i64_le(*now);
            put_count(into, keys.len());
            for key in keys {
                put_bytes(into, key.as_bytes());
            }
        }
        WriteOperation::Snapshot { name, snapshot } => {
            begin(SNAPSHOT);
            put_bytes(into, name.as_bytes());
            into.put_u64_le(snapshot.position);
            put_bytes(into, &snapshot.data);
        }
        WriteOperation::DeleteStream { stream } => {
            begin(DELETE_STREAM);
            put_bytes(into, stream.as_bytes());
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
    let count = u32::try_from(count).expect("records and lists are limited to far less than 2^32");
    into.put_u32_le(count);
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

/// Decodes the batch whose last operation has `position`.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when the bytes are not what [`encode`] writes.
pub(crate) fn decode(position: u64, batch: Vec<u8>) -> Result<Vec<LogRecord>, StorageError> {
    let mut reader = RecordReader(Bytes::from(batch));
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

/// Reader of the parts of a batch, from the front; `None` means damage.
struct RecordReader(Bytes);

impl RecordReader {
    fn record(&mut self) -> Option<LogRecord> {
        let kind = self.byte()?;
        let service = self.text()?;
        let operation = match kind {
            APPEND => {
                let stream = self.text()?;
                let (first_version, first_position) = (self.number()?, self.number()?);
                let (count, events) = (self.number()?, self.bytes()?);
                let row = AppendRow {
                    stream,
                    first_version,
                    first_position,
                    count,
                    events,
                    typed: Vec::new(),
                };
                WriteOperation::Append { row: Arc::new(row), writes: self.list(Self::write)? }
            }
            DOCUMENTS => WriteOperation::Documents(self.list(Self::write)?),
            VALUE => WriteOperation::Value { key: self.text()?, entry: self.option(Self::entry)? },
            SWEEP => {
                let now = self.0.try_get_i64_le().ok()?;
                WriteOperation::Sweep { keys: self.list(Self::text)?, now }
            }
            SNAPSHOT => {
                let name = self.text()?;
                let snapshot = Snapshot { position: self.number()?, data: self.bytes()? };
                WriteOperation::Snapshot { name, snapshot }
            }
            DELETE_STREAM => WriteOperation::DeleteStream { stream: self.text()? },
            _ => return None,
        };
        Some(LogRecord { service, operation })
    }

    fn write(&mut self) -> Option<LoggedWrite> {
        let kind = self.byte()?;
        let (collection, key) = (self.text()?, self.text()?);
        let document = match kind {
            PUT => Some(LoggedDocument { body: self.bytes()?, fields: self.list(Self::field)? }),
            DELETE => None,
            _ => return None,
        };
        Some(LoggedWrite { collection, key, document })
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

    fn entry(&mut self) -> Option<ValueEntry> {
        let value = self.bytes()?;
        let expires_at = self.option(|reader| reader.0.try_get_i64_le().ok())?;
        Some(ValueEntry { value, expires_at })
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.try_get_u8().ok()
    }

    /// Reads a number; one that no column could hold is damage.
    fn number(&mut self) -> Option<u64> {
        self.0.try_get_u64_le().ok().filter(|number| i64::try_from(*number).is_ok())
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

    #[expect(clippy::option_option, reason = "damaged, or absent, or present")]
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
    use crate::service::SqliteService;
    use storage::{Collection, Document};

    static THINGS: Collection = Collection { name: "things", indexes: &[] };

    fn batch() -> Vec<QueuedWrite> {
        let service = Arc::new(SqliteService::new("a-service", 0, None));
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
        let row = AppendRow {
            stream,
            first_version: 2,
            first_position: 7,
            count: 1,
            events,
            typed: Vec::new(),
        };
        let entry = ValueEntry { value: Bytes::from_static(b"v"), expires_at: Some(-5) };
        let snapshot = Snapshot { position: 6, data: Bytes::from_static(b"state") };
        let operations = [
            WriteOperation::Append { row: Arc::new(row), writes: writes() },
            WriteOperation::Documents(writes()),
            WriteOperation::Collection(&THINGS),
            WriteOperation::Value { key: "k".into(), entry: Some(entry) },
            WriteOperation::Value { key: "k".into(), entry: None },
            WriteOperation::Sweep { keys: vec!["a".into(), "b".into()], now: 9 },
            WriteOperation::Snapshot { name: "n".into(), snapshot },
            WriteOperation::DeleteStream { stream: "s".into() },
        ];
        let queued =
            |operation| QueuedWrite { position: 7, service: Arc::clone(&service), operation };
        operations.into_iter().map(queued).collect()
    }

    #[test]
    fn every_operation_survives_encoding_and_decoding() {
        let records = decode(7, encode(&batch()).to_vec()).unwrap();
        assert!(records.iter().all(|record| record.service == "a-service"));
        let [append, documents, value, removed, sweep, snapshot, deleted] = records.as_slice()
        else {
            panic!("{records:?}")
        };
        let WriteOperation::Append { row, writes } = &append.operation else {
            panic!("{append:?}")
        };
        let header = (row.stream.as_str(), row.first_version, row.first_position, row.count);
        assert_eq!((header, &row.events[..]), (("s", 2, 7, 1), &b"events"[..]));
        let fields = vec![
            ("size".into(), FieldValue::Integer(-3)),
            ("name".into(), FieldValue::Text("n".into())),
        ];
        let body = Bytes::from_static(b"{}");
        let write = |key: &str, document| {
            let (collection, key) = ("things".to_owned(), key.to_owned());
            LoggedWrite { collection, key, document }
        };
        assert_eq!(
            *writes,
            [write("k", Some(LoggedDocument { body, fields })), write("gone", None)]
        );
        assert!(matches!(&documents.operation, WriteOperation::Documents(same) if same == writes));
        assert!(matches!(
            &value.operation,
            WriteOperation::Value { key, entry: Some(entry) } if key == "k" && entry.expires_at == Some(-5)
        ));
        assert!(matches!(&removed.operation, WriteOperation::Value { entry: None, .. }));
        assert!(
            matches!(&sweep.operation, WriteOperation::Sweep { keys, now: 9 } if keys.len() == 2)
        );
        assert!(
            matches!(&snapshot.operation, WriteOperation::Snapshot { snapshot, .. } if snapshot.position == 6)
        );
        let stream = "s".to_owned();
        assert_eq!(deleted.operation, WriteOperation::DeleteStream { stream });
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        let whole = encode(&batch()).to_vec();
        let count = decode(7, whole.clone()).unwrap().len();
        for length in 0..whole.len() {
            // A batch cut between two operations decodes as a shorter one; the database guards its length.
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
