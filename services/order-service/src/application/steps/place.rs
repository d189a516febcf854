//! Places the order: freezes the cart, checks what it comes to, writes the order down. Undo: the order is cancelled
//! and the cart open again.

use crate::{
    application::{
        checkout_case::{CheckoutCase, Source},
        orders::Orders,
        refusal::OrderError,
    },
    domain::{
        events::{Placed, Status},
        order::Command,
        placing::Quote,
        rejection::Rejection,
    },
    ports::{PortError, carts::Carts},
};
use async_trait::async_trait;
use contracts::codes;
use kernel::{Problem, defects};
use saga::{Progress, Step, StepError};
use std::sync::Arc;

pub(crate) struct Place {
    pub(crate) orders: Arc<Orders>,
    pub(crate) carts: Arc<dyn Carts>,
}

#[async_trait]
impl Step<CheckoutCase> for Place {
    fn name(&self) -> &'static str {
        "place"
    }

    async fn execute(&self, case: &CheckoutCase) -> Result<Progress, StepError> {
        let untouched = case.untouched.touch();
        if !untouched && let Some(progress) = self.placed_before(case).await? {
            return Ok(progress);
        }
        let quote = self.quote(case).await?;
        let compares = !defects::planted("changed_total_accepted");
        if compares && case.expected_total.is_some_and(|expected| expected != quote.totals.total) {
            return Err(StepError::refused(price_changed(&quote)));
        }
        let placed = self.placed(case, quote).map_err(OrderError::from)?;
        self.orders.create(case.order_id, &Command::Place(Box::new(placed))).await?;
        Ok(Progress::Done)
    }

    async fn undo(&self, case: &CheckoutCase, because: &Problem) -> Result<(), StepError> {
        let cancel = Command::Cancel { reason: because.code.to_string() };
        match self.orders.execute(case.order_id, &cancel).await {
            // Never placed, so nothing to cancel.
            Ok(_) | Err(OrderError::Rejected(Rejection::Unknown)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(cart) = case.cart_id() {
            self.carts.reopen(cart, case.order_id).await?;
        }
        Ok(())
    }
}

impl Place {
    /// What is left to do when the order is there already. Somebody may have asked to cancel it since.
    async fn placed_before(&self, case: &CheckoutCase) -> Result<Option<Progress>, OrderError> {
        let Some(found) = self.orders.find(case.order_id).await? else { return Ok(None) };
        match (found.order.status, &found.order.cancel) {
            _ if found.order.was_confirmed() => Ok(Some(Progress::Done)),
            (Status::Pending, Some(_)) => Err(Rejection::BeingCancelled.into()),
            (Status::Cancelled, _) => Err(Rejection::Cancelled.into()),
            _ => Ok(Some(Progress::Done)),
        }
    }

    async fn quote(&self, case: &CheckoutCase) -> Result<Quote, PortError> {
        match &case.source {
            Source::Cart { cart_id } => {
                self.carts.freeze(*cart_id, case.order_id, case.delivery()).await
            }
            Source::Lines { lines, currency } => {
                self.carts.quote(lines, *currency, case.delivery()).await
            }
        }
    }

    fn placed(&self, case: &CheckoutCase, quote: Quote) -> Result<Placed, Rejection> {
        let billing = case.billing_address.as_ref().unwrap_or(&case.shipping_address);
        Ok(Placed {
            number: self.orders.next_number(),
            currency: quote.currency,
            lines: quote.paid_lines()?,
            shipping: quote.shipping,
            totals: quote.totals,
            email: case.email.clone(),
            shipping_address: case.shipping_address.clone(),
            billing_address: billing.clone(),
            cart_id: case.cart_id(),
            hold_id: case.hold_id(),
            payment_id: case.payment_id(),
            payment_method: case.payment_method.clone(),
            at: self.orders.now(),
        })
    }
}

fn price_changed(quote: &Quote) -> Problem {
    let total = quote.totals.total;
    let title = format!("the total is {total} now; look at it and order again");
    Problem::new(422, codes::PRICE_CHANGED, title).fact("total", total)
}
