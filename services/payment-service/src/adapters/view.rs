//! Conversion of payments and errors into the types of the contract.

use crate::{
    adapters::journal::contract_state,
    application::{Offer, PaymentError},
    domain::{self, PaymentIntent, PaymentState, Rejection},
};
use contracts::{
    codes,
    payment::{OfferedMethod, Payment, PaymentRefund, PaymentSummary},
    shared::PaymentId,
};
use kernel::Problem;

/// Full view of a payment; a problem for one that was never created.
pub(crate) fn full(id: PaymentId, payment: &domain::Payment) -> Result<Payment, Problem> {
    let intent = intent_of(id, payment)?;
    let refund = |refund: &domain::Refund| PaymentRefund {
        id: refund.id,
        amount: refund.amount,
        reason: refund.reason.clone(),
        at: refund.at,
    };
    Ok(Payment {
        id,
        order_id: payment.order_id,
        method: intent.method.clone(),
        state: contract_state(payment.state),
        amount: intent.amount,
        authorised: payment.money(payment.authorised),
        captured: payment.money(payment.captured()),
        refunded: payment.money(payment.refunded()),
        failure: payment.failure.clone(),
        action_url: action_url(id, payment),
        refunds: payment.refunds.iter().map(refund).collect(),
    })
}

/// Summary of a payment, for everyone who knows its id.
pub(crate) fn summary(id: PaymentId, payment: &domain::Payment) -> Result<PaymentSummary, Problem> {
    let PaymentIntent { amount, .. } = *intent_of(id, payment)?;
    let (state, action_url) = (contract_state(payment.state), action_url(id, payment));
    Ok(PaymentSummary { id, state, amount, action_url })
}

/// Offered payment method.
pub(crate) fn offered(offer: &Offer) -> OfferedMethod {
    let Offer { method, needs_token, bank_details, days_to_pay } = offer.clone();
    OfferedMethod { method: method.to_owned(), needs_token, bank_details, days_to_pay }
}

pub(crate) fn not_found(id: PaymentId) -> Problem {
    Problem::not_found("payment", id)
}

fn intent_of(id: PaymentId, payment: &domain::Payment) -> Result<&PaymentIntent, Problem> {
    payment.intent.as_ref().ok_or_else(|| not_found(id))
}

/// Page on the shop edge where the customer acts.
fn action_url(id: PaymentId, payment: &domain::Payment) -> Option<String> {
    (payment.state == PaymentState::RequiresAction).then(|| format!("/payments/{id}/action"))
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        let title = error.to_string();
        match error {
            PaymentError::Rejected(rejection) => rejection.into(),
            PaymentError::UnknownMethod(_) => Self::field("payment.method", title),
            PaymentError::InvalidToken(_) => Self::field("payment.token", title),
            PaymentError::NotOffered(_) => Self::new(422, codes::METHOD_NOT_OFFERED, title),
            PaymentError::MethodGone(_) => Self::new(409, codes::METHOD_GONE, title),
            PaymentError::TestPaymentsOff => Self::new(422, codes::TEST_PAYMENTS_OFF, title),
            PaymentError::Storage(error) => error.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let title = rejection.to_string();
        match rejection {
            Rejection::UnknownPayment => Self::new(404, kernel::codes::NOT_FOUND, title),
            Rejection::NotAuthorised => Self::new(409, codes::NOT_AUTHORISED, title),
            Rejection::OutcomeUnknown => {
                Self::new(409, codes::OUTCOME_UNKNOWN, title).retry_after(1)
            }
            Rejection::NotCaptured => Self::new(409, codes::NOT_CAPTURED, title),
            Rejection::ExceedsAuthorised { left } => {
                Self::new(409, codes::EXCEEDS_AUTHORISED, title).fact("left", left)
            }
            Rejection::ExceedsRefundable { refundable } => {
                Self::new(409, codes::EXCEEDS_REFUNDABLE, title).fact("refundable", refundable)
            }
            Rejection::Already(
                PaymentState::Voided | PaymentState::Refunded | PaymentState::Failed,
            ) => Self::new(409, codes::PAYMENT_ENDED, title),
            Rejection::Already(_) => Self::new(409, codes::ALREADY_AUTHORISED, title),
            Rejection::AmountNotPositive | Rejection::TooManyTransfers => {
                Self::field("amount", title)
            }
            Rejection::CurrencyMismatch { .. } => Self::new(422, codes::CURRENCY_MISMATCH, title),
            Rejection::IdReused => Self::new(409, codes::ID_REUSED, title),
            Rejection::ProcessorRefused { .. } => Self::new(402, codes::PAYMENT_DECLINED, title),
        }
    }
}
