//! Records that the goods of an order have left, and has the money taken first where it is only set aside.

use super::{
    checkout_case::fulfilment_id,
    fulfilment_saga::FulfilmentCase,
    orders::{Found, Orders},
    refusal::OrderError,
};
use crate::domain::{order::Command, rejection::Rejection};
use kernel::{Problem, Uuid};
use saga::{Runner, SagaState};
use std::sync::Arc;

/// Records that goods have left.
#[derive(Clone)]
pub(crate) struct FulfilOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) fulfilments: Runner<FulfilmentCase>,
}

impl FulfilOrder {
    /// All of the order has left. When the bank does not answer, it is still about to leave when this returns, and
    /// leaves as soon as the money is taken.
    pub(crate) async fn run(&self, id: Uuid) -> Result<Found, OrderError> {
        let found = self.find(id).await?;
        if !found.order.is_captured_at_fulfilment() {
            return self.orders.execute(id, &Command::Fulfil).await;
        }
        let case = FulfilmentCase { order_id: id, payment_id: found.order.placed.payment_id };
        let saga = fulfilment_id(id, found.order.fulfilments_dropped());
        let standing = self.fulfilments.begin(saga, case).await?;
        match (standing.state, standing.refusal) {
            (SagaState::Undone, Some(refusal)) => {
                Err(OrderError::Refused(Problem::clone(&refusal)))
            }
            (SagaState::Undone, None) => {
                Err(OrderError::Refused(Problem::unavailable("the fulfilment")))
            }
            _ => self.find(id).await,
        }
    }

    async fn find(&self, id: Uuid) -> Result<Found, OrderError> {
        Ok(self.orders.find(id).await?.ok_or(Rejection::Unknown)?)
    }
}
