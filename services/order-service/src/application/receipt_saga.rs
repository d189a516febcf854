//! Receipt saga: money that arrived by bank transfer is taken by the payment, which refuses more than is due, and then
//! recorded in the order.

use super::{orders::Orders, saga_dependencies::SagaDependencies};
use crate::{
    domain::order::OrderCommand,
    ports::{PortError, payments::Payments},
};
use async_trait::async_trait;
use contracts::codes;
use identifiers::{OrderId, PaymentId};
use kernel::{Money, Problem, Uuid};
use minicbor::{Decode, Encode};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Input of a receipt, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct ReceiptInput {
    #[n(0)]
    pub(crate) order_id: OrderId,
    #[n(1)]
    pub(crate) payment_id: PaymentId,
    /// Identity of the receipt.
    #[cbor(n(2), with = "kernel::cbor")]
    pub(crate) operation: Uuid,
    #[n(3)]
    pub(crate) amount: Money,
    /// Reference of the transfer on the bank statement.
    #[n(4)]
    pub(crate) reference: String,
}

impl saga::SagaInput for ReceiptInput {
    fn subject(&self) -> Uuid {
        self.order_id.into()
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

/// Saga of a receipt.
pub(crate) fn receipt_saga(dependencies: &SagaDependencies) -> Saga<ReceiptInput> {
    let SagaDependencies { orders, payments, .. } = dependencies.clone();
    Saga::new("receipt", vec![Arc::new(TakeReceipt { orders, payments })])
}

/// Step that takes the money. A payment that refuses has taken nothing.
struct TakeReceipt {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<ReceiptInput> for TakeReceipt {
    fn name(&self) -> &'static str {
        "take"
    }

    async fn execute(&self, input: &ReceiptInput) -> Result<Progress, StepError> {
        let ReceiptInput { order_id, payment_id, operation, amount, reference } = input;
        let taken = self.payments.receive(*payment_id, *operation, *amount).await;
        let captured = taken.map_err(exceeds_due)?;
        let command = OrderCommand::RecordReceipt { captured, reference: reference.clone() };
        self.orders.execute(*order_id, &command).await?;
        Ok(Progress::Done)
    }
}

/// The refusal of more than is authorised, in terms of a payment that the customer owes.
fn exceeds_due(error: PortError) -> PortError {
    let PortError::Refused(problem) = error else { return error };
    if problem.code != codes::EXCEEDS_AUTHORISED {
        return PortError::Refused(problem);
    }
    let due = problem.facts.get("left").cloned();
    let title = "more than is due: record what is due, and return the rest to the customer";
    let refused = Problem::of(codes::EXCEEDS_DUE, title);
    PortError::Refused(Box::new(match due {
        Some(due) => refused.fact("due", due),
        None => refused,
    }))
}
