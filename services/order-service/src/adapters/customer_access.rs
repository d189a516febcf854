//! Access of customers to orders: that of an account is its customer's alone, also in the answer to a repeated request, and nobody's once
//! the customer was erased.

use crate::{
    application::{error::OrderError, orders::VersionedOrder},
    domain::rejection::Rejection,
};
use contracts::shared::CustomerActor;
use kernel::Problem;
use transport::Edge;
use web::Caller;

/// Refuses shoppers the order of an account that is not theirs. Somebody else who is signed in does not learn that it exists.
pub(crate) fn check_customer(caller: &Caller, found: &VersionedOrder) -> Result<(), Problem> {
    let placed = &found.order.placed;
    if caller.edge != Edge::Shop || !placed.is_of_account() {
        return Ok(());
    }
    match caller.require_actor()? {
        CustomerActor(customer) if placed.account == Some(customer) => Ok(()),
        CustomerActor(_) => Err(OrderError::from(Rejection::Unknown).into()),
    }
}
