//! Use case: read an order as it is now, or as it was at an instant.

use super::{
    error::OrderError,
    orders::{Orders, VersionedOrder, stream_name},
};
use crate::domain::{order::Order, rejection::Rejection};
use identifiers::OrderId;
use journal::{Aggregate, READ_EVENTS_MAX};
use kernel::Timestamp;
use std::sync::Arc;
use storage::StorageError;

/// Use case that reads an order.
#[derive(Clone)]
pub(crate) struct ReadOrder {
    pub(crate) orders: Arc<Orders>,
}

impl ReadOrder {
    /// Current state of the order.
    pub(crate) async fn now(&self, id: OrderId) -> Result<VersionedOrder, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }

    /// State of the order at `instant`, folded from the events until then; unknown before it was placed.
    pub(crate) async fn at(
        &self,
        id: OrderId,
        instant: Timestamp,
    ) -> Result<VersionedOrder, OrderError> {
        let (mut order, mut version): (Option<Order>, u64) = (None, 0);
        loop {
            let journal = self.orders.repository.journal();
            let events = journal.read(&stream_name(id), version, READ_EVENTS_MAX).await?;
            let mut folded = 0;
            for recorded in &events {
                let event = Order::decode(recorded)
                    .map_err(|error| StorageError::Corrupt(error.to_string()))?;
                // By the time of the event itself, which is also the one in the history.
                if event.at() > instant {
                    break;
                }
                order = Some(Order::evolve(order, &event));
                version = recorded.version;
                folded += 1;
            }
            if folded < READ_EVENTS_MAX {
                let order = Arc::new(order.ok_or(Rejection::Unknown)?);
                let found = VersionedOrder { id, order, version };
                return self.orders.without_erased(found).await;
            }
        }
    }
}
