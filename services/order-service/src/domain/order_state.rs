//! State machine of an order: the states, each with its data, and the transition that each event makes.

use super::events::{OrderEvent, OrderStatus};

/// State of an order. An order is in exactly one of them, and has the data of that state only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderState {
    /// The checkout runs.
    Pending { payment: Option<PendingPayment> },
    /// The checkout is being aborted, for the reason of the request.
    Aborting { payment: Option<PendingPayment>, reason: Option<String> },
    /// The stock is sold and the payment captured or authorised.
    Confirmed,
    /// The confirmed order is being cancelled, for the reason of the request.
    Cancelling { reason: Option<String> },
    /// The fulfilment was requested, and ships as soon as the payment is captured.
    Fulfilling,
    /// The order was shipped and is not settled yet.
    Shipped,
    /// The order was shipped and settled.
    Completed,
    /// The order ended without a shipment, before or after its confirmation.
    Cancelled { reason: String, was_confirmed: bool },
}

/// Payment that waits for the customer or the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingPayment {
    pub(crate) reason: String,
    pub(crate) action_url: Option<String>,
}

impl OrderState {
    /// State after an event. An event that does not fit the state, as in a corrupt stream, has no effect or leads to its
    /// own state.
    #[must_use]
    pub(crate) fn after(self, event: &OrderEvent) -> Self {
        match (self, event) {
            (Self::Pending { .. }, OrderEvent::PaymentWaiting { reason, action_url, .. }) => {
                Self::Pending { payment: Some(PendingPayment::new(reason, action_url.as_ref())) }
            }
            (
                Self::Aborting { reason: abort, .. },
                OrderEvent::PaymentWaiting { reason, action_url, .. },
            ) => {
                let payment = Some(PendingPayment::new(reason, action_url.as_ref()));
                Self::Aborting { payment, reason: abort }
            }
            (Self::Pending { payment }, OrderEvent::CancelRequested { reason, .. }) => {
                Self::Aborting { payment, reason: reason.clone() }
            }
            (Self::Confirmed, OrderEvent::CancelRequested { reason, .. }) => {
                Self::Cancelling { reason: reason.clone() }
            }
            (state, OrderEvent::Cancelled { reason, .. }) => {
                let was_confirmed = state.was_confirmed();
                Self::Cancelled { reason: reason.clone(), was_confirmed }
            }
            (_, OrderEvent::Confirmed { .. } | OrderEvent::FulfilmentDropped { .. }) => {
                Self::Confirmed
            }
            (_, OrderEvent::FulfilmentRequested { .. }) => Self::Fulfilling,
            (_, OrderEvent::Fulfilled { .. }) => Self::Shipped,
            (_, OrderEvent::Completed { .. }) => Self::Completed,
            (
                state,
                OrderEvent::Placed(_)
                | OrderEvent::PaymentWaiting { .. }
                | OrderEvent::CancelRequested { .. }
                | OrderEvent::RefundReserved { .. }
                | OrderEvent::Refunded { .. }
                | OrderEvent::RefundDropped { .. }
                | OrderEvent::Captured { .. }
                | OrderEvent::CustomerErased { .. }
                | OrderEvent::Claimed { .. },
            ) => state,
        }
    }

    /// Status in terms of stored and published events.
    pub(crate) fn status(&self) -> OrderStatus {
        match self {
            Self::Pending { .. } | Self::Aborting { .. } => OrderStatus::Pending,
            Self::Confirmed | Self::Cancelling { .. } | Self::Fulfilling | Self::Shipped => {
                OrderStatus::Confirmed
            }
            Self::Completed => OrderStatus::Completed,
            Self::Cancelled { .. } => OrderStatus::Cancelled,
        }
    }

    /// Whether the order was ever confirmed.
    pub(crate) fn was_confirmed(&self) -> bool {
        match self {
            Self::Pending { .. } | Self::Aborting { .. } => false,
            Self::Confirmed
            | Self::Cancelling { .. }
            | Self::Fulfilling
            | Self::Shipped
            | Self::Completed => true,
            Self::Cancelled { was_confirmed, .. } => *was_confirmed,
        }
    }

    /// Whether the units of the order have been shipped.
    pub(crate) fn has_shipped(&self) -> bool {
        matches!(self, Self::Shipped | Self::Completed)
    }

    /// Pending payment of a checkout.
    pub(crate) fn pending_payment(&self) -> Option<&PendingPayment> {
        match self {
            Self::Pending { payment } | Self::Aborting { payment, .. } => payment.as_ref(),
            Self::Confirmed
            | Self::Cancelling { .. }
            | Self::Fulfilling
            | Self::Shipped
            | Self::Completed
            | Self::Cancelled { .. } => None,
        }
    }

    /// Reason that was given with the request of a cancellation that is not done yet.
    pub(crate) fn requested_cancel_reason(&self) -> Option<&str> {
        match self {
            Self::Aborting { reason, .. } | Self::Cancelling { reason } => reason.as_deref(),
            Self::Pending { .. }
            | Self::Confirmed
            | Self::Fulfilling
            | Self::Shipped
            | Self::Completed
            | Self::Cancelled { .. } => None,
        }
    }
}

impl PendingPayment {
    fn new(reason: &str, action_url: Option<&String>) -> Self {
        Self { reason: reason.to_owned(), action_url: action_url.cloned() }
    }
}
