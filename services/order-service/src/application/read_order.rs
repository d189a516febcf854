//! Reads an order as it stands, or as it stood.

use super::{
    orders::{Found, Orders, stream},
    refusal::OrderError,
};
use crate::domain::{order::Order, rejection::Rejection};
use journal::{Aggregate, READ_EVENTS_MAX};
use kernel::{Timestamp, Uuid};
use std::sync::Arc;
use storage::StorageError;

/// Reads orders.
#[derive(Clone)]
pub(crate) struct ReadOrder {
    pub(crate) orders: Arc<Orders>,
}

impl ReadOrder {
    /// The order now.
    pub(crate) async fn now(&self, id: Uuid) -> Result<Found, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }

    /// The order at `instant`, from what had happened until then; unknown before it was placed.
    pub(crate) async fn at(&self, id: Uuid, instant: Timestamp) -> Result<Found, OrderError> {
        let (mut order, mut version): (Option<Order>, u64) = (None, 0);
        loop {
            let journal = self.orders.repository.journal();
            let events = journal.read(&stream(id), version, READ_EVENTS_MAX).await?;
            let mut folded = 0;
            for recorded in &events {
                let event = Order::decode(recorded)
                    .map_err(|error| StorageError::Corrupt(error.to_string()))?;
                // By the event's own time, which is also the one its history shows.
                if event.at() > instant {
                    break;
                }
                order = Some(Order::evolve(order, &event));
                version = recorded.version;
                folded += 1;
            }
            if folded < READ_EVENTS_MAX {
                let order = Arc::new(order.ok_or(Rejection::Unknown)?);
                return Ok(Found { id, order, version });
            }
        }
    }
}
