//! Ledger repository on the journal: one stream per SKU for its own changes, one stream per hold.

use super::{movements, snapshot};
use crate::{
    domain::{Event, Hold, LedgerState},
    ports::{
        AppendReceipt, EventBatch, LedgerRepository, LoadedLedger, RepositoryError, SubmittedAppend,
    },
};
use async_trait::async_trait;
use bytes::Bytes;
use identifiers::{HoldId, Sku};
use journal::{
    Append, AppendError, DecodeError, EventId, Journal, NewEvent, Projection, READ_EVENTS_MAX,
    RecordedEvent, TypedEvent,
};
use kernel::{Ids, prefixed_id};
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

    fn encode(&self, batch: EventBatch<'_>) -> Result<Append, StorageError> {
        let EventBatch { events, expected, operation, at, place } = batch;
        let stream = events.first().map(|event| stream_of(event)).unwrap_or_default();
        let new_event = |(index, event): (usize, &Arc<Event>)| {
            let id = operation.filter(|_| index == 0);
            let id = id.unwrap_or_else(|| self.ids.next::<EventId>().into());
            let data = journal::encode(&**event)?;
            let typed = TypedEvent::new(Arc::clone(event));
            Ok(NewEvent { id, name: event.name(), data, recorded_at: at, typed, personal: None })
        };
        let new = events.iter().enumerate().map(new_event);
        let new = new.collect::<Result<Vec<_>, StorageError>>()?;
        let mut writes = Vec::new();
        for (event, new) in events.iter().zip(&new) {
            writes.extend(movements::operation_write(event, new.id, at)?);
        }
        Ok(Append { stream, expected, events: new, writes, origin: None, sequence: Some(place) })
    }
}

#[async_trait]
impl LedgerRepository for JournalLedgerRepository {
    fn append<'a>(&'a self, batch: EventBatch<'_>) -> Result<SubmittedAppend<'a>, StorageError> {
        let place = batch.place.clone();
        let append = self.encode(batch).inspect_err(|_| place.give_back())?;
        Ok(Box::pin(async {
            match self.journal.append(append).await {
                Ok(appended) => Ok(AppendReceipt { position: appended.position }),
                Err(AppendError::Conflict { .. }) => Err(RepositoryError::Conflict),
                Err(AppendError::OutOfSequence) => Err(RepositoryError::OutOfSequence),
                Err(AppendError::Storage(error)) => Err(error.into()),
            }
        }))
    }

    async fn load_hold(&self, id: HoldId) -> Result<Option<Hold>, StorageError> {
        let (mut hold, mut version) = (None, 0);
        loop {
            let events = self.journal.read(&hold_stream(id), version, READ_EVENTS_MAX).await?;
            for recorded in &events {
                hold = Hold::evolve(hold, &*decode(recorded)?);
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
        (None, Some(sku)) => sku_stream(sku),
        (None, None) => String::new(),
    }
}

/// Prefix of the hold streams.
pub(super) const HOLD_PREFIX: &str = "hold-";

/// Name of the stream of a SKU's own events.
pub(super) fn sku_stream(sku: &Sku) -> String {
    format!("sku-{}", sku.key())
}

/// Name of the stream of a hold.
pub(super) fn hold_stream(id: HoldId) -> String {
    prefixed_id(HOLD_PREFIX, id)
}

/// The stock event of any age: from memory, or decoded from its bytes.
pub(super) fn stock_event(recorded: &RecordedEvent) -> Result<Arc<Event>, DecodeError> {
    recorded.event(journal::decode_event)
}

/// [`stock_event`] for readers whose store is corrupt without it.
pub(super) fn decode(recorded: &RecordedEvent) -> Result<Arc<Event>, StorageError> {
    stock_event(recorded).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// JSON of a value to be stored.
pub(super) fn encode(value: &impl serde::Serialize) -> Result<Bytes, StorageError> {
    let encoded = kernel::json::to_vec(value);
    encoded.map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
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
        self.state.replay(&*decode(event)?, event.version, event.position);
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
