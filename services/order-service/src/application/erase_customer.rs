//! Use case: erase a customer. Contact details that are still needed go when they no longer are.

use super::{checkout_input::CheckoutInput, error::OrderError, orders::Orders};
use crate::{
    domain::{events::Customer, rejection::Rejection, retention::Retention},
    ports::{
        customers::ErasureStage,
        order_index::{OrderFilter, OrderPage},
    },
};
use kernel::{Cursor, PageLimit, Timestamp};
use saga::Runner;
use std::{sync::Arc, time::Duration};

/// Pause between two looks at what was deferred or is kept for a time.
const PAUSE: Duration = Duration::from_hours(1);
/// Limit of the orders with open obligations that are named.
const OPEN_ORDERS_MAX: usize = 100;

/// Use case that erases customers.
#[derive(Clone)]
pub(crate) struct EraseCustomer {
    pub(crate) orders: Arc<Orders>,
    pub(crate) checkouts: Runner<CheckoutInput>,
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
    /// order needs. To erase again is success, and so is the erasure of somebody who is not known: neither writes anything.
    pub(crate) async fn execute(&self, email: &str) -> Result<ErasureOutcome, OrderError> {
        let mut outcome = ErasureOutcome::default();
        for customer in self.orders.customers.readable(email) {
            if !self.is_known(customer).await? {
                continue;
            }
            let ErasureOutcome { erased, open, retained_until } = self.erase(customer).await?;
            outcome.erased += erased;
            outcome.open.extend(open);
            outcome.retained_until = outcome.retained_until.max(retained_until);
        }
        Ok(outcome)
    }

    /// Goes on with erasures that are deferred, and ends those whose retention has ended, for ever.
    pub(crate) async fn maintain(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.advance_all().await;
        }
    }

    /// One round of that. Whoever cannot be erased now waits for the next round, and nobody else does.
    pub(crate) async fn advance_all(&self) {
        let customers = &self.orders.customers;
        for customer in customers.due(self.orders.now()) {
            log_failure(customers.advance(customer, ErasureStage::Done).await.map_err(Into::into));
        }
        for customer in customers.requested() {
            log_failure(self.erase(customer).await.map(drop));
        }
        // Of whom there is something again: a restored backup has orders from before personal data was encrypted, which no key hides.
        for customer in customers.erased() {
            log_failure(self.erase_orders(customer, true).await.map(drop));
        }
    }

    /// Whether anything is stored about a customer: an order, a checkout that is under way, or one that left no order.
    async fn is_known(&self, customer: Customer) -> Result<bool, OrderError> {
        let is_of_customer = |input: &CheckoutInput| input.customer == Some(customer);
        let customers = &self.orders.customers;
        Ok(customers.is_given_up(customer)
            || self.checkouts.is_any_unfinished(is_of_customer)
            || customers.has_attempts(customer, self.orders.now()).await?
            || !self.page(customer, false, None).await?.orders.is_empty())
    }

    /// Erases one customer from all orders, and then the key. A crash in between leaves the request, with which it goes on.
    async fn erase(&self, customer: Customer) -> Result<ErasureOutcome, OrderError> {
        let customers = &self.orders.customers;
        customers.request(customer).await?;
        let mut outcome = self.erase_orders(customer, false).await?;
        let stage = if outcome.open.is_empty() {
            let is_ahead = |until: &Timestamp| *until > self.orders.now();
            outcome.retained_until = outcome.retained_until.filter(is_ahead);
            outcome.retained_until.map_or(ErasureStage::Done, ErasureStage::RetainedUntil)
        } else {
            ErasureStage::Requested
        };
        customers.advance(customer, stage).await?;
        outcome.open.truncate(OPEN_ORDERS_MAX);
        Ok(outcome)
    }

    /// Erases one customer from all orders, or from those that have not been erased, as far as nothing is open.
    async fn erase_orders(
        &self,
        customer: Customer,
        unerased: bool,
    ) -> Result<ErasureOutcome, OrderError> {
        let mut outcome = ErasureOutcome::default();
        let mut cursor = None;
        loop {
            let page = self.page(customer, unerased, cursor).await?;
            for summary in page.orders {
                match self.orders.erase_customer(summary.id).await {
                    Ok(order) => {
                        outcome.erased += 1;
                        let end = self.retention.end(&order);
                        outcome.retained_until = outcome.retained_until.max(end);
                    }
                    Err(OrderError::Rejected(Rejection::OpenObligations)) => {
                        let found = self.orders.find(summary.id).await?;
                        outcome.open.push(found.ok_or(Rejection::Unknown)?.order.placed.number);
                    }
                    Err(error) => return Err(error),
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(outcome);
            }
        }
    }

    async fn page(
        &self,
        customer: Customer,
        unerased: bool,
        cursor: Option<Cursor>,
    ) -> Result<OrderPage, OrderError> {
        let filter = OrderFilter {
            customers: vec![customer],
            unerased,
            attempts: true,
            limit: PageLimit::new(PageLimit::MAX).unwrap_or_default(),
            cursor,
            ..OrderFilter::default()
        };
        self.orders.order_index.page(filter).await.map_err(OrderError::Refused)
    }
}

fn log_failure(result: Result<(), OrderError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "an erasure waits for the next round");
    }
}
