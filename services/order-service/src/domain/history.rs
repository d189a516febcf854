//! What happened to an order, in words.

use super::events::OrderEvent;
use kernel::Timestamp;

/// Something that happened, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) event: &'static str,
    pub(crate) text: String,
    pub(crate) reason: Option<String>,
}

/// The entry of an event.
pub(crate) fn entry(event: &OrderEvent) -> Entry {
    let (text, reason) = match event {
        OrderEvent::Placed(placed) => (format!("Order {} was placed.", placed.number), None),
        OrderEvent::PaymentWaiting { reason, .. } => {
            ("The payment waits.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::Confirmed { of, .. } if of.total.is_zero() => {
            ("The order was confirmed; there was nothing to pay.".to_owned(), None)
        }
        OrderEvent::Confirmed { captured, of, .. } if captured.is_zero() => {
            (format!("The order was confirmed and {} set aside.", of.total), None)
        }
        OrderEvent::Confirmed { captured, .. } => {
            (format!("The order was confirmed and {captured} taken."), None)
        }
        OrderEvent::CancelRequested { reason, .. } => {
            ("The order is to be cancelled.".to_owned(), reason.clone())
        }
        OrderEvent::Cancelled { reason, .. } => {
            ("The order was cancelled; nothing is held or owed.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::RefundReserved { refund, .. } => {
            (format!("{} are to be given back.", refund.amount), Some(refund.reason.clone()))
        }
        OrderEvent::Refunded { amount, .. } => (format!("{amount} were given back."), None),
        OrderEvent::RefundDropped { reason, .. } => {
            ("A refund did not come about.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::FulfilmentRequested { .. } => {
            ("The goods are about to leave.".to_owned(), None)
        }
        OrderEvent::Captured { captured, .. } => (format!("{captured} were taken."), None),
        OrderEvent::FulfilmentDropped { reason, .. } => {
            ("The goods did not leave; nothing was taken.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::Fulfilled { .. } => ("The goods have left.".to_owned(), None),
        OrderEvent::Completed { .. } => ("The order is complete.".to_owned(), None),
    };
    Entry { at: event.at(), event: event.name(), text, reason }
}
