//! Counters of activities that sources had to drop, so that an incomplete audit log says so.

use contracts::audit::ActivityBatch;
use identifiers::ActivityId;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};
use storage::{
    Collection, Document, Documents, FieldValue, Index, QUERY_DOCUMENTS_MAX, Query, StorageError,
    Write,
};
use tokio::sync::Mutex;

pub(crate) static DROPPED: Collection =
    Collection { name: "losses", indexes: &[Index { name: "by_source", fields: &["source"] }] };

/// Number of activities one source has dropped.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct DroppedCount {
    activities: u64,
    /// First activity of the batch counted last: a batch that is sent again is not counted twice.
    batch: Option<ActivityId>,
}

/// Dropped-activity counters of all sources.
#[derive(Debug)]
pub(super) struct DroppedCounters {
    documents: Arc<dyn Documents>,
    /// Counters including unflushed writes. Locked while a batch is counted.
    known: Mutex<HashMap<String, DroppedCount>>,
}

impl DroppedCounters {
    pub(super) fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, known: Mutex::default() }
    }

    /// Writes `writes` atomically with the updated counter of the batch's source.
    pub(super) async fn write_counting(
        &self,
        batch: &ActivityBatch,
        mut writes: Vec<Write>,
    ) -> Result<(), StorageError> {
        if batch.lost == 0 {
            drop(self.documents.write(writes).await?);
            return Ok(());
        }
        let first = batch.activities.first().map(|activity| activity.id);
        let mut known = self.known.lock().await;
        let count = match known.get(&batch.source) {
            Some(count) => *count,
            None => self.stored(&batch.source).await?,
        };
        let counted_before = first.is_some() && count.batch == first;
        let added = if counted_before { 0 } else { batch.lost };
        let count =
            DroppedCount { activities: count.activities.saturating_add(added), batch: first };
        writes.push(put(&batch.source, count)?);
        drop(self.documents.write(writes).await?);
        known.insert(batch.source.clone(), count);
        Ok(())
    }

    /// Total over all sources.
    pub(super) async fn total(&self) -> Result<u64, StorageError> {
        let mut query = Query::all("by_source", QUERY_DOCUMENTS_MAX);
        let mut sum = 0_u64;
        loop {
            let found = self.documents.query(&DROPPED, query.clone()).await?;
            for stored in &found.documents {
                sum = sum.saturating_add(read(&stored.body)?.activities);
            }
            match found.next {
                Some(next) => query.after = Some(next),
                None => return Ok(sum),
            }
        }
    }

    async fn stored(&self, source: &str) -> Result<DroppedCount, StorageError> {
        let stored = self.documents.find(&DROPPED, source).await?;
        stored.map_or(Ok(DroppedCount::default()), |stored| read(&stored.body))
    }
}

fn put(source: &str, count: DroppedCount) -> Result<Write, StorageError> {
    let body =
        serde_json::to_vec(&count).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let fields = vec![("source", FieldValue::Text(source.to_owned()))];
    let document = Document { key: source.to_owned(), body: body.into(), fields };
    Ok(Write::Put { collection: &DROPPED, document })
}

fn read(body: &[u8]) -> Result<DroppedCount, StorageError> {
    serde_json::from_slice(body)
        .map_err(|error| StorageError::Corrupt(format!("dropped-activity counter: {error}")))
}
