//! The steps that sagas over orders are made of.

pub(crate) mod authorise;
pub(crate) mod close_cart;
pub(crate) mod confirm;
pub(crate) mod hold;
pub(crate) mod in_time;
pub(crate) mod place;

use super::{
    orders::{Found, Orders},
    refusal::OrderError,
};
use crate::domain::rejection::Rejection;
use kernel::Uuid;

/// The order that an earlier step has placed. Once it was confirmed, no step before that has anything to do any more,
/// whatever became of it since.
async fn placed(orders: &Orders, id: Uuid) -> Result<Found, OrderError> {
    Ok(orders.find(id).await?.ok_or(Rejection::Unknown)?)
}
