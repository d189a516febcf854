//! Making read models and snapshots anew from the journal.

use super::{EventVisitor, ReadModel, VisitResult, visit_events};
use crate::{Position, Projection, RecordedEvent, ServiceStorage, Snapshot};
use async_trait::async_trait;
use bytes::Bytes;
use storage::{Collection, Commit, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Documents written together.
const TOGETHER_MAX: usize = 512;
/// Bytes of documents written together.
const TOGETHER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Says that read models are being made anew, from before the first of them is cleared until all are there.
static UNDER_WAY: Collection = Collection { name: "rebuild_under_way", indexes: &[] };
const KEY: &str = "read_models";

/// Whether a rebuild of this service was begun and not finished: parts of its read models are missing.
pub async fn rebuild_is_incomplete(storage: &ServiceStorage) -> Result<bool, StorageError> {
    Ok(storage.documents.find(&UNDER_WAY, KEY).await?.is_some())
}

/// Clears the read models, folds them and the projections again from the first event on, and keeps them. Nothing is
/// cleared before every event was read once without trouble. Calls `told` with the position it has reached, of twice
/// the journal's length.
pub async fn rebuild(
    storage: &ServiceStorage,
    models: &[Box<dyn ReadModel>],
    projections: &mut [Box<dyn Projection>],
    told: &(dyn Fn(Position) + Send + Sync),
) -> Result<(), StorageError> {
    let (journal, documents) = (&*storage.journal, &*storage.documents);
    let mut reading: Vec<Reading<'_>> = models.iter().map(|model| Reading(&**model)).collect();
    let mut folding: Vec<Folding<'_>> =
        projections.iter_mut().map(|projection| Folding(&mut **projection)).collect();
    let readers = reading.iter_mut().map(|it| it as &mut dyn EventVisitor);
    let folders = folding.iter_mut().map(|it| it as &mut dyn EventVisitor);
    let mut surveyors: Vec<&mut dyn EventVisitor> = readers.chain(folders).collect();
    let VisitResult { position, readable } = visit_events(journal, &mut surveyors, told).await?;
    if let Some(reason) = readable.named().first() {
        return Err(StorageError::Corrupt(reason.clone()));
    }

    let document = Document { key: KEY.to_owned(), body: Bytes::new(), fields: Vec::new() };
    write(documents, vec![Write::Put { collection: &UNDER_WAY, document }]).await?;
    refold(storage, models, &|reached| told(position + reached)).await?;
    for projection in projections {
        let snapshot = Snapshot { position, data: projection.save()? };
        flushed(journal.save_snapshot(projection.name(), snapshot).await?).await?;
    }
    write(documents, vec![Write::Delete { collection: &UNDER_WAY, key: KEY.to_owned() }]).await
}

/// Clears the read models and folds them again. For a service that knows by itself whether this was broken off.
pub async fn refold(
    storage: &ServiceStorage,
    models: &[Box<dyn ReadModel>],
    told: &(dyn Fn(Position) + Send + Sync),
) -> Result<(), StorageError> {
    let documents = &*storage.documents;
    for model in models {
        clear(documents, model.collection()).await?;
    }
    let mut writing: Vec<Writing<'_>> =
        models.iter().map(|model| Writing::of(&**model, documents)).collect();
    let mut writers: Vec<&mut dyn EventVisitor> =
        writing.iter_mut().map(|it| it as &mut dyn EventVisitor).collect();
    let VisitResult { position, readable } =
        visit_events(&*storage.journal, &mut writers, told).await?;
    if let Some(reason) = readable.named().first() {
        return Err(StorageError::Corrupt(reason.clone()));
    }
    for writer in &mut writing {
        writer.writes.extend(writer.model.marks(position));
        writer.flush().await?;
    }
    Ok(())
}

async fn clear(
    documents: &dyn Documents,
    collection: &'static Collection,
) -> Result<(), StorageError> {
    loop {
        let found = documents.scan(collection, None, QUERY_DOCUMENTS_MAX).await?;
        if found.is_empty() {
            return Ok(());
        }
        let delete =
            |stored: storage::StoredDocument| Write::Delete { collection, key: stored.key };
        write(documents, found.into_iter().map(delete).collect()).await?;
    }
}

async fn write(documents: &dyn Documents, writes: Vec<Write>) -> Result<(), StorageError> {
    flushed(documents.write(writes).await?).await
}

async fn flushed(commit: Commit) -> Result<(), StorageError> {
    commit.wait().await.map_err(|voided| StorageError::Unavailable(voided.to_string()))
}

/// Sees that a read model can be folded.
struct Reading<'a>(&'a dyn ReadModel);

#[async_trait]
impl EventVisitor for Reading<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.0.grain().takes(stream)
    }

    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        match self.0.grain() {
            super::Grain::Event => self.0.writes(std::slice::from_ref(event)).map(drop),
            super::Grain::Stream(_) => Ok(()),
        }
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        self.0.writes(events).map(drop)
    }
}

/// Folds a projection.
struct Folding<'a>(&'a mut dyn Projection);

#[async_trait]
impl EventVisitor for Folding<'_> {
    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.0.apply(event)
    }
}

/// Writes a read model, a batch at a time.
struct Writing<'a> {
    model: &'a dyn ReadModel,
    documents: &'a dyn Documents,
    writes: Vec<Write>,
    bytes: usize,
}

impl<'a> Writing<'a> {
    fn of(model: &'a dyn ReadModel, documents: &'a dyn Documents) -> Self {
        Self { model, documents, writes: Vec::new(), bytes: 0 }
    }

    async fn take(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        for write in self.model.writes(events)? {
            if let Write::Put { document, .. } = &write {
                self.bytes += document.body.len();
            }
            self.writes.push(write);
        }
        if self.writes.len() >= TOGETHER_MAX || self.bytes >= TOGETHER_BYTES_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StorageError> {
        self.bytes = 0;
        write(self.documents, std::mem::take(&mut self.writes)).await
    }
}

#[async_trait]
impl EventVisitor for Writing<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.model.grain().takes(stream)
    }

    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        match self.model.grain() {
            super::Grain::Event => self.take(std::slice::from_ref(event)).await,
            super::Grain::Stream(_) => Ok(()),
        }
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        self.take(events).await
    }
}
