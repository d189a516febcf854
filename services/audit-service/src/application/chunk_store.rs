//! Store of the chunks of one origin, and the scan of both origins as one.

use super::{
    activity_kind::ActivityKind,
    chunk::{
        self, BY_KIND, BY_SECOND, ChunkCollections, ChunkHeader, OF_EVENTS, REPORTED, second_of,
    },
};
use kernel::Timestamp;
use std::{collections::VecDeque, sync::Arc};
use storage::{Documents, FieldValue, IndexPosition, Query, StorageError, StoredDocument, Write};

/// Store of chunks and their headers.
#[derive(Clone, Debug)]
pub(super) struct ChunkStore {
    documents: Arc<dyn Documents>,
    collections: &'static ChunkCollections,
}

impl ChunkStore {
    /// Chunks of what other services report.
    pub(super) fn reported(documents: Arc<dyn Documents>) -> Self {
        Self { documents, collections: &REPORTED }
    }

    /// Chunks of what is read from feeds.
    pub(super) fn of_events(documents: Arc<dyn Documents>) -> Self {
        Self { documents, collections: &OF_EVENTS }
    }

    /// Groups activities into chunks of this store.
    pub(super) fn chunks_of(&self, activities: Vec<Write>) -> Vec<Write> {
        chunk::into_chunks(activities, self.collections)
    }

    /// Chunk with this key; `None` if it was deleted.
    pub(super) async fn chunk(&self, key: &str) -> Result<Option<StoredDocument>, StorageError> {
        self.documents.find(self.collections.chunks, key).await
    }

    /// Deletes up to `limit` chunks of one kind, of seconds that ended before `until`; returns their number. Waits until the deletion is
    /// durable.
    pub(super) async fn delete_before(
        &self,
        kind: ActivityKind,
        until: Timestamp,
        limit: usize,
    ) -> Result<usize, StorageError> {
        let until = Some(FieldValue::Integer(second_of(until)));
        let equals = vec![chunk::kind_field(kind)];
        let query = Query { equals, until, ..Query::all(BY_KIND, limit) };
        let found = self.documents.query(self.collections.headers, query).await?.documents;
        self.delete(found).await
    }

    /// Deletes the chunks of mixed kinds among the next `limit` chunks before `until`, from `after` on. Returns their
    /// number, and where to go on.
    pub(super) async fn delete_mixed_before(
        &self,
        until: Timestamp,
        after: Option<IndexPosition>,
        limit: usize,
    ) -> Result<(usize, Option<IndexPosition>), StorageError> {
        let until = Some(FieldValue::Integer(second_of(until)));
        let query = Query { until, after, ..Query::all(BY_SECOND, limit) };
        let found = self.documents.query(self.collections.headers, query).await?;
        let mixed = found.documents.into_iter().filter(|it| chunk::is_of_mixed_kinds(&it.key));
        Ok((self.delete(mixed.collect()).await?, found.next))
    }

    /// Deletes the chunks of these headers and waits until that is durable. The headers go last: a chunk without one is never found
    /// again.
    async fn delete(&self, headers: Vec<StoredDocument>) -> Result<usize, StorageError> {
        let count = headers.len();
        if count > 0 {
            let ChunkCollections { chunks, headers: header_collection } = self.collections;
            let delete = |collection: &'static storage::Collection| {
                headers
                    .iter()
                    .map(move |header| Write::Delete { collection, key: header.key.clone() })
            };
            let writes = delete(chunks).chain(delete(header_collection)).collect();
            let commit = self.documents.write(writes).await?;
            commit.wait().await.map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
        }
        Ok(count)
    }
}

/// Header of a chunk, and where that is.
pub(super) struct FoundHeader<'a> {
    pub(super) store: &'a ChunkStore,
    pub(super) key: String,
    pub(super) header: ChunkHeader,
}

/// Scan of the headers of both stores, newest second first: a merge of theirs.
pub(super) struct HeaderScan<'a> {
    stores: [StoreScan<'a>; 2],
}

/// Scan of the headers of one store.
struct StoreScan<'a> {
    store: &'a ChunkStore,
    /// What is to be queried next; `None` at the end.
    query: Option<Query>,
    found: VecDeque<FoundHeader<'a>>,
}

impl<'a> HeaderScan<'a> {
    /// Scan of what this query, in descending order of the seconds, finds in each store.
    pub(super) fn of(stores: [&'a ChunkStore; 2], query: &Query) -> Self {
        let scan = |store| StoreScan { store, query: Some(query.clone()), found: VecDeque::new() };
        Self { stores: stores.map(scan) }
    }

    /// The next header; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<FoundHeader<'a>>, StorageError> {
        for scan in &mut self.stores {
            scan.fill().await?;
        }
        let newest = self.stores.iter_mut().max_by_key(|scan| scan.second());
        Ok(newest.and_then(|scan| scan.found.pop_front()))
    }
}

impl StoreScan<'_> {
    /// Second of its next header; `None`, which is the least, at the end.
    fn second(&self) -> Option<i64> {
        self.found.front().map(|found| found.header.second)
    }

    async fn fill(&mut self) -> Result<(), StorageError> {
        while self.found.is_empty() {
            let Some(query) = self.query.take() else { return Ok(()) };
            let store = self.store;
            let page = store.documents.query(store.collections.headers, query.clone()).await?;
            for stored in page.documents {
                let header = ChunkHeader::read(&stored)?;
                self.found.push_back(FoundHeader { store, key: stored.key, header });
            }
            self.query = page.next.map(|after| Query { after: Some(after), ..query });
        }
        Ok(())
    }
}
