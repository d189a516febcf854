//! The fulfilment of an order whose money is only set aside: from the moment it is asked for the order can no longer be
//! cancelled; then the money is taken, and only then have the goods left. A bank that refuses leaves the order as it was.

use super::{checkout_saga::Others, orders::Orders, refusal::OrderError};
use crate::{
    domain::{order::Command, rejection::Rejection},
    ports::payments::Payments,
};
use async_trait::async_trait;
use kernel::{Problem, Uuid};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A fulfilment, as the log of its saga keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FulfilmentCase {
    pub(crate) order_id: Uuid,
    pub(crate) payment_id: Uuid,
}

impl saga::SagaInput for FulfilmentCase {
    fn subject(&self) -> Uuid {
        self.order_id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

/// The steps of a fulfilment.
pub(crate) fn fulfilment_saga(others: &Others) -> Saga<FulfilmentCase> {
    let Others { orders, payments, .. } = others.clone();
    Saga::new(
        "fulfilment",
        vec![
            Arc::new(Request { orders: Arc::clone(&orders) }),
            Arc::new(Capture { orders: Arc::clone(&orders), payments }),
            Arc::new(Leave { orders }),
        ],
    )
}

struct Request {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<FulfilmentCase> for Request {
    fn name(&self) -> &'static str {
        "request"
    }

    async fn execute(&self, case: &FulfilmentCase) -> Result<Progress, StepError> {
        self.orders.execute(case.order_id, &Command::BeginFulfil).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, case: &FulfilmentCase, because: &Problem) -> Result<(), StepError> {
        let command = Command::DropFulfilment { reason: because.code.to_string() };
        self.orders.execute(case.order_id, &command).await?;
        Ok(())
    }
}

/// A payment that refuses has taken nothing, and nothing after this step goes back.
struct Capture {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<FulfilmentCase> for Capture {
    fn name(&self) -> &'static str {
        "capture"
    }

    async fn execute(&self, case: &FulfilmentCase) -> Result<Progress, StepError> {
        let found = self.orders.find(case.order_id).await?;
        let found = found.ok_or(OrderError::Rejected(Rejection::Unknown))?;
        if found.order.is_captured_at_fulfilment() {
            let captured = self.payments.capture(case.payment_id).await?;
            self.orders.execute(case.order_id, &Command::RecordCapture { captured }).await?;
        }
        Ok(Progress::Done)
    }
}

struct Leave {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<FulfilmentCase> for Leave {
    fn name(&self) -> &'static str {
        "leave"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &FulfilmentCase) -> Result<Progress, StepError> {
        self.orders.execute(case.order_id, &Command::Fulfil).await?;
        Ok(Progress::Done)
    }
}
