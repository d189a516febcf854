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
        state: contract_state(payment.state()),
        amount: intent.amount,
        authorised: payment.money(payment.funds.authorised),
        captured: payment.money(payment.captured()),
        refunded: payment.money(payment.refunded()),
        failure: payment.failure().map(str::to_owned),
        action_url: action_url(id, payment),
        refunds: payment.funds.refunds.iter().map(refund).collect(),
    })
}

/// Summary of a payment, for everyone who knows its id.
pub(crate) fn summary(id: PaymentId, payment: &domain::Payment) -> Result<PaymentSummary, Problem> {
    let PaymentIntent { amount, .. } = *intent_of(id, payment)?;
    let (state, action_url) = (contract_state(payment.state()), action_url(id, payment));
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
    payment.intent().ok_or_else(|| not_found(id))
}

/// Page on the shop edge where the customer acts.
fn action_url(id: PaymentId, payment: &domain::Payment) -> Option<String> {
    (payment.state() == PaymentState::RequiresAction).then(|| format!("/payments/{id}/action"))
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Rejected(rejection) => rejected(&rejection),
            PaymentError::UnknownMethod(_) => Self::field("payment.method", error.to_string()),
            PaymentError::InvalidToken(_) => Self::field("payment.token", error.to_string()),
            PaymentError::NotOffered(_) => Self::of(codes::METHOD_NOT_OFFERED, error),
            PaymentError::MethodGone(_) => Self::of(codes::METHOD_GONE, error),
            PaymentError::TestPaymentsOff => Self::of(codes::TEST_PAYMENTS_OFF, error),
            PaymentError::Storage(error) => error.into(),
        }
    }
}

fn rejected(why: &Rejection) -> Problem {
    let problem = |code| Problem::of(code, why);
    match why {
        Rejection::UnknownPayment => problem(kernel::codes::NOT_FOUND),
        Rejection::NotAuthorised => problem(codes::NOT_AUTHORISED),
        Rejection::OutcomeUnknown => problem(codes::OUTCOME_UNKNOWN).retry_after(1),
        Rejection::NotCaptured => problem(codes::NOT_CAPTURED),
        Rejection::ExceedsAuthorised { left } => {
            problem(codes::EXCEEDS_AUTHORISED).fact("left", left)
        }
        Rejection::ExceedsRefundable { refundable } => {
            problem(codes::EXCEEDS_REFUNDABLE).fact("refundable", refundable)
        }
        Rejection::Already(state) if state.has_ended() => problem(codes::PAYMENT_ENDED),
        Rejection::Already(_) => problem(codes::ALREADY_AUTHORISED),
        Rejection::AmountNotPositive | Rejection::TooManyTransfers => {
            Problem::field("amount", why.to_string())
        }
        Rejection::CurrencyMismatch { .. } => problem(codes::CURRENCY_MISMATCH),
        Rejection::IdReused => problem(codes::ID_REUSED),
        Rejection::ProcessorRefused { .. } => problem(codes::PAYMENT_DECLINED),
    }
}
