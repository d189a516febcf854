//! The cancellation of a confirmed order: from the moment it is asked for nothing else happens to the order; then the
//! money goes back, then the goods, and then it is cancelled.

use super::{checkout_saga::Others, orders::Orders};
use crate::{
    domain::order::Command,
    ports::{payments::Payments, stock::Stock},
};
use async_trait::async_trait;
use kernel::Uuid;
use saga::{Progress, Saga, Step, StepError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A cancellation, as the log of its saga keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CancellationCase {
    pub(crate) order_id: Uuid,
    pub(crate) hold_id: Uuid,
    /// None where there was nothing to pay.
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) reason: Option<String>,
}

impl saga::SagaInput for CancellationCase {
    fn subject(&self) -> Uuid {
        self.order_id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        // An order is cancelled once; whoever asks again may say it in other words.
        self.order_id == earlier.order_id
    }
}

/// The steps of a cancellation.
pub(crate) fn cancellation_saga(others: &Others) -> Saga<CancellationCase> {
    let Others { orders, stock, payments, .. } = others.clone();
    Saga::new(
        "cancellation",
        vec![
            Arc::new(Request { orders: Arc::clone(&orders) }),
            Arc::new(GiveMoneyBack { payments }),
            Arc::new(GiveGoodsBack { stock }),
            Arc::new(Settle { orders }),
        ],
    )
}

/// An order that refuses has not changed, and nothing after this step goes back.
struct Request {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<CancellationCase> for Request {
    fn name(&self) -> &'static str {
        "request"
    }

    async fn execute(&self, case: &CancellationCase) -> Result<Progress, StepError> {
        let command = Command::BeginCancel { reason: case.reason.clone() };
        self.orders.execute(case.order_id, &command).await?;
        Ok(Progress::Done)
    }
}

struct GiveMoneyBack {
    payments: Arc<dyn Payments>,
}

#[async_trait]
impl Step<CancellationCase> for GiveMoneyBack {
    fn name(&self) -> &'static str {
        "give_money_back"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &CancellationCase) -> Result<Progress, StepError> {
        if let Some(payment) = case.payment_id {
            self.payments.cancel(payment, case.order_id).await?;
        }
        Ok(Progress::Done)
    }
}

struct GiveGoodsBack {
    stock: Arc<dyn Stock>,
}

#[async_trait]
impl Step<CancellationCase> for GiveGoodsBack {
    fn name(&self) -> &'static str {
        "give_goods_back"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &CancellationCase) -> Result<Progress, StepError> {
        self.stock.release(case.hold_id).await?;
        Ok(Progress::Done)
    }
}

struct Settle {
    orders: Arc<Orders>,
}

#[async_trait]
impl Step<CancellationCase> for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn must_succeed(&self) -> bool {
        true
    }

    async fn execute(&self, case: &CancellationCase) -> Result<Progress, StepError> {
        let reason = case.reason.clone().unwrap_or_else(|| "cancelled on request".to_owned());
        self.orders.execute(case.order_id, &Command::Cancel { reason }).await?;
        Ok(Progress::Done)
    }
}
