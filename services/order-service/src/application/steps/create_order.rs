//! Step: freeze the cart, check the quote, and create the order. Undo: the order is cancelled and the cart reopened.

use crate::{
    application::{
        checkout_input::{CheckoutInput, CheckoutSource},
        error::OrderError,
        orders::Orders,
    },
    domain::{
        events::{Customer, Placed},
        order::OrderCommand,
        order_state::OrderState,
        quote::Quote,
        rejection::Rejection,
    },
    ports::{PortError, carts::Carts},
};
use async_trait::async_trait;
use contracts::codes;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::sync::Arc;

/// Step that creates the order.
pub(crate) struct CreateOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) carts: Arc<dyn Carts>,
}

#[async_trait]
impl Step<CheckoutInput> for CreateOrder {
    fn name(&self) -> &'static str {
        "place"
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        let is_first_attempt = input.first_attempt.take();
        if !is_first_attempt && let Some(progress) = self.progress_of_existing(input).await? {
            return Ok(progress);
        }
        let customer = self.customer(input).map_err(OrderError::from)?;
        let quote = self.quote(input).await?;
        if input.expected_total.is_some_and(|expected| expected != quote.totals.total) {
            return Err(StepError::refused(price_changed(&quote)));
        }
        let placed = self.placed(input, customer, quote).map_err(OrderError::from)?;
        self.orders.create(input.order_id, &OrderCommand::Place(Arc::new(placed))).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, input: &CheckoutInput, because: &Problem) -> Result<(), StepError> {
        let cancel = OrderCommand::Cancel { reason: because.code.to_string() };
        match self.orders.execute(input.order_id, &cancel).await {
            Ok(_) => {}
            // Never placed, so nothing to cancel.
            Err(OrderError::Rejected(Rejection::Unknown)) => {
                if let Some(customer) = input.customer {
                    self.orders.customers.note_attempt(customer).await.map_err(OrderError::from)?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        let Some(cart) = input.cart_id() else { return Ok(()) };
        let found = self.orders.find(input.order_id).await?;
        if found.is_some_and(|found| found.order.has_awaited_prepayment()) {
            self.carts.ordered(cart, input.order_id).await?;
        } else {
            self.carts.reopen(cart, input.order_id).await?;
        }
        Ok(())
    }
}

impl CreateOrder {
    /// Progress when the order exists already; `None` when it does not. Its cancellation may have been requested since.
    async fn progress_of_existing(
        &self,
        input: &CheckoutInput,
    ) -> Result<Option<Progress>, OrderError> {
        let Some(found) = self.orders.find(input.order_id).await? else { return Ok(None) };
        match &found.order.state {
            OrderState::Aborting { .. } => Err(Rejection::BeingCancelled.into()),
            OrderState::Cancelled { was_confirmed: false, .. } => Err(Rejection::Cancelled.into()),
            OrderState::Pending { .. }
            | OrderState::Confirmed
            | OrderState::Cancelling { .. }
            | OrderState::Fulfilling
            | OrderState::Shipped
            | OrderState::Completed
            | OrderState::Cancelled { was_confirmed: true, .. } => Ok(Some(Progress::Done)),
        }
    }

    async fn quote(&self, input: &CheckoutInput) -> Result<Quote, PortError> {
        match &input.source {
            CheckoutSource::Cart { cart_id } => {
                let (order, account) = (input.order_id, input.account);
                self.carts.freeze(*cart_id, order, account, input.delivery()).await
            }
            CheckoutSource::Lines { lines, currency } => {
                self.carts.quote(lines, *currency, input.delivery()).await
            }
        }
    }

    /// Whose order it is going to be. Nobody who was erased since the checkout began gets one.
    fn customer(&self, input: &CheckoutInput) -> Result<Customer, Rejection> {
        let customers = &self.orders.customers;
        let customer = input.customer.unwrap_or_else(|| customers.first(&input.email));
        if input.is_erased() || customers.is_given_up(customer) {
            return Err(Rejection::CustomerErased);
        }
        Ok(customer)
    }

    fn placed(
        &self,
        input: &CheckoutInput,
        customer: Customer,
        quote: Quote,
    ) -> Result<Placed, Rejection> {
        let billing = input.billing_address.as_ref().unwrap_or(&input.shipping_address);
        let (currency, totals) = (quote.currency, quote.totals);
        let (lines, shipping) = quote.paid_lines()?;
        let (sequence, number) = self.orders.next_number();
        Ok(Placed {
            number,
            currency,
            lines,
            shipping,
            totals,
            email: input.email.clone(),
            shipping_address: input.shipping_address.clone(),
            billing_address: billing.clone(),
            cart_id: input.cart_id(),
            hold_id: input.hold_id(),
            payment_id: input.payment_id(),
            payment_method: input.payment_method.clone(),
            at: self.orders.now(),
            terms: input.terms.clone(),
            sequence: (sequence != number).then_some(sequence),
            customer: Some(customer),
            account: input.account,
            of_account: false,
            language: input.language.clone(),
        })
    }
}

fn price_changed(quote: &Quote) -> Problem {
    let total = quote.totals.total;
    let title = format!("the total is now {total}; review it and order again");
    Problem::of(codes::PRICE_CHANGED, title).fact("total", total)
}
