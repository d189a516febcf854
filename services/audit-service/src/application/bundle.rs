//! Activities are stored in bundles: what one part of a feed, or one batch of a source, tells of the same second.
//!
//! An order makes nine activities. A row with five indexes for each of them cost more than the order's own tables, so
//! a bundle is one row, with a summary of the names in it that a search reads first.

use super::summary::{self, Name};
use bytes::{BufMut, Bytes, BytesMut};
use contracts::audit::Activity;
use kernel::{Timestamp, Uuid};
use std::collections::{BTreeMap, BTreeSet};
use storage::{Collection, Document, FieldValue, Index, StorageError, StoredDocument, Write};

/// The activities of a bundle, a line of JSON each.
pub(super) static BUNDLES: Collection = Collection { name: "bundles", indexes: &[] };

/// The summary of each bundle, under the same key.
pub(super) static SUMMARIES: Collection = Collection {
    name: "bundle_summaries",
    indexes: &[Index { name: "by_second", fields: &["second"] }],
};

/// Never stored: an activity as a document of its own, until it is laid into a bundle.
static ACTIVITIES: Collection = Collection { name: "activities", indexes: &[] };

/// The most bytes of a bundle, unless a single activity has more.
const BUNDLE_BYTES_MAX: usize = 128 * 1024;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The second of a time, counted from the epoch.
pub(super) fn second_of(at: Timestamp) -> i64 {
    second_of_micros(at.as_microsecond())
}

/// The second that a microsecond lies in, both counted from the epoch.
pub(super) fn second_of_micros(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_SECOND)
}

/// The first microsecond of a second.
pub(super) fn start_of(second: i64) -> i64 {
    second.saturating_mul(MICROS_PER_SECOND)
}

/// The write that [`bundled`] makes a bundle of.
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

/// The same writes, with the activities among them laid into bundles.
pub(crate) fn bundled(writes: Vec<Write>) -> Vec<Write> {
    let mut rest = Vec::new();
    let mut open: BTreeMap<i64, Open> = BTreeMap::new();
    for write in writes {
        match write {
            Write::Put { collection, document } if collection.name == ACTIVITIES.name => {
                let second = second(&document);
                let bundle = open.entry(second).or_default();
                if bundle.bytes + document.body.len() > BUNDLE_BYTES_MAX {
                    rest.extend(std::mem::take(bundle).close(second));
                }
                bundle.bytes += document.body.len();
                bundle.activities.push(document);
            }
            other => rest.push(other),
        }
    }
    rest.extend(open.into_iter().flat_map(|(second, bundle)| bundle.close(second)));
    rest
}

/// A bundle that more can be laid into.
#[derive(Default)]
struct Open {
    activities: Vec<Document>,
    bytes: usize,
}

impl Open {
    fn close(self, second: i64) -> Vec<Write> {
        if self.activities.is_empty() {
            return Vec::new();
        }
        let mut body = BytesMut::with_capacity(self.bytes + self.activities.len());
        let mut names = BTreeSet::new();
        let mut ids = String::new();
        for activity in &self.activities {
            body.put_slice(&activity.body);
            body.put_u8(b'\n');
            names.extend(names_of(activity));
            ids.push_str(&activity.key);
        }
        // The same activities are the same bundle: a batch that is sent again is stored over itself.
        let key = Uuid::new_v5(&Uuid::nil(), ids.as_bytes()).to_string();
        let summary = Summary { second, names: summary::of(names.into_iter()) };
        let fields = vec![("second", FieldValue::Integer(second))];
        let summary = Document { key: key.clone(), body: summary.encode(), fields };
        let bundle = Document { key, body: body.freeze(), fields: Vec::new() };
        vec![
            Write::Put { collection: &BUNDLES, document: bundle },
            Write::Put { collection: &SUMMARIES, document: summary },
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

fn names_of(activity: &Document) -> impl Iterator<Item = Name<'_>> {
    activity.fields.iter().filter_map(|(field, value)| match (*field, value) {
        ("actor", FieldValue::Text(name)) => Some(Name::Actor(name)),
        ("action", FieldValue::Text(name)) => Some(Name::Action(name)),
        ("subject", FieldValue::Text(name)) => Some(Name::Subject(name)),
        _ => None,
    })
}

/// What is looked at before a bundle is.
pub(super) struct Summary {
    pub(super) second: i64,
    pub(super) names: Vec<u8>,
}

impl Summary {
    fn encode(&self) -> Bytes {
        [&self.second.to_le_bytes()[..], &self.names].concat().into()
    }

    pub(super) fn read(stored: &StoredDocument) -> Result<Self, StorageError> {
        let (second, names) = stored.body.split_first_chunk().ok_or_else(|| {
            StorageError::Corrupt(format!("the summary of bundle {} is cut off", stored.key))
        })?;
        Ok(Self { second: i64::from_le_bytes(*second), names: names.to_vec() })
    }
}

/// The activities of a bundle.
pub(super) fn read(
    bundle: &StoredDocument,
) -> impl Iterator<Item = Result<Activity, StorageError>> {
    bundle.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
        serde_json::from_slice(line).map_err(|error| {
            StorageError::Corrupt(format!("an activity of bundle {}: {error}", bundle.key))
        })
    })
}
