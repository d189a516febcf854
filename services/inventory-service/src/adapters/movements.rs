//! Stock movements, read from the journal: each event that moves units of a SKU has the position of the one before it, so
//! that the movements of a SKU are a chain, whose last event the ledger knows. An order writes nothing for them.
//!
//! Early versions wrote a document for each movement instead, in an asynchronous projection. Those documents stay, and a
//! list goes on with them where the chain begins.

use super::journal_repository::{decode, encode, hold_stream, sku_stream};
use crate::{
    application::StockLedger,
    domain::{Event, MovedUnits, MovementLink},
    ports::{MovementCursor, MovementPage, MovementQueries},
};
use async_trait::async_trait;
use contracts::inventory::{Movement, MovementKind};
use identifiers::{OrderId, Sku};
use journal::{
    Position, READ_EVENTS_MAX, RecordedEvent, ServiceStorage,
    maintenance::{Grain, ReadModel},
};
use kernel::{Timestamp, Uuid, prefixed_id};
use std::sync::Arc;
use storage::{
    Collection, CommitError, Direction, Document, FieldValue, Index, Query, StorageError,
    StoredDocument, Write,
};

const BY_SKU: &str = "by_sku";

/// Movements of events that are in no chain, as early versions wrote them.
pub(crate) static MOVEMENTS: Collection = Collection {
    name: "movements",
    indexes: &[Index { name: BY_SKU, fields: &["sku", "position"] }],
};

/// Position up to which such events have their documents.
static CHECKPOINT: Collection = Collection { name: "movements_followed", indexes: &[] };
const CHECKPOINT_KEY: &str = "position";

/// Movements by operators, by the identifiers of their events: the operations that requests name.
static OPERATIONS: Collection = Collection { name: "movement_operations", indexes: &[] };

/// Movements of the service's journal.
pub(crate) struct JournalMovements {
    storage: ServiceStorage,
    stock_ledger: Arc<StockLedger>,
}

impl JournalMovements {
    /// Opens the movements: an early version may have ended before its last events had their documents.
    pub(crate) async fn open(
        storage: ServiceStorage,
        stock_ledger: Arc<StockLedger>,
    ) -> Result<Self, StorageError> {
        let last = storage.journal.last_position().await?;
        let mut after = read_checkpoint(&storage).await?;
        while after < last {
            let events = storage.journal.follow(after, READ_EVENTS_MAX).await?;
            let mut writes = Vec::new();
            let mut chain_begins = false;
            for recorded in &events {
                chain_begins = decode(recorded)?.is_chained();
                if chain_begins {
                    break;
                }
                writes.extend(writes_for(recorded)?);
                after = recorded.position;
            }
            // Where there is nothing to write, the events are read again at the next start: those before the first movement.
            if !writes.is_empty() {
                writes.push(checkpoint_write(after)?);
                let commit = storage.documents.write(writes).await?;
                let failed = |error: CommitError| StorageError::Unavailable(error.to_string());
                commit.wait().await.map_err(failed)?;
            }
            if chain_begins {
                break;
            }
        }
        Ok(Self { storage, stock_ledger })
    }

    /// Whether the event at this position, which may come from anywhere, has moved units of the SKU.
    async fn is_in_chain(&self, sku: &Sku, position: Position) -> Result<bool, StorageError> {
        let Some(recorded) = self.find_event(position).await? else { return Ok(false) };
        Ok(decode(&recorded)?.moved().any(|(moved, before)| moved == sku && before.is_some()))
    }

    /// Event to which another one, or the ledger, leads.
    async fn linked_event(
        &self,
        sku: &Sku,
        link: MovementLink,
    ) -> Result<RecordedEvent, StorageError> {
        let found = match link {
            MovementLink::Position(position) => self.find_event(position).await?,
            MovementLink::Version(hold, version) => {
                let stream = hold.map_or_else(|| sku_stream(sku), hold_stream);
                let events = self.storage.journal.read(&stream, version.saturating_sub(1), 1).await;
                events?.into_iter().find(|event| event.version == version)
            }
        };
        found.ok_or_else(|| StorageError::Corrupt(format!("{sku} has no movement at {link:?}")))
    }

    async fn find_event(&self, position: Position) -> Result<Option<RecordedEvent>, StorageError> {
        let found = self.storage.journal.follow(position.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|event| event.position == position))
    }

    /// Lists the movements of the chain from here on, until the page is full or the chain is at its beginning. Returns the
    /// place of the next one.
    async fn list_chain(
        &self,
        sku: &Sku,
        limit: usize,
        (mut link, mut listed): (MovementLink, usize),
        items: &mut Vec<Movement>,
    ) -> Result<(Position, usize), StorageError> {
        let mut before = Position::MAX;
        while link != MovementLink::BEGINNING {
            let recorded = self.linked_event(sku, link).await?;
            if recorded.position >= before {
                let event = format!("the stock movement at position {before}");
                let reason = format!("{event} does not lead to the one before it");
                return Err(StorageError::Corrupt(reason));
            }
            if items.len() == limit {
                return Ok((recorded.position, listed));
            }
            before = recorded.position;
            let event = decode(&recorded)?;
            let of_sku = movements_from(&event, recorded.recorded_at).into_iter().rev();
            let mut of_sku = of_sku.filter(|movement| movement.sku == *sku).skip(listed).peekable();
            while items.len() < limit
                && let Some(movement) = of_sku.next()
            {
                items.push(movement);
                listed += 1;
            }
            if of_sku.peek().is_some() {
                return Ok((recorded.position, listed));
            }
            let mut moved = event.moved().filter(|(moved, _)| *moved == sku);
            let previous = moved.find_map(|(_, previous)| previous).ok_or_else(|| {
                let event = format!("the event at position {}", recorded.position);
                StorageError::Corrupt(format!("{event} moved no unit of {sku}"))
            })?;
            (link, listed) = (previous, 0);
        }
        Ok((0, listed))
    }
}

