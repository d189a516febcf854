//! Use case: the payment methods that are offered for new orders, and the payment terms of an order.

use super::{checkout_input::CheckoutInput, error::OrderError, orders::Orders};
use crate::{
    domain::events::PaymentTerms,
    ports::payments::{MethodOffer, Payments},
};
use contracts::{
    codes,
    payment::{INVOICE, PREPAYMENT},
};
use kernel::Problem;
use std::{sync::Arc, time::Duration};

const DAY: Duration = Duration::from_hours(24);

/// Use case that lists payment methods, and decides the terms of new orders.
#[derive(Clone)]
pub(crate) struct PaymentMethods {
    pub(crate) orders: Arc<Orders>,
    pub(crate) payments: Arc<dyn Payments>,
    /// Days that an order waits for its prepayment.
    pub(crate) prepayment_days: u32,
    /// Time that an order waits for the customer or the bank.
    pub(crate) payment_wait: Duration,
}

impl PaymentMethods {
    /// Methods that are offered for new orders.
    pub(crate) async fn offered(&self) -> Result<Vec<MethodOffer>, OrderError> {
        let mut offers = self.payments.methods().await?;
        for offer in offers.iter_mut().filter(|offer| offer.method == PREPAYMENT) {
            offer.days_to_pay = Some(self.prepayment_days);
        }
        Ok(offers)
    }

    /// Decides until when a new checkout waits for its payment, and its terms. A checkout that has begun keeps those it
    /// began with, so a repeated request is accepted whatever is offered since.
    pub(crate) async fn decide_terms(&self, input: &mut CheckoutInput) -> Result<(), OrderError> {
        input.pay_by = input.begun_at.checked_add(self.payment_wait).ok();
        let method = input.payment_method.as_str();
        if method != PREPAYMENT && method != INVOICE {
            return Ok(());
        }
        let mut offers = self.offered().await?.into_iter();
        let Some(offer) = offers.find(|offer| offer.method == method) else {
            if self.orders.find(input.order_id).await?.is_some() {
                return Ok(());
            }
            let title = format!("the payment method {method} is not offered");
            return Err(OrderError::Refused(Problem::of(codes::METHOD_NOT_OFFERED, title)));
        };
        let days = offer.days_to_pay.unwrap_or_default();
        let pay_by = input.begun_at.saturating_add(DAY * days).unwrap_or(input.begun_at);
        let bank_details = offer.bank_details.unwrap_or_default();
        input.terms = if method == PREPAYMENT {
            input.pay_by = Some(pay_by);
            PaymentTerms::Prepayment { bank_details, pay_by }
        } else {
            PaymentTerms::Invoice { bank_details, pay_by }
        };
        Ok(())
    }
}
