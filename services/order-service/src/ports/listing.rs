//! Orders as operators look for them.

use crate::domain::{events::Status, order::Order};
use async_trait::async_trait;
use kernel::{Cursor, PageLimit, Problem, Uuid};
use storage::{StorageError, Write};

/// The list of orders, newest first.
#[async_trait]
pub(crate) trait Listing: Send + Sync {
    /// What keeps the list right; written together with the order.
    fn writes(&self, id: Uuid, order: &Order) -> Vec<Write>;

    /// A page of it, each order as it was encoded.
    async fn page(&self, wanted: Wanted) -> Result<OrderPage, Problem>;

    /// The highest number an order has; 0 when there is none.
    async fn highest_number(&self) -> Result<u64, StorageError>;
}

/// Which orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) status: Option<Status>,
    pub(crate) email: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) limit: PageLimit,
    pub(crate) cursor: Option<Cursor>,
}

/// A page of orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<contracts::order::OrderSummary>,
    pub(crate) next: Option<Cursor>,
}
