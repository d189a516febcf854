//! Records that the goods of an order have left.

use super::{
    orders::{Found, Orders},
    refusal::OrderError,
};
use crate::domain::order::Command;
use kernel::Uuid;
use std::sync::Arc;

/// Records that goods have left.
#[derive(Clone)]
pub(crate) struct FulfilOrder {
    pub(crate) orders: Arc<Orders>,
}

impl FulfilOrder {
    /// All of the order has left.
    pub(crate) async fn run(&self, id: Uuid) -> Result<Found, OrderError> {
        self.orders.execute(id, &Command::Fulfil).await
    }
}
