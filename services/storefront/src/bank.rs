//! The customer's side of the test processor: what a bank would tell the payment service by itself.

use contracts::{
    payment::{PaymentClient, WebhookOutcome},
    shared::PaymentId,
};
use serde::Serialize;
use transport::{CallError, Client, Transport};

/// Speaks for the test bank.
#[derive(Debug)]
pub(crate) struct Bank(Client);

/// What the customer decided.
#[derive(Serialize)]
struct Decision {
    outcome: WebhookOutcome,
}

impl Bank {
    pub(crate) fn new(way: Transport) -> Self {
        Self(Client::new(PaymentClient::SERVICE, way))
    }

    /// The customer confirmed or refused.
    pub(crate) async fn answer(
        &self,
        payment: PaymentId,
        outcome: WebhookOutcome,
    ) -> Result<(), CallError> {
        let path = format!("/internal/v1/payments/{payment}/action");
        self.0.post(path).json(&Decision { outcome }).send_raw().await.map(drop)
    }
}
