//! Chunk storage of activities: those of one feed batch, or one ingested batch, that fall into the same second.
//!
//! An order makes nine activities. A row with five indexes for each of them cost more than the order's own tables, so a
//! chunk is one row, with a header that holds a Bloom filter of its names; a search reads the headers first.

use super::bloom_filter::{self, FilterKey};
use bytes::{BufMut, Bytes, BytesMut};
use contracts::audit::Activity;
use kernel::{Timestamp, Uuid};
use std::collections::{BTreeMap, BTreeSet};
use storage::{Collection, Document, FieldValue, Index, StorageError, StoredDocument, Write};

/// Chunks: activities as JSON Lines. The collection keeps its first name, `bundles`, because it is stored.
pub(super) static CHUNKS: Collection = Collection { name: "bundles", indexes: &[] };

/// Chunk headers, under the keys of their chunks.
pub(super) static CHUNK_HEADERS: Collection = Collection {
    name: "bundle_summaries",
    indexes: &[Index { name: "by_second", fields: &["second"] }],
};

/// Marker collection, never stored: an activity as a document of its own until it is put into a chunk.
static ACTIVITIES: Collection = Collection { name: "activities", indexes: &[] };

/// Upper bound of a chunk in bytes, unless a single activity is larger.
const CHUNK_BYTES_MAX: usize = 128 * 1024;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Second of a timestamp since the Unix epoch.
pub(super) fn second_of(at: Timestamp) -> i64 {
    second_of_micros(at.as_microsecond())
}

/// Second that a microsecond falls into, both since the Unix epoch.
pub(super) fn second_of_micros(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_SECOND)
}

/// The first microsecond of a second.
pub(super) fn start_of(second: i64) -> i64 {
    second.saturating_mul(MICROS_PER_SECOND)
}

/// Write of one activity, for [`into_chunks`] to group.
pub(crate) fn activity_write(activity: &Activity) -> Result<Write, StorageError> {
    let body =
        serde_json::to_vec(activity).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let fields = vec![
        ("second", FieldValue::Integer(second_of(activity.at))),
        ("actor", FieldValue::Text(activity.actor.clone())),
        ("action", FieldValue::Text(activity.action.clone())),
        ("subject", FieldValue::Text(activity.subject.clone())),
    ];
    let document = Document { key: activity.id.to_string(), body: body.into(), fields };
    Ok(Write::Put { collection: &ACTIVITIES, document })
}

/// Groups the activities among these writes into chunks; other writes pass unchanged.
pub(crate) fn into_chunks(writes: Vec<Write>) -> Vec<Write> {
    let mut rest = Vec::new();
    let mut open: BTreeMap<i64, ChunkBuilder> = BTreeMap::new();
    for write in writes {
        match write {
            Write::Put { collection, document } if collection.name == ACTIVITIES.name => {
                let second = second(&document);
                let chunk = open.entry(second).or_default();
                if chunk.bytes + document.body.len() > CHUNK_BYTES_MAX {
                    rest.extend(std::mem::take(chunk).finish(second));
                }
                chunk.bytes += document.body.len();
                chunk.activities.push(document);
            }
            other => rest.push(other),
        }
    }
    rest.extend(open.into_iter().flat_map(|(second, chunk)| chunk.finish(second)));
    rest
}

/// Builder of one chunk.
#[derive(Default)]
struct ChunkBuilder {
    activities: Vec<Document>,
    bytes: usize,
}

impl ChunkBuilder {
    fn finish(self, second: i64) -> Vec<Write> {
        if self.activities.is_empty() {
            return Vec::new();
        }
        let mut body = BytesMut::with_capacity(self.bytes + self.activities.len());
        let mut names = BTreeSet::new();
        let mut ids = String::new();
        for activity in &self.activities {
            body.put_slice(&activity.body);
            body.put_u8(b'\n');
            names.extend(filter_keys(activity));
            ids.push_str(&activity.key);
        }
        // The key is derived from the activities: a batch that is sent again overwrites itself.
        let key = Uuid::new_v5(&Uuid::nil(), ids.as_bytes()).to_string();
        let header = ChunkHeader { second, names: bloom_filter::build(names.into_iter()) };
        let fields = vec![("second", FieldValue::Integer(second))];
        let header = Document { key: key.clone(), body: header.encode(), fields };
        let chunk = Document { key, body: body.freeze(), fields: Vec::new() };
        vec![
            Write::Put { collection: &CHUNKS, document: chunk },
            Write::Put { collection: &CHUNK_HEADERS, document: header },
        ]
    }
}

fn second(activity: &Document) -> i64 {
    let found = activity.fields.iter().find_map(|(name, value)| match value {
        FieldValue::Integer(second) if *name == "second" => Some(*second),
        _ => None,
    });
    found.unwrap_or_default()
}

fn filter_keys(activity: &Document) -> impl Iterator<Item = FilterKey<'_>> {
    activity.fields.iter().filter_map(|(field, value)| match (*field, value) {
        ("actor", FieldValue::Text(name)) => Some(FilterKey::Actor(name)),
        ("action", FieldValue::Text(name)) => Some(FilterKey::Action(name)),
        ("subject", FieldValue::Text(name)) => Some(FilterKey::Subject(name)),
        _ => None,
    })
}

/// Header of a chunk: its second, and a Bloom filter of its names.
pub(super) struct ChunkHeader {
    pub(super) second: i64,
    pub(super) names: Vec<u8>,
}

impl ChunkHeader {
    fn encode(&self) -> Bytes {
        [&self.second.to_le_bytes()[..], &self.names].concat().into()
    }

    pub(super) fn read(stored: &StoredDocument) -> Result<Self, StorageError> {
        let (second, names) = stored.body.split_first_chunk().ok_or_else(|| {
            StorageError::Corrupt(format!("the header of chunk {} is truncated", stored.key))
        })?;
        Ok(Self { second: i64::from_le_bytes(*second), names: names.to_vec() })
    }
}

/// Activities of a chunk.
pub(super) fn read(chunk: &StoredDocument) -> impl Iterator<Item = Result<Activity, StorageError>> {
    chunk.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
        serde_json::from_slice(line).map_err(|error| {
            StorageError::Corrupt(format!("an activity of chunk {}: {error}", chunk.key))
        })
    })
}
