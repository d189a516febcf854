//! Carts while nobody serves them. A cart is folded from its events whenever somebody looks, so nothing is made anew;
//! the events are checked, and others are told where each cart stands.

use crate::domain::cart::{Cart, LINE_UNITS_MAX, Status};
use async_trait::async_trait;
use contracts::{
    cart::CartStatus,
    facts::CartFacts,
    shared::{CartId, OrderId},
};
use journal::{
    Aggregate, RecordedEvent,
    maintenance::{EventVisitor, Facts, Invariant, InvariantChecker},
};
use kernel::Uuid;
use runtime::{Maintenance, OfflineContext};
use std::{collections::HashSet, sync::Arc};
use storage::StorageError;

/// What the streams of carts begin with.
const PREFIX: &str = "cart-";

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let journal = Arc::clone(&offline.storage.journal);
    Maintenance {
        checkers: vec![Box::new(CartChecker::default())],
        facts: vec![Facts::new(CartFacts::KIND, PREFIX, journal, Box::new(facts))],
        ..Maintenance::default()
    }
}

/// Looks at the lines of every cart.
struct CartChecker(Invariant);

impl Default for CartChecker {
    fn default() -> Self {
        Self(Invariant::new("a cart has one line of each article, of a possible number of units"))
    }
}

#[async_trait]
impl EventVisitor for CartChecker {
    fn wants(&self, stream: &str) -> bool {
        stream.starts_with(PREFIX)
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let Some(cart) = cart_of(events)? else { return Ok(()) };
        let skus: HashSet<&str> = cart.lines.iter().map(|line| line.sku.as_str()).collect();
        let possible = |units| (1..=LINE_UNITS_MAX).contains(&units);
        let is_right =
            skus.len() == cart.lines.len() && cart.lines.iter().all(|line| possible(line.quantity));
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
        let event =
            Cart::decode(recorded).map_err(|error| StorageError::Corrupt(error.to_string()))?;
        cart = Some(Cart::apply(cart, &event));
    }
    Ok(cart)
}

fn facts(id: Uuid, events: &[RecordedEvent]) -> Result<Option<serde_json::Value>, StorageError> {
    let Some(cart) = cart_of(events)? else { return Ok(None) };
    let (status, order_id) = match cart.status {
        Status::Open => (CartStatus::Open, None),
        Status::CheckingOut { order_id } => (CartStatus::CheckingOut, Some(OrderId(order_id))),
        Status::Ordered { order_id } => (CartStatus::Ordered, Some(OrderId(order_id))),
    };
    let facts = CartFacts { cart_id: CartId(id), status, order_id };
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}
