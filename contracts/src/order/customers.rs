//! Contract of the order service towards whoever answers for a person's data: what it knows of a customer, and the erasure of it.

use super::{Order, SERVICE};
use kernel::{Cursor, Timestamp};
use rpc::contract;
use serde::{Deserialize, Serialize};

/// Page of what the service knows of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerOrders {
    /// Orders and attempts, in full.
    pub orders: Vec<Order>,
    /// Cursor of the next page; absent on the last page.
    pub next: Option<Cursor>,
}

/// Outcome of the erasure of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerErasure {
    /// Orders from which the customer is erased.
    pub erased: u64,
    /// Numbers of orders that still need the contact details, at most 100. They are erased when these orders end.
    pub open_obligations: Vec<String>,
    /// Until when contact details are kept, encrypted and unread, because a law asks for it.
    pub retained_until: Option<Timestamp>,
}

contract! {
    /// Contract of the order service towards whoever answers for a person's data.
    pub trait Customers in (SERVICE) {
        /// Page of what is known of the customer with this e-mail address.
        idempotent fn export(email: String, after: Option<Cursor>) -> CustomerOrders;

        /// Erases the customer with this e-mail address. The decision is durable with the answer; what open orders need is erased when
        /// they end.
        idempotent fn erase(email: String) -> CustomerErasure;
    }
}
