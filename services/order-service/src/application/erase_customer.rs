//! Use case: erase a customer. Contact details that are still needed go when they no longer are.

use super::{error::OrderError, orders::Orders};
use crate::{
    domain::{events::Customer, rejection::Rejection, retention::Retention},
    ports::{customers::ErasureStage, order_index::OrderFilter},
};
use kernel::{PageLimit, Timestamp};
use std::{sync::Arc, time::Duration};

/// Pause between two looks at what was deferred or is kept for a time.
const PAUSE: Duration = Duration::from_hours(1);
/// Limit of the orders with open obligations that are named.
const OPEN_ORDERS_MAX: usize = 100;

/// Use case that erases customers.
#[derive(Clone)]
pub(crate) struct EraseCustomer {
    pub(crate) orders: Arc<Orders>,
    pub(crate) retention: Retention,
}

/// Outcome of an erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErasureOutcome {
    /// Orders from which the customer was erased, now or before.
    pub(crate) erased: u64,
    /// Numbers of the orders that still need the contact details, the newest ones.
    pub(crate) open: Vec<u64>,
    /// Time until which contact details are kept, encrypted and unread, for tax.
    pub(crate) retained_until: Option<Timestamp>,
}

impl EraseCustomer {
    /// Erases the customer with this e-mail address. When this returns, the decision is durable; so is the erasure of whatever no open
    /// order needs. To erase again is success.
    pub(crate) async fn execute(&self, email: &str) -> Result<ErasureOutcome, OrderError> {
        let mut outcome = ErasureOutcome::default();
        for customer in self.orders.customers.readable(email) {
            let ErasureOutcome { erased, open, retained_until } = self.erase(customer).await?;
            outcome.erased += erased;
            outcome.open.extend(open);
            outcome.retained_until = outcome.retained_until.max(retained_until);
        }
        Ok(outcome)
    }

    /// Goes on with erasures that are deferred, and ends those whose retention has ended, for ever. After an error it goes on in the
    /// next round.
    pub(crate) async fn maintain(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = self.advance_all().await {
                tracing::warn!(%error, "erasures wait for the next round");
            }
        }
    }

    /// One round of that.
    pub(crate) async fn advance_all(&self) -> Result<(), OrderError> {
        let customers = &self.orders.customers;
        for customer in customers.requested() {
            self.erase(customer).await?;
        }
        for customer in customers.due(self.orders.now()) {
            customers.advance(customer, ErasureStage::Done)?;
        }
        Ok(())
    }

    /// Erases one customer from all orders, and then the key. A crash in between leaves the request, with which it goes on.
    async fn erase(&self, customer: Customer) -> Result<ErasureOutcome, OrderError> {
        self.orders.customers.advance(customer, ErasureStage::Requested)?;
        let mut outcome = ErasureOutcome::default();
        let mut cursor = None;
        loop {
            let filter = OrderFilter {
                customers: vec![customer],
                attempts: true,
                limit: PageLimit::new(PageLimit::MAX).unwrap_or_default(),
                cursor,
                ..OrderFilter::default()
            };
            let page = self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?;
            for summary in page.orders {
                match self.orders.erase_customer(summary.id).await {
                    Ok(order) => {
                        outcome.erased += 1;
                        let end = self.retention.end(&order);
                        outcome.retained_until = outcome.retained_until.max(end);
                    }
                    Err(OrderError::Rejected(Rejection::OpenObligations)) => {
                        outcome.open.extend(summary.number.parse::<u64>());
                    }
                    Err(error) => return Err(error),
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if outcome.open.is_empty() {
            let is_ahead = |until: &Timestamp| *until > self.orders.now();
            outcome.retained_until = outcome.retained_until.filter(is_ahead);
            let stage =
                outcome.retained_until.map_or(ErasureStage::Done, ErasureStage::RetainedUntil);
            self.orders.customers.advance(customer, stage)?;
        }
        outcome.open.truncate(OPEN_ORDERS_MAX);
        Ok(outcome)
    }
}
