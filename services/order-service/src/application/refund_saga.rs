//! A refund: the order promises the money to it, the payment gives it back, the goods go back into stock where that
//! was asked for, and the order says so. Before the money has gone the refund can still be refused; after it there is
//! no way back.

use super::{checkout_saga::Others, orders::Orders, refusal::OrderError};
use crate::{
    domain::{
        events::Refund,
        order::Command,
        refund::{RefundOf, RefundRequest},
        rejection::Rejection,
    },
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use kernel::{Money, Problem, Uuid};
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A refund, as the log of its saga keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefundCase {
    pub(crate) order_id: Uuid,
    pub(crate) refund_id: Uuid,
    pub(crate) hold_id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) what: Wanted,
    pub(crate) restock: bool,
    pub(crate) reason: String,
}

/// What the money is given back for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Units(Vec<(String, i64)>),
    Sum(Money),
    Rest,
}

impl saga::SagaInput for RefundCase {
    fn subject(&self) -> Uuid {
        self.order_id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }
}

/// The steps of a refund.
pub(crate) fn refund_saga(others: &Others) -> Saga<RefundCase> {
    let Others { orders, stock, payments, .. } = others.clone();
    Saga::new(
        "refund",
        vec![
            Arc::new(Reserve { orders: Arc::clone(&orders) }),
            Arc::new(PayBack { orders: Arc::clone(&orders), payments }),
            Arc::new(Restock { orders: Arc::clone(&orders), stock }),
            Arc::new(Settle { orders }),
        ],
    )
}

impl RefundCase {
    fn request(&self) -> RefundRequest {
        let what = match &self.what {
            Wanted::Units(units) => RefundOf::Units(units.clone()),
            Wanted::Sum(sum) => RefundOf::Sum(*sum),
            Wanted::Rest => RefundOf::Rest,
        };
        RefundRequest {
            id: self.refund_id,
            what,
            restock: self.restock,
            reason: self.reason.clone(),
        }
    }

    /// The refund as the order decided it.
    async fn decided(&self, orders: &Orders) -> Result<Refund, OrderError> {
        let found = orders.find(self.order_id).await?.ok_or(Rejection::Unknown)?;
        let unknown = Rejection::UnknownRefund { id: self.refund_id };
        let given = found.order.refund(self.refund_id).ok_or(unknown)?;
        Ok(given.refund.clone())
    }
}

struct Reserve {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<RefundCase> for Reserve {
    fn name(&self) -> &'static str {
        "reserve"
    }

    async fn execute(&self, case: &RefundCase) -> Result<Progress, StepError> {
        let command = Command::ReserveRefund(case.request());
        self.orders.execute(case.order_id, &command).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, case: &RefundCase, because: &Problem) -> Result<(), StepError> {
        let reason = because.code.to_string();
        let command = Command::DropRefund { id: case.refund_id, reason };
        match self.orders.execute(case.order_id, &command).await {
            Ok(_) | Err(OrderError::Rejected(Rejection::Unknown)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A payment that refuses has given nothing back, and nothing after this step goes back.
struct PayBack {
    orders: Arc<Orders>,
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<RefundCase> for PayBack {
    fn name(&self) -> &'static str {
        "pay_back"
    }

    async fn execute(&self, case: &RefundCase) -> Result<Progress, StepError> {
        let refund = case.decided(&self.orders).await?;
        // Units that were free have nothing to give back but themselves.
        if refund.amount.is_positive() {
            self.payments
                .refund(case.payment_id, case.refund_id, refund.amount, &case.reason)
                .await?;
        }
        Ok(Progress::Done)
    }
}

struct Restock {
    orders: Arc<Orders>,
    stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<RefundCase> for Restock {
    fn name(&self) -> &'static str {
        "restock"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &RefundCase) -> Result<Progress, StepError> {
        let refund = case.decided(&self.orders).await?;
        if refund.restock && !refund.units.is_empty() {
            let mut lines: BTreeMap<&str, i64> = BTreeMap::new();
            for units in &refund.units {
                *lines.entry(&units.sku).or_default() += units.count();
            }
            let lines = lines.into_iter().map(|(sku, count)| (sku.to_owned(), count));
            let lines: Vec<(String, i64)> = lines.collect();
            self.stock.restock(case.hold_id, case.refund_id, &lines, &case.reason).await?;
        }
        Ok(Progress::Done)
    }
}

struct Settle {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<RefundCase> for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &RefundCase) -> Result<Progress, StepError> {
        self.orders.execute(case.order_id, &Command::SettleRefund { id: case.refund_id }).await?;
        Ok(Progress::Done)
    }
}
