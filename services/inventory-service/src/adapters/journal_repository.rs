//! Ledger repository on the journal: one stream per SKU for its own changes, one stream per hold.

use super::snapshot;
use crate::{
    domain::{Event, Hold, HoldId, LedgerState},
    ports::{AppendReceipt, EventBatch, LedgerRepository, LoadedLedger, RepositoryError},
};
use async_trait::async_trait;
use bytes::Bytes;
use journal::{
    Append, AppendError, EventId, Journal, NewEvent, Projection, READ_EVENTS_MAX, RecordedEvent,
};
use kernel::Ids;
use std::sync::Arc;
use storage::StorageError;

/// Event-sourced ledger repository backed by a journal.
pub(crate) struct JournalLedgerRepository {
    journal: Arc<dyn Journal>,
    ids: Ids,
}

impl JournalLedgerRepository {
    pub(crate) fn new(journal: Arc<dyn Journal>, ids: Ids) -> Self {
        Self { journal, ids }
    }
}

#[async_trait]
impl LedgerRepository for JournalLedgerRepository {
    async fn append(&self, batch: EventBatch<'_>) -> Result<AppendReceipt, RepositoryError> {
        let EventBatch { events, expected, operation, at } = batch;
        let stream = events.first().map(stream_of).unwrap_or_default();
        let new_event = |(index, event): (usize, &Event)| {
            let id = operation.filter(|_| index == 0);
            let id = id.unwrap_or_else(|| self.ids.next::<EventId>().into());
            let data = serde_json::to_vec(event).map_err(|error| corrupt(&error))?;
            Ok(NewEvent { id, name: event.name(), data: data.into(), recorded_at: at })
        };
        let events = events.iter().enumerate().map(new_event);
        let events = events.collect::<Result<Vec<_>, StorageError>>()?;
        let append = Append { stream, expected, events, writes: Vec::new() };
        match self.journal.append(append).await {
            Ok(appended) => {
                Ok(AppendReceipt { position: appended.position, commit: appended.commit })
            }
            Err(AppendError::Conflict { .. }) => Err(RepositoryError::Conflict),
            Err(AppendError::Storage(error)) => Err(error.into()),
        }
    }

    async fn load_hold(&self, id: HoldId) -> Result<Option<Hold>, StorageError> {
        let (mut hold, mut version) = (None, 0);
        loop {
            let events = self.journal.read(&hold_stream(id), version, READ_EVENTS_MAX).await?;
            for recorded in &events {
                hold = Hold::evolve(hold, &decode(recorded)?);
                version = recorded.version;
            }
            if events.len() < READ_EVENTS_MAX {
                return Ok(hold);
            }
        }
    }

    async fn load(&self) -> Result<LoadedLedger, StorageError> {
        let mut projection = LedgerProjection::default();
        let position = journal::catch_up(&*self.journal, &mut projection).await?;
        let LedgerProjection { state, events } = projection;
        Ok(LoadedLedger { state, position, events_since_snapshot: events })
    }

    async fn save_snapshot(&self, state: LedgerState, position: u64) -> Result<(), StorageError> {
        // All SKUs of the shop at once: too much work for an async worker thread.
        let encoding = tokio::task::spawn_blocking(move || snapshot::encode(&state)).await;
        let data = encoding.map_err(|error| StorageError::Unavailable(error.to_string()))??;
        // In the same log, behind the events it includes: it cannot become durable before them.
        let snapshot = journal::Snapshot { position, data };
        let commit = self.journal.save_snapshot(snapshot::SNAPSHOT_NAME, snapshot).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// Name of the stream an event belongs to.
fn stream_of(event: &Event) -> String {
    match (event.hold(), event.sku()) {
        (Some(id), _) => hold_stream(id),
        (None, Some(sku)) => format!("sku-{}", sku.key()),
        (None, None) => String::new(),
    }
}

/// Prefix of the hold streams.
pub(super) const HOLD_PREFIX: &str = "hold-";

fn hold_stream(id: HoldId) -> String {
    format!("{HOLD_PREFIX}{id}")
}

/// Event decoder, for events of any age.
pub(super) fn decode(recorded: &RecordedEvent) -> Result<Event, StorageError> {
    serde_json::from_slice(&recorded.data).map_err(|error| {
        let RecordedEvent { name, position, .. } = recorded;
        StorageError::Corrupt(format!("event {name} at position {position}: {error}"))
    })
}

fn corrupt(error: &serde_json::Error) -> StorageError {
    StorageError::Corrupt(error.to_string())
}

/// Projection of the ledger state, folded when the service starts.
#[derive(Default)]
pub(super) struct LedgerProjection {
    state: LedgerState,
    events: usize,
}

impl Projection for LedgerProjection {
    fn name(&self) -> &'static str {
        snapshot::SNAPSHOT_NAME
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.state.replay(&decode(event)?, event.version);
        self.events += 1;
        Ok(())
    }

    fn save(&self) -> Result<Bytes, StorageError> {
        snapshot::encode(&self.state)
    }

    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
        self.state = snapshot::decode(data)?;
        Ok(())
    }
}
