//! Reconciliation: asks the processor about open outcomes until it reports them.

use super::{PaymentError, Payments, payments::CALL_TIMEOUT};
use crate::{
    domain::{Payment, PaymentState, Rejection},
    ports::Processor,
};
use identifiers::PaymentId;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{StorageError, durability};
use tokio::time::Instant;

/// Backoff after the first attempt; it doubles up to [`BACKOFF_MAX`].
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest backoff between two attempts for one payment.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// Payments in one page of the list.
const PAGE_MAX: usize = 256;

/// Background task that reconciles the unsettled payments. The list is stored with the payments; the schedule is not,
/// so after a restart every payment is due at once.
pub(crate) struct Reconciler {
    payments: Arc<Payments>,
    interval: Duration,
    /// When the next attempt for a payment is due, and the backoff after it.
    schedule: BTreeMap<PaymentId, (Instant, Duration)>,
}

impl Reconciler {
    /// Reconciler that reads the list at this interval.
    pub(crate) fn new(payments: Arc<Payments>, interval: Duration) -> Self {
        Self { payments, interval, schedule: BTreeMap::new() }
    }

    /// Reconciles until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            if let Err(error) = self.run_once().await {
                tracing::warn!(%error, "unsettled payments could not be listed; trying again");
            }
            tokio::time::sleep(self.interval).await;
        }
    }

    /// Reconciles every payment that is due.
    pub(crate) async fn run_once(&mut self) -> Result<(), StorageError> {
        let (mut after, mut schedule) = (None, BTreeMap::new());
        loop {
            let listed = self.payments.unsettled.list(after, PAGE_MAX).await?;
            for id in &listed {
                schedule.insert(*id, self.reconcile_if_due(*id).await);
            }
            after = listed.last().copied();
            if listed.len() < PAGE_MAX {
                break;
            }
        }
        // Payments that left the list are forgotten with it.
        self.schedule = schedule;
        Ok(())
    }

    async fn reconcile_if_due(&self, id: PaymentId) -> (Instant, Duration) {
        let (due, backoff) =
            self.schedule.get(&id).copied().unwrap_or((Instant::now(), BACKOFF_MIN));
        if Instant::now() < due {
            return (due, backoff);
        }
        // Durability scope of its own: what is sent to the processor must be durable, though no request waits for it.
        let (reconciled, _) = durability::scope(self.payments.reconcile(id)).await;
        match reconciled {
            Ok(()) | Err(PaymentError::Rejected(Rejection::OutcomeUnknown)) => {}
            Err(error) => tracing::warn!(%id, %error, "a payment could not be settled yet"),
        }
        (Instant::now() + backoff, (backoff * 2).min(BACKOFF_MAX))
    }
}

impl Payments {
    /// Asks the processor about everything that is open for a payment.
    async fn reconcile(&self, id: PaymentId) -> Result<(), PaymentError> {
        let Some(payment) = self.payment(id).await? else { return Ok(()) };
        let processor = self.processor_of(id).await?;
        let payment = self.reconcile_outcome(id, payment, &*processor).await?;
        self.execute_transfers(id, payment, &*processor).await?;
        Ok(())
    }

    async fn reconcile_outcome(
        &self,
        id: PaymentId,
        payment: Arc<Payment>,
        processor: &dyn Processor,
    ) -> Result<Arc<Payment>, PaymentError> {
        let requested_at = payment.intent.as_ref().map_or(self.ids.now(), |intent| intent.at);
        let age = self.ids.now().duration_since(requested_at);
        // The request that created it may still wait for the processor's first answer.
        let may_be_in_flight =
            payment.state == PaymentState::Created && age.unsigned_abs() < CALL_TIMEOUT;
        if may_be_in_flight {
            return Ok(payment);
        }
        let Some(outcome) = self.query_outcome(id, &payment, processor).await else {
            return Ok(payment);
        };
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let apply = |payment: &Payment| match payment.apply_outcome(&outcome, &execute_inline) {
            // A webhook was faster and reported another outcome: the first one stands.
            Err(Rejection::Already(_)) => Ok(Vec::new()),
            applied => applied,
        };
        self.update(id, apply).await
    }
}
