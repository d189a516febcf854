//! Reconciliation: asks the processors about open outcomes until they report them.
//!
//! Each processor has its own queue, its own limit of concurrent calls and its own backoff, so one that hangs delays
//! nobody's payments but its own.

use super::{PaymentError, Payments, payments::CALL_TIMEOUT};
use crate::{
    domain::{Payment, PaymentState, Rejection},
    ports::Processor,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use identifiers::PaymentId;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use storage::{StorageError, durability};
use tokio::time::Instant;

/// Backoff after the first attempt; it doubles up to [`BACKOFF_MAX`] for a payment, and up to the limit of the settings
/// for a processor.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest backoff between two attempts for one payment.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// Payments in one page of the list.
const PAGE_MAX: usize = 256;

/// Limits of the reconciliation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReconcileLimits {
    /// Interval at which the list is read.
    pub(crate) interval: Duration,
    /// Concurrent attempts for the payments of one processor.
    pub(crate) calls_max: NonZeroUsize,
    /// Longest backoff of a processor that does not respond.
    pub(crate) backoff_max: Duration,
}

/// Background task that reconciles the unsettled payments. The list is stored with the payments; the schedule is not,
/// so after a restart every payment is due at once.
pub(crate) struct Reconciler {
    payments: Arc<Payments>,
    limits: ReconcileLimits,
    /// Backoff after the next attempt of each listed payment.
    backoffs: BTreeMap<PaymentId, Duration>,
    /// Queues by the name of the processor.
    queues: BTreeMap<String, ProcessorQueue>,
}

/// Attempts for the payments of one processor.
#[derive(Debug, Default)]
struct ProcessorQueue {
    /// When the next attempt for a payment is due; those that wait longest come first.
    waiting: BTreeSet<(Instant, PaymentId)>,
    in_flight: BTreeSet<PaymentId>,
    /// Attempts in a row to which the processor did not respond.
    failures: u32,
    /// End of the backoff of the processor.
    resumes_at: Option<Instant>,
}

/// Attempt for one payment that runs.
type Attempt = Pin<Box<dyn Future<Output = (PaymentId, Response)> + Send>>;

/// Whether the processor responded to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Response {
    /// It responded, or did not have to be called.
    Received,
    Missing,
}

impl Reconciler {
    /// Reconciler with these limits.
    pub(crate) fn new(payments: Arc<Payments>, limits: ReconcileLimits) -> Self {
        Self { payments, limits, backoffs: BTreeMap::new(), queues: BTreeMap::new() }
    }

    /// Reconciles until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut running: FuturesUnordered<Attempt> = FuturesUnordered::new();
        let mut interval = tokio::time::interval(self.limits.interval);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = interval.tick() => {
                    if let Err(error) = self.read_list().await {
                        tracing::warn!(%error, "unsettled payments could not be listed; trying again");
                    }
                }
                Some((id, response)) = running.next(), if !running.is_empty() => {
                    self.record(id, response);
                }
            }
            running.extend(self.start_due());
        }
    }

    /// Reconciles every payment that is due, as far as the limits allow, and waits for it.
    #[cfg(test)]
    pub(crate) async fn run_once(&mut self) -> Result<(), StorageError> {
        self.read_list().await?;
        let mut running: FuturesUnordered<Attempt> = self.start_due().into_iter().collect();
        while let Some((id, response)) = running.next().await {
            self.record(id, response);
            running.extend(self.start_due());
        }
        Ok(())
    }

    /// Queues the payments that are new in the list, and forgets those that left it.
    async fn read_list(&mut self) -> Result<(), StorageError> {
        let (mut after, mut listed) = (None, BTreeSet::new());
        loop {
            let page = self.payments.unsettled.list(after, PAGE_MAX).await?;
            after = page.last().copied();
            let is_last = page.len() < PAGE_MAX;
            listed.extend(page);
            if is_last {
                break;
            }
        }
        self.backoffs.retain(|id, _| listed.contains(id));
        for id in listed {
            if self.backoffs.contains_key(&id) {
                continue;
            }
            // Settled since it was listed, or unreadable for now: seen again at the next reading.
            let Ok(Some(payment)) = self.payments.payment(id).await else { continue };
            let method = payment.intent().map(|intent| intent.method.clone());
            let queue = self.queues.entry(method.unwrap_or_default()).or_default();
            queue.waiting.insert((Instant::now(), id));
            self.backoffs.insert(id, BACKOFF_MIN);
        }
        Ok(())
    }

    /// Attempts that are due and for which their processor has room.
    fn start_due(&mut self) -> Vec<Attempt> {
        let now = Instant::now();
        let mut started: Vec<Attempt> = Vec::new();
        for queue in self.queues.values_mut() {
            while let Some(id) = queue.start_next(self.limits.calls_max, now) {
                // One that left the list is settled.
                if self.backoffs.contains_key(&id) {
                    let payments = Arc::clone(&self.payments);
                    started.push(Box::pin(async move { (id, payments.attempt(id).await) }));
                } else {
                    queue.in_flight.remove(&id);
                }
            }
        }
        started
    }

    /// Records the end of an attempt.
    fn record(&mut self, id: PaymentId, response: Response) {
        let now = Instant::now();
        let queue = self.queues.values_mut().find(|queue| queue.in_flight.contains(&id));
        let Some(queue) = queue else { return };
        queue.in_flight.remove(&id);
        queue.record(response, now, self.limits.backoff_max);
        if let Some(backoff) = self.backoffs.get_mut(&id) {
            queue.waiting.insert((now + *backoff, id));
            *backoff = (*backoff * 2).min(BACKOFF_MAX);
        }
    }
}

