//! The beginning of a payment.

use super::{Event, Happening, Intent, OrderId, Payment, Rejection, State};

impl Payment {
    /// Somebody wants to pay. The same wish again is no event; one that comes after its cancellation is refused.
    pub(crate) fn begin(
        payment: Option<&Self>,
        order_id: OrderId,
        intent: Intent,
    ) -> Result<Vec<Event>, Rejection> {
        let Some(payment) = payment else {
            let what = Happening::Created(intent);
            return Ok(vec![Event { order_id, state: State::Created, what }]);
        };
        let Some(known) = &payment.intent else { return Err(Rejection::Already(State::Voided)) };
        let same = known.amount == intent.amount
            && known.method == intent.method
            && known.token == intent.token;
        if same && payment.order_id == order_id {
            Ok(Vec::new())
        } else {
            Err(Rejection::OtherContent)
        }
    }

    /// Cancels a payment that never came into being, so that it never will.
    pub(crate) fn bar(order_id: OrderId) -> Vec<Event> {
        vec![Event { order_id, state: State::Voided, what: Happening::Barred }]
    }
}
