//! Chunk storage of activities: those of one feed batch, or one ingested batch, that fall into the same second.
//!
//! An order makes nine activities. A row with five indexes for each of them cost more than the order's own tables, so a
//! chunk is one row, with a header that holds a Bloom filter of its names; a search reads the headers first. The activities
//! of a chunk are of one kind, so that each kind has a retention period of its own.

use super::{
    activity_kind::ActivityKind,
    bloom_filter::{self, FilterKey},
};
use bytes::{BufMut, Bytes, BytesMut};
use contracts::{audit::Activity, shared::ActivityId};
use kernel::{Timestamp, prefixed_id};
use std::collections::{BTreeMap, HashSet};
use storage::{Collection, Document, FieldValue, Index, StorageError, StoredDocument, Write};

/// Chunks of what other services report: activities as JSON Lines. The collection keeps its first name, `bundles`, because it is
/// stored. Early versions have put the activities of events here as well.
static CHUNKS: Collection = Collection { name: "bundles", indexes: &[] };

/// Headers of [`CHUNKS`], under the keys of their chunks.
pub(crate) static CHUNK_HEADERS: Collection = Collection {
    name: "bundle_summaries",
    indexes: &[
        Index { name: BY_SECOND, fields: &["second"] },
        // Headers of early versions are not in it: their chunks mix kinds.
        Index { name: BY_KIND, fields: &["kind", "second"] },
    ],
};

/// Chunks of what is read from feeds: a projected read model, as the feeds have it still.
pub(crate) static EVENT_CHUNKS: Collection = Collection { name: "event_bundles", indexes: &[] };

/// Headers of [`EVENT_CHUNKS`].
pub(crate) static EVENT_CHUNK_HEADERS: Collection = Collection {
    name: "event_bundle_summaries",
    indexes: &[
        Index { name: BY_SECOND, fields: &["second"] },
        Index { name: BY_KIND, fields: &["kind", "second"] },
    ],
};

/// Where the chunks of one origin are.
#[derive(Debug)]
pub(crate) struct ChunkCollections {
    pub(super) chunks: &'static Collection,
    pub(super) headers: &'static Collection,
}

/// Chunks of what other services report, which is stored nowhere else.
pub(super) static REPORTED: ChunkCollections =
    ChunkCollections { chunks: &CHUNKS, headers: &CHUNK_HEADERS };
/// Chunks of what is read from feeds.
pub(crate) static OF_EVENTS: ChunkCollections =
    ChunkCollections { chunks: &EVENT_CHUNKS, headers: &EVENT_CHUNK_HEADERS };

/// Index of the headers by second.
pub(super) const BY_SECOND: &str = "by_second";
/// Index of the headers by kind and second.
pub(super) const BY_KIND: &str = "by_kind";
/// Separator between the kind and the activities in the key of a chunk; keys of early versions have none.
const SEPARATOR: char = '/';

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

/// Names in an activity by which it can be searched.
#[derive(Debug)]
pub(super) struct ActivityNames {
    pub(super) actor: String,
    pub(super) action: String,
    pub(super) subject: String,
}

/// Write of one activity, for [`into_chunks`] to group.
pub(super) fn activity_write(
    kind: ActivityKind,
    id: ActivityId,
    at: Timestamp,
    names: ActivityNames,
    body: Bytes,
) -> Write {
    let ActivityNames { actor, action, subject } = names;
    let fields = vec![
        ("kind", FieldValue::Integer(kind.index())),
        ("second", FieldValue::Integer(second_of(at))),
        ("actor", FieldValue::Text(actor)),
        ("action", FieldValue::Text(action)),
        ("subject", FieldValue::Text(subject)),
    ];
    let key = prefixed_id("", id);
    Write::Put { collection: &ACTIVITIES, document: Document { key, body, fields } }
}

/// Groups the activities among these writes into chunks of these collections; other writes pass unchanged. The headers come after the
/// chunks that they lead to.
pub(crate) fn into_chunks(writes: Vec<Write>, target: &ChunkCollections) -> Vec<Write> {
    let (mut rest, mut chunks) = (Vec::new(), Vec::new());
    let mut open: BTreeMap<(ActivityKind, i64), ChunkBuilder> = BTreeMap::new();
    for write in writes {
        match write {
            Write::Put { collection, document } if collection.name == ACTIVITIES.name => {
                let (kind, second) = kind_and_second(&document);
                let chunk = open.entry((kind, second)).or_default();
                if chunk.bytes + document.body.len() > CHUNK_BYTES_MAX {
                    chunks.extend(std::mem::take(chunk).finish(kind, second));
                }
                chunk.bytes += document.body.len();
                chunk.activities.push(document);
            }
            other => rest.push(other),
        }
    }
    let open = open.into_iter();
    chunks.extend(open.filter_map(|((kind, second), chunk)| chunk.finish(kind, second)));
    let (chunks, headers): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
    let put = |collection| move |document| Write::Put { collection, document };
    rest.extend(chunks.into_iter().map(put(target.chunks)));
    rest.extend(headers.into_iter().map(put(target.headers)));
    rest
}

/// Builder of one chunk.
#[derive(Default)]
struct ChunkBuilder {
    activities: Vec<Document>,
    bytes: usize,
}

impl ChunkBuilder {
    /// The chunk and its header; `None` without activities.
    fn finish(self, kind: ActivityKind, second: i64) -> Option<(Document, Document)> {
        let first = self.activities.first()?;
        // The key is that of the first and the last activity: a batch that is sent again overwrites itself, and none that has more.
        let key = match &self.activities[..] {
            [_, .., last] => {
                format!("{}{SEPARATOR}{}{SEPARATOR}{}", kind.as_str(), first.key, last.key)
            }
            _ => format!("{}{SEPARATOR}{}", kind.as_str(), first.key),
        };
        let mut body = BytesMut::with_capacity(self.bytes + self.activities.len());
        let mut names = HashSet::with_capacity(3 * self.activities.len());
        for activity in &self.activities {
            body.put_slice(&activity.body);
            body.put_u8(b'\n');
            names.extend(filter_keys(activity));
        }
        let header = ChunkHeader { second, names: bloom_filter::build(names.into_iter()) };
        let fields = vec![("second", FieldValue::Integer(second)), ("kind", kind_field(kind))];
        let header = Document { key: key.clone(), body: header.encode(), fields };
        let chunk = Document { key, body: body.freeze(), fields: Vec::new() };
        Some((chunk, header))
    }
}

/// Value of the field `kind`.
pub(super) fn kind_field(kind: ActivityKind) -> FieldValue {
    FieldValue::Text(kind.as_str().to_owned())
}

/// Whether a chunk with this key was written by an early version, whose chunks mix kinds.
pub(super) fn is_of_mixed_kinds(key: &str) -> bool {
    !key.contains(SEPARATOR)
}

/// Kind and second of an activity, as [`activity_write`] has put them into its fields.
fn kind_and_second(activity: &Document) -> (ActivityKind, i64) {
    match &activity.fields[..] {
        [("kind", FieldValue::Integer(kind)), ("second", FieldValue::Integer(second)), ..] => {
            (ActivityKind::at(*kind).expect("the field has the index of a kind"), *second)
        }
        fields => unreachable!("an activity has kind and second, not {fields:?}"),
    }
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
