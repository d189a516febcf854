//! What an order has its customer told, once the order itself is looked at.

use crate::domain::decision::Kind;
use contracts::{
    codes,
    order::{Order, OrderStatus},
};

/// Reason why somebody who was erased is told nothing.
pub(crate) const ERASED: &str = "the customer was erased";

/// What is told of an order of which this was requested, or why nothing is.
pub(crate) fn kind_to_tell(kind: Kind, order: &Order) -> Result<Kind, &'static str> {
    if order.customer_erased || order.email.is_empty() {
        return Err(ERASED);
    }
    match kind {
        // Of the steps in between nobody is told who is before the page that takes them.
        Kind::PaymentDue if order.payment.bank_details.is_none() => {
            Err("the payment waits for the customer or the bank, which the page of the order shows")
        }
        Kind::PaymentDue if order.status != OrderStatus::Pending => {
            Err("the payment is not due any more")
        }
        Kind::OrderCancelled if had(order, "confirmed") => Ok(Kind::OrderCancelled),
        Kind::OrderCancelled if !had(order, "payment_waiting") => {
            Err("the checkout ended before it became an order, which its page has shown")
        }
        Kind::OrderCancelled if is_unpaid(order) => Ok(Kind::PaymentFailed),
        kind => Ok(kind),
    }
}

fn had(order: &Order, event: &str) -> bool {
    order.history.iter().any(|entry| entry.event == event)
}

/// Whether the order was cancelled because its payment failed, or did not arrive in time.
fn is_unpaid(order: &Order) -> bool {
    order.cancel_reason.as_deref() == Some(codes::PAYMENT_DECLINED.as_str())
}
