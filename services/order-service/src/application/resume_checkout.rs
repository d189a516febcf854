//! Use case: resume the checkout of an order when its payment has changed.

use super::checkout_input::{CheckoutInput, checkout_id};
use identifiers::OrderId;
use saga::Runner;

/// Use case that resumes a checkout.
#[derive(Clone)]
pub(crate) struct ResumeCheckout {
    pub(crate) checkouts: Runner<CheckoutInput>,
}

impl ResumeCheckout {
    /// Wakes the checkout of this order. A checkout that has ended ignores it: the payment of a cancelled order is
    /// cancelled as well, and stays so.
    pub(crate) fn execute(&self, order_id: OrderId) {
        self.checkouts.wake(checkout_id(order_id).into());
    }
}
