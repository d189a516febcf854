//! Client of the payment service.

use super::call_errors::port_error_unless;
use crate::ports::{
    PortError,
    payments::{AuthorisationRequest, AuthorisationStatus, MethodOffer, Payments},
};
use async_trait::async_trait;
use contracts::{
    codes,
    payment::{
        self, Authorisation, Capture, PREPAYMENT, Payment, PaymentMethod, PaymentState, Refund,
    },
};
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::{Money, Uuid};
use rpc::CallError;
use std::sync::Arc;

/// Adapter of the port to payments, over the contract of the payment service.
#[derive(Debug)]
pub(crate) struct PaymentService(pub(crate) Arc<dyn payment::Payments>);

/// Reference of an order's only capture.
const CAPTURE: &str = "confirmation";

#[async_trait]
impl Payments for PaymentService {
    async fn methods(&self) -> Result<Vec<MethodOffer>, PortError> {
        let offered = self.0.methods().await.map_err(service_error)?;
        let offers = offered.items.into_iter().map(|it| MethodOffer {
            method: it.method,
            needs_token: it.needs_token,
            bank_details: it.bank_details,
            days_to_pay: it.days_to_pay,
        });
        Ok(offers.collect())
    }

    async fn receive(
        &self,
        payment: PaymentId,
        operation: Uuid,
        amount: Money,
    ) -> Result<Money, PortError> {
        let capture = Capture { amount: Some(amount) };
        let taken = self.0.capture(payment, operation.to_string(), capture).await;
        Ok(taken.map_err(service_error)?.captured)
    }

    async fn authorise(
        &self,
        request: AuthorisationRequest<'_>,
    ) -> Result<AuthorisationStatus, PortError> {
        let authorisation = Authorisation {
            order_id: request.order,
            amount: request.amount,
            payment: PaymentMethod {
                method: request.method.to_owned(),
                token: request.token.to_owned(),
            },
        };
        let payment = self.0.authorise(request.payment, authorisation).await;
        Ok(authorisation_status(payment.map_err(service_error)?))
    }

    async fn capture(&self, payment: PaymentId) -> Result<Money, PortError> {
        let payment = self.0.capture(payment, CAPTURE.to_owned(), Capture::default()).await;
        Ok(payment.map_err(service_error)?.captured)
    }

    async fn cancel(&self, payment: PaymentId, order: OrderId) -> Result<(), PortError> {
        self.0.cancel(payment, order).await.map_err(service_error)
    }

    async fn refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
        amount: Money,
        reason: &str,
    ) -> Result<(), PortError> {
        let request = Refund { amount: Some(amount), reason: reason.to_owned() };
        let refunded = self.0.refund(payment, refund, request).await;
        refunded.map(drop).map_err(service_error)
    }
}

fn authorisation_status(payment: Payment) -> AuthorisationStatus {
    match payment.state {
        PaymentState::Authorised | PaymentState::PartiallyCaptured
            if payment.method == PREPAYMENT =>
        {
            AuthorisationStatus::Waiting {
                reason: "the bank transfer has not arrived in full".to_owned(),
                action_url: None,
            }
        }
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
    port_error_unless(payment::SERVICE, error, &[codes::OUTCOME_UNKNOWN])
}
