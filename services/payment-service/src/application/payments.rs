//! Payments: the repository and the processors that all use cases share.

use super::{Offer, PaymentError};
use crate::{
    domain::{Payment, PaymentEvent, Rejection, Transfer, TransferKind, TransferOutcome},
    ports::{Processor, UnsettledPayments},
};
use identifiers::PaymentId;
use journal::{LoadedAggregate, Repository};
use kernel::{Ids, prefixed_id};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{StorageError, Write, durability};

/// Time limit of a call to a processor, after which its outcome is unknown.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// All payments of the shop.
pub(crate) struct Payments {
    pub(crate) repository: Repository<Payment>,
    /// Processors by the name of their method: all that the shop can reach, offered or not.
    pub(crate) processors: BTreeMap<&'static str, Arc<dyn Processor>>,
    /// Methods that are offered for new payments.
    pub(crate) offers: Vec<Offer>,
    pub(crate) unsettled: Arc<dyn UnsettledPayments>,
    pub(crate) ids: Ids,
}

/// What the caller of a decision knows of the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: it is read first.
    Unread,
    /// It did not exist a moment ago, and is not read again.
    Absent,
}

/// Prefix of the streams of payments.
pub(crate) const STREAM_PREFIX: &str = "payment-";

/// Name of the event stream of a payment.
pub(crate) fn stream_name(id: PaymentId) -> String {
    prefixed_id(STREAM_PREFIX, id)
}

impl Payments {
    /// Current state of the payment; `None` when it does not exist or is barred.
    pub(crate) async fn payment(
        &self,
        id: PaymentId,
    ) -> Result<Option<Arc<Payment>>, PaymentError> {
        let loaded = self.repository.load(&stream_name(id)).await?;
        Ok(loaded.state.filter(|payment| payment.intent().is_some()))
    }

    /// Processor of a payment that exists, whether its method is still offered or not.
    pub(super) async fn processor_of(
        &self,
        id: PaymentId,
    ) -> Result<Arc<dyn Processor>, PaymentError> {
        let payment = self.payment(id).await?.ok_or(Rejection::UnknownPayment)?;
        self.processor(payment.intent().map_or("", |intent| &intent.method))
    }

    /// Processor of a method that an existing payment has.
    pub(super) fn processor(&self, method: &str) -> Result<Arc<dyn Processor>, PaymentError> {
        let found = self.processors.get(method).map(Arc::clone);
        found.ok_or_else(|| PaymentError::MethodGone(method.to_owned()))
    }

    /// Processor for a new payment; an error where the method is not offered.
    pub(super) fn offered_processor(
        &self,
        method: &str,
    ) -> Result<Arc<dyn Processor>, PaymentError> {
        let Some((method, processor)) = self.processors.get_key_value(method) else {
            return Err(PaymentError::UnknownMethod(method.to_owned()));
        };
        if self.offers.iter().any(|offer| offer.method == *method) {
            return Ok(Arc::clone(processor));
        }
        Err(match *method {
            crate::TEST => PaymentError::TestPaymentsOff,
            other => PaymentError::NotOffered(other),
        })
    }

    /// Executes a decision on a payment that exists.
    pub(crate) async fn update(
        &self,
        id: PaymentId,
        decide: impl Fn(&Payment) -> Result<Vec<PaymentEvent>, Rejection> + Send + Sync,
    ) -> Result<Arc<Payment>, PaymentError> {
        let decide = |payment: Option<&Payment>| decide(payment.ok_or(Rejection::UnknownPayment)?);
        self.execute(id, decide).await
    }

    /// Executes a decision, and updates the list of unsettled payments in the same commit.
    pub(crate) async fn execute(
        &self,
        id: PaymentId,
        decide: impl Fn(Option<&Payment>) -> Result<Vec<PaymentEvent>, Rejection> + Send + Sync,
    ) -> Result<Arc<Payment>, PaymentError> {
        self.execute_on(Known::Unread, id, decide).await
    }

    /// The same, with what the caller knows of the payment.
    pub(super) async fn execute_on(
        &self,
        known: Known,
        id: PaymentId,
        decide: impl Fn(Option<&Payment>) -> Result<Vec<PaymentEvent>, Rejection> + Send + Sync,
    ) -> Result<Arc<Payment>, PaymentError> {
        let was_unsettled = AtomicBool::new(false);
        let decide = |payment: Option<&Payment>| {
            was_unsettled.store(payment.is_some_and(Payment::is_unsettled), Ordering::Relaxed);
            decide(payment)
        };
        let writes = |payment: &Payment| -> Vec<Write> {
            match (was_unsettled.load(Ordering::Relaxed), payment.is_unsettled()) {
                (false, true) => vec![self.unsettled.add(id)],
                (true, false) => vec![self.unsettled.remove(id)],
                (false, false) | (true, true) => Vec::new(),
            }
        };
        let stream = stream_name(id);
        let LoadedAggregate { state, .. } = match known {
            Known::Unread => self.repository.execute(&stream, decide, writes).await?,
            Known::Absent => self.repository.create(&stream, decide, writes).await?,
        };
        Ok(state.ok_or(Rejection::UnknownPayment)?)
    }

    /// Sends the pending transfers to the processor and records their outcomes.
    pub(super) async fn execute_transfers(
        &self,
        id: PaymentId,
        payment: Arc<Payment>,
        processor: &dyn Processor,
    ) -> Result<Arc<Payment>, PaymentError> {
        let mut payment = payment;
        for transfer in payment.funds.pending_transfers.clone() {
            // A transfer that a crash could take back must not be sent.
            durability::wait().await.map_err(commit_failed)?;
            if let Some(outcome) = send(id, &transfer, processor).await {
                let settle = |payment: &Payment| Ok(payment.settle(&transfer.key, &outcome));
                payment = self.update(id, settle).await?;
                if let TransferOutcome::Refused { reason } = outcome {
                    return Err(Rejection::ProcessorRefused { reason }.into());
                }
            }
        }
        if payment.funds.pending_transfers.is_empty() {
            Ok(payment)
        } else {
            Err(Rejection::OutcomeUnknown.into())
        }
    }
}

/// Sends a transfer to the processor; `None` when it did not report an outcome in time.
async fn send(
    id: PaymentId,
    transfer: &Transfer,
    processor: &dyn Processor,
) -> Option<TransferOutcome> {
    let call = async {
        match transfer.kind {
            TransferKind::Capture { .. } => processor.capture(id, transfer).await,
            TransferKind::Refund { .. } => processor.refund(id, transfer).await,
            TransferKind::Void => processor.void(id, transfer).await,
        }
    };
    tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or_default()
}

pub(super) fn commit_failed(error: storage::CommitError) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

impl std::fmt::Debug for Payments {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Payments")
            .field("methods", &self.processors.keys())
            .finish_non_exhaustive()
    }
}
