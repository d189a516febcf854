//! Creation of a payment.

use super::{Payment, PaymentEvent, PaymentEventKind, PaymentIntent, PaymentState, Rejection};
use identifiers::OrderId;

impl Payment {
    /// Creates the payment. Repeating the same request leads to no event; a request after the cancellation is rejected.
    pub(crate) fn create(
        payment: Option<&Self>,
        order_id: OrderId,
        intent: PaymentIntent,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        let Some(payment) = payment else {
            let kind = PaymentEventKind::Created(intent);
            return Ok(vec![PaymentEvent { order_id, state: PaymentState::Created, kind }]);
        };
        let Some(known) = payment.intent() else {
            return Err(Rejection::Already(PaymentState::Voided));
        };
        let same = known.amount == intent.amount
            && known.method == intent.method
            && known.token == intent.token;
        if same && payment.order_id == order_id { Ok(Vec::new()) } else { Err(Rejection::IdReused) }
    }

    /// Bars a payment that was cancelled before it was created, so that a late request cannot create it.
    pub(crate) fn bar(order_id: OrderId) -> Vec<PaymentEvent> {
        vec![PaymentEvent { order_id, state: PaymentState::Voided, kind: PaymentEventKind::Barred }]
    }
}
