//! Cancels an order: stops one that is still being placed, or takes a confirmed one back before it ships.

use super::{
    cancellation_saga::CancellationCase,
    checkout_case::{CheckoutCase, cancellation_id, checkout_id},
    orders::{Found, Orders},
    refusal::OrderError,
};
use crate::domain::{events::Status, order::Command, rejection::Rejection};
use kernel::{Problem, Uuid};
use saga::{Runner, SagaState};
use std::sync::Arc;

/// Cancels orders.
#[derive(Clone)]
pub(crate) struct CancelOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) checkouts: Runner<CheckoutCase>,
    pub(crate) cancellations: Runner<CancellationCase>,
}

impl CancelOrder {
    /// Cancels the order. When somebody it depends on does not answer, it is still being cancelled when this
    /// returns, and will be.
    pub(crate) async fn run(&self, id: Uuid, reason: Option<String>) -> Result<Found, OrderError> {
        let found = self.find(id).await?;
        if found.order.status == Status::Pending {
            let stop = Command::StopPlacing { reason: reason.clone() };
            match self.orders.execute(id, &stop).await {
                Ok(_) => {
                    self.checkouts.wake_and_settle(checkout_id(id)).await;
                    return self.find(id).await;
                }
                // Confirmed a moment ago.
                Err(OrderError::Rejected(Rejection::Confirmed)) => {}
                Err(error) => return Err(error),
            }
        }
        if found.order.status == Status::Cancelled {
            return Ok(found);
        }
        let placed = &found.order.placed;
        let case = CancellationCase {
            order_id: id,
            hold_id: placed.hold_id,
            payment_id: (!placed.totals.total.is_zero()).then_some(placed.payment_id),
            reason,
        };
        let standing = self.cancellations.begin(cancellation_id(id), case).await?;
        match (standing.state, standing.refusal) {
            (SagaState::Undone, Some(refusal)) => {
                Err(OrderError::Refused(Problem::clone(&refusal)))
            }
            (SagaState::Undone, None) => {
                Err(OrderError::Refused(Problem::unavailable("the cancellation")))
            }
            _ => self.find(id).await,
        }
    }

    async fn find(&self, id: Uuid) -> Result<Found, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }
}
