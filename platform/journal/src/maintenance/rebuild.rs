//! Rebuild of read models and snapshots from the journal.

use super::{EventVisitor, ReadModel, VisitResult, visit_events};
use crate::{Position, Projection, RecordedEvent, ServiceStorage, Snapshot};
use async_trait::async_trait;
use bytes::Bytes;
use storage::{Collection, Commit, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Limit of a batch of writes, in documents.
const BATCH_WRITES_MAX: usize = 512;
/// Limit of a batch of writes, in bytes of documents.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Marker of a rebuild, stored from before the first read model is cleared until all are complete.
static REBUILD_MARKER: Collection = Collection { name: "rebuild_under_way", indexes: &[] };
const KEY: &str = "read_models";

/// Whether a rebuild of this service was interrupted, so that parts of its read models are missing.
///
/// # Errors
///
/// [`StorageError`] when the marker cannot be read.
pub async fn rebuild_is_incomplete(storage: &ServiceStorage) -> Result<bool, StorageError> {
    Ok(storage.documents.find(&REBUILD_MARKER, KEY).await?.is_some())
}

/// Rebuilds read models and the snapshots of projections from the first event on. Nothing is cleared before every event was
/// decoded once. Calls `on_progress` with the position reached, of twice the journal's length.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when an event cannot be decoded; then nothing has changed. Any other [`StorageError`] of reading
/// or writing; then [`rebuild_is_incomplete`] until a rebuild succeeds.
pub async fn rebuild(
    storage: &ServiceStorage,
    models: &[Box<dyn ReadModel>],
    projections: &mut [Box<dyn Projection>],
    on_progress: &(dyn Fn(Position) + Send + Sync),
) -> Result<(), StorageError> {
    let (journal, documents) = (&*storage.journal, &*storage.documents);
    let mut dry_runs: Vec<ReadModelDryRun<'_>> =
        models.iter().map(|model| ReadModelDryRun(&**model)).collect();
    let mut folds: Vec<ProjectionFold<'_>> =
        projections.iter_mut().map(|projection| ProjectionFold(&mut **projection)).collect();
    let dry_runs = dry_runs.iter_mut().map(|it| it as &mut dyn EventVisitor);
    let folds = folds.iter_mut().map(|it| it as &mut dyn EventVisitor);
    let mut visitors: Vec<&mut dyn EventVisitor> = dry_runs.chain(folds).collect();
    let VisitResult { position, readable } =
        visit_events(journal, &mut visitors, on_progress).await?;
    if let Some(reason) = readable.examples().first() {
        return Err(StorageError::Corrupt(reason.clone()));
    }

    let document = Document { key: KEY.to_owned(), body: Bytes::new(), fields: Vec::new() };
    write(documents, vec![Write::Put { collection: &REBUILD_MARKER, document }]).await?;
    refold(storage, models, &|reached| on_progress(position + reached)).await?;
    for projection in projections {
        let snapshot = Snapshot { position, data: projection.save()? };
        flush(journal.save_snapshot(projection.name(), snapshot).await?).await?;
    }
    write(documents, vec![Write::Delete { collection: &REBUILD_MARKER, key: KEY.to_owned() }]).await
}

/// Clears the read models and folds them again, without a marker. For a service that knows by itself whether this was
/// interrupted.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when an event cannot be decoded, or any other [`StorageError`] of reading or writing; then the
/// read models are incomplete.
pub async fn refold(
    storage: &ServiceStorage,
    models: &[Box<dyn ReadModel>],
    on_progress: &(dyn Fn(Position) + Send + Sync),
) -> Result<(), StorageError> {
    let documents = &*storage.documents;
    for model in models {
        clear(documents, model.collection()).await?;
    }
    let mut writers: Vec<ReadModelWriter<'_>> =
        models.iter().map(|model| ReadModelWriter::new(&**model, documents)).collect();
    let mut visitors: Vec<&mut dyn EventVisitor> =
        writers.iter_mut().map(|it| it as &mut dyn EventVisitor).collect();
    let VisitResult { position, readable } =
        visit_events(&*storage.journal, &mut visitors, on_progress).await?;
    if let Some(reason) = readable.examples().first() {
        return Err(StorageError::Corrupt(reason.clone()));
    }
    for writer in &mut writers {
        writer.writes.extend(writer.model.checkpoint_writes(position));
        writer.flush().await?;
    }
    Ok(())
}

/// Deletes every document of a collection.
///
/// # Errors
///
/// [`StorageError`] of reading or writing; then a part of them is left.
pub async fn clear(
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
    flush(documents.write(writes).await?).await
}

async fn flush(commit: Commit) -> Result<(), StorageError> {
    commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
}

/// Visitor that folds a read model without writing it, to see that every event can be decoded.
struct ReadModelDryRun<'a>(&'a dyn ReadModel);

#[async_trait]
impl EventVisitor for ReadModelDryRun<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.0.grain().covers(stream)
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

/// Visitor that folds a projection.
struct ProjectionFold<'a>(&'a mut dyn Projection);

#[async_trait]
impl EventVisitor for ProjectionFold<'_> {
    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.0.apply(event)
    }
}

/// Visitor that writes a read model, in batches.
struct ReadModelWriter<'a> {
    model: &'a dyn ReadModel,
    documents: &'a dyn Documents,
    writes: Vec<Write>,
    bytes: usize,
}

impl<'a> ReadModelWriter<'a> {
    fn new(model: &'a dyn ReadModel, documents: &'a dyn Documents) -> Self {
        Self { model, documents, writes: Vec::new(), bytes: 0 }
    }

    async fn fold(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        for write in self.model.writes(events)? {
            if let Write::Put { document, .. } = &write {
                self.bytes += document.body.len();
            }
            self.writes.push(write);
        }
        if self.writes.len() >= BATCH_WRITES_MAX || self.bytes >= BATCH_BYTES_MAX {
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
impl EventVisitor for ReadModelWriter<'_> {
    fn wants(&self, stream: &str) -> bool {
        self.model.grain().covers(stream)
    }

    async fn event(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        match self.model.grain() {
            super::Grain::Event => self.fold(std::slice::from_ref(event)).await,
            super::Grain::Stream(_) => Ok(()),
        }
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        self.fold(events).await
    }
}
