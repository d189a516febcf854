//! Loads orders and changes them, together with the list that operators see.

use super::refusal::OrderError;
use crate::{
    domain::{
        order::{Command, Order},
        rejection::Rejection,
    },
    ports::listing::Listing,
};
use journal::{LoadedAggregate, Repository};
use kernel::{Ids, Timestamp, Uuid};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use storage::StorageError;

/// The number of the first order.
const FIRST_NUMBER: u64 = 1_000_001;

/// The orders of the shop.
pub(crate) struct Orders {
    pub(crate) repository: Repository<Order>,
    pub(crate) listing: Arc<dyn Listing>,
    pub(crate) ids: Ids,
    next_number: AtomicU64,
}

/// An order as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) id: Uuid,
    pub(crate) order: Arc<Order>,
    pub(crate) version: u64,
}

impl Orders {
    /// The orders in this repository; new ones are numbered after the highest in the list.
    pub(crate) async fn open(
        repository: Repository<Order>,
        listing: Arc<dyn Listing>,
        ids: Ids,
    ) -> Result<Self, StorageError> {
        let highest = listing.highest_number().await?;
        let next_number = AtomicU64::new(FIRST_NUMBER.max(highest + 1));
        Ok(Self { repository, listing, ids, next_number })
    }

    /// The order with this id, if there is one.
    pub(crate) async fn find(&self, id: Uuid) -> Result<Option<Found>, OrderError> {
        Ok(found(id, self.repository.load(&stream(id)).await?))
    }

    /// Has an order decide.
    pub(crate) async fn execute(&self, id: Uuid, command: &Command) -> Result<Found, OrderError> {
        let now = self.now();
        let decide = |order: Option<&Order>| Order::decide(order, command, now);
        let writes = |order: &Order| self.listing.writes(id, order);
        let loaded = self.repository.execute(&stream(id), decide, writes).await?;
        found(id, loaded).ok_or(OrderError::Rejected(Rejection::Unknown))
    }

    /// The same for an order that does not exist yet; nothing is read.
    pub(crate) async fn create(&self, id: Uuid, command: &Command) -> Result<Found, OrderError> {
        let now = self.now();
        let decide = |order: Option<&Order>| Order::decide(order, command, now);
        let writes = |order: &Order| self.listing.writes(id, order);
        let loaded = self.repository.create(&stream(id), decide, writes).await?;
        found(id, loaded).ok_or(OrderError::Rejected(Rejection::Unknown))
    }

    /// A number that no order has. One that is not used is a gap, and gaps are allowed.
    pub(crate) fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ids.now()
    }
}

/// The stream an order's events are in.
pub(crate) fn stream(id: Uuid) -> String {
    format!("order-{id}")
}

fn found(id: Uuid, loaded: LoadedAggregate<Order>) -> Option<Found> {
    loaded.state.map(|order| Found { id, order, version: loaded.version })
}
