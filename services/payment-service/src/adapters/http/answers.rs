//! From what the domain says to what goes over the wire.

use crate::{
    adapters::journal::told,
    application::Refused,
    domain::{self, Intent, Rejection, State},
};
use contracts::{
    codes,
    payment::{Payment, PaymentRefund, PaymentSummary},
    shared::{OrderId, PaymentId, RefundId},
};
use kernel::Problem;
use storage::StorageError;

/// All of a payment; a problem for one that never came into being.
pub(super) fn whole(id: PaymentId, payment: &domain::Payment) -> Result<Payment, Problem> {
    let intent = intent_of(id, payment)?;
    let refund = |refund: &domain::Refund| PaymentRefund {
        id: RefundId(refund.id.0),
        amount: refund.amount,
        reason: refund.reason.clone(),
        at: refund.at,
    };
    Ok(Payment {
        id,
        order_id: OrderId(payment.order_id.0),
        method: intent.method.clone(),
        state: told(payment.state),
        amount: intent.amount,
        authorised: payment.money(payment.authorised),
        captured: payment.money(payment.captured()),
        refunded: payment.money(payment.refunded()),
        failure: payment.failure.clone(),
        action_url: action_url(id, payment),
        refunds: payment.refunds.iter().map(refund).collect(),
    })
}

/// What whoever knows the id may see of it.
pub(super) fn summary(id: PaymentId, payment: &domain::Payment) -> Result<PaymentSummary, Problem> {
    let Intent { amount, .. } = *intent_of(id, payment)?;
    let (state, action_url) = (told(payment.state), action_url(id, payment));
    Ok(PaymentSummary { id, state, amount, action_url })
}

pub(super) fn not_found(id: PaymentId) -> Problem {
    Problem::not_found("payment", id)
}

fn intent_of(id: PaymentId, payment: &domain::Payment) -> Result<&Intent, Problem> {
    payment.intent.as_ref().ok_or_else(|| not_found(id))
}

/// The page on the shop edge where the customer acts.
fn action_url(id: PaymentId, payment: &domain::Payment) -> Option<String> {
    (payment.state == State::RequiresAction).then(|| format!("/payments/{id}/action"))
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let title = refused.to_string();
        match refused {
            Refused::Rejected(rejection) => rejection.into(),
            Refused::UnknownMethod(_) => Self::field("payment.method", title),
            Refused::UnusableMeans(_) => Self::field("payment.token", title),
            Refused::TestPaymentsOff => Self::new(422, codes::TEST_PAYMENTS_OFF, title),
            Refused::Storage(error) => unavailable(&error),
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
            Rejection::Already(State::Voided | State::Refunded | State::Failed) => {
                Self::new(409, codes::PAYMENT_ENDED, title)
            }
            Rejection::Already(_) => Self::new(409, codes::ALREADY_AUTHORISED, title),
            Rejection::NothingToMove | Rejection::TooManyMoves => Self::field("amount", title),
            Rejection::OtherCurrency { .. } => Self::new(422, codes::CURRENCY_MISMATCH, title),
            Rejection::OtherContent => Self::new(409, codes::ID_REUSED, title),
            Rejection::ProcessorRefused { .. } => Self::new(402, codes::PAYMENT_DECLINED, title),
        }
    }
}

/// What a caller is told when the store cannot; the cause goes to the log.
fn unavailable(error: &StorageError) -> Problem {
    tracing::error!(%error, "the payments' store failed");
    match error {
        StorageError::Full => {
            let title = "the disk is nearly full; payments can be read but not changed";
            Problem::new(503, kernel::codes::STORAGE_FULL, title).retry_after(60)
        }
        StorageError::Unavailable(_) => Problem::unavailable(crate::NAME),
        StorageError::Corrupt(_) | StorageError::TooLarge { .. } => Problem::internal(),
    }
}
