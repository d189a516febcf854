//! The webhooks of the test processor: sent by itself, signed, each twice, as real processors do now and then.

use crate::{adapters::signature::SigningKey, ports::PaymentId};
use bytes::Bytes;
use contracts::payment::{SIGNATURE_HEADER, Webhook, WebhookOutcome};
use parking_lot::Mutex;
use runtime::TaskTracker;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use transport::{Channel, Request};

/// Sends webhooks to this service's own address for them.
pub(crate) struct WebhookSender {
    key: SigningKey,
    delay: Duration,
    tasks: TaskTracker,
    /// The service's own router, once it is built and until the process stops.
    way: Mutex<Option<Channel>>,
    on_their_way: Mutex<BTreeSet<PaymentId>>,
}

impl WebhookSender {
    pub(crate) fn new(key: SigningKey, delay: Duration, tasks: TaskTracker) -> Self {
        Self { key, delay, tasks, way: Mutex::default(), on_their_way: Mutex::default() }
    }

    /// Where webhooks go until the process stops. The service's router leads back to this sender: bound for ever, they
    /// would keep each other for ever.
    pub(crate) fn bind(self: &Arc<Self>, way: Channel) {
        *self.way.lock() = Some(way);
        let bound = Bound(Arc::clone(self));
        self.tasks.spawn_until_shutdown(async move {
            let _bound = bound;
            std::future::pending::<()>().await;
        });
    }

    /// Sends the webhook of a payment after the delay, unless it is on its way already.
    pub(crate) fn send_later(self: &Arc<Self>, payment: PaymentId) {
        if !self.on_their_way.lock().insert(payment) {
            return;
        }
        let sender = Arc::clone(self);
        self.tasks.spawn_until_shutdown(async move {
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
        let way = self.way.lock().clone().ok_or("the service does not run")?;
        let answer = way.send(request).await.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    }
}

/// A sender with a way; without one when this is dropped.
struct Bound(Arc<WebhookSender>);

impl Drop for Bound {
    fn drop(&mut self) {
        let way = self.0.way.lock().take();
        drop(way);
    }
}
