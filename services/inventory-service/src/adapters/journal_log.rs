//! The books' log in the journal: a stream for each SKU's own changes, a stream for each hold.

use super::snapshot;
use crate::{
    domain::{Event, Hold, HoldId, Ledger},
    ports::{Entry, Log, LogError, Logged, Opening},
};
use async_trait::async_trait;
use bytes::Bytes;
use journal::{
    Append, AppendError, EventId, Journal, NewEvent, Projection, READ_EVENTS_MAX, RecordedEvent,
};
use kernel::Ids;
use std::sync::Arc;
use storage::StorageError;

/// The log in a journal.
pub(crate) struct JournalLog {
    journal: Arc<dyn Journal>,
    ids: Ids,
}

impl JournalLog {
    pub(crate) fn new(journal: Arc<dyn Journal>, ids: Ids) -> Self {
        Self { journal, ids }
    }
}

#[async_trait]
impl Log for JournalLog {
    async fn append(&self, entry: Entry<'_>) -> Result<Logged, LogError> {
        let Entry { events, expected, operation, at } = entry;
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
            Ok(appended) => Ok(Logged { position: appended.position, commit: appended.commit }),
            Err(AppendError::Conflict { .. }) => Err(LogError::Conflict),
            Err(AppendError::Storage(error)) => Err(error.into()),
        }
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, StorageError> {
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

    async fn opening(&self) -> Result<Opening, StorageError> {
        let mut folding = Folding::default();
        let position = journal::catch_up(&*self.journal, &mut folding).await?;
        Ok(Opening { ledger: folding.ledger, position, events: folding.events })
    }

    async fn save(&self, ledger: Ledger, position: u64) -> Result<(), StorageError> {
        // All SKUs of the shop at once: too much work for a thread that answers requests.
        let encoding = tokio::task::spawn_blocking(move || snapshot::encode(&ledger)).await;
        let data = encoding.map_err(|error| StorageError::Unavailable(error.to_string()))??;
        // In the same log, behind the events that are in it: it cannot become durable before them.
        let snapshot = journal::Snapshot { position, data };
        let commit = self.journal.save_snapshot(snapshot::NAME, snapshot).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// The stream an event belongs to.
fn stream_of(event: &Event) -> String {
    match (event.hold(), event.sku()) {
        (Some(id), _) => hold_stream(id),
        (None, Some(sku)) => format!("sku-{}", sku.key()),
        (None, None) => String::new(),
    }
}

/// What the streams of holds begin with.
pub(super) const HOLD_PREFIX: &str = "hold-";

fn hold_stream(id: HoldId) -> String {
    format!("{HOLD_PREFIX}{id}")
}

/// Reads an event of any age.
pub(super) fn decode(recorded: &RecordedEvent) -> Result<Event, StorageError> {
    serde_json::from_slice(&recorded.data).map_err(|error| {
        let RecordedEvent { name, position, .. } = recorded;
        StorageError::Corrupt(format!("event {name} at position {position}: {error}"))
    })
}

fn corrupt(error: &serde_json::Error) -> StorageError {
    StorageError::Corrupt(error.to_string())
}

/// The books being read at a start.
#[derive(Default)]
pub(super) struct Folding {
    ledger: Ledger,
    events: usize,
}

impl Projection for Folding {
    fn name(&self) -> &'static str {
        snapshot::NAME
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), StorageError> {
        self.ledger.replay(&decode(event)?, event.version);
        self.events += 1;
        Ok(())
    }

    fn save(&self) -> Result<Bytes, StorageError> {
        snapshot::encode(&self.ledger)
    }

    fn restore(&mut self, data: &Bytes) -> Result<(), StorageError> {
        self.ledger = snapshot::decode(data)?;
        Ok(())
    }
}
