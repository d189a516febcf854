//! Offline maintenance: invariant checks of carts, and their facts for cross-service checks. A cart is folded from its
//! events on every read, so there is no read model to rebuild.

use crate::{
    application::cart_service::STREAM_PREFIX,
    domain::cart::{Cart, CartState, LINE_UNITS_MAX},
};
use async_trait::async_trait;
use contracts::{
    cart::CartStatus,
    facts::CartFacts,
    shared::{CartId, Sku},
};
use journal::{
    RecordedEvent,
    maintenance::{EventVisitor, Facts, Invariant, InvariantChecker},
};
use kernel::Uuid;
use runtime::{Maintenance, OfflineContext};
use std::{collections::BTreeSet, sync::Arc};
use storage::StorageError;

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let journal = Arc::clone(&offline.storage.journal);
    Maintenance {
        checkers: vec![Box::new(CartChecker::default())],
        facts: vec![Facts::new(CartFacts::KIND, STREAM_PREFIX, journal, Box::new(facts))],
        ..Maintenance::default()
    }
}

/// Invariant checker for the lines of every cart.
struct CartChecker(Invariant);

impl Default for CartChecker {
    fn default() -> Self {
        Self(Invariant::new("a cart has one line per SKU, each with a valid quantity"))
    }
}

#[async_trait]
impl EventVisitor for CartChecker {
    fn wants(&self, stream: &str) -> bool {
        stream.starts_with(STREAM_PREFIX)
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let Some(cart) = cart_of(events)? else { return Ok(()) };
        let skus: BTreeSet<&Sku> = cart.lines.iter().map(|line| &line.sku).collect();
        let is_valid = |units| (1..=LINE_UNITS_MAX).contains(&units);
        let is_right =
            skus.len() == cart.lines.len() && cart.lines.iter().all(|line| is_valid(line.quantity));
        self.0.hold(is_right, || {
            events.first().map(|event| event.stream.clone()).unwrap_or_default()
        });
        Ok(())
    }
}

impl InvariantChecker for CartChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        vec![self.0.clone()]
    }
}

fn cart_of(events: &[RecordedEvent]) -> Result<Option<Cart>, StorageError> {
    let mut cart = None;
    for recorded in events {
        let event = recorded
            .event_of::<Cart>()
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        cart = Some(Cart::apply(cart, &event));
    }
    Ok(cart)
}

fn facts(id: Uuid, events: &[RecordedEvent]) -> Result<Option<serde_json::Value>, StorageError> {
    let Some(cart) = cart_of(events)? else { return Ok(None) };
    let (status, order_id) = match cart.state {
        CartState::Open => (CartStatus::Open, None),
        CartState::CheckingOut { order_id } => (CartStatus::CheckingOut, Some(order_id)),
        CartState::Ordered { order_id } => (CartStatus::Ordered, Some(order_id)),
        // Nothing of it is in an order.
        CartState::Merged { .. } => return Ok(None),
    };
    let facts = CartFacts { cart_id: CartId(id), status, order_id };
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}
