//! Port to the order index, in which operators search and guests look up their orders.

use crate::domain::{
    events::{Customer, OrderStatus},
    order::Order,
    order_number::OrderNumbers,
};
use async_trait::async_trait;
use identifiers::{AccountId, OrderId};
use kernel::{Cursor, PageLimit, Problem};
use storage::{StorageError, Write};

/// Index of orders, newest first. It has nothing of their customers but pseudonyms, so the summaries in it lack the contact details.
#[async_trait]
pub(crate) trait OrderIndex: Send + Sync {
    /// Writes that update the index, in the same commit as the order's events.
    fn writes(&self, id: OrderId, order: &Order) -> Vec<Write>;

    /// Page of the orders that match the filter.
    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem>;

    /// Highest place in the sequence of orders; 0 when there is none.
    async fn highest_sequence(&self) -> Result<u64, StorageError>;
}

/// Filter and page of a search for orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderFilter {
    pub(crate) status: Option<StatusFilter>,
    /// Pseudonyms of the customer; of any, when there is none.
    pub(crate) customers: Vec<Customer>,
    /// Account whose orders these are; without one, any order, also of guests.
    pub(crate) account: Option<AccountId>,
    pub(crate) number: Option<NumberFilter>,
    /// Whether orders from which the customer was erased are left out.
    pub(crate) unerased: bool,
    /// Whether attempts are among the orders; a filter by status decides it by itself.
    pub(crate) attempts: bool,
    pub(crate) limit: PageLimit,
    pub(crate) cursor: Option<Cursor>,
}

/// Status by which orders are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Order(OrderStatus),
    /// Checkouts that were cancelled before they became an order.
    Attempted,
}

/// Number by which an order is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberFilter {
    pub(crate) number: u64,
    /// Only place in the sequence that an order with this number can have.
    pub(crate) sequence: u64,
}

impl NumberFilter {
    /// Filter by a number as people write it: with or without a leading `#`, and with spaces. No order has a number that
    /// is none.
    pub(crate) fn parse(text: &str, numbers: &OrderNumbers) -> Self {
        let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let number = digits.strip_prefix('#').unwrap_or(&digits).parse().unwrap_or(0);
        Self { number, sequence: numbers.sequence(number) }
    }
}

/// Page of orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<contracts::order::OrderSummary>,
    pub(crate) next: Option<Cursor>,
}
