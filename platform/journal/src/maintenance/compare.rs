//! Comparison of read models and snapshots with the journal that they are derived from.

use super::{EventVisitor, Invariant, ReadModel};
use crate::{Journal, Position, Projection, RecordedEvent, ServiceStorage, catch_up};
use async_trait::async_trait;
use storage::{
    Collection, Document, Documents, QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument,
    Write,
};

/// Comparison of a read model with the journal: every document that the journal leads to is stored, with the right body and
/// in the right indexes, and no other is.
pub struct ReadModelComparison<'a> {
    model: &'a dyn ReadModel,
    storage: &'a ServiceStorage,
    checkpoint: Option<Position>,
    /// Number of documents that belong into each index.
    indexed: Vec<u64>,
    /// Number of documents that the next start deletes.
    outdated: u64,
    invariant: Invariant,
}

impl<'a> ReadModelComparison<'a> {
    /// Begins a comparison, which then visits the journal.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the read model's checkpoint cannot be read.
    pub async fn begin(
        model: &'a dyn ReadModel,
        storage: &'a ServiceStorage,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            model,
            storage,
            checkpoint: model.checkpoint(storage).await?,
            indexed: vec![0; model.collection().indexes.len()],
            outdated: 0,
            invariant: Invariant::new("read models are what the journal folds to"),
        })
    }

    /// Result, once the journal was visited.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the documents cannot be read.
    pub async fn end(mut self) -> Result<Invariant, StorageError> {
        let (collection, documents) = (self.model.collection(), &*self.storage.documents);
        let (name, expected) = (collection.name, self.invariant.checked + self.outdated);
        let mut stored_count = 0;
        let mut last: Option<String> = None;
        loop {
            let found = documents.scan(collection, last.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            stored_count += found.len() as u64;
            match found.into_iter().next_back() {
                Some(stored) => last = Some(stored.key),
                None => break,
            }
        }
        if stored_count > expected {
            let surplus = stored_count - expected;
            self.invariant.breaks(format!("{name}: {surplus} more than the journal leads to"));
        }
        for (index, expected) in collection.indexes.iter().zip(&self.indexed) {
            let indexed = count_indexed(documents, collection, index.name).await?;
            // Each of those that wait for their deletion may be in the index or not.
            if !(*expected..=*expected + self.outdated).contains(&indexed) {
                let index = index.name;
                let what = format!("{name}: index {index} has {indexed} of {expected} documents");
                self.invariant.breaks(what);
            }
        }
        (0..self.outdated).for_each(|_| self.invariant.waits());
        Ok(self.invariant)
    }

    async fn compare(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        for write in self.model.writes(events)? {
            let documents = &self.storage.documents;
            match write {
                Write::Put { collection, document } => {
                    let stored = documents.find(collection, &document.key).await?;
                    self.compare_document(&document, stored);
                }
                Write::Delete { collection, key } if self.model.deletes_at_start() => {
                    self.outdated += u64::from(documents.find(collection, &key).await?.is_some());
                }
                Write::Delete { .. } => {}
            }
        }
        Ok(())
    }

    fn compare_document(&mut self, document: &Document, stored: Option<StoredDocument>) {
        let collection = self.model.collection();
        for (index, count) in collection.indexes.iter().zip(&mut self.indexed) {
            *count += u64::from(document.position_in(index).is_some());
        }
        let (name, key) = (collection.name, &document.key);
        match stored {
            Some(stored) => self
                .invariant
                .hold(stored.body == document.body, || format!("{name}: {key} is different")),
            None => self.invariant.hold(false, || format!("{name}: {key} is missing")),
        }
    }
}

#[async_trait]
impl EventVisitor for ReadModelComparison<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.model.grain().covers(stream)
    }

    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        let is_applied = self.checkpoint.is_none_or(|checkpoint| event.position <= checkpoint);
        if self.model.grain() == super::Grain::Event && is_applied {
            self.compare(std::slice::from_ref(event)).await?;
        }
        Ok(())
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        self.compare(events).await
    }
}

/// Number of documents that an index leads to.
async fn count_indexed(
    documents: &dyn Documents,
    collection: &'static Collection,
    index: &'static str,
) -> Result<u64, StorageError> {
    let mut query = Query::all(index, QUERY_DOCUMENTS_MAX);
    let mut count = 0;
    loop {
        let found = documents.query(collection, query.clone()).await?;
        count += found.documents.len() as u64;
        match found.next {
            Some(next) => query.after = Some(next),
            None => return Ok(count),
        }
    }
}

/// Comparison of a projection that starts from its snapshot with one that is folded from every event.
pub struct FoldComparison {
    full_fold: Box<dyn Projection>,
    from_snapshot: Box<dyn Projection>,
}

impl FoldComparison {
    /// Comparison of the projection that `make` returns.
    pub fn of(make: fn() -> Box<dyn Projection>) -> Self {
        Self { full_fold: make(), from_snapshot: make() }
    }

    /// Result, once the journal was visited.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the snapshot cannot be read; one that cannot be decoded is a violation.
    pub async fn end(mut self, journal: &dyn Journal) -> Result<Invariant, StorageError> {
        let mut invariant = Invariant::new("snapshots are what the journal folds to");
        let name = self.from_snapshot.name();
        if journal.snapshot(name).await?.is_none() {
            return Ok(invariant);
        }
        match catch_up(journal, &mut *self.from_snapshot).await {
            Ok(_) => invariant
                .hold(self.from_snapshot.is_equivalent_to(&self.full_fold.save()?)?, || {
                    format!("{name} leads to something else than the events before it")
                }),
            Err(StorageError::Corrupt(reason)) => {
                invariant.hold(false, || format!("{name} cannot be read: {reason}"));
            }
            Err(error) => return Err(error),
        }
        Ok(invariant)
    }
}

#[async_trait]
impl EventVisitor for FoldComparison {
    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.full_fold.apply(event)
    }
}

impl std::fmt::Debug for ReadModelComparison<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("ReadModelComparison").field(&self.invariant).finish()
    }
}

impl std::fmt::Debug for FoldComparison {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("FoldComparison").field(&self.full_fold.name()).finish()
    }
}
