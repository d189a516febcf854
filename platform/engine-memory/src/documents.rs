//! A service's documents in memory.

use crate::log::{Effect, Log};
use async_trait::async_trait;
use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};
use storage::{
    Collection, Commit, Direction, Document, DocumentPage, Documents, FieldValue, IndexPosition,
    QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument, Write,
};

#[derive(Debug)]
pub(crate) struct MemoryDocuments {
    log: Arc<Log>,
    service: &'static str,
}

impl MemoryDocuments {
    pub(crate) fn new(log: Arc<Log>, service: &'static str) -> Self {
        Self { log, service }
    }
}

#[async_trait]
impl Documents for MemoryDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        Ok(self.log.read(self.service, |service| {
            let records = service.records.0.get(collection.name)?;
            records.documents.get(key).map(stored)
        }))
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        query.check(collection)?;
        Ok(self.log.read(self.service, |service| {
            service
                .records
                .0
                .get(collection.name)
                .map(|records| records.query(&query))
                .unwrap_or_default()
        }))
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        Ok(self.log.read(self.service, |service| {
            let records = service.records.0.get(collection.name);
            records.map(|records| records.scan(after, limit)).unwrap_or_default()
        }))
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        for write in &writes {
            write.check()?;
        }
        let effect = Effect::Documents(writes);
        let ((), commit) =
            self.log.write(self.service, |_, _| Ok::<_, StorageError>(((), Some((1, effect)))))?;
        Ok(commit)
    }
}

/// Every collection of a service.
#[derive(Debug, Default)]
pub(crate) struct Records(HashMap<&'static str, CollectionRecords>);

#[derive(Debug, Default)]
struct CollectionRecords {
    documents: HashMap<String, Document>,
    indexes: HashMap<&'static str, BTreeSet<IndexPosition>>,
}

impl Records {
    pub(crate) fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Put { collection, document } => {
                    let records = self.0.entry(collection.name).or_default();
                    records.remove(collection, &document.key);
                    records.insert(collection, document);
                }
                Write::Delete { collection, key } => {
                    self.0.entry(collection.name).or_default().remove(collection, &key);
                }
            }
        }
    }
}

impl CollectionRecords {
    fn scan(&self, after: Option<&str>, limit: usize) -> Vec<StoredDocument> {
        let later = |document: &&Document| after.is_none_or(|after| document.key.as_str() > after);
        let mut found: Vec<&Document> = self.documents.values().filter(later).collect();
        found.sort_unstable_by(|one, two| one.key.cmp(&two.key));
        found.into_iter().take(limit.min(QUERY_DOCUMENTS_MAX)).map(stored).collect()
    }

    fn insert(&mut self, collection: &'static Collection, document: Document) {
        for index in collection.indexes {
            if let Some(place) = document.position_in(index) {
                self.indexes.entry(index.name).or_default().insert(place);
            }
        }
        self.documents.insert(document.key.clone(), document);
    }

    fn remove(&mut self, collection: &'static Collection, key: &str) {
        let Some(old) = self.documents.remove(key) else { return };
        for index in collection.indexes {
            if let (Some(places), Some(place)) =
                (self.indexes.get_mut(index.name), old.position_in(index))
            {
                places.remove(&place);
            }
        }
    }

    fn query(&self, query: &Query) -> DocumentPage {
        let Some(places) = self.indexes.get(query.index) else { return DocumentPage::default() };
        let range = range_of(query);
        if is_empty(&range) {
            return DocumentPage::default();
        }
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let walk: Vec<&IndexPosition> = match query.direction {
            Direction::Ascending => places.range(range).take(limit + 1).collect(),
            Direction::Descending => places.range(range).rev().take(limit + 1).collect(),
        };
        let next = (walk.len() > limit).then(|| walk[limit - 1].clone());
        let documents = walk.iter().take(limit).filter_map(|place| self.documents.get(&place.1));
        DocumentPage { documents: documents.map(stored).collect(), next }
    }
}

type Range = (Bound<IndexPosition>, Bound<IndexPosition>);

/// Where the walk begins and ends, smaller bound first.
fn range_of(query: &Query) -> Range {
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
        None => beyond(&query.equals),
    };
    // A place from elsewhere must not widen the walk.
    if let Some(after) = &query.after {
        match query.direction {
            Direction::Ascending if place(&lower).is_none_or(|lower| after >= lower) => {
                lower = Bound::Excluded(after.clone());
            }
            Direction::Descending if place(&upper).is_none_or(|upper| after < upper) => {
                upper = Bound::Excluded(after.clone());
            }
            Direction::Ascending | Direction::Descending => {}
        }
    }
    (lower, upper)
}

/// The first place behind everything that begins with these values.
fn beyond(equals: &[FieldValue]) -> Bound<IndexPosition> {
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

fn place(bound: &Bound<IndexPosition>) -> Option<&IndexPosition> {
    match bound {
        Bound::Included(place) | Bound::Excluded(place) => Some(place),
        Bound::Unbounded => None,
    }
}

/// Whether nothing can lie between the bounds; `BTreeSet::range` does not take such a range.
fn is_empty((lower, upper): &Range) -> bool {
    matches!((place(lower), place(upper)), (Some(lower), Some(upper)) if lower >= upper)
}

fn stored(document: &Document) -> StoredDocument {
    StoredDocument { key: document.key.clone(), body: document.body.clone() }
}
