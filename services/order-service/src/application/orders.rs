//! Repository of orders, which keeps the order index in step.

use super::error::OrderError;
use crate::{
    domain::{
        events::{Customer, Placed},
        order::{Order, OrderCommand},
        order_number::{FIRST_SEQUENCE, OrderNumbers},
        rejection::Rejection,
    },
    ports::{customers::Customers, order_index::OrderIndex},
};
use identifiers::{AccountId, OrderId};
use journal::{LoadedAggregate, Repository};
use kernel::{Ids, Timestamp, prefixed_id};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use storage::StorageError;

/// Repository of the shop's orders.
pub(crate) struct Orders {
    pub(crate) repository: Repository<Order>,
    pub(crate) order_index: Arc<dyn OrderIndex>,
    pub(crate) customers: Arc<dyn Customers>,
    pub(crate) ids: Ids,
    numbers: OrderNumbers,
    next_sequence: AtomicU64,
}

/// Order with its id and version.
#[derive(Clone, Debug)]
pub(crate) struct VersionedOrder {
    pub(crate) id: OrderId,
    pub(crate) order: Arc<Order>,
    pub(crate) version: u64,
}

impl Orders {
    /// Opens the repository; new orders follow the last one of the sequence in the index.
    pub(crate) async fn open(
        repository: Repository<Order>,
        order_index: Arc<dyn OrderIndex>,
        customers: Arc<dyn Customers>,
        ids: Ids,
        numbers: OrderNumbers,
    ) -> Result<Self, StorageError> {
        let highest = order_index.highest_sequence().await?;
        let next_sequence = AtomicU64::new(FIRST_SEQUENCE.max(highest + 1));
        Ok(Self { repository, order_index, customers, ids, numbers, next_sequence })
    }

    /// Order with this id, if there is one.
    pub(crate) async fn find(&self, id: OrderId) -> Result<Option<VersionedOrder>, OrderError> {
        Ok(versioned(id, self.repository.load(&stream_name(id)).await?))
    }

    /// Order as it was at this version.
    pub(crate) async fn at_version(
        &self,
        id: OrderId,
        version: u64,
    ) -> Result<VersionedOrder, OrderError> {
        let loaded = self.repository.load_at(&stream_name(id), version).await?;
        let found = versioned(id, loaded).ok_or(OrderError::Rejected(Rejection::Unknown))?;
        self.without_erased(found).await
    }

    /// Order as it was at some time, without its customer if it was erased since.
    pub(crate) async fn without_erased(
        &self,
        found: VersionedOrder,
    ) -> Result<VersionedOrder, OrderError> {
        let now = self.find(found.id).await?;
        if !now.is_some_and(|now| now.order.placed.is_erased()) {
            return Ok(found);
        }
        let placed = Arc::new(found.order.placed.without_contact());
        let order = Arc::new(Order { placed, ..Order::clone(&found.order) });
        Ok(VersionedOrder { order, ..found })
    }

    /// Executes a command on an order.
    pub(crate) async fn execute(
        &self,
        id: OrderId,
        command: &OrderCommand,
    ) -> Result<VersionedOrder, OrderError> {
        let now = self.now();
        let decide = |order: Option<&Order>| Order::decide(order, command, now);
        let writes = |order: &Order| self.order_index.writes(id, order);
        let loaded = self.repository.execute(&stream_name(id), decide, writes).await?;
        versioned(id, loaded).ok_or(OrderError::Rejected(Rejection::Unknown))
    }

    /// Whose order it is, also if it was placed before there were pseudonyms.
    fn customer_of(&self, placed: &Placed) -> Customer {
        placed.customer.unwrap_or_else(|| self.customers.first(&placed.email))
    }

    /// Whether the order can be added to an account: nothing more is stored of a customer whose erasure was requested, however far it is.
    pub(crate) fn can_be_claimed(&self, order: &Order) -> bool {
        order.can_be_claimed() && !self.customers.is_given_up(self.customer_of(&order.placed))
    }

    /// Adds the order of a guest to an account.
    pub(crate) async fn claim(&self, id: OrderId, account: AccountId) -> Result<(), OrderError> {
        let found = self.find(id).await?.ok_or(Rejection::Unknown)?;
        let customer = self.customer_of(&found.order.placed);
        let is_given_up = || self.customers.is_given_up(customer);
        if found.order.can_be_claimed() && is_given_up() {
            return Err(Rejection::CustomerErased.into());
        }
        match self.execute(id, &OrderCommand::Claim { account, customer }).await {
            Ok(_) => Ok(()),
            // The erasure was requested in this moment, so the account could not be encrypted any more.
            Err(OrderError::Storage(_)) if is_given_up() => Err(Rejection::CustomerErased.into()),
            Err(error) => Err(error),
        }
    }

    /// Erases the customer from an order; durable when this returns.
    pub(crate) async fn erase_customer(&self, id: OrderId) -> Result<Arc<Order>, OrderError> {
        let now = self.now();
        let decide =
            |order: Option<&Order>| Order::decide(order, &OrderCommand::EraseCustomer, now);
        let writes = |order: &Order| self.order_index.writes(id, order);
        let loaded = self.repository.execute(&stream_name(id), decide, writes).await?;
        let flushed = loaded.commit().wait().await;
        flushed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(loaded.state.ok_or(Rejection::Unknown)?)
    }

    /// Executes a command on an order that does not exist yet, without reading.
    pub(crate) async fn create(
        &self,
        id: OrderId,
        command: &OrderCommand,
    ) -> Result<VersionedOrder, OrderError> {
        let now = self.now();
        let decide = |order: Option<&Order>| Order::decide(order, command, now);
        let writes = |order: &Order| self.order_index.writes(id, order);
        let loaded = self.repository.create(&stream_name(id), decide, writes).await?;
        versioned(id, loaded).ok_or(OrderError::Rejected(Rejection::Unknown))
    }

    /// Draws the next place in the sequence, and its number. One that is not used leaves a gap, and gaps are allowed.
    pub(crate) fn next_number(&self) -> (u64, u64) {
        let sequence = self.next_sequence.fetch_add(1, Ordering::Relaxed);
        (sequence, self.numbers.number(sequence))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ids.now()
    }
}

/// Prefix of the streams of orders.
pub(crate) const STREAM_PREFIX: &str = "order-";

/// Name of the event stream of an order.
pub(crate) fn stream_name(id: OrderId) -> String {
    prefixed_id(STREAM_PREFIX, id)
}

/// Order of an event stream; `None` for a stream of something else.
pub(crate) fn order_id_of(stream: &str) -> Option<OrderId> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

fn versioned(id: OrderId, loaded: LoadedAggregate<Order>) -> Option<VersionedOrder> {
    loaded.state.map(|order| VersionedOrder { id, order, version: loaded.version })
}
