//! Planted defects of the payment service, in decorators of its contract and of its routes.
//!
//! Without a planted defect a decorator only passes calls on. With one, it has the payment decide as if it had forgotten
//! what it did before.

use super::{contract::PaymentsProvider, http::TEST_WEBHOOKS, view};
use crate::{
    application,
    domain::{PaymentState, Progress, RefundRequest, TransferOutcome},
};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use contracts::payment::{
    Authorisation, Capture, OfferedMethods, Payment, Payments, Refund, Webhook,
};
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::{Problem, Uuid, defects::planted};
use rpc::CallError;
use runtime::BuiltService;
use std::sync::Arc;

/// Provider of the contract of payments with defects.
#[derive(Debug)]
pub(crate) struct DefectivePayments(pub(crate) PaymentsProvider);

#[async_trait]
impl Payments for DefectivePayments {
    async fn methods(&self) -> Result<OfferedMethods, CallError> {
        self.0.methods().await
    }

    async fn authorise(
        &self,
        id: PaymentId,
        authorisation: Authorisation,
    ) -> Result<Payment, CallError> {
        self.check_offered(&authorisation.payment.method)?;
        self.0.authorise(id, authorisation).await
    }

    async fn capture(
        &self,
        id: PaymentId,
        reference: String,
        capture: Capture,
    ) -> Result<Payment, CallError> {
        self.check_existing(id).await?;
        self.0.capture(id, reference, capture).await
    }

    async fn cancel(&self, id: PaymentId, order_id: OrderId) -> Result<(), CallError> {
        if planted("void_forgotten") {
            let payment = self.payments().payment(id).await.map_err(Problem::from)?;
            if payment.is_some_and(|payment| payment.state() == PaymentState::Unknown) {
                return Ok(());
            }
        }
        self.check_existing(id).await?;
        self.0.cancel(id, order_id).await
    }

    async fn refund(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: Refund,
    ) -> Result<Payment, CallError> {
        if planted("refund_given_again") {
            return self.refund_again(id, refund_id, refund).await;
        }
        self.check_existing(id).await?;
        self.0.refund(id, refund_id, refund).await
    }
}

impl DefectivePayments {
    fn payments(&self) -> &application::Payments {
        &self.0.0
    }

    /// Refuses a payment that exists when its method is no longer offered.
    async fn check_existing(&self, id: PaymentId) -> Result<(), CallError> {
        let payment = self.payments().payment(id).await.map_err(Problem::from)?;
        let method = payment.and_then(|it| it.intent().map(|intent| intent.method.clone()));
        method.map_or(Ok(()), |method| self.check_offered(&method))
    }

    fn check_offered(&self, method: &str) -> Result<(), CallError> {
        let is_offered = self.payments().offers.iter().any(|offer| offer.method == method);
        if is_offered || !planted("setting_strands_payments") {
            return Ok(());
        }
        Err(Problem::from(application::PaymentError::TestPaymentsOff).into())
    }

    /// Refunds as if no refund had this id yet.
    async fn refund_again(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: Refund,
    ) -> Result<Payment, CallError> {
        let Refund { amount, reason } = refund;
        let request =
            RefundRequest { id: refund_id, amount, reason, at: self.payments().ids.now() };
        let refund = |payment: &crate::domain::Payment| {
            let mut forgotten = payment.clone();
            for earlier in forgotten.funds.refunds.iter_mut().filter(|it| it.id == refund_id) {
                earlier.id = RefundId(Uuid::nil());
            }
            forgotten.refund(request.clone(), &|_| Some(TransferOutcome::Done))
        };
        let payment = self.payments().update(id, refund).await.map_err(Problem::from)?;
        Ok(view::full(id, &payment)?)
    }
}

/// Service whose webhooks have defects.
pub(crate) fn plant_in_routes(
    mut service: BuiltService,
    payments: Arc<application::Payments>,
) -> BuiltService {
    let webhook = from_fn(move |request, next| webhook(Arc::clone(&payments), request, next));
    service.routes.router = Router::from(service.routes.router).layer(webhook).into();
    service
}

async fn webhook(payments: Arc<application::Payments>, request: Request, next: Next) -> Response {
    if request.uri().path() != TEST_WEBHOOKS || !planted("captured_on_each_webhook") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let webhook = serde_json::from_slice::<Webhook>(&body).ok();
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    if let Some(webhook) = webhook.filter(|_| response.status().is_success()) {
        capture_again(&payments, &webhook).await;
    }
    response
}

/// Captures the whole payment as if nothing had been captured yet.
async fn capture_again(payments: &application::Payments, webhook: &Webhook) {
    let capture = |payment: &crate::domain::Payment| {
        let mut forgotten = payment.clone();
        forgotten.funds.captures.clear();
        if let Progress::Authorised { state: state @ PaymentState::Captured, .. } =
            &mut forgotten.progress
        {
            *state = PaymentState::Authorised;
        }
        forgotten.capture(&webhook.event_id, None, &|_| Some(TransferOutcome::Done))
    };
    payments.update(webhook.payment_id, capture).await.ok();
}
