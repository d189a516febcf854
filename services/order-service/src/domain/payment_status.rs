//! Payment status and fulfilment status of an order, derived from its amounts.

/// Payment status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentStatus {
    Pending,
    Waiting,
    Authorised,
    PartiallyPaid,
    Paid,
    PartiallyRefunded,
    Refunded,
    Voided,
    NotRequired,
}

/// Amounts of an order's payment, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PaymentBreakdown {
    /// Amount to be paid, less refunds.
    pub(crate) due: i64,
    /// Amount authorised and not captured.
    pub(crate) authorised: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) cancelled: bool,
    /// Whether the payment waits for the customer or the bank.
    pub(crate) waiting: bool,
}

/// Payment status: the first matching row of the decision table. A declined payment ends its order, so no order is left
/// with a failed one.
pub(crate) fn payment_status(facts: PaymentBreakdown) -> PaymentStatus {
    let net = facts.captured - facts.refunded;
    match facts {
        PaymentBreakdown { cancelled: true, captured: 0, .. } => PaymentStatus::Voided,
        PaymentBreakdown { refunded: 1.., .. } if net == 0 => PaymentStatus::Refunded,
        PaymentBreakdown { due: 0, captured: 0, .. } => PaymentStatus::NotRequired,
        PaymentBreakdown { due, authorised, .. } if net == 0 && authorised >= due => {
            PaymentStatus::Authorised
        }
        PaymentBreakdown { waiting: true, .. } if net == 0 => PaymentStatus::Waiting,
        _ if net == 0 => PaymentStatus::Pending,
        PaymentBreakdown { due, .. } if net < due => PaymentStatus::PartiallyPaid,
        PaymentBreakdown { refunded: 1.., .. } => PaymentStatus::PartiallyRefunded,
        _ => PaymentStatus::Paid,
    }
}

/// Fulfilment status of an order, which is shipped as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FulfilmentStatus {
    Unfulfilled,
    Fulfilled,
    NotRequired,
}

/// Fulfilment status by the units that are still ordered and those that were shipped.
pub(crate) fn fulfilment_status(ordered: i64, shipped: i64) -> FulfilmentStatus {
    match (ordered, shipped) {
        (0, _) => FulfilmentStatus::NotRequired,
        (_, 0) => FulfilmentStatus::Unfulfilled,
        _ => FulfilmentStatus::Fulfilled,
    }
}
