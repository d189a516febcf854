//! Hears what became of a payment, and has its checkout look again.

use super::checkout_case::{CheckoutCase, checkout_id};
use kernel::Uuid;
use saga::Runner;

/// Hears of payments.
#[derive(Clone)]
pub(crate) struct RecordPayment {
    pub(crate) checkouts: Runner<CheckoutCase>,
}

impl RecordPayment {
    /// Something happened to the payment of this order. A checkout that has ended needs to know nothing more: the
    /// payment of a cancelled order was told so, and never becomes more than that.
    pub(crate) fn run(&self, order_id: Uuid) {
        self.checkouts.wake(checkout_id(order_id));
    }
}
