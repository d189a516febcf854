//! Delivery of shoppers' activities to the audit service, through a bounded queue. It never delays and never fails a
//! request: activities that do not fit into the queue, or cannot be delivered for a while, are counted and dropped.

use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch, Audit};
use kernel::Ids;
use runtime::ShutdownSignal;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;
use telemetry::{Counter, Metrics};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use transport::Context;

/// Capacity of the queue, in activities.
const QUEUED_ACTIVITIES_MAX: usize = 8_192;
/// Time for which the first activity of a batch waits for more.
const BATCH_WAIT: Duration = Duration::from_millis(200);
/// Timeout of one delivery attempt.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// Delivery attempts before a batch is dropped.
const DELIVERY_ATTEMPTS_MAX: u32 = 5;
/// Backoff after the first failed attempt; it doubles with each further one.
const RETRY_BACKOFF: Duration = Duration::from_millis(200);

/// Sending end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct ActivityQueue {
    queue: mpsc::Sender<Activity>,
    ids: Ids,
    dropped: DroppedActivities,
}

/// Receiving end of the queue, which sends batches to the audit service.
#[derive(Debug)]
pub(crate) struct ActivityDelivery {
    queue: mpsc::Receiver<Activity>,
    audit: Arc<dyn Audit>,
    source: &'static str,
    dropped: DroppedActivities,
}

/// Counter of dropped activities.
#[derive(Clone, Debug)]
struct DroppedActivities {
    /// Drops not yet reported to the audit service.
    unreported: Arc<AtomicU64>,
    counter: Counter,
}

impl DroppedActivities {
    fn add(&self, activities: u64) {
        self.unreported.fetch_add(activities, Ordering::Relaxed);
        self.counter.inc_by(activities);
    }
}

/// Both ends of the queue to the audit service.
pub(crate) fn activity_queue(
    source: &'static str,
    audit: Arc<dyn Audit>,
    ids: Ids,
    metrics: &Metrics,
) -> (ActivityQueue, ActivityDelivery) {
    let (sender, receiver) = mpsc::channel(QUEUED_ACTIVITIES_MAX);
    let help = "Activities dropped before they reached the audit service";
    let counter = metrics.counter("activities_dropped", help, &[("source", source)]);
    let dropped = DroppedActivities { unreported: Arc::default(), counter };
    let delivery = ActivityDelivery { queue: receiver, audit, source, dropped: dropped.clone() };
    (ActivityQueue { queue: sender, ids, dropped }, delivery)
}

impl ActivityQueue {
    /// Records an activity of the running request.
    pub(crate) fn record(&self, action: &str, subject: String, details: serde_json::Value) {
        let context = Context::current();
        let details = match details {
            serde_json::Value::Object(details) => details,
            _ => serde_json::Map::new(),
        };
        let activity = Activity {
            id: self.ids.next(),
            at: self.ids.now(),
            actor: context.actor.as_deref().unwrap_or("guest").to_owned(),
            edge: context.edge.as_str().to_owned(),
            address: None,
            user_agent: None,
            action: action.to_owned(),
            subject,
            details,
            request_id: context.request_id.as_deref().map(str::to_owned),
        };
        if self.queue.try_send(activity).is_err() {
            self.dropped.add(1);
        }
    }
}

impl ActivityDelivery {
    /// Delivers until all senders are gone or the process shuts down; then drains the queue and ends.
    pub(crate) async fn run(mut self, mut shutdown: ShutdownSignal) {
        let mut batch = Vec::with_capacity(ACTIVITIES_MAX);
        loop {
            tokio::select! {
                biased;
                received = self.queue.recv_many(&mut batch, ACTIVITIES_MAX) => if received == 0 { return },
                () = shutdown.wait() => break,
            }
            if batch.len() < ACTIVITIES_MAX {
                tokio::select! {
                    biased;
                    () = sleep(BATCH_WAIT) => {}
                    () = shutdown.wait() => {}
                }
            }
            self.fill(&mut batch);
            self.deliver(std::mem::take(&mut batch)).await;
        }
        self.queue.close();
        self.fill(&mut batch);
        while !batch.is_empty() {
            self.deliver(std::mem::take(&mut batch)).await;
            self.fill(&mut batch);
        }
    }