#[async_trait]
impl MovementQueries for JournalMovements {
    async fn page(
        &self,
        sku: &Sku,
        limit: usize,
        after: Option<MovementCursor>,
    ) -> Result<Option<MovementPage>, StorageError> {
        let mut items = Vec::new();
        let after = match after {
            Some(MovementCursor::Documents(after)) => Some(after),
            Some(MovementCursor::Chain { .. }) | None => {
                let from = match after {
                    Some(MovementCursor::Chain { position, listed }) => {
                        if position > 0 && !self.is_in_chain(sku, position).await? {
                            return Ok(None);
                        }
                        (MovementLink::Position(position), listed)
                    }
                    _ => (self.stock_ledger.last_movement(sku).await?, 0),
                };
                let (position, listed) = self.list_chain(sku, limit, from, &mut items).await?;
                if position > 0 {
                    let next = Some(MovementCursor::Chain { position, listed });
                    return Ok(Some(MovementPage { items, next }));
                }
                None
            }
        };
        let query = Query {
            equals: vec![FieldValue::Text(sku.key())],
            direction: Direction::Descending,
            after,
            ..Query::all(BY_SKU, (limit - items.len()).max(1))
        };
        let found = self.storage.documents.query(&MOVEMENTS, query).await?;
        if items.len() == limit {
            let more = !found.documents.is_empty();
            let next = more.then_some(MovementCursor::Chain { position: 0, listed: 0 });
            return Ok(Some(MovementPage { items, next }));
        }
        for stored in &found.documents {
            items.push(read(stored)?);
        }
        Ok(Some(MovementPage { items, next: found.next.map(MovementCursor::Documents) }))
    }

    async fn by_operation(&self, operation: Uuid) -> Result<Option<Movement>, StorageError> {
        let documents = &self.storage.documents;
        let found = match documents.find(&OPERATIONS, &prefixed_id("", operation)).await? {
            Some(found) => Some(found),
            None => documents.find(&MOVEMENTS, &key(operation, 0)).await?,
        };
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

/// Rebuild of the documents of early versions from the journal.
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

/// Rebuild of the operators' movements from the journal.
pub(super) struct OperationsReadModel;

impl ReadModel for OperationsReadModel {
    fn collection(&self) -> &'static Collection {
        &OPERATIONS
    }

    fn grain(&self) -> Grain {
        Grain::Event
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut writes = Vec::new();
        for recorded in events {
            let event = decode(recorded)?;
            writes.extend(operation_write(&event, recorded.id, recorded.recorded_at)?);
        }
        Ok(writes)
    }
}

/// Document of an operator's movement, in the commit of its event, with this id; `None` for any other event, and for one of
/// an early version, whose document is among [`MOVEMENTS`].
pub(super) fn operation_write(
    event: &Event,
    id: Uuid,
    at: Timestamp,
) -> Result<Option<Write>, StorageError> {
    let is_operation = matches!(event, Event::Received(_) | Event::Adjusted(_) | Event::Counted(_));
    if !is_operation || !event.is_chained() {
        return Ok(None);
    }
    let movement = movements_from(event, at).pop();
    movement.map_or(Ok(None), |movement| {
        let (key, body) = (prefixed_id("", id), encode(&movement)?);
        let document = Document { key, body, fields: Vec::new() };
        Ok(Some(Write::Put { collection: &OPERATIONS, document }))
    })
}

/// Documents of an event that is in no chain.
fn writes_for(recorded: &RecordedEvent) -> Result<Vec<Write>, StorageError> {
    let event = decode(recorded)?;
    if event.is_chained() {
        return Ok(Vec::new());
    }
    let movements = movements_from(&event, recorded.recorded_at);
    let documents = movements.into_iter().enumerate().map(|(index, movement)| {
        let position = i64::try_from(recorded.position).unwrap_or(i64::MAX);
        let sku = FieldValue::Text(movement.sku.key());
        let fields = vec![("sku", sku), ("position", FieldValue::Integer(position))];
        let document = Document { key: key(recorded.id, index), body: encode(&movement)?, fields };
        Ok(Write::Put { collection: &MOVEMENTS, document })
    });
    documents.collect()
}

/// Key of such a document. One event has at most one movement per location; the index keeps those of one SKU in order.
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
