//! Gives money back for an order.

use super::{
    orders::{Found, Orders},
    refund_saga::{RefundCase, Wanted},
    refusal::OrderError,
};
use crate::domain::rejection::Rejection;
use kernel::{Problem, Uuid};
use saga::{Runner, SagaState};
use std::sync::Arc;

/// Gives money back.
#[derive(Clone)]
pub(crate) struct RefundOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) refunds: Runner<RefundCase>,
}

/// What an operator asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) order_id: Uuid,
    /// The same for the same request.
    pub(crate) refund_id: Uuid,
    pub(crate) what: Wanted,
    pub(crate) restock: bool,
    pub(crate) reason: String,
}

impl RefundOrder {
    /// Gives the money back, or promises to: it may not have gone yet when the payment does not answer. Before the order
    /// has taken the refund in nothing is promised, and whoever asks again finds out what has become of it.
    pub(crate) async fn run(&self, asked: Asked) -> Result<Found, OrderError> {
        let Asked { order_id, refund_id, what, restock, reason } = asked;
        let found = self.orders.find(order_id).await?.ok_or(Rejection::Unknown)?;
        let placed = &found.order.placed;
        let (hold_id, payment_id) = (placed.hold_id, placed.payment_id);
        let case = RefundCase { order_id, refund_id, hold_id, payment_id, what, restock, reason };
        let standing = self.refunds.begin(refund_id, case).await?;
        if matches!(standing.state, SagaState::Undone | SagaState::Undoing)
            || standing.refusal.is_some()
        {
            let problem = standing.refusal.map(|refusal| Problem::clone(&refusal));
            return Err(OrderError::Refused(problem.unwrap_or_else(unanswered)));
        }
        let found = self.orders.find(order_id).await?.ok_or(Rejection::Unknown)?;
        match found.order.refund(refund_id) {
            Some(_) => Ok(found),
            None => Err(OrderError::Refused(unanswered())),
        }
    }
}

fn unanswered() -> Problem {
    Problem::unavailable("the refund")
}
