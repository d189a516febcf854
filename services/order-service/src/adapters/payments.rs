//! Client of the payment service.

use super::call_errors::port_error_unless;
use crate::ports::{
    PortError,
    payments::{AuthorisationRequest, AuthorisationStatus, Payments},
};
use async_trait::async_trait;
use contracts::{
    codes,
    payment::{
        Authorisation, Capture, Payment, PaymentClient, PaymentMethod, PaymentState, Refund,
    },
    shared::{OrderId, PaymentId, RefundId},
};
use kernel::{Money, Uuid};
use transport::CallError;

/// Adapter of the port to payments, over the payment service's contract.
#[derive(Debug)]
pub(crate) struct PaymentService(pub(crate) PaymentClient);

/// Reference of an order's only capture.
const CAPTURE: &str = "confirmation";

#[async_trait]
impl Payments for PaymentService {
    async fn authorise(
        &self,
        request: AuthorisationRequest<'_>,
    ) -> Result<AuthorisationStatus, PortError> {
        let authorisation = Authorisation {
            order_id: OrderId(request.order),
            amount: request.amount,
            payment: PaymentMethod {
                method: request.method.to_owned(),
                token: request.token.to_owned(),
            },
        };
        let id = PaymentId(request.payment);
        let payment = self.0.authorise(id, &authorisation).await.map_err(service_error)?;
        Ok(authorisation_status(payment))
    }

    async fn capture(&self, payment: Uuid) -> Result<Money, PortError> {
        let all = Capture::default();
        let payment = self.0.capture(PaymentId(payment), CAPTURE, &all).await;
        Ok(payment.map_err(service_error)?.captured)
    }

    async fn cancel(&self, payment: Uuid, order: Uuid) -> Result<(), PortError> {
        self.0.cancel(PaymentId(payment), OrderId(order)).await.map_err(service_error)
    }

    async fn refund(
        &self,
        payment: Uuid,
        refund: Uuid,
        amount: Money,
        reason: &str,
    ) -> Result<(), PortError> {
        let request = Refund { amount: Some(amount), reason: reason.to_owned() };
        let refunded = self.0.refund(PaymentId(payment), RefundId(refund), &request).await;
        refunded.map(drop).map_err(service_error)
    }
}

fn authorisation_status(payment: Payment) -> AuthorisationStatus {
    match payment.state {
        PaymentState::Authorised | PaymentState::PartiallyCaptured | PaymentState::Captured => {
            AuthorisationStatus::Authorised
        }
        PaymentState::RequiresAction => AuthorisationStatus::Waiting {
            reason: "the customer has to act".to_owned(),
            action_url: payment.action_url,
        },
        PaymentState::Created | PaymentState::Unknown => AuthorisationStatus::Waiting {
            reason: "the bank has not answered yet".to_owned(),
            action_url: None,
        },
        PaymentState::Failed => AuthorisationStatus::Declined {
            reason: payment.failure.unwrap_or_else(|| "declined".to_owned()),
        },
        PaymentState::Voided => AuthorisationStatus::Declined { reason: "voided".to_owned() },
        PaymentState::Refunded => AuthorisationStatus::Declined { reason: "refunded".to_owned() },
    }
}

/// Port error of a failed call. While the outcome at the bank is unknown, the call is retried.
fn service_error(error: CallError) -> PortError {
    port_error_unless(PaymentClient::SERVICE, error, &[codes::OUTCOME_UNKNOWN])
}
