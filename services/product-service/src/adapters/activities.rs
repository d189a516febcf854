//! What shoppers did, on its way to the audit service. Telling it never delays and never fails a request: what does
//! not fit into the queue, or cannot be delivered for a while, is counted and let go.

use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch, AuditClient};
use kernel::{Ids, Uuid};
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

/// The most activities that wait to be sent.
const QUEUED_ACTIVITIES_MAX: usize = 8_192;
/// How long a first activity waits for company.
const BATCH_WAIT: Duration = Duration::from_millis(200);
/// How long one batch may take to be delivered.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a batch is tried before it is let go.
const DELIVERY_ATTEMPTS_MAX: u32 = 5;
/// The pause after a first failure; it doubles.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Takes activities in.
#[derive(Clone, Debug)]
pub(crate) struct Activities {
    queue: mpsc::Sender<Activity>,
    ids: Ids,
    loss: Loss,
}

/// Sends them on.
#[derive(Debug)]
pub(crate) struct Delivery {
    queue: mpsc::Receiver<Activity>,
    audit: AuditClient,
    source: &'static str,
    loss: Loss,
}

/// How many activities were let go.
#[derive(Clone, Debug)]
struct Loss {
    /// Not yet told to the audit service.
    untold: Arc<AtomicU64>,
    counter: Counter,
}

impl Loss {
    fn add(&self, activities: u64) {
        self.untold.fetch_add(activities, Ordering::Relaxed);
        self.counter.inc_by(activities);
    }
}

/// The two ends of the queue to the audit service.
pub(crate) fn activities(
    source: &'static str,
    audit: AuditClient,
    ids: Ids,
    metrics: &Metrics,
) -> (Activities, Delivery) {
    let (sender, receiver) = mpsc::channel(QUEUED_ACTIVITIES_MAX);
    let help = "Activities that were not told to the audit service";
    let counter = metrics.counter("activities_dropped", help, &[("source", source)]);
    let loss = Loss { untold: Arc::default(), counter };
    let delivery = Delivery { queue: receiver, audit, source, loss: loss.clone() };
    (Activities { queue: sender, ids, loss }, delivery)
}

impl Activities {
    /// Notes what the running request did.
    pub(crate) fn note(&self, action: &str, subject: String, details: serde_json::Value) {
        let context = Context::current();
        let details = match details {
            serde_json::Value::Object(details) => details,
            _ => serde_json::Map::new(),
        };
        let activity = Activity {
            id: Uuid::from(self.ids.next::<ActivityId>()),
            at: self.ids.now(),
            actor: context.actor.as_deref().unwrap_or("guest").to_owned(),
            edge: context.edge.as_str().to_owned(),
            action: action.to_owned(),
            subject,
            details,
            request_id: context.request_id.as_deref().map(str::to_owned),
        };
        if self.queue.try_send(activity).is_err() {
            self.loss.add(1);
        }
    }
}

kernel::id! {
    /// Something somebody did.
    ActivityId
}

