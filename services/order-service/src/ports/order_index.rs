//! Port to the order index, in which operators search and guests look up their orders.

use crate::domain::{events::OrderStatus, order::Order};
use async_trait::async_trait;
use identifiers::OrderId;
use kernel::{Cursor, PageLimit, Problem};
use storage::{StorageError, Write};

/// Index of orders, newest first.
#[async_trait]
pub(crate) trait OrderIndex: Send + Sync {
    /// Writes that update the index, in the same commit as the order's events.
    fn writes(&self, id: OrderId, order: &Order) -> Vec<Write>;

    /// Page of the orders that match the filter.
    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem>;

    /// Highest order number; 0 when there is none.
    async fn highest_number(&self) -> Result<u64, StorageError>;
}

/// Filter and page of a search for orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderFilter {
    pub(crate) status: Option<OrderStatus>,
    pub(crate) email: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) limit: PageLimit,
    pub(crate) cursor: Option<Cursor>,
}

/// Page of orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<contracts::order::OrderSummary>,
    pub(crate) next: Option<Cursor>,
}
