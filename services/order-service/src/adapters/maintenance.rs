//! Offline maintenance of orders: rebuild of the order index, invariant checks, and facts for cross-service checks.

mod checker;
mod index_format;

use super::{customer_keys::CustomerKeys, journal::status, order_index::DocumentOrderIndex};
use crate::{
    application::{
        address_books,
        cancellation_saga::CancellationInput,
        checkout_input::CheckoutInput,
        checkout_saga,
        fulfilment_saga::FulfilmentInput,
        orders::{STREAM_PREFIX, order_id_of},
        receipt_saga::ReceiptInput,
        refund_saga::RefundInput,
    },
    domain::{
        events::{OrderEvent, OrderStatus, address_book::AddressBookEvent},
        order::Order,
        refund::RefundState,
    },
};
use async_trait::async_trait;
use checker::OrderChecker;
use contracts::{
    facts::{OrderFacts, PlacedFacts, Units},
    payment,
};
use identifiers::OrderId;
use journal::{
    Aggregate, DecodeError, Position, RecordedEvent, ServiceStorage,
    maintenance::{Facts, Grain, ReadModel, refold},
};
use kernel::{Money, Uuid};
use messaging::Subscription;
use runtime::{Maintenance, OfflineContext};
use saga::maintenance::{RunningSagas, SagaChecker, SagaKind};
use serde_json::value::RawValue;
use std::sync::Arc;
use storage::{Collection, StorageError, Write};

const SAGAS: &[SagaKind] = &[
    SagaKind::of::<CheckoutInput>(checkout_saga::NAME),
    SagaKind::of::<CancellationInput>("cancellation"),
    SagaKind::of::<FulfilmentInput>("fulfilment"),
    SagaKind::of::<RefundInput>("refund"),
    SagaKind::of::<ReceiptInput>("receipt"),
];

/// JSON of a stored event, of an order, an address book or a saga.
pub(crate) fn event_json(recorded: &RecordedEvent) -> Result<Box<RawValue>, DecodeError> {
    if recorded.stream.starts_with(address_books::STREAM_PREFIX) {
        return journal::event_json::<AddressBookEvent>(recorded);
    }
    saga::maintenance::event_json(recorded, SAGAS)
        .unwrap_or_else(|| journal::event_json::<OrderEvent>(recorded))
}

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let storage = offline.storage.clone();
    let under_way = RunningSagas::default();
    let sagas = SagaChecker::new(SAGAS, under_way.clone());
    let list = order_index(&storage);
    let facts = move |id, events: &[RecordedEvent]| facts(id, events, &under_way);
    let journal = Arc::clone(&storage.journal);
    Maintenance {
        read_models: vec![Box::new(OrderIndexRebuild(list)), Box::new(AccountOrdersRebuild)],
        projections: vec![saga::maintenance::unfinished],
        checkers: vec![Box::new(OrderChecker::of(Arc::clone(&journal))), Box::new(sagas)],
        facts: vec![Facts::new(
            OrderFacts::KIND,
            STREAM_PREFIX,
            Arc::clone(&journal),
            Box::new(facts),
        )],
        subscriptions: vec![Subscription::new(offline.name, payment::SERVICE, storage)],
        primary: None,
    }
}

fn order_index(storage: &ServiceStorage) -> DocumentOrderIndex {
    let customers = Arc::new(CustomerKeys::of(storage));
    DocumentOrderIndex { documents: Arc::clone(&storage.documents), customers }
}

/// Folds the order index again where an earlier release wrote it. It is repeated when it was interrupted.
pub(crate) async fn refold_former_index(storage: &ServiceStorage) -> Result<(), StorageError> {
    if index_format::is_current(&*storage.documents).await? {
        return Ok(());
    }
    let models: [Box<dyn ReadModel>; 1] = [Box::new(OrderIndexRebuild(order_index(storage)))];
    refold(storage, &models, &|_| ()).await
}

/// Rebuild of the order index, from all events of each order.
struct OrderIndexRebuild(DocumentOrderIndex);

#[async_trait]
impl ReadModel for OrderIndexRebuild {
    fn collection(&self) -> &'static Collection {
        DocumentOrderIndex::collection()
    }

    fn grain(&self) -> Grain {
        Grain::Stream(STREAM_PREFIX)
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let Some((id, order)) = order_of(events)? else { return Ok(Vec::new()) };
        Ok(vec![self.0.order_write(id, &order)])
    }

    fn checkpoint_writes(&self, _: Position) -> Vec<Write> {
        vec![index_format::note()]
    }
}

/// Rebuild of the collection of orders with an account.
struct AccountOrdersRebuild;

#[async_trait]
impl ReadModel for AccountOrdersRebuild {
    fn collection(&self) -> &'static Collection {
        DocumentOrderIndex::account_collection()
    }

    fn grain(&self) -> Grain {
        Grain::Stream(STREAM_PREFIX)
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let Some((id, order)) = order_of(events)? else { return Ok(Vec::new()) };
        Ok(DocumentOrderIndex::account_write(id, &order).into_iter().collect())
    }

    fn deletes_at_start(&self) -> bool {
        // A restore destroys the keys of whoever was erased after the backup.
        true
    }
}

/// Order folded from all events of its stream.
fn order_of(events: &[RecordedEvent]) -> Result<Option<(OrderId, Order)>, StorageError> {
    let mut order = None;
    for recorded in events {
        let event =
            Order::decode(recorded).map_err(|error| StorageError::Corrupt(error.to_string()))?;
        order = Some(Order::apply(order, &event));
    }
    let id = events.first().and_then(|event| order_id_of(&event.stream));
    Ok(id.zip(order))
}

fn facts(
    id: Uuid,
    events: &[RecordedEvent],
    under_way: &RunningSagas,
) -> Result<Option<serde_json::Value>, StorageError> {
    let placed = order_of(events)?.map(|(_, order)| placed(&order));
    let facts = OrderFacts { order_id: OrderId(id), under_way: under_way.concerns(id), placed };
    if facts.placed.is_none() && !facts.under_way {
        return Ok(None);
    }
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn placed(order: &Order) -> PlacedFacts {
    let placed = &order.placed;
    PlacedFacts {
        status: status(order.status()),
        was_confirmed: order.was_confirmed(),
        has_its_cart: order.has_its_cart(),
        total: placed.totals.total,
        authorised: order.authorised,
        captured: order.captured,
        refunded: Money::new(order.refunded(), placed.currency),
        cart_id: placed.cart_id,
        hold_id: placed.hold_id,
        payment_id: placed.payment_id,
        units: units_deducted(order),
    }
}

/// Units deducted from stock for this order: none before the confirmation, and none after a cancellation.
fn units_deducted(order: &Order) -> Units {
    let mut gone = Units::new();
    if order.status() == OrderStatus::Cancelled || !order.was_confirmed() {
        return gone;
    }
    for line in &order.placed.lines {
        *gone.entry(line.sku.clone()).or_default() += line.quantity;
    }
    let restocked = order
        .refunds
        .iter()
        .filter(|record| record.state == RefundState::Done && record.refund.restock);
    for units in restocked.flat_map(|record| &record.refund.units) {
        *gone.entry(units.sku.clone()).or_default() -= units.count();
    }
    gone.retain(|_, units| *units != 0);
    gone
}
