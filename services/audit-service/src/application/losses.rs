//! What sources had to drop, summed up for each of them, so that a trail with gaps says so.

use contracts::audit::ActivityBatch;
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};
use storage::{
    Collection, Document, Documents, FieldValue, Index, QUERY_DOCUMENTS_MAX, Query, StorageError,
    Write,
};
use tokio::sync::Mutex;

static LOSSES: Collection =
    Collection { name: "losses", indexes: &[Index { name: "by_source", fields: &["source"] }] };

/// What one source has lost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Loss {
    activities: u64,
    /// The first activity of the batch that was counted last: a batch that is sent again is not counted again.
    batch: Option<Uuid>,
}

/// The losses of all sources.
#[derive(Debug)]
pub(super) struct Losses {
    documents: Arc<dyn Documents>,
    /// As they stand with all that was written, flushed or not. Held while one is counted.
    known: Mutex<HashMap<String, Loss>>,
}

impl Losses {
    pub(super) fn in_store(documents: Arc<dyn Documents>) -> Self {
        Self { documents, known: Mutex::default() }
    }

    /// Writes `writes`, and what the batch's source has lost with them.
    pub(super) async fn write_with(
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
        let loss = match known.get(&batch.source) {
            Some(loss) => *loss,
            None => self.stored(&batch.source).await?,
        };
        let counted_before = first.is_some() && loss.batch == first;
        let more = if counted_before { 0 } else { batch.lost };
        let loss = Loss { activities: loss.activities.saturating_add(more), batch: first };
        writes.push(put(&batch.source, loss)?);
        drop(self.documents.write(writes).await?);
        known.insert(batch.source.clone(), loss);
        Ok(())
    }

    /// What all sources have lost.
    pub(super) async fn sum(&self) -> Result<u64, StorageError> {
        let mut query = Query::all("by_source", QUERY_DOCUMENTS_MAX);
        let mut sum = 0_u64;
        loop {
            let found = self.documents.query(&LOSSES, query.clone()).await?;
            for stored in &found.documents {
                sum = sum.saturating_add(read(&stored.body)?.activities);
            }
            match found.next {
                Some(next) => query.after = Some(next),
                None => return Ok(sum),
            }
        }
    }

    async fn stored(&self, source: &str) -> Result<Loss, StorageError> {
        let stored = self.documents.find(&LOSSES, source).await?;
        stored.map_or(Ok(Loss::default()), |stored| read(&stored.body))
    }
}

fn put(source: &str, loss: Loss) -> Result<Write, StorageError> {
    let body =
        serde_json::to_vec(&loss).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let fields = vec![("source", FieldValue::Text(source.to_owned()))];
    let document = Document { key: source.to_owned(), body: body.into(), fields };
    Ok(Write::Put { collection: &LOSSES, document })
}

fn read(body: &[u8]) -> Result<Loss, StorageError> {
    serde_json::from_slice(body).map_err(|error| StorageError::Corrupt(format!("losses: {error}")))
}
