//! The movements as documents, written by a follower of the journal in batches: an order pays nothing for them.
//!
//! Whoever looks waits until the follower has passed what was durable at that moment, so that an operator finds
//! what was entered just before.

use super::journal_log::decode;
use crate::{
    domain::{Event, Location, Moved, OrderId, Sku},
    ports::{MovementPlace, Movements, MovementsPage},
};
use async_trait::async_trait;
use bytes::Bytes;
use contracts::inventory::{Movement, MovementKind};
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

/// How far the follower has come, kept in the same write as the movements.
static FOLLOWED: Collection = Collection { name: "movements_followed", indexes: &[] };
const FOLLOWED_KEY: &str = "position";

/// How long somebody who looks waits for the follower.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The pause between two parts of the journal while nobody looks: many sales make one write.
const BATCH_FOR: Duration = Duration::from_millis(250);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The ledger of movements in documents.
pub(crate) struct MovementDocuments {
    storage: ServiceStorage,
    followed: Arc<Watermark>,
    /// Somebody looks, and would rather not wait for the batch.
    wanted: Notify,
    /// The follower cannot go on before there is room on the disk.
    has_no_room: AtomicBool,
}

impl MovementDocuments {
    pub(crate) async fn open(storage: ServiceStorage) -> Result<Self, StorageError> {
        let position = reached(&storage).await?;
        Ok(Self {
            storage,
            followed: Watermark::at(position),
            wanted: Notify::new(),
            has_no_room: false.into(),
        })
    }

