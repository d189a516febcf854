//! Step: authorise the payment, or wait for the customer or the bank. Undo: the payment is cancelled.

use crate::{
    application::{checkout_input::CheckoutInput, orders::Orders, unpaid_orders::UnpaidOrders},
    domain::{
        order::{Order, OrderCommand},
        order_state::PendingPayment,
    },
    ports::{
        carts::Carts,
        payments::{AuthorisationRequest, AuthorisationStatus, Payments},
        stock::Stock,
    },
};
use async_trait::async_trait;
use contracts::codes;
use kernel::Problem;
use saga::{Progress, Step, StepError};
use std::{sync::Arc, time::Duration};

/// Step that authorises the payment.
pub(crate) struct AuthorisePayment {
    pub(crate) orders: Arc<Orders>,
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) unpaid: Arc<UnpaidOrders>,
    /// Limit of the time that a payment may wait for the customer or the bank, where the checkout has no deadline.
    pub(crate) wait_max: Duration,
}

#[async_trait]
impl Step<CheckoutInput> for AuthorisePayment {
    fn name(&self) -> &'static str {
        "authorise"
    }

    async fn execute(&self, input: &CheckoutInput) -> Result<Progress, StepError> {
        let found = super::find_order(&self.orders, input.order_id).await?;
        if found.order.was_confirmed() {
            return Ok(Progress::Done);
        }
        let amount = found.order.placed.totals.total;
        if amount.is_zero() {
            return Ok(Progress::Done);
        }
        let request = AuthorisationRequest {
            payment: found.order.placed.payment_id,
            order: input.order_id,
            amount,
            method: &input.payment_method,
            token: &input.payment_token,
        };
        match self.payments.authorise(request).await? {
            AuthorisationStatus::Authorised => Ok(Progress::Done),
            AuthorisationStatus::Declined { reason } => Err(StepError::refused(declined(reason))),
            AuthorisationStatus::Waiting { reason, action_url } => {
                self.wait(input, &found.order, PendingPayment { reason, action_url }).await
            }
        }
    }

    async fn undo(&self, input: &CheckoutInput, _: &Problem) -> Result<(), StepError> {
        self.payments.cancel(input.payment_id(), input.order_id).await?;
        self.unpaid.remove(input.order_id);
        Ok(())
    }
}

impl AuthorisePayment {
    async fn wait(
        &self,
        input: &CheckoutInput,
        order: &Order,
        pending: PendingPayment,
    ) -> Result<Progress, StepError> {
        let until = input.deadline(self.wait_max);
        if until.is_none_or(|until| self.orders.now() >= until) {
            return Err(StepError::refused(timed_out()));
        }
        self.enter_unpaid(input, order).await?;
        let reason = pending.reason.clone();
        self.orders.execute(input.order_id, &OrderCommand::AwaitPayment(pending)).await?;
        if let Some(cart) = input.cart_id().filter(|_| input.terms.is_prepayment()) {
            // It waits for days, in which its shopper may fill another cart.
            self.carts.ordered(cart, input.order_id).await?;
        }
        Ok(Progress::Waiting { reason, until })
    }

    /// Enters the order among the unpaid ones, unless it exceeds their limits. One that waits already stays.
    async fn enter_unpaid(&self, input: &CheckoutInput, order: &Order) -> Result<(), StepError> {
        if order.state.pending_payment().is_some() {
            self.unpaid.enter(input.order_id, &input.clients, order);
            return Ok(());
        }
        let on_hand = if input.clients.is_empty() {
            Vec::new()
        } else {
            let skus = order.placed.lines.iter().map(|line| line.sku.clone());
            self.stock.on_hand(skus.collect()).await?
        };
        let admitted = self.unpaid.admit(input.order_id, &input.clients, order, &on_hand);
        admitted.map_err(StepError::refused)
    }
}

fn declined(reason: String) -> Problem {
    let title = "the payment was declined and nothing was charged; try another payment method";
    Problem::of(codes::PAYMENT_DECLINED, title).fact("failure", reason)
}

fn timed_out() -> Problem {
    let title = "the payment was not completed in time; nothing was charged";
    Problem::of(codes::PAYMENT_DECLINED, title).fact("failure", "not_completed_in_time")
}
