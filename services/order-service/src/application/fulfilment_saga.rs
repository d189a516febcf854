//! Fulfilment saga of an order whose payment is only authorised: the request blocks cancellation; then the payment is
//! captured, and only then the order counts as shipped. When the bank refuses, the order is as it was before.

use super::{error::OrderError, orders::Orders, saga_dependencies::SagaDependencies};
use crate::{
    domain::{order::OrderCommand, rejection::Rejection},
    ports::payments::Payments,
};
use async_trait::async_trait;
use identifiers::{OrderId, PaymentId};
use kernel::{Problem, Uuid};
use minicbor::{Decode, Encode};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Input of a fulfilment, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct FulfilmentInput {
    #[n(0)]
    pub(crate) order_id: OrderId,
    #[n(1)]
    pub(crate) payment_id: PaymentId,
}

impl saga::SagaInput for FulfilmentInput {
    fn subject(&self) -> Uuid {
        self.order_id.into()
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

/// Saga of a fulfilment.
pub(crate) fn fulfilment_saga(dependencies: &SagaDependencies) -> Saga<FulfilmentInput> {
    let SagaDependencies { orders, payments, .. } = dependencies.clone();
    Saga::new(
        "fulfilment",
        vec![
            Arc::new(RequestFulfilment { orders: Arc::clone(&orders) }),
            Arc::new(CapturePayment { orders: Arc::clone(&orders), payments }),
            Arc::new(CompleteFulfilment { orders }),
        ],
    )
}

/// Step that requests the fulfilment. Undo: the request is dropped.
struct RequestFulfilment {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<FulfilmentInput> for RequestFulfilment {
    fn name(&self) -> &'static str {
        "request"
    }

    async fn execute(&self, input: &FulfilmentInput) -> Result<Progress, StepError> {
        self.orders.execute(input.order_id, &OrderCommand::RequestFulfilment).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, input: &FulfilmentInput, because: &Problem) -> Result<(), StepError> {
        let command = OrderCommand::DropFulfilment { reason: because.code.to_string() };
        self.orders.execute(input.order_id, &command).await?;
        Ok(())
    }
}

/// Step that captures the payment. A payment that refuses has captured nothing, and no later step is undone.
struct CapturePayment {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<FulfilmentInput> for CapturePayment {
    fn name(&self) -> &'static str {
        "capture"
    }

    async fn execute(&self, input: &FulfilmentInput) -> Result<Progress, StepError> {
        let found = self.orders.find(input.order_id).await?;
        let found = found.ok_or(OrderError::Rejected(Rejection::Unknown))?;
        if found.order.is_captured_at_fulfilment() {
            let captured = self.payments.capture(input.payment_id).await?;
            self.orders.execute(input.order_id, &OrderCommand::RecordCapture { captured }).await?;
        }
        Ok(Progress::Done)
    }
}

/// Step that marks the order as shipped.
struct CompleteFulfilment {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<FulfilmentInput> for CompleteFulfilment {
    fn name(&self) -> &'static str {
        "leave"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &FulfilmentInput) -> Result<Progress, StepError> {
        self.orders.execute(input.order_id, &OrderCommand::Fulfil).await?;
        Ok(Progress::Done)
    }
}
