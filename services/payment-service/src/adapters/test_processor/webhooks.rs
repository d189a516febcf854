//! The webhooks of the test processor: sent by itself, signed, each twice, as real processors do now and then.

use crate::{adapters::signature::SigningKey, ports::PaymentId};
use bytes::Bytes;
use contracts::payment::{SIGNATURE_HEADER, Webhook, WebhookOutcome};
use parking_lot::Mutex;
use runtime::Tasks;
use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};
use transport::{Request, Transport};

/// Sends webhooks to this service's own address for them.
pub(crate) struct WebhookSender {
    key: SigningKey,
    delay: Duration,
    tasks: Tasks,
    /// The service's own router, once it is built.
    way: OnceLock<Transport>,
    on_their_way: Mutex<BTreeSet<PaymentId>>,
}

impl WebhookSender {
    pub(crate) fn new(key: SigningKey, delay: Duration, tasks: Tasks) -> Self {
        Self { key, delay, tasks, way: OnceLock::new(), on_their_way: Mutex::default() }
    }

    /// Where webhooks go from now on. Only the first way counts.
    pub(crate) fn bind(&self, way: Transport) {
        let _ = self.way.set(way);
    }

    /// Sends the webhook of a payment after the delay, unless it is on its way already.
    pub(crate) fn send_later(self: &Arc<Self>, payment: PaymentId) {
        if !self.on_their_way.lock().insert(payment) {
            return;
        }
        let sender = Arc::clone(self);
        self.tasks.spawn_until_stop(async move {
            tokio::time::sleep(sender.delay).await;
            for _ in 0..2 {
                if let Err(reason) = sender.send(payment).await {
                    tracing::warn!(%payment, reason, "the test processor's webhook was not taken");
                }
            }
            sender.on_their_way.lock().remove(&payment);
        });
    }

    async fn send(&self, payment: PaymentId) -> Result<(), String> {
        let webhook = Webhook {
            event_id: format!("test-{payment}"),
            payment_id: contracts::shared::PaymentId(payment.0),
            outcome: WebhookOutcome::Authorised,
        };
        let body = serde_json::to_vec(&webhook).map(Bytes::from).map_err(|it| it.to_string())?;
        let request: Request = http::Request::post(crate::adapters::http::TEST_WEBHOOKS)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, self.key.sign(&body))
            .body(body)
            .map_err(|error| error.to_string())?;
        let way = self.way.get().ok_or("the service is not built yet")?;
        let answer = way.send(request).await.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    }
}
