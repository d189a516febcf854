//! Webhooks of the test processor: signed, and each delivered twice, as real processors do now and then.

use crate::adapters::signature::SigningKey;
use bytes::Bytes;
use contracts::payment::{SIGNATURE_HEADER, Webhook, WebhookOutcome};
use identifiers::PaymentId;
use parking_lot::Mutex;
use runtime::TaskTracker;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use transport::{Channel, Request};

/// Sender of webhooks to this service's own webhook endpoint.
pub(crate) struct WebhookSender {
    key: SigningKey,
    delay: Duration,
    tasks: TaskTracker,
    /// Channel to the service's own router, once it is built and until the process shuts down.
    channel: Mutex<Option<Channel>>,
    /// Payments whose webhook is scheduled.
    scheduled: Mutex<BTreeSet<PaymentId>>,
}

impl WebhookSender {
    pub(crate) fn new(key: SigningKey, delay: Duration, tasks: TaskTracker) -> Self {
        Self { key, delay, tasks, channel: Mutex::default(), scheduled: Mutex::default() }
    }

    /// Binds the channel until the process shuts down. The service's router refers back to this sender: without the end
    /// of the binding the two would keep each other alive.
    pub(crate) fn bind(self: &Arc<Self>, channel: Channel) {
        *self.channel.lock() = Some(channel);
        let guard = ChannelGuard(Arc::clone(self));
        self.tasks.spawn_until_shutdown(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
    }

    /// Schedules the webhook of a payment after the delay, unless it is scheduled already.
    pub(crate) fn schedule(self: &Arc<Self>, payment: PaymentId) {
        if !self.scheduled.lock().insert(payment) {
            return;
        }
        let sender = Arc::clone(self);
        self.tasks.spawn_until_shutdown(async move {
            tokio::time::sleep(sender.delay).await;
            for _ in 0..2 {
                if let Err(reason) = sender.send(payment).await {
                    tracing::warn!(%payment, reason, "the test processor's webhook was not accepted");
                }
            }
            sender.scheduled.lock().remove(&payment);
        });
    }

    async fn send(&self, payment: PaymentId) -> Result<(), String> {
        let webhook = Webhook {
            event_id: format!("test-{payment}"),
            payment_id: payment,
            outcome: WebhookOutcome::Authorised,
        };
        let body = serde_json::to_vec(&webhook).map(Bytes::from).map_err(|it| it.to_string())?;
        let request: Request = http::Request::post(crate::adapters::http::TEST_WEBHOOKS)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, self.key.sign(&body))
            .body(body)
            .map_err(|error| error.to_string())?;
        let channel = self.channel.lock().clone().ok_or("the service does not run")?;
        let response = channel.send(request).await.map_err(|error| error.to_string())?;
        if response.status().is_success() { Ok(()) } else { Err(response.status().to_string()) }
    }
}

/// Guard of a sender's channel, which is unbound when the guard is dropped.
struct ChannelGuard(Arc<WebhookSender>);

impl Drop for ChannelGuard {
    fn drop(&mut self) {
        let channel = self.0.channel.lock().take();
        drop(channel);
    }
}