impl ProcessorQueue {
    /// Moves the next payment that is due into flight, where there is room for it.
    fn start_next(&mut self, calls_max: NonZeroUsize, now: Instant) -> Option<PaymentId> {
        let (due, _) = *self.waiting.first()?;
        if due > now || !self.has_room(calls_max, now) {
            return None;
        }
        let (_, id) = self.waiting.pop_first()?;
        self.in_flight.insert(id);
        Some(id)
    }

    /// Whether another attempt may start. A processor that did not respond gets one attempt at a time, after its backoff.
    fn has_room(&self, calls_max: NonZeroUsize, now: Instant) -> bool {
        let room = if self.failures == 0 { calls_max.get() } else { 1 };
        self.in_flight.len() < room && self.resumes_at.is_none_or(|at| at <= now)
    }

    fn record(&mut self, response: Response, now: Instant, backoff_max: Duration) {
        match response {
            Response::Received => (self.failures, self.resumes_at) = (0, None),
            // Of attempts that were in flight together, the first one speaks for all.
            Response::Missing if self.resumes_at.is_some_and(|at| at > now) => {}
            Response::Missing => {
                let doubled = BACKOFF_MIN.saturating_mul(1_u32 << self.failures.min(16));
                self.failures = self.failures.saturating_add(1);
                self.resumes_at = Some(now + doubled.min(backoff_max));
            }
        }
    }
}

impl Payments {
    /// Attempt to settle a payment.
    async fn attempt(&self, id: PaymentId) -> Response {
        // Durability scope of its own: what is sent to the processor must be durable, though no request waits for it.
        let (reconciled, _) = durability::scope(self.reconcile(id)).await;
        match reconciled {
            Ok(response) => response,
            // The transfers that are still pending got no response.
            Err(PaymentError::Rejected(Rejection::OutcomeUnknown)) => Response::Missing,
            Err(error) => {
                tracing::warn!(%id, %error, "a payment could not be settled yet");
                Response::Received
            }
        }
    }

    /// Asks the processor about everything that is open for a payment.
    async fn reconcile(&self, id: PaymentId) -> Result<Response, PaymentError> {
        let Some(payment) = self.payment(id).await? else { return Ok(Response::Received) };
        let processor = self.processor_of(id).await?;
        let (payment, response) = self.reconcile_outcome(id, payment, &*processor).await?;
        self.execute_transfers(id, payment, &*processor).await?;
        Ok(response)
    }

    async fn reconcile_outcome(
        &self,
        id: PaymentId,
        payment: Arc<Payment>,
        processor: &dyn Processor,
    ) -> Result<(Arc<Payment>, Response), PaymentError> {
        let requested_at = payment.intent().map_or(self.ids.now(), |intent| intent.at);
        let age = self.ids.now().duration_since(requested_at);
        // The request that created it may still wait for the processor's first answer.
        let may_be_in_flight =
            payment.state() == PaymentState::Created && age.unsigned_abs() < CALL_TIMEOUT;
        if may_be_in_flight {
            return Ok((payment, Response::Received));
        }
        let outcome = match self.query_outcome(id, &payment, processor).await {
            None => return Ok((payment, Response::Received)),
            Some(Err(_)) => return Ok((payment, Response::Missing)),
            Some(Ok(outcome)) => outcome,
        };
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let apply = |payment: &Payment| match payment.apply_outcome(&outcome, &execute_inline) {
            // A webhook was faster and reported another outcome: the first one stands.
            Err(Rejection::Already(_)) => Ok(Vec::new()),
            applied => applied,
        };
        Ok((self.update(id, apply).await?, Response::Received))
    }
}
