//! Offer of a payment method: what is offered decides about new payments only. Payments that exist are captured,
//! refunded and cancelled by their processor, whatever is offered since.

/// Payment method that is offered for new payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) method: &'static str,
    pub(crate) needs_token: bool,
    pub(crate) bank_details: Option<String>,
    pub(crate) days_to_pay: Option<u32>,
}

impl Offer {
    /// Offer of a method whose processor needs a token.
    pub(crate) fn with_token(method: &'static str) -> Self {
        Self { method, needs_token: true, bank_details: None, days_to_pay: None }
    }

    /// Offer of a method by which the customer transfers the money to this account.
    pub(crate) fn by_transfer(method: &'static str, bank_details: &str) -> Self {
        let bank_details = Some(bank_details.to_owned());
        Self { method, needs_token: false, bank_details, days_to_pay: None }
    }
}
