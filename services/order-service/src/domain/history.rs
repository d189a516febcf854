//! History of an order, in sentences for people.

use super::events::OrderEvent;
use kernel::Timestamp;

/// Entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    pub(crate) at: Timestamp,
    pub(crate) event: &'static str,
    pub(crate) text: String,
    pub(crate) reason: Option<String>,
}

/// History entry of an event.
pub(crate) fn entry(event: &OrderEvent) -> HistoryEntry {
    let (text, reason) = match event {
        OrderEvent::Placed(placed) => (format!("Order {} was placed.", placed.number), None),
        OrderEvent::PaymentWaiting { reason, .. } => {
            ("The payment is pending.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::Confirmed { of, .. } if of.total.is_zero() => {
            ("The order was confirmed. There was nothing to pay.".to_owned(), None)
        }
        OrderEvent::Confirmed { captured, of, .. } if captured.is_zero() => {
            (format!("The order was confirmed and {} authorised.", of.total), None)
        }
        OrderEvent::Confirmed { captured, .. } => {
            (format!("The order was confirmed and {captured} captured."), None)
        }
        OrderEvent::CancelRequested { reason, .. } => {
            ("The cancellation of the order was requested.".to_owned(), reason.clone())
        }
        OrderEvent::Cancelled { reason, .. } => {
            ("The order was cancelled.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::RefundReserved { refund, .. } => {
            (format!("A refund of {} was requested.", refund.amount), Some(refund.reason.clone()))
        }
        OrderEvent::Refunded { amount, .. } => (format!("{amount} was refunded."), None),
        OrderEvent::RefundDropped { reason, .. } => {
            ("A refund failed.".to_owned(), Some(reason.clone()))
        }
        OrderEvent::FulfilmentRequested { .. } => {
            ("The fulfilment of the order was requested.".to_owned(), None)
        }
        OrderEvent::Captured { captured, reference: Some(reference), .. } => {
            (format!("{captured} has arrived by bank transfer in all."), Some(reference.clone()))
        }
        OrderEvent::Captured { captured, reference: None, .. } => {
            (format!("{captured} was captured."), None)
        }
        OrderEvent::FulfilmentDropped { reason, .. } => (
            "The payment could not be captured, so the order was not shipped.".to_owned(),
            Some(reason.clone()),
        ),
        OrderEvent::Fulfilled { .. } => ("The order was shipped.".to_owned(), None),
        OrderEvent::Completed { .. } => ("The order was completed.".to_owned(), None),
        OrderEvent::CustomerErased { .. } => {
            ("The personal data of the customer was erased.".to_owned(), None)
        }
        OrderEvent::Claimed { .. } => ("The order was added to an account.".to_owned(), None),
    };
    HistoryEntry { at: event.at(), event: event.name(), text, reason }
}
