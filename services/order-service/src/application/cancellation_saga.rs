//! Cancellation saga of a confirmed order: the request blocks every other change of the order, and waits for the refunds
//! that were promised before; then the payment is cancelled, the stock is released, and the order is cancelled.

use super::{error::OrderError, orders::Orders, saga_dependencies::SagaDependencies};
use crate::{
    domain::{order::OrderCommand, rejection::Rejection},
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use identifiers::{HoldId, OrderId, PaymentId};
use kernel::Uuid;
use minicbor::{Decode, Encode};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Input of a cancellation, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct CancellationInput {
    #[n(0)]
    pub(crate) order_id: OrderId,
    #[n(1)]
    pub(crate) hold_id: HoldId,
    /// `None` where there was nothing to pay.
    #[n(2)]
    pub(crate) payment_id: Option<PaymentId>,
    #[n(3)]
    pub(crate) reason: Option<String>,
}

impl saga::SagaInput for CancellationInput {
    fn subject(&self) -> Uuid {
        self.order_id.into()
    }

    fn repeats(&self, earlier: &Self) -> bool {
        // An order is cancelled once; the reason of a repeated request may differ.
        self.order_id == earlier.order_id
    }
}

/// Saga of a cancellation.
pub(crate) fn cancellation_saga(dependencies: &SagaDependencies) -> Saga<CancellationInput> {
    let SagaDependencies { orders, stock, payments, .. } = dependencies.clone();
    Saga::new(
        "cancellation",
        vec![
            Arc::new(RequestCancellation { orders: Arc::clone(&orders) }),
            Arc::new(CancelPayment { orders: Arc::clone(&orders), payments }),
            Arc::new(ReleaseHold { stock }),
            Arc::new(CompleteCancellation { orders }),
        ],
    )
}

/// Step that requests the cancellation. An order that rejects it has not changed, and no later step is undone.
struct RequestCancellation {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<CancellationInput> for RequestCancellation {
    fn name(&self) -> &'static str {
        "request"
    }

    async fn execute(&self, input: &CancellationInput) -> Result<Progress, StepError> {
        let command = OrderCommand::RequestCancel { reason: input.reason.clone() };
        self.orders.execute(input.order_id, &command).await?;
        Ok(Progress::Done)
    }
}

/// Step that voids the payment, or refunds what is left of it.
struct CancelPayment {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<CancellationInput> for CancelPayment {
    fn name(&self) -> &'static str {
        "give_money_back"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &CancellationInput) -> Result<Progress, StepError> {
        let found = self.orders.find(input.order_id).await?;
        let found = found.ok_or(OrderError::Rejected(Rejection::Unknown))?;
        // Its client was told that the refund is made: were the whole payment refunded first, nothing would be left for it.
        // No refund is reserved any more after the request, so that the wait ends.
        if found.order.has_reserved_refund() {
            return Err(StepError::Unavailable("a refund of the order is not paid yet".to_owned()));
        }
        if let Some(payment) = input.payment_id {
            self.payments.cancel(payment, input.order_id).await?;
        }
        Ok(Progress::Done)
    }
}

/// Step that returns the units to stock.
struct ReleaseHold {
    stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<CancellationInput> for ReleaseHold {
    fn name(&self) -> &'static str {
        "give_goods_back"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &CancellationInput) -> Result<Progress, StepError> {
        self.stock.release(input.hold_id).await?;
        Ok(Progress::Done)
    }
}

/// Step that marks the order as cancelled.
struct CompleteCancellation {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<CancellationInput> for CompleteCancellation {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &CancellationInput) -> Result<Progress, StepError> {
        let reason = input.reason.clone().unwrap_or_else(|| "cancelled on request".to_owned());
        self.orders.execute(input.order_id, &OrderCommand::Cancel { reason }).await?;
        Ok(Progress::Done)
    }
}
