//! Provider of the payment service's contract to the services that sell.

use super::view;
use crate::{application, application::NewPayment, domain::RefundRequest};
use async_trait::async_trait;
use contracts::payment::{Authorisation, Capture, OfferedMethods, Payment, Payments, Refund};
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::Problem;
use rpc::CallError;
use std::sync::Arc;

/// The longest reference of a capture, in bytes.
const REFERENCE_BYTES_MAX: usize = 200;
/// The longest reason of a refund, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// Provider of [`Payments`], over the use cases.
#[derive(Debug)]
pub(crate) struct PaymentsProvider(pub(crate) Arc<application::Payments>);

#[async_trait]
impl Payments for PaymentsProvider {
    async fn methods(&self) -> Result<OfferedMethods, CallError> {
        Ok(OfferedMethods { items: self.0.offers.iter().map(view::offered).collect() })
    }

    async fn authorise(
        &self,
        id: PaymentId,
        authorisation: Authorisation,
    ) -> Result<Payment, CallError> {
        let Authorisation { order_id, amount, payment } = authorisation;
        let new = NewPayment { order_id, amount, method: payment.method, token: payment.token };
        let payment = self.0.authorise(id, new).await.map_err(Problem::from)?;
        Ok(view::full(id, &payment)?)
    }

    async fn capture(
        &self,
        id: PaymentId,
        reference: String,
        capture: Capture,
    ) -> Result<Payment, CallError> {
        check_length("reference", &reference, REFERENCE_BYTES_MAX)?;
        let payment =
            self.0.capture(id, &reference, capture.amount).await.map_err(Problem::from)?;
        Ok(view::full(id, &payment)?)
    }

    async fn cancel(&self, id: PaymentId, order_id: OrderId) -> Result<(), CallError> {
        Ok(self.0.cancel(id, order_id).await.map_err(Problem::from)?)
    }

    async fn refund(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: Refund,
    ) -> Result<Payment, CallError> {
        let Refund { amount, reason } = refund;
        check_length("reason", &reason, REASON_BYTES_MAX)?;
        let request = RefundRequest { id: refund_id, amount, reason, at: self.0.ids.now() };
        let payment = self.0.refund(id, request).await.map_err(Problem::from)?;
        Ok(view::full(id, &payment)?)
    }
}

fn check_length(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(Problem::field(field, format!("must be at most {bytes_max} bytes")))
}