    /// Follows the journal until it is dropped.
    pub(crate) async fn follow(&self) {
        loop {
            let after = self.followed.flushed();
            let step = self.step().await;
            self.has_no_room.store(matches!(step, Err(StorageError::Full)), Relaxed);
            match step {
                Ok(0) => {
                    self.storage.journal.wait_beyond(after).await;
                    // An early end only means that somebody looks.
                    let _ = tokio::time::timeout(BATCH_FOR, self.wanted.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "movements could not be written; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Takes the next part of the journal in. Returns how many events it was.
    async fn step(&self) -> Result<usize, StorageError> {
        let after = self.followed.flushed();
        let events = self.storage.journal.follow(after, READ_EVENTS_MAX).await?;
        let Some(last) = events.last() else { return Ok(0) };
        let mut writes = Vec::with_capacity(events.len());
        for recorded in &events {
            writes.extend(documents_of(recorded)?);
            if kernel::defects::planted("projection_applies_twice") {
                let again = RecordedEvent {
                    id: Uuid::from_u128(recorded.position.into()),
                    ..recorded.clone()
                };
                writes.extend(documents_of(&again)?);
            }
        }
        writes.push(followed(last.position)?);
        let commit = self.storage.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        self.followed.advance(last.position);
        Ok(events.len())
    }

    async fn passed_what_is_durable(&self) -> Result<(), StorageError> {
        let last = self.storage.journal.last_position().await?;
        if self.followed.flushed() < last {
            self.wanted.notify_one();
        }
        match tokio::time::timeout(WAIT_MAX, self.followed.wait_for(last)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(StorageError::Unavailable("the movements lag behind the stock".to_owned())),
        }
    }
}

#[async_trait]
impl Movements for MovementDocuments {
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementPlace>,
    ) -> Result<MovementsPage, StorageError> {
        // Reading goes on when the disk is full; what came in last is shown when there is room again.
        if !self.has_no_room.load(Relaxed) {
            let passed = self.passed_what_is_durable().await;
            passed.or_else(|lag| self.has_no_room.load(Relaxed).then_some(()).ok_or(lag))?;
        }
        let query = Query {
            equals: vec![FieldValue::Text(sku.key())],
            direction: Direction::Descending,
            after: after.map(|MovementPlace(place)| place),
            ..Query::all(BY_SKU, limit)
        };
        let found = self.storage.documents.query(&MOVEMENTS, query).await?;
        let items = found.documents.iter().map(read).collect::<Result<_, _>>()?;
        Ok(MovementsPage { items, next: found.next.map(MovementPlace) })
    }

    async fn of_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError> {
        self.passed_what_is_durable().await?;
        let key = key(operation, 0);
        let found = self.storage.documents.find(&MOVEMENTS, &key).await?;
        found.map(|stored| read(&stored)).transpose()
    }
}

/// How far the follower has come.
async fn reached(storage: &ServiceStorage) -> Result<Position, StorageError> {
    let kept = storage.documents.find(&FOLLOWED, FOLLOWED_KEY).await?;
    kept.map_or(Ok(0), |kept| read(&kept))
}

fn followed(position: Position) -> Result<Write, StorageError> {
    let document =
        Document { key: FOLLOWED_KEY.to_owned(), body: body(&position)?, fields: vec![] };
    Ok(Write::Put { collection: &FOLLOWED, document })
}

/// The movements, made anew from the events.
pub(super) struct MovementsAnew;

#[async_trait]
impl ReadModel for MovementsAnew {
    fn collection(&self) -> &'static Collection {
        &MOVEMENTS
    }

    fn grain(&self) -> Grain {
        Grain::Event
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut writes = Vec::new();
        for recorded in events {
            writes.extend(documents_of(recorded)?);
        }
        Ok(writes)
    }

    async fn reached(&self, storage: &ServiceStorage) -> Result<Option<Position>, StorageError> {
        reached(storage).await.map(Some)
    }

    fn marks(&self, position: Position) -> Vec<Write> {
        // A number is always JSON.
        followed(position).into_iter().collect()
    }
}

fn documents_of(recorded: &RecordedEvent) -> Result<Vec<Write>, StorageError> {
    let movements = movements_of(&decode(recorded)?, recorded.recorded_at);
    let documents = movements.into_iter().enumerate().map(|(index, movement)| {
        let position = i64::try_from(recorded.position).unwrap_or(i64::MAX);
        let sku = movement.sku.to_ascii_lowercase();
        let fields =
            vec![("sku", FieldValue::Text(sku)), ("position", FieldValue::Integer(position))];
        let document = Document { key: key(recorded.id, index), body: body(&movement)?, fields };
        Ok(Write::Put { collection: &MOVEMENTS, document })
    });
    documents.collect()
}

/// One event has at most one movement per place; the index keeps those of one SKU in their order.
fn key(event: Uuid, index: usize) -> String {
    format!("{event}-{index:04}")
}

fn movements_of(event: &Event, at: Timestamp) -> Vec<Movement> {
    let sold = |order_id: OrderId, lines: &[Moved], kind, reason: Option<&str>| {
        let sign = if kind == MovementKind::Sold { -1 } else { 1 };
        let movement = |moved: &Moved| Movement {
            sku: moved.sku.as_str().to_owned(),
            location: moved.location.as_str().to_owned(),
            kind,
            quantity: sign * moved.quantity,
            on_hand: moved.on_hand,
            reason: reason.map(str::to_owned),
            order_id: Some(contracts::shared::OrderId(order_id.0)),
            at,
        };
        lines.iter().map(movement).collect()
    };
    match event {
        Event::Received(change) | Event::Adjusted(change) | Event::Counted(change) => {
            let received = matches!(event, Event::Received(_));
            vec![Movement {
                sku: change.sku.as_str().to_owned(),
                location: location(&change.location),
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
        Event::Held { .. }
        | Event::Released { .. }
        | Event::Expired { .. }
        | Event::Barred { .. }
        | Event::AvailabilityChanged { .. } => Vec::new(),
    }
}

fn location(location: &Location) -> String {
    location.as_str().to_owned()
}

fn body(value: &impl serde::Serialize) -> Result<Bytes, StorageError> {
    let encoded =
        serde_json::to_vec(value).map_err(|error| StorageError::Corrupt(error.to_string()));
    encoded.map(Bytes::from)
}

fn read<T: serde::de::DeserializeOwned>(stored: &StoredDocument) -> Result<T, StorageError> {
    serde_json::from_slice(&stored.body)
        .map_err(|error| StorageError::Corrupt(format!("document {}: {error}", stored.key)))
}
