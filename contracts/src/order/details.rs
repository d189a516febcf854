//! Contract of the order service towards services that write to customers: what an order says.

use super::{Order, SERVICE};
use crate::shared::OrderId;
use kernel::Timestamp;
use rpc::contract;

contract! {
    /// Contract of the order service towards services that write to customers.
    pub trait OrderDetails in (SERVICE) {
        /// The order as it was at a time, or as it is now, with the contact details of its customer; without them once the customer was
        /// erased. None if there is no such order, or was none yet.
        idempotent fn order_details(id: OrderId, as_of: Option<Timestamp>) -> Option<Order>;
    }
}
