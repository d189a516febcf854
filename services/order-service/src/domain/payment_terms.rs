//! Payment terms of an order: who moves its money, and by when it has to be paid. Fixed when the order is placed.

use super::events::PaymentTerms;
use kernel::Timestamp;

impl PaymentTerms {
    /// Whether a processor moves the money.
    pub(crate) fn is_processor(&self) -> bool {
        matches!(self, Self::Processor)
    }

    /// Whether the order is confirmed and shipped before it is paid.
    pub(crate) fn is_invoice(&self) -> bool {
        matches!(self, Self::Invoice { .. })
    }

    /// Whether the order waits for the money before it is confirmed.
    pub(crate) fn is_prepayment(&self) -> bool {
        matches!(self, Self::Prepayment { .. })
    }

    /// Bank details and deadline of a payment by bank transfer.
    pub(crate) fn transfer(&self) -> Option<(&str, Timestamp)> {
        match self {
            Self::Processor => None,
            Self::Prepayment { bank_details, pay_by } | Self::Invoice { bank_details, pay_by } => {
                Some((bank_details, *pay_by))
            }
        }
    }
}
