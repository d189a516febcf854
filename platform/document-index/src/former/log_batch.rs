//! Log batch: write operations that were flushed as one row of the log, and not yet applied to the tables.
//!
//! Format 1: the byte 1; then for each operation its kind (1 byte), the service's name, and its parts. Text and bytes are
//! prefixed by their length (4 bytes); numbers have 8 bytes; all are little-endian. An optional part is prefixed by a byte
//! that is 1 when it is present and 0 when it is absent.

use super::append_row::AppendRow;
use bytes::Buf;
use storage::FieldValue;

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

/// Write operation of a service.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LoggedOperation {
    /// Appends events, and writes documents in the same commit.
    Append { row: AppendRow, writes: Vec<LoggedWrite> },
    /// Writes documents.
    Documents(Vec<LoggedWrite>),
    /// Sets a value, or removes it; with its expiry in microseconds since the epoch.
    Value { key: String, entry: Option<(Vec<u8>, Option<i64>)> },
    /// Deletes those of these values that have expired by `now`, in microseconds since the epoch.
    Sweep { keys: Vec<String>, now: i64 },
    /// Saves a snapshot in place of an older one.
    Snapshot { name: String, position: u64, data: Vec<u8> },
    /// Deletes a stream with its events.
    DeleteStream { stream: String },
}

/// Write to a document: its body and fields; a deletion has none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoggedWrite {
    pub(super) collection: String,
    pub(super) key: String,
    pub(super) document: Option<LoggedDocument>,
}

/// Body and fields of a document.
pub(super) type LoggedDocument = (Vec<u8>, Vec<(String, FieldValue)>);

/// Decodes a batch: its operations with the names of their services; `None` means damage.
pub(super) fn decode(batch: &[u8]) -> Option<Vec<(String, LoggedOperation)>> {
    let mut reader = BatchReader(batch);
    (reader.byte()? == FORMAT).then_some(())?;
    let mut operations = Vec::new();
    while !reader.0.is_empty() {
        operations.push(reader.operation()?);
    }
    Some(operations)
}

/// Reader of the parts of a batch, from the front; `None` means damage.
struct BatchReader<'batch>(&'batch [u8]);

impl BatchReader<'_> {
    fn operation(&mut self) -> Option<(String, LoggedOperation)> {
        let kind = self.byte()?;
        let service = self.text()?;
        let operation = match kind {
            APPEND => {
                let stream = self.text()?;
                let (first_version, first_position) = (self.number()?, self.number()?);
                let (count, events) = (self.number()?, self.bytes()?);
                let row = AppendRow { stream, first_version, first_position, count, events };
                LoggedOperation::Append { row, writes: self.list(Self::write)? }
            }
            DOCUMENTS => LoggedOperation::Documents(self.list(Self::write)?),
            VALUE => LoggedOperation::Value { key: self.text()?, entry: self.option(Self::entry)? },
            SWEEP => {
                let now = self.0.try_get_i64_le().ok()?;
                LoggedOperation::Sweep { keys: self.list(Self::text)?, now }
            }
            SNAPSHOT => {
                let (name, position) = (self.text()?, self.number()?);
                LoggedOperation::Snapshot { name, position, data: self.bytes()? }
            }
            DELETE_STREAM => LoggedOperation::DeleteStream { stream: self.text()? },
            _ => return None,
        };
        Some((service, operation))
    }

    fn write(&mut self) -> Option<LoggedWrite> {
        let kind = self.byte()?;
        let (collection, key) = (self.text()?, self.text()?);
        let document = match kind {
            PUT => Some((self.bytes()?, self.list(Self::field)?)),
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

    fn entry(&mut self) -> Option<(Vec<u8>, Option<i64>)> {
        Some((self.bytes()?, self.option(|reader| reader.0.try_get_i64_le().ok())?))
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.try_get_u8().ok()
    }

    /// Reads a number; one that no column could hold is damage.
    fn number(&mut self) -> Option<u64> {
        self.0.try_get_u64_le().ok().filter(|number| i64::try_from(*number).is_ok())
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.0.try_get_u32_le().ok()?).ok()?;
        self.0.split_off(..length).map(<[u8]>::to_vec)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
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

    fn text(text: &str) -> Vec<u8> {
        [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
    }

    /// Batch with every kind of operation, as the engine of format 4 wrote it.
    fn batch() -> Vec<u8> {
        let number = |number: u64| number.to_le_bytes().to_vec();
        let writes = || {
            let put = [vec![PUT], text("things"), text("k"), text("{}"), vec![2, 0, 0, 0]].concat();
            let size = [text("size"), vec![INTEGER], (-3_i64).to_le_bytes().to_vec()].concat();
            let name = [text("name"), vec![TEXT], text("n")].concat();
            let deleted = [vec![DELETE], text("things"), text("gone")].concat();
            [vec![2, 0, 0, 0], put, size, name, deleted].concat()
        };
        let of = |kind: u8| [vec![kind], text("a-service")].concat();
        let expiry = [vec![1], (-5_i64).to_le_bytes().to_vec()].concat();
        [
            vec![FORMAT],
            [of(APPEND), text("s"), number(2), number(7), number(1), text("events"), writes()]
                .concat(),
            [of(DOCUMENTS), writes()].concat(),
            [of(VALUE), text("k"), vec![1], text("v"), expiry].concat(),
            [of(VALUE), text("k"), vec![0]].concat(),
            [of(SWEEP), 9_i64.to_le_bytes().to_vec(), vec![2, 0, 0, 0], text("a"), text("b")]
                .concat(),
            [of(SNAPSHOT), text("n"), number(6), text("state")].concat(),
            [of(DELETE_STREAM), text("s")].concat(),
        ]
        .concat()
    }

    #[test]
    fn every_operation_is_decoded() {
        let operations = decode(&batch()).unwrap();
        assert!(operations.iter().all(|(service, _)| service == "a-service"));
        let write = |key: &str, document| {
            let (collection, key) = ("things".to_owned(), key.to_owned());
            LoggedWrite { collection, key, document }
        };
        let writes = || {
            let fields = vec![
                ("size".into(), FieldValue::Integer(-3)),
                ("name".into(), FieldValue::Text("n".into())),
            ];
            vec![write("k", Some((b"{}".to_vec(), fields))), write("gone", None)]
        };
        let (stream, events) = ("s".to_owned(), b"events".to_vec());
        let row = AppendRow { stream, first_version: 2, first_position: 7, count: 1, events };
        let key = || "k".to_owned();
        let expected = [
            LoggedOperation::Append { row, writes: writes() },
            LoggedOperation::Documents(writes()),
            LoggedOperation::Value { key: key(), entry: Some((b"v".to_vec(), Some(-5))) },
            LoggedOperation::Value { key: key(), entry: None },
            LoggedOperation::Sweep { keys: vec!["a".into(), "b".into()], now: 9 },
            LoggedOperation::Snapshot { name: "n".into(), position: 6, data: b"state".to_vec() },
            LoggedOperation::DeleteStream { stream: "s".into() },
        ];
        let operations: Vec<_> = operations.into_iter().map(|(_, operation)| operation).collect();
        assert_eq!(operations, expected);
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        let whole = batch();
        let count = decode(&whole).unwrap().len();
        for length in 0..whole.len() {
            // A batch cut between two operations decodes as a shorter one; the database guards its length.
            assert!(decode(&whole[..length]).is_none_or(|it| it.len() < count), "{length} bytes");
        }
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 0xff;
            let _ = decode(&bytes);
        }
    }
}
