//! Refund saga: the order reserves the amount, the payment is refunded, the items are restocked where requested, and the
//! order settles the refund. It can be refused until the payment is refunded; after that it always completes.

use super::{error::OrderError, orders::Orders, saga_dependencies::SagaDependencies};
use crate::{
    domain::{
        events::{Refund, RefundScope},
        order::OrderCommand,
        refund::RefundRequest,
        rejection::Rejection,
    },
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use identifiers::{HoldId, OrderId, PaymentId, RefundId, Sku};
use kernel::{Problem, Uuid};
use minicbor::{Decode, Encode};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Input of a refund, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct RefundInput {
    #[n(0)]
    pub(crate) order_id: OrderId,
    #[n(1)]
    pub(crate) refund_id: RefundId,
    #[n(2)]
    pub(crate) hold_id: HoldId,
    #[n(3)]
    pub(crate) payment_id: PaymentId,
    #[n(4)]
    pub(crate) what: RefundScope,
    #[n(5)]
    pub(crate) restock: bool,
    #[n(6)]
    pub(crate) reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(7)]
    pub(crate) reference: Option<String>,
}

impl saga::SagaInput for RefundInput {
    fn subject(&self) -> Uuid {
        self.order_id.into()
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

/// Saga of a refund.
pub(crate) fn refund_saga(dependencies: &SagaDependencies) -> Saga<RefundInput> {
    let SagaDependencies { orders, stock, payments, .. } = dependencies.clone();
    Saga::new(
        "refund",
        vec![
            Arc::new(ReserveRefund { orders: Arc::clone(&orders) }),
            Arc::new(RefundPayment { orders: Arc::clone(&orders), payments }),
            Arc::new(RestockItems { orders: Arc::clone(&orders), stock }),
            Arc::new(SettleRefund { orders }),
        ],
    )
}

impl RefundInput {
    fn request(&self) -> RefundRequest {
        RefundRequest {
            id: self.refund_id,
            scope: self.what.clone(),
            restock: self.restock,
            reason: self.reason.clone(),
            reference: self.reference.clone(),
        }
    }

    /// Refund as the order has reserved it.
    async fn reserved(&self, orders: &Orders) -> Result<Refund, OrderError> {
        let found = orders.find(self.order_id).await?.ok_or(Rejection::Unknown)?;
        let unknown = Rejection::UnknownRefund { id: self.refund_id };
        let record = found.order.refund(self.refund_id).ok_or(unknown)?;
        Ok(record.refund.clone())
    }
}

/// Step that reserves the amount. Undo: the refund is dropped.
struct ReserveRefund {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<RefundInput> for ReserveRefund {
    fn name(&self) -> &'static str {
        "reserve"
    }

    async fn execute(&self, input: &RefundInput) -> Result<Progress, StepError> {
        let command = OrderCommand::ReserveRefund(input.request());
        self.orders.execute(input.order_id, &command).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, input: &RefundInput, because: &Problem) -> Result<(), StepError> {
        let reason = because.code.to_string();
        let command = OrderCommand::DropRefund { id: input.refund_id, reason };
        match self.orders.execute(input.order_id, &command).await {
            Ok(_) | Err(OrderError::Rejected(Rejection::Unknown)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Step that refunds the payment. A payment that refuses has refunded nothing, and no later step is undone.
struct RefundPayment {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<RefundInput> for RefundPayment {
    fn name(&self) -> &'static str {
        "pay_back"
    }

    async fn execute(&self, input: &RefundInput) -> Result<Progress, StepError> {
        let refund = input.reserved(&self.orders).await?;
        // Units that cost nothing are restocked without a transfer of money.
        if refund.amount.is_positive() {
            self.payments
                .refund(input.payment_id, input.refund_id, refund.amount, &input.reason)
                .await?;
        }
        Ok(Progress::Done)
    }
}

/// Step that returns the refunded units to stock.
struct RestockItems {
    orders: Arc<Orders>,
    stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<RefundInput> for RestockItems {
    fn name(&self) -> &'static str {
        "restock"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &RefundInput) -> Result<Progress, StepError> {
        let refund = input.reserved(&self.orders).await?;
        if refund.restock && !refund.units.is_empty() {
            let mut lines: BTreeMap<Sku, i64> = BTreeMap::new();
            for units in &refund.units {
                *lines.entry(units.sku.clone()).or_default() += units.count();
            }
            let lines: Vec<(Sku, i64)> = lines.into_iter().collect();
            self.stock.restock(input.hold_id, input.refund_id, &lines, &input.reason).await?;
        }
        Ok(Progress::Done)
    }
}

/// Step that marks the refund as done.
struct SettleRefund {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<RefundInput> for SettleRefund {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, input: &RefundInput) -> Result<Progress, StepError> {
        self.orders
            .execute(input.order_id, &OrderCommand::SettleRefund { id: input.refund_id })
            .await?;
        Ok(Progress::Done)
    }
}