impl Delivery {
    /// Delivers until nobody notes anything any more or the process stops; then what is queued, and ends.
    pub(crate) async fn run(mut self, mut shutdown: ShutdownSignal) {
        let mut batch = Vec::with_capacity(ACTIVITIES_MAX);
        loop {
            tokio::select! {
                biased;
                taken = self.queue.recv_many(&mut batch, ACTIVITIES_MAX) => if taken == 0 { return },
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

    /// Takes along what is queued already.
    fn fill(&mut self, batch: &mut Vec<Activity>) {
        while batch.len() < ACTIVITIES_MAX
            && let Ok(activity) = self.queue.try_recv()
        {
            batch.push(activity);
        }
    }

    async fn deliver(&self, activities: Vec<Activity>) {
        let lost = self.loss.untold.swap(0, Ordering::Relaxed);
        let batch = ActivityBatch { source: self.source.to_owned(), activities, lost };
        let mut pause = RETRY_PAUSE;
        for attempt in 1..=DELIVERY_ATTEMPTS_MAX {
            match timeout(DELIVERY_TIMEOUT, self.audit.record(&batch)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::debug!(%error, attempt, "activities were not taken"),
                Err(_) => tracing::debug!(attempt, "activities were not taken in time"),
            }
            if attempt < DELIVERY_ATTEMPTS_MAX {
                sleep(pause).await;
                pause *= 2;
            }
        }
        let dropped = batch.activities.len() as u64;
        tracing::warn!(dropped, "the audit service did not take activities; they are let go");
        self.loss.add(dropped);
        // What an earlier loss was is still to be told.
        self.loss.untold.fetch_add(lost, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use kernel::{ManualClock, SeededRandomness, Timestamp};
    use parking_lot::Mutex;
    use transport::{Channel, Request, Response, Transport, TransportError};

    /// An audit service that fails as often as told, then remembers what it takes.
    #[derive(Clone, Default)]
    struct Audit {
        failures: Arc<AtomicU64>,
        taken: Arc<Mutex<Vec<ActivityBatch>>>,
    }

    #[async_trait]
    impl Transport for Audit {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let fails = |left: u64| left.checked_sub(1);
            if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails).is_ok() {
                return Err(TransportError::Overloaded { service: "audit-service" });
            }
            self.taken.lock().push(serde_json::from_slice(request.body()).unwrap());
            Ok(http::Response::default())
        }
    }

    fn ends(audit: &Audit) -> (Activities, Delivery) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
        let client = AuditClient::new(Channel::new(audit.clone()));
        activities("test", client, ids, &Metrics::new())
    }

    fn note(activities: &Activities, times: usize) {
        for _ in 0..times {
            activities.note("product.viewed", "product:1".to_owned(), serde_json::json!({}));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_activity_arrives_in_batches() {
        let audit = Audit::default();
        let (activities, delivery) = ends(&audit);
        note(&activities, ACTIVITIES_MAX + 3);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let sizes: Vec<_> = audit.taken.lock().iter().map(|it| it.activities.len()).collect();
        assert_eq!(sizes, [ACTIVITIES_MAX, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_is_counted_and_told_with_the_next_batch() {
        let audit = Audit::default();
        let (activities, delivery) = ends(&audit);
        note(&activities, QUEUED_ACTIVITIES_MAX + 7);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let taken = audit.taken.lock();
        assert_eq!(taken.iter().map(|it| it.lost).sum::<u64>(), 7);
        assert_eq!(
            taken.iter().map(|it| it.activities.len()).sum::<usize>(),
            QUEUED_ACTIVITIES_MAX
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_sends_what_is_queued_and_waits_for_no_more() {
        let audit = Audit::default();
        let (activities, delivery) = ends(&audit);
        note(&activities, ACTIVITIES_MAX + 3);
        let tasks = runtime::TaskTracker::default();
        tasks.stop();
        delivery.run(tasks.shutdown_signal()).await;
        note(&activities, 1);
        let sent: usize = audit.taken.lock().iter().map(|it| it.activities.len()).sum();
        assert_eq!(sent, ACTIVITIES_MAX + 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_tried_again_and_let_go_in_the_end() {
        let audit = Audit::default();
        audit.failures.store(u64::from(DELIVERY_ATTEMPTS_MAX) + 1, Ordering::Relaxed);
        let (activities, delivery) = ends(&audit);
        note(&activities, ACTIVITIES_MAX + 1);
        drop(activities);
        let tasks = runtime::TaskTracker::default();
        delivery.run(tasks.shutdown_signal()).await;
        let taken = audit.taken.lock();
        let told: Vec<_> = taken.iter().map(|it| (it.activities.len(), it.lost)).collect();
        assert_eq!(told, [(1, ACTIVITIES_MAX as u64)]);
    }
}
