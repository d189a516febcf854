//! Movement read model: documents projected from the journal asynchronously and in batches, at no cost to an order.
//!
//! Reads are read-your-writes: a query waits until the projection has caught up with everything that was durable when
//! it arrived, so an operator finds a movement recorded a moment ago.

use super::journal_repository::{decode, encode};
use crate::{
    domain::{Event, MovedUnits},
    ports::{MovementCursor, MovementPage, MovementQueries},
};
use async_trait::async_trait;
use contracts::inventory::{Movement, MovementKind};
use identifiers::{OrderId, Sku};
use journal::{
    Position, READ_EVENTS_MAX, RecordedEvent, ServiceStorage,
    maintenance::{Grain, ReadModel},
};
use kernel::{Timestamp, Uuid};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use storage::{
    Collection, Direction, Document, FieldValue, Index, Query, StorageError, StoredDocument,
    Watermark, Write,
};
use tokio::sync::Notify;

const BY_SKU: &str = "by_sku";

static MOVEMENTS: Collection = Collection {
    name: "movements",
    indexes: &[Index { name: BY_SKU, fields: &["sku", "position"] }],
};

/// Checkpoint of the projection, stored in the same write as the movements.
static CHECKPOINT: Collection = Collection { name: "movements_followed", indexes: &[] };
const CHECKPOINT_KEY: &str = "position";

/// How long a query waits for the projection to catch up.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the projection lingers before the next batch when no query is waiting: many sales make one write.
const LINGER: Duration = Duration::from_millis(250);
/// Delay before a retry after a failure.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Movement read model: its projection and its queries.
pub(crate) struct MovementStore {
    storage: ServiceStorage,
    checkpoint: Arc<Watermark>,
    /// Wakes the projection early because a query is waiting.
    wake: Notify,
    /// Whether the projection is stalled because the disk is full.
    disk_full: AtomicBool,
}

impl MovementStore {
    pub(crate) async fn open(storage: ServiceStorage) -> Result<Self, StorageError> {
        let position = read_checkpoint(&storage).await?;
        Ok(Self {
            storage,
            checkpoint: Watermark::at(position),
            wake: Notify::new(),
            disk_full: false.into(),
        })
    }

