//! What the amounts say about where the money and the goods stand.

/// Where an order's money stands.
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

/// What is known of an order's money, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MoneyFacts {
    /// What is to be paid now, refunds taken off.
    pub(crate) due: i64,
    /// Set aside at the bank and not taken.
    pub(crate) authorised: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) cancelled: bool,
    pub(crate) last_try: LastTry,
}

/// How the last try to have the money set aside stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastTry {
    #[default]
    None,
    Waiting,
}

/// The first row of the table that fits. A refused payment ends its order, so no order is left with a failed one.
pub(crate) fn payment_status(facts: MoneyFacts) -> PaymentStatus {
    let net = facts.captured - facts.refunded;
    match facts {
        MoneyFacts { cancelled: true, captured: 0, .. } => PaymentStatus::Voided,
        MoneyFacts { refunded: 1.., .. } if net == 0 => PaymentStatus::Refunded,
        MoneyFacts { due: 0, captured: 0, .. } => PaymentStatus::NotRequired,
        MoneyFacts { due, authorised, .. } if net == 0 && authorised >= due => {
            PaymentStatus::Authorised
        }
        MoneyFacts { last_try: LastTry::Waiting, .. } if net == 0 => PaymentStatus::Waiting,
        _ if net == 0 => PaymentStatus::Pending,
        MoneyFacts { due, .. } if net < due => PaymentStatus::PartiallyPaid,
        MoneyFacts { refunded: 1.., .. } => PaymentStatus::PartiallyRefunded,
        _ => PaymentStatus::Paid,
    }
}

/// Where an order's goods stand. Everything leaves at once, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FulfilmentStatus {
    Unfulfilled,
    Fulfilled,
    NotRequired,
}

/// From the units that are still ordered, and those that left.
pub(crate) fn fulfilment_status(ordered: i64, shipped: i64) -> FulfilmentStatus {
    match (ordered, shipped) {
        (0, _) => FulfilmentStatus::NotRequired,
        (_, 0) => FulfilmentStatus::Unfulfilled,
        _ => FulfilmentStatus::Fulfilled,
    }
}
