//! Steps of the checkout saga.

pub(crate) mod authorise_payment;
pub(crate) mod close_cart;
pub(crate) mod confirm_order;
pub(crate) mod create_order;
pub(crate) mod hold_stock;
pub(crate) mod time_limit;

use super::{
    error::OrderError,
    orders::{Orders, VersionedOrder},
};
use crate::domain::rejection::Rejection;
use identifiers::OrderId;

/// Order that an earlier step has created. Once it was confirmed, the steps before the confirmation have nothing left to
/// do, whatever its state is since.
async fn find_order(orders: &Orders, id: OrderId) -> Result<VersionedOrder, OrderError> {
    Ok(orders.find(id).await?.ok_or(Rejection::Unknown)?)
}
