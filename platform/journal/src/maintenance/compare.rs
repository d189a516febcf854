//! Is what is kept what the journal leads to?

use super::{EventVisitor, Invariant, ReadModel};
use crate::{Journal, Position, Projection, RecordedEvent, ServiceStorage, catch_up};
use async_trait::async_trait;
use storage::{
    Collection, Document, Documents, QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument,
    Write,
};

/// Compares a read model with the journal: every document that has to be there is, as it has to be, in every index,
/// and no other.
pub struct ReadModelComparison<'a> {
    model: &'a dyn ReadModel,
    storage: &'a ServiceStorage,
    reached: Option<Position>,
    /// How many documents have to be in each index.
    indexed: Vec<u64>,
    invariant: Invariant,
}

impl<'a> ReadModelComparison<'a> {
    /// Begins a comparison.
    pub async fn begin(
        model: &'a dyn ReadModel,
        storage: &'a ServiceStorage,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            model,
            storage,
            reached: model.reached(storage).await?,
            indexed: vec![0; model.collection().indexes.len()],
            invariant: Invariant::new("read models are what the journal folds to"),
        })
    }

    /// What came of it, once the journal was gone through.
    pub async fn end(mut self) -> Result<Invariant, StorageError> {
        let (collection, documents) = (self.model.collection(), &*self.storage.documents);
        let (name, expected) = (collection.name, self.invariant.checked);
        let mut there = 0;
        let mut last: Option<String> = None;
        loop {
            let found = documents.scan(collection, last.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            there += found.len() as u64;
            match found.into_iter().next_back() {
                Some(stored) => last = Some(stored.key),
                None => break,
            }
        }
        if there > expected {
            let more = there - expected;
            self.invariant.breaks(format!("{name}: {more} more than the journal leads to"));
        }
        for (index, expected) in collection.indexes.iter().zip(&self.indexed) {
            let there = walked(documents, collection, index.name).await?;
            if there != *expected {
                let index = index.name;
                let what = format!("{name}: index {index} has {there} of {expected} documents");
                self.invariant.breaks(what);
            }
        }
        Ok(self.invariant)
    }

    async fn compare(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        for write in self.model.writes(events)? {
            let Write::Put { collection, document } = write else { continue };
            let kept = self.storage.documents.find(collection, &document.key).await?;
            self.compare_document(&document, kept);
        }
        Ok(())
    }

    fn compare_document(&mut self, document: &Document, kept: Option<StoredDocument>) {
        let collection = self.model.collection();
        for (index, count) in collection.indexes.iter().zip(&mut self.indexed) {
            *count += u64::from(document.position_in(index).is_some());
        }
        let (name, key) = (collection.name, &document.key);
        match kept {
            Some(kept) => self
                .invariant
                .hold(kept.body == document.body, || format!("{name}: {key} is different")),
            None => self.invariant.hold(false, || format!("{name}: {key} is missing")),
        }
    }
}

#[async_trait]
impl EventVisitor for ReadModelComparison<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.model.grain().takes(stream)
    }

    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        let is_reached = self.reached.is_none_or(|reached| event.position <= reached);
        if self.model.grain() == super::Grain::Event && is_reached {
            self.compare(std::slice::from_ref(event)).await?;
        }
        Ok(())
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        self.compare(events).await
    }
}

/// How many documents an index leads to.
async fn walked(
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

/// Compares a projection that starts from its snapshot with one that is folded from every event.
pub struct FoldComparison {
    whole: Box<dyn Projection>,
    fresh: Box<dyn Projection>,
}

impl FoldComparison {
    /// Of the projection this makes.
    pub fn of(make: fn() -> Box<dyn Projection>) -> Self {
        Self { whole: make(), fresh: make() }
    }

    /// What came of it, once the journal was gone through.
    pub async fn end(mut self, journal: &dyn Journal) -> Result<Invariant, StorageError> {
        let mut invariant = Invariant::new("snapshots are what the journal folds to");
        let name = self.fresh.name();
        if journal.snapshot(name).await?.is_none() {
            return Ok(invariant);
        }
        match catch_up(journal, &mut *self.fresh).await {
            Ok(_) => invariant.hold(self.fresh.stands_in_for(&self.whole.save()?)?, || {
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
        self.whole.apply(event)
    }
}

impl std::fmt::Debug for ReadModelComparison<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("ReadModelComparison").field(&self.invariant).finish()
    }
}

impl std::fmt::Debug for FoldComparison {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("FoldComparison").field(&self.whole.name()).finish()
    }
}
