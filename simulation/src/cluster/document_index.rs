//! Simulated document index: the index of one log in memory. It survives a kill; a power failure may take back what was applied
//! since it was last made durable, and now and then all of it is lost.

use crate::rng::SimRng;
use bytes::Bytes;
use document_index::{DocumentIndex, IndexStore, IndexedDocuments, IndexedWrite, OpenError};
use engine_memory::CollectionDocuments;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use storage::{
    Collection, Document, DocumentPage, FieldValue, Query, StorageError, StoredDocument,
};

/// Batches that are kept apart before the oldest becomes durable, as a checkpoint makes it.
const BATCHES_MAX: usize = 16;
/// How many indexes in a thousand are lost as a whole in a power failure.
const LOST_PERMILLE: u32 = 100;

/// Document index of one log. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedIndex(Arc<Mutex<IndexState>>);

#[derive(Debug, Default)]
struct IndexState {
    now: Contents,
    durable: Contents,
    /// Batches between the two, the oldest first.
    batches: Vec<Batch>,
}

/// Documents by service, collection and key.
#[derive(Clone, Debug, Default)]
struct Contents {
    mark: u64,
    documents: BTreeMap<(String, String), BTreeMap<String, Body>>,
}

/// Body and fields of a document.
type Body = (Bytes, Vec<(String, FieldValue)>);

/// Writes that were applied at once, and the mark after them.
#[derive(Clone, Debug)]
struct Batch {
    writes: Vec<(String, String, String, Option<Body>)>,
    mark: u64,
}

impl Contents {
    fn apply(&mut self, batch: Batch) {
        for (service, collection, key, body) in batch.writes {
            let documents = self.documents.entry((service, collection)).or_default();
            match body {
                Some(body) => _ = documents.insert(key, body),
                None => _ = documents.remove(&key),
            }
        }
        self.mark = batch.mark;
    }
}

impl SimulatedIndex {
    /// Index as a power failure leaves it. Whether it was lost.
    pub(super) fn fail_power(&self, rng: &mut SimRng) -> bool {
        let mut state = self.0.lock();
        let is_lost = rng.chance(LOST_PERMILLE);
        if is_lost {
            *state = IndexState::default();
            return true;
        }
        let survived = rng.index(state.batches.len() + 1);
        let batches = std::mem::take(&mut state.batches);
        for batch in batches.into_iter().take(survived) {
            state.durable.apply(batch);
        }
        state.now = state.durable.clone();
        false
    }
}

impl IndexStore for SimulatedIndex {
    fn identify(&self) -> Result<bool, OpenError> {
        Ok(self.0.lock().now.mark > 0)
    }

    fn open(&self) -> Result<Arc<dyn DocumentIndex>, OpenError> {
        Ok(Arc::new(self.clone()))
    }

    fn remove(&self) -> Result<(), OpenError> {
        *self.0.lock() = IndexState::default();
        Ok(())
    }
}

impl DocumentIndex for SimulatedIndex {
    fn mark(&self) -> Result<u64, StorageError> {
        Ok(self.0.lock().now.mark)
    }

    fn durable_mark(&self) -> Result<Option<u64>, StorageError> {
        let mut state = self.0.lock();
        state.batches.clear();
        state.durable = state.now.clone();
        Ok(Some(state.durable.mark))
    }

    fn apply(&self, writes: &[IndexedWrite<'_>], mark: u64) -> Result<(), StorageError> {
        let owned = |write: &IndexedWrite<'_>| {
            let fields = |fields: &[(&str, FieldValue)]| {
                fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
            };
            let body = write.document.as_ref();
            let body = body.map(|(body, of)| (Bytes::copy_from_slice(body), fields(of)));
            let (service, collection) = (write.service.to_owned(), write.collection.to_owned());
            (service, collection, write.key.to_owned(), body)
        };
        let batch = Batch { writes: writes.iter().map(owned).collect(), mark };
        let mut state = self.0.lock();
        state.now.apply(batch.clone());
        state.batches.push(batch);
        if state.batches.len() > BATCHES_MAX {
            let oldest = state.batches.remove(0);
            state.durable.apply(oldest);
        }
        Ok(())
    }

    fn close(&self) {}

    fn service(self: Arc<Self>, name: &str) -> Arc<dyn IndexedDocuments> {
        Arc::new(ServiceDocuments { index: (*self).clone(), service: name.to_owned() })
    }
}

/// Documents of one service.
#[derive(Debug)]
struct ServiceDocuments {
    index: SimulatedIndex,
    service: String,
}

impl ServiceDocuments {
    fn read<T: Default>(
        &self,
        collection: &Collection,
        read: impl FnOnce(&BTreeMap<String, Body>) -> T,
    ) -> T {
        let state = self.index.0.lock();
        let name = (self.service.clone(), collection.name.to_owned());
        state.now.documents.get(&name).map(read).unwrap_or_default()
    }
}

impl IndexedDocuments for ServiceDocuments {
    fn declare(&self, _: &'static Collection) -> Result<(), StorageError> {
        Ok(())
    }

    fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        Ok(self.read(collection, |documents| {
            let found = documents.get(key);
            found.map(|(body, _)| StoredDocument { key: key.to_owned(), body: body.clone() })
        }))
    }

    fn query(
        &self,
        collection: &'static Collection,
        query: &Query,
    ) -> Result<DocumentPage, StorageError> {
        Ok(self.read(collection, |documents| indexed(collection, documents).query(query)))
    }

    fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        Ok(self.read(collection, |documents| indexed(collection, documents).scan(after, limit)))
    }
}

/// Documents with the indexes that their collection declares.
fn indexed(
    collection: &'static Collection,
    documents: &BTreeMap<String, Body>,
) -> CollectionDocuments {
    let names: BTreeSet<&str> =
        collection.indexes.iter().flat_map(|index| index.fields.iter().copied()).collect();
    let mut indexed = CollectionDocuments::default();
    for (key, (body, fields)) in documents {
        let value = |name: &'static str| {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map(|(_, value)| (name, value.clone()))
        };
        let fields = names.iter().filter_map(|name| value(name)).collect();
        indexed.insert(collection, Document { key: key.clone(), body: body.clone(), fields });
    }
    indexed
}
