//! Stored records: what an engine has of a service in the form in which it is stored, for moves from one engine to another and for
//! backups. Personal data in events stays encrypted.

use crate::{RecordedEvent, Snapshot};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use storage::{Collection, FieldValue};

/// Record of a service as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredRecord {
    /// Event, with its data as it is stored.
    Event(RecordedEvent),
    /// Snapshot of a projection.
    Snapshot {
        /// Name that it is saved under.
        name: String,
        /// The snapshot.
        snapshot: Snapshot,
    },
    /// Document.
    Document {
        /// Name of its collection.
        collection: String,
        /// Key within the collection.
        key: String,
        /// Body.
        body: Bytes,
        /// Indexed fields, by name.
        fields: Vec<(String, FieldValue)>,
    },
    /// Value of the key-value store.
    Value {
        /// Key.
        key: String,
        /// Value.
        value: Bytes,
        /// Expiry, in microseconds since the epoch.
        expires_at: Option<i64>,
    },
}

impl StoredRecord {
    /// Bytes of its data, near enough to limit a batch.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Event(event) => event.stream.len() + event.name.len() + event.data.len() + 64,
            Self::Snapshot { name, snapshot } => name.len() + snapshot.data.len(),
            Self::Document { collection, key, body, .. } => {
                collection.len() + key.len() + body.len()
            }
            Self::Value { key, value, .. } => key.len() + value.len(),
        }
    }
}

/// Fields of a document by which an index of its collection finds it, in the order of their names. An index finds no document that
/// lacks one of its fields, and no index finds one of a collection that is not declared.
pub fn indexed_fields<'a>(
    collections: &[&'static Collection],
    collection: &str,
    fields: &'a [(String, FieldValue)],
) -> Vec<(&'a str, &'a FieldValue)> {
    let Some(declared) = collections.iter().find(|it| it.name == collection) else {
        return Vec::new();
    };
    let has = |name: &str| fields.iter().any(|(field, _)| field == name);
    let complete = declared.indexes.iter().filter(|index| index.fields.iter().all(|it| has(it)));
    let names: Vec<&str> = complete.flat_map(|index| index.fields).copied().collect();
    let mut found: Vec<_> = fields
        .iter()
        .filter(|(name, _)| names.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Count and checksum of the records of a service, whatever the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordDigest {
    /// Number of events.
    pub events: u64,
    /// Number of documents.
    pub documents: u64,
    /// Number of values.
    pub values: u64,
    /// Number of snapshots.
    pub snapshots: u64,
    /// Position of the last event.
    pub last_position: u64,
    /// Sum of the digests of all records.
    sum: [u64; 4],
}

impl RecordDigest {
    /// Adds a record of a service that declares these collections.
    pub fn add(&mut self, record: &StoredRecord, collections: &[&'static Collection]) {
        let mut hash = RecordHash(Sha256::new());
        match record {
            StoredRecord::Event(event) => {
                self.events += 1;
                self.last_position = self.last_position.max(event.position);
                hash.parts(b"event", &[event.stream.as_bytes(), event.name.as_bytes()]);
                hash.number(event.position);
                hash.number(event.version);
                hash.parts(event.id.as_bytes(), &[&event.data]);
                hash.number(event.recorded_at.as_second().cast_unsigned());
                hash.number(u64::from(event.recorded_at.subsec_nanosecond().cast_unsigned()));
                let origin = event.origin.as_ref().map(ToString::to_string).unwrap_or_default();
                hash.part(origin.as_bytes());
            }
            StoredRecord::Snapshot { name, snapshot } => {
                self.snapshots += 1;
                hash.parts(b"snapshot", &[name.as_bytes(), &snapshot.data]);
                hash.number(snapshot.position);
            }
            StoredRecord::Document { collection, key, body, fields } => {
                self.documents += 1;
                hash.parts(b"document", &[collection.as_bytes(), key.as_bytes(), body]);
                for (name, value) in indexed_fields(collections, collection, fields) {
                    hash.part(name.as_bytes());
                    match value {
                        FieldValue::Integer(number) => hash.number(number.cast_unsigned()),
                        FieldValue::Text(text) => hash.part(text.as_bytes()),
                    }
                }
            }
            StoredRecord::Value { key, value, expires_at } => {
                self.values += 1;
                hash.parts(b"value", &[key.as_bytes(), value]);
                if let Some(at) = expires_at {
                    hash.number(at.cast_unsigned());
                }
            }
        }
        let digest = hash.0.finalize();
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(size_of::<u64>())) {
            let part = u64::from_le_bytes(part.try_into().expect("the chunks have 8 bytes"));
            *sum = sum.wrapping_add(part);
        }
    }

    /// Number of records.
    pub fn records(&self) -> u64 {
        self.events + self.documents + self.values + self.snapshots
    }

    /// Checksum for people to compare.
    pub fn checksum(&self) -> String {
        kernel::hex::encode(&self.sum[0].to_le_bytes())
    }
}

/// Hash of the parts of a record, each with its length.
struct RecordHash(Sha256);

impl RecordHash {
    fn parts(&mut self, first: &[u8], rest: &[&[u8]]) {
        self.part(first);
        for part in rest {
            self.part(part);
        }
    }

    fn part(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::Index;

    static NOTES: Collection = Collection {
        name: "notes",
        indexes: &[
            Index { name: "by_colour", fields: &["colour"] },
            Index { name: "by_size", fields: &["size", "colour"] },
        ],
    };

    fn note(body: &'static str, fields: &[(&str, i64)]) -> StoredRecord {
        StoredRecord::Document {
            collection: "notes".to_owned(),
            key: "note".to_owned(),
            body: Bytes::from_static(body.as_bytes()),
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), FieldValue::Integer(*value)))
                .collect(),
        }
    }

    fn value(key: &str, value: &'static str, expires_at: Option<i64>) -> StoredRecord {
        StoredRecord::Value { key: key.to_owned(), value: value.into(), expires_at }
    }

    fn digest(records: &[StoredRecord]) -> RecordDigest {
        let mut digest = RecordDigest::default();
        for record in records {
            digest.add(record, &[&NOTES]);
        }
        digest
    }

    #[test]
    fn a_digest_tells_what_the_records_are_and_not_in_which_order_they_come() {
        let [one, two] = [value("a", "1", None), value("b", "2", Some(3))];
        assert_eq!(digest(&[one.clone(), two.clone()]), digest(&[two.clone(), one.clone()]));
        let others = [value("a", "2", None), value("a", "1", Some(0)), value("ab", "", None)];
        for other in others {
            assert_ne!(digest(&[one.clone(), two.clone()]), digest(&[other, two.clone()]));
        }
        assert_ne!(digest(&[one.clone(), one]), digest(&[two.clone(), two]));
    }

    #[test]
    fn fields_count_as_far_as_an_index_finds_the_document_by_them() {
        let of = |fields: &[(&str, i64)]| digest(&[note("body", fields)]);
        assert_eq!(of(&[("colour", 1), ("size", 2)]), of(&[("size", 2), ("colour", 1)]));
        assert_ne!(of(&[("colour", 1), ("size", 2)]), of(&[("colour", 1)]));
        assert_ne!(of(&[("colour", 1)]), of(&[("colour", 2)]));
        assert_eq!(of(&[("size", 2)]), of(&[]), "no index has it");
        assert_eq!(of(&[("colour", 1), ("weight", 2)]), of(&[("colour", 1)]));
    }
}