    /// Runs the projection until the future is dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let after = self.checkpoint.flushed();
            let applied = self.apply_batch().await;
            self.disk_full.store(matches!(applied, Err(StorageError::Full)), Relaxed);
            match applied {
                Ok(0) => {
                    self.storage.journal.wait_beyond(after).await;
                    // An early end only means that a query is waiting.
                    let _ = tokio::time::timeout(LINGER, self.wake.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the movement projection failed; retrying");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Applies the next batch of events. Returns its size.
    async fn apply_batch(&self) -> Result<usize, StorageError> {
        let after = self.checkpoint.flushed();
        let events = self.storage.journal.follow(after, READ_EVENTS_MAX).await?;
        let Some(last) = events.last() else { return Ok(0) };
        let mut writes = Vec::with_capacity(events.len());
        for recorded in &events {
            writes.extend(writes_for(recorded)?);
        }
        writes.push(checkpoint_write(last.position)?);
        let commit = self.storage.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        self.checkpoint.advance(last.position);
        Ok(events.len())
    }

    async fn catch_up(&self) -> Result<(), StorageError> {
        let last = self.storage.journal.last_position().await?;
        if self.checkpoint.flushed() < last {
            self.wake.notify_one();
        }
        match tokio::time::timeout(CATCH_UP_TIMEOUT, self.checkpoint.wait_for(last)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(StorageError::Unavailable(
                "the movement projection lags behind the stock".to_owned(),
            )),
        }
    }
}

#[async_trait]
impl MovementQueries for MovementStore {
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementCursor>,
    ) -> Result<MovementPage, StorageError> {
        // Reads continue when the disk is full; the latest movements appear once there is space again.
        if !self.disk_full.load(Relaxed) {
            let caught_up = self.catch_up().await;
            caught_up.or_else(|lag| self.disk_full.load(Relaxed).then_some(()).ok_or(lag))?;
        }
        let query = Query {
            equals: vec![FieldValue::Text(sku.key())],
            direction: Direction::Descending,
            after: after.map(|MovementCursor(position)| position),
            ..Query::all(BY_SKU, limit)
        };
        let found = self.storage.documents.query(&MOVEMENTS, query).await?;
        let items = found.documents.iter().map(read).collect::<Result<_, _>>()?;
        Ok(MovementPage { items, next: found.next.map(MovementCursor) })
    }

    async fn by_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError> {
        self.catch_up().await?;
        let key = key(operation, 0);
        let found = self.storage.documents.find(&MOVEMENTS, &key).await?;
        found.map(|stored| read(&stored)).transpose()
    }
}

/// Position of the stored checkpoint; 0 when there is none.
async fn read_checkpoint(storage: &ServiceStorage) -> Result<Position, StorageError> {
    let stored = storage.documents.find(&CHECKPOINT, CHECKPOINT_KEY).await?;
    stored.map_or(Ok(0), |stored| read(&stored))
}

fn checkpoint_write(position: Position) -> Result<Write, StorageError> {
    let document =
        Document { key: CHECKPOINT_KEY.to_owned(), body: encode(&position)?, fields: vec![] };
    Ok(Write::Put { collection: &CHECKPOINT, document })
}

/// Rebuild of the movement read model from the journal.
pub(super) struct MovementsReadModel;

#[async_trait]
impl ReadModel for MovementsReadModel {
    fn collection(&self) -> &'static Collection {
        &MOVEMENTS
    }

    fn grain(&self) -> Grain {
        Grain::Event
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut writes = Vec::new();
        for recorded in events {
            writes.extend(writes_for(recorded)?);
        }
        Ok(writes)
    }

    async fn checkpoint(&self, storage: &ServiceStorage) -> Result<Option<Position>, StorageError> {
        read_checkpoint(storage).await.map(Some)
    }

    fn checkpoint_writes(&self, position: Position) -> Vec<Write> {
        // Encoding a number as JSON cannot fail.
        checkpoint_write(position).into_iter().collect()
    }
}

fn writes_for(recorded: &RecordedEvent) -> Result<Vec<Write>, StorageError> {
    let movements = movements_from(&*decode(recorded)?, recorded.recorded_at);
    let documents = movements.into_iter().enumerate().map(|(index, movement)| {
        let position = i64::try_from(recorded.position).unwrap_or(i64::MAX);
        let sku = FieldValue::Text(movement.sku.key());
        let fields = vec![("sku", sku), ("position", FieldValue::Integer(position))];
        let document = Document { key: key(recorded.id, index), body: encode(&movement)?, fields };
        Ok(Write::Put { collection: &MOVEMENTS, document })
    });
    documents.collect()
}

/// Document key. One event has at most one movement per location; the index keeps those of one SKU in order.
fn key(event: Uuid, index: usize) -> String {
    format!("{event}-{index:04}")
}

fn movements_from(event: &Event, at: Timestamp) -> Vec<Movement> {
    let sold = |order_id: OrderId, lines: &[MovedUnits], kind, reason: Option<&str>| {
        let sign = if kind == MovementKind::Sold { -1 } else { 1 };
        let movement = |moved: &MovedUnits| Movement {
            sku: moved.sku.clone(),
            location: moved.location.as_str().to_owned(),
            kind,
            quantity: sign * moved.quantity,
            on_hand: moved.on_hand,
            reason: reason.map(str::to_owned),
            order_id: Some(order_id),
            at,
        };
        lines.iter().filter(|moved| !moved.untracked).map(movement).collect()
    };
    match event {
        Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
            let received = matches!(event, Event::Received(_));
            vec![Movement {
                sku: change.sku.clone(),
                location: change.location.as_str().to_owned(),
                kind: if received { MovementKind::Received } else { MovementKind::Adjusted },
                quantity: change.quantity,
                on_hand: change.on_hand,
                reason: change.reason.clone(),
                order_id: None,
                at,
            }]
        }
        Event::Committed { order_id, lines, .. } => {
            sold(*order_id, lines, MovementKind::Sold, None)
        }
        Event::Restocked { order_id, lines, reason, .. } => {
            sold(*order_id, lines, MovementKind::Returned, Some(reason))
        }
        Event::Returned { order_id, lines, .. } => {
            sold(*order_id, lines, MovementKind::Returned, None)
        }
        Event::PolicyChanged { .. }
        | Event::Held { .. }
        | Event::Released { .. }
        | Event::Expired { .. }
        | Event::Barred { .. }
        | Event::AvailabilityChanged { .. } => Vec::new(),
    }
}

fn read<T: serde::de::DeserializeOwned>(stored: &StoredDocument) -> Result<T, StorageError> {
    serde_json::from_slice(&stored.body)
        .map_err(|error| StorageError::Corrupt(format!("document {}: {error}", stored.key)))
}
