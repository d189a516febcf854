//! Money, behind the payment service's contract.

use super::problems::port_error_unless;
use crate::ports::{
    PortError,
    payments::{Authorisation, Authorise, Payments},
};
use async_trait::async_trait;
use contracts::{
    codes,
    payment::{
        Authorisation as Wanted, Capture, Payment, PaymentClient, PaymentMethod, PaymentState,
        Refund,
    },
    shared::{OrderId, PaymentId, RefundId},
};
use kernel::{Money, Uuid};
use transport::CallError;

/// Speaks the payment service's contract.
#[derive(Debug)]
pub(crate) struct PaymentService(pub(crate) PaymentClient);

/// The one capture of an order.
const CAPTURE: &str = "confirmation";

#[async_trait]
impl Payments for PaymentService {
    async fn authorise(&self, wanted: Authorise<'_>) -> Result<Authorisation, PortError> {
        let authorisation = Wanted {
            order_id: OrderId(wanted.order),
            amount: wanted.amount,
            payment: PaymentMethod {
                method: wanted.method.to_owned(),
                token: wanted.token.to_owned(),
            },
        };
        let id = PaymentId(wanted.payment);
        let payment = self.0.authorise(id, &authorisation).await.map_err(service_error)?;
        Ok(standing(payment))
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
        let wanted = Refund { amount: Some(amount), reason: reason.to_owned() };
        let refunded = self.0.refund(PaymentId(payment), RefundId(refund), &wanted).await;
        refunded.map(drop).map_err(service_error)
    }
}

fn standing(payment: Payment) -> Authorisation {
    match payment.state {
        PaymentState::Authorised | PaymentState::PartiallyCaptured | PaymentState::Captured => {
            Authorisation::Authorised
        }
        PaymentState::RequiresAction => Authorisation::Waiting {
            reason: "the customer has to act".to_owned(),
            action_url: payment.action_url,
        },
        PaymentState::Created | PaymentState::Unknown => Authorisation::Waiting {
            reason: "the bank has not answered yet".to_owned(),
            action_url: None,
        },
        PaymentState::Failed => Authorisation::Declined {
            why: payment.failure.unwrap_or_else(|| "declined".to_owned()),
        },
        PaymentState::Voided => Authorisation::Declined { why: "voided".to_owned() },
        PaymentState::Refunded => Authorisation::Declined { why: "refunded".to_owned() },
    }
}

/// While the bank has not said what became of the payment, the answer is "ask again".
fn service_error(error: CallError) -> PortError {
    port_error_unless(PaymentClient::SERVICE, error, &[codes::OUTCOME_UNKNOWN])
}