    /// Adds activities that are already queued, up to a full batch.
    fn fill(&mut self, batch: &mut Vec<Activity>) {
        while batch.len() < ACTIVITIES_MAX
            && let Ok(activity) = self.queue.try_recv()
        {
            batch.push(activity);
        }
    }

    async fn deliver(&self, activities: Vec<Activity>) {
        let lost = self.dropped.unreported.swap(0, Ordering::Relaxed);
        let batch = ActivityBatch { source: self.source.to_owned(), activities, lost };
        let mut backoff = RETRY_BACKOFF;
        for attempt in 1..=DELIVERY_ATTEMPTS_MAX {
            match timeout(DELIVERY_TIMEOUT, self.audit.record(batch.clone())).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::debug!(%error, attempt, "delivery of activities failed"),
                Err(_) => tracing::debug!(attempt, "delivery of activities timed out"),
            }
            if attempt < DELIVERY_ATTEMPTS_MAX {
                sleep(backoff).await;
                backoff *= 2;
            }
        }
        let dropped = batch.activities.len() as u64;
        tracing::warn!(dropped, "the audit service did not accept activities; they are dropped");
        self.dropped.add(dropped);
        // Earlier drops are still to be reported.
        self.dropped.unreported.fetch_add(lost, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use kernel::{ManualClock, SeededRandomness, Timestamp};
    use parking_lot::Mutex;
    use rpc::CallError;

    /// Fake audit service that fails a given number of times, then keeps the batches it receives.
    #[derive(Clone, Debug, Default)]
    struct FakeAudit {
        failures: Arc<AtomicU64>,
        received: Arc<Mutex<Vec<ActivityBatch>>>,
    }

    #[async_trait]
    impl Audit for FakeAudit {
        async fn record(&self, batch: ActivityBatch) -> Result<(), CallError> {
            let fails = |left: u64| left.checked_sub(1);
            if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails).is_ok() {
                let reason = "it has too much to do".to_owned();
                return Err(CallError::Unavailable { service: "audit-service", reason });
            }
            self.received.lock().push(batch);
            Ok(())
        }
    }

    fn queue_to(audit: &FakeAudit) -> (ActivityQueue, ActivityDelivery) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
        activity_queue("test", Arc::new(audit.clone()), ids, &Metrics::new())
    }

    fn record(activities: &ActivityQueue, times: usize) {
        for _ in 0..times {
            activities.record("product.viewed", "product:1".to_owned(), serde_json::json!({}));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_activity_arrives_in_batches() {
        let audit = FakeAudit::default();
        let (activities, delivery) = queue_to(&audit);
        record(&activities, ACTIVITIES_MAX + 3);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let sizes: Vec<_> = audit.received.lock().iter().map(|it| it.activities.len()).collect();
        assert_eq!(sizes, [ACTIVITIES_MAX, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn activities_that_do_not_fit_are_counted_and_reported_with_the_next_batch() {
        let audit = FakeAudit::default();
        let (activities, delivery) = queue_to(&audit);
        record(&activities, QUEUED_ACTIVITIES_MAX + 7);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let received = audit.received.lock();
        assert_eq!(received.iter().map(|it| it.lost).sum::<u64>(), 7);
        assert_eq!(
            received.iter().map(|it| it.activities.len()).sum::<usize>(),
            QUEUED_ACTIVITIES_MAX
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_drains_the_queue_and_accepts_no_more() {
        let audit = FakeAudit::default();
        let (activities, delivery) = queue_to(&audit);
        record(&activities, ACTIVITIES_MAX + 3);
        let tasks = runtime::TaskTracker::default();
        tasks.stop();
        delivery.run(tasks.shutdown_signal()).await;
        record(&activities, 1);
        let sent: usize = audit.received.lock().iter().map(|it| it.activities.len()).sum();
        assert_eq!(sent, ACTIVITIES_MAX + 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_retried_and_finally_dropped() {
        let audit = FakeAudit::default();
        audit.failures.store(u64::from(DELIVERY_ATTEMPTS_MAX) + 1, Ordering::Relaxed);
        let (activities, delivery) = queue_to(&audit);
        record(&activities, ACTIVITIES_MAX + 1);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let received = audit.received.lock();
        let batches: Vec<_> = received.iter().map(|it| (it.activities.len(), it.lost)).collect();
        assert_eq!(batches, [(1, ACTIVITIES_MAX as u64)]);
    }
}
