//! Asks again where the processor did not say, until it does.

use super::{Payments, Refused, payments::CALL_TIMEOUT};
use crate::{
    domain::{Payment, Rejection, State},
    ports::{PaymentId, Processor},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{StorageError, durability};
use tokio::time::Instant;

/// The pause after the first question; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause between two questions about one payment.
const PAUSE_MAX: Duration = Duration::from_mins(5);
/// How many payments one look at the list takes.
const LISTED_MAX: usize = 256;

/// Works through the list of unsettled payments. The list is kept with the payments; how often somebody was asked
/// is not, so after a restart every payment is asked about at once.
pub(crate) struct Resolver {
    payments: Arc<Payments>,
    every: Duration,
    /// When the next question about a payment is due, and the pause after it.
    waiting: BTreeMap<PaymentId, (Instant, Duration)>,
}

impl Resolver {
    /// A resolver that looks at the list so often.
    pub(crate) fn new(payments: Arc<Payments>, every: Duration) -> Self {
        Self { payments, every, waiting: BTreeMap::new() }
    }

    /// Resolves until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "unsettled payments could not be listed; trying again");
            }
            tokio::time::sleep(self.every).await;
        }
    }

    /// Asks about every payment that is due.
    pub(crate) async fn round(&mut self) -> Result<(), StorageError> {
        let (mut after, mut waiting) = (None, BTreeMap::new());
        loop {
            let listed = self.payments.unsettled.list(after, LISTED_MAX).await?;
            for id in &listed {
                waiting.insert(*id, self.ask_if_due(*id).await);
            }
            after = listed.last().copied();
            if listed.len() < LISTED_MAX {
                break;
            }
        }
        // Payments that left the list are forgotten with it.
        self.waiting = waiting;
        Ok(())
    }

    async fn ask_if_due(&self, id: PaymentId) -> (Instant, Duration) {
        let (due, pause) = self.waiting.get(&id).copied().unwrap_or((Instant::now(), PAUSE_MIN));
        if Instant::now() < due {
            return (due, pause);
        }
        // A scope of its own: what the processor is told must be durable, also when nobody waits for the answer.
        let (resolved, _) = durability::scope(self.payments.resolve(id)).await;
        match resolved {
            Ok(()) | Err(Refused::Rejected(Rejection::OutcomeUnknown)) => {}
            Err(error) => tracing::warn!(%id, %error, "a payment could not be settled yet"),
        }
        (Instant::now() + pause, (pause * 2).min(PAUSE_MAX))
    }
}

impl Payments {
    /// Asks the processor what it left open about a payment.
    async fn resolve(&self, id: PaymentId) -> Result<(), Refused> {
        let Some(payment) = self.payment(id).await? else { return Ok(()) };
        let processor = self.processor_of(id).await?;
        let payment = self.resolve_outcome(id, payment, &*processor).await?;
        self.carry_out(id, payment, &*processor).await?;
        Ok(())
    }

    async fn resolve_outcome(
        &self,
        id: PaymentId,
        payment: Arc<Payment>,
        processor: &dyn Processor,
    ) -> Result<Arc<Payment>, Refused> {
        let asked_at = payment.intent.as_ref().map_or(self.ids.now(), |intent| intent.at);
        let age = self.ids.now().duration_since(asked_at);
        // Whoever created it may still be waiting for the processor's first word.
        let is_young = payment.state == State::Created && age.unsigned_abs() < CALL_TIMEOUT;
        if is_young {
            return Ok(payment);
        }
        let Some(outcome) = self.ask_again(id, &payment, processor).await else {
            return Ok(payment);
        };
        let at_once = |instruction: &_| processor.at_once(instruction);
        let learn = |payment: &Payment| match payment.learn(&outcome, &at_once) {
            // A message was faster and said something else: what was said first stands.
            Err(Rejection::Already(_)) => Ok(Vec::new()),
            learnt => learnt,
        };
        self.change(id, learn).await
    }
}
