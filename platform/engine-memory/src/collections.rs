//! Collections of one service: flushed documents by key, with their secondary indexes.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
};
use storage::{
    Collection, Direction, Document, DocumentPage, FieldValue, IndexPosition, QUERY_DOCUMENTS_MAX,
    Query, StoredDocument, Write,
};

/// Collections of one service, by name.
#[derive(Debug, Default)]
pub(crate) struct Collections(HashMap<&'static str, CollectionDocuments>);

/// Documents of one collection, by key, with the secondary indexes over them: what a query answers, by definition.
#[derive(Debug, Default)]
pub struct CollectionDocuments {
    documents: HashMap<String, Document>,
    indexes: HashMap<&'static str, BTreeSet<IndexPosition>>,
}

impl Collections {
    /// Documents of a collection; `None` when nothing was ever written to it.
    pub(crate) fn get(&self, collection: &Collection) -> Option<&CollectionDocuments> {
        self.0.get(collection.name)
    }

    /// Applies flushed writes in their order.
    pub(crate) fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Put { collection, document } => {
                    let documents = self.0.entry(collection.name).or_default();
                    documents.remove(collection, &document.key);
                    documents.insert(collection, document);
                }
                Write::Delete { collection, key } => {
                    self.0.entry(collection.name).or_default().remove(collection, &key);
                }
            }
        }
    }
}

impl CollectionDocuments {
    pub(crate) fn find(&self, key: &str) -> Option<StoredDocument> {
        self.documents.get(key).map(stored)
    }

    /// Full scan in the order of the keys.
    pub fn scan(&self, after: Option<&str>, limit: usize) -> Vec<StoredDocument> {
        let later = |document: &&Document| after.is_none_or(|after| document.key.as_str() > after);
        let mut found: Vec<&Document> = self.documents.values().filter(later).collect();
        found.sort_unstable_by(|one, two| one.key.cmp(&two.key));
        found.into_iter().take(limit.min(QUERY_DOCUMENTS_MAX)).map(stored).collect()
    }

    /// Adds a document, whose key is new.
    pub fn insert(&mut self, collection: &'static Collection, document: Document) {
        for index in collection.indexes {
            if let Some(position) = document.position_in(index) {
                self.indexes.entry(index.name).or_default().insert(position);
            }
        }
        self.documents.insert(document.key.clone(), document);
    }

    fn remove(&mut self, collection: &'static Collection, key: &str) {
        let Some(old) = self.documents.remove(key) else { return };
        for index in collection.indexes {
            if let (Some(positions), Some(position)) =
                (self.indexes.get_mut(index.name), old.position_in(index))
            {
                positions.remove(&position);
            }
        }
    }

    /// One page of a range scan along an index.
    pub fn query(&self, query: &Query) -> DocumentPage {
        let Some(positions) = self.indexes.get(query.index) else { return DocumentPage::default() };
        let range = range_of(query);
        if is_empty(&range) {
            return DocumentPage::default();
        }
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let scanned: Vec<&IndexPosition> = match query.direction {
            Direction::Ascending => positions.range(range).take(limit + 1).collect(),
            Direction::Descending => positions.range(range).rev().take(limit + 1).collect(),
        };
        let next = (scanned.len() > limit).then(|| scanned[limit - 1].clone());
        let documents =
            scanned.iter().take(limit).filter_map(|position| self.documents.get(&position.1));
        DocumentPage { documents: documents.map(stored).collect(), next }
    }
}

/// Range of positions in an index.
type PositionRange = (Bound<IndexPosition>, Bound<IndexPosition>);

/// Bounds of a range scan, the lower one first.
fn range_of(query: &Query) -> PositionRange {
    let prefixed = |value: &FieldValue| {
        let mut values = query.equals.clone();
        values.push(value.clone());
        IndexPosition(values, String::new())
    };
    let mut lower = match &query.from {
        Some(value) => Bound::Included(prefixed(value)),
        None => Bound::Included(IndexPosition(query.equals.clone(), String::new())),
    };
    let mut upper = match &query.until {
        Some(value) => Bound::Excluded(prefixed(value)),
        None => upper_bound_of(&query.equals),
    };
    // A forged position must not widen the scan.
    if let Some(after) = &query.after {
        match query.direction {
            Direction::Ascending if position_of(&lower).is_none_or(|lower| after >= lower) => {
                lower = Bound::Excluded(after.clone());
            }
            Direction::Descending if position_of(&upper).is_none_or(|upper| after < upper) => {
                upper = Bound::Excluded(after.clone());
            }
            Direction::Ascending | Direction::Descending => {}
        }
    }
    (lower, upper)
}

/// Upper bound of all positions that begin with these values.
fn upper_bound_of(equals: &[FieldValue]) -> Bound<IndexPosition> {
    let Some((last, before)) = equals.split_last() else { return Bound::Unbounded };
    let successor = match last {
        FieldValue::Integer(number) => match number.checked_add(1) {
            Some(next) => FieldValue::Integer(next),
            None => FieldValue::Text(String::new()),
        },
        FieldValue::Text(text) => FieldValue::Text(format!("{text}\0")),
    };
    let mut values = before.to_vec();
    values.push(successor);
    Bound::Excluded(IndexPosition(values, String::new()))
}

/// Position of a bound, if it has one.
fn position_of(bound: &Bound<IndexPosition>) -> Option<&IndexPosition> {
    match bound {
        Bound::Included(position) | Bound::Excluded(position) => Some(position),
        Bound::Unbounded => None,
    }
}

/// Whether the range is empty or inverted; `BTreeSet::range` panics on such a range.
fn is_empty((lower, upper): &PositionRange) -> bool {
    matches!((position_of(lower), position_of(upper)), (Some(lower), Some(upper)) if lower >= upper)
}

fn stored(document: &Document) -> StoredDocument {
    StoredDocument { key: document.key.clone(), body: document.body.clone() }
}
