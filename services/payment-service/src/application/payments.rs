//! The payments, and what all use cases share: deciding, and telling the processor what was decided.

use crate::{
    domain::{Answer, Event, Instruction, Move, Payment, Rejection},
    ports::{PaymentId, Processor, Unsettled},
};
use journal::{ExecuteError, LoadedAggregate, Repository};
use kernel::Ids;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{StorageError, Write, durability};

/// How long a processor may take; afterwards it did not say.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// All payments of the shop.
pub(crate) struct Payments {
    pub(crate) repository: Repository<Payment>,
    /// By the name of the method.
    pub(crate) processors: BTreeMap<&'static str, Arc<dyn Processor>>,
    pub(crate) unsettled: Arc<dyn Unsettled>,
    pub(crate) ids: Ids,
}

/// Why a use case did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("there is no method of payment {0:?} here")]
    UnknownMethod(String),
    #[error("test payments are not taken here")]
    TestPaymentsOff,
    #[error("{0}")]
    UnusableMeans(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The stream of a payment.
pub(crate) fn stream_of(id: PaymentId) -> String {
    format!("payment-{id}")
}

impl Payments {
    /// The payment as it stands; `None` when there is none, or none ever will be.
    pub(crate) async fn payment(&self, id: PaymentId) -> Result<Option<Arc<Payment>>, Refused> {
        let loaded = self.repository.load(&stream_of(id)).await?;
        Ok(loaded.state.filter(|payment| payment.intent.is_some()))
    }

    /// The processor of a payment.
    pub(super) async fn processor_of(&self, id: PaymentId) -> Result<Arc<dyn Processor>, Refused> {
        let payment = self.payment(id).await?.ok_or(Rejection::UnknownPayment)?;
        let method = payment.intent.as_ref().map_or("", |intent| &intent.method);
        self.processor(method)
    }

    pub(super) fn processor(&self, method: &str) -> Result<Arc<dyn Processor>, Refused> {
        match self.processors.get(method) {
            Some(processor) => Ok(Arc::clone(processor)),
            None if method == crate::TEST => Err(Refused::TestPaymentsOff),
            None => Err(Refused::UnknownMethod(method.to_owned())),
        }
    }

    /// Decides on a payment that exists.
    pub(super) async fn change(
        &self,
        id: PaymentId,
        decide: impl Fn(&Payment) -> Result<Vec<Event>, Rejection> + Send + Sync,
    ) -> Result<Arc<Payment>, Refused> {
        let decide = |payment: Option<&Payment>| decide(payment.ok_or(Rejection::UnknownPayment)?);
        self.decide(id, decide).await
    }

    /// Decides, and keeps the list of the unsettled right in the same commit.
    pub(super) async fn decide(
        &self,
        id: PaymentId,
        decide: impl Fn(Option<&Payment>) -> Result<Vec<Event>, Rejection> + Send + Sync,
    ) -> Result<Arc<Payment>, Refused> {
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
        let LoadedAggregate { state, .. } =
            self.repository.execute(&stream_of(id), decide, writes).await?;
        Ok(state.ok_or(Rejection::UnknownPayment)?)
    }

    /// Tells the processor what it has not answered yet, and takes down what it says.
    pub(super) async fn carry_out(
        &self,
        id: PaymentId,
        payment: Arc<Payment>,
        processor: &dyn Processor,
    ) -> Result<Arc<Payment>, Refused> {
        let mut payment = payment;
        for instruction in payment.asked.clone() {
            // An instruction that a crash could take back must not leave.
            durability::wait().await.map_err(lost)?;
            if let Some(answer) = told(id, &instruction, processor).await {
                let settle = |payment: &Payment| Ok(payment.settle(&instruction.key, &answer));
                payment = self.change(id, settle).await?;
                if let Answer::Refused { reason } = answer {
                    return Err(Rejection::ProcessorRefused { reason }.into());
                }
            }
        }
        if payment.asked.is_empty() { Ok(payment) } else { Err(Rejection::OutcomeUnknown.into()) }
    }
}

async fn told(
    id: PaymentId,
    instruction: &Instruction,
    processor: &dyn Processor,
) -> Option<Answer> {
    let call = async {
        match instruction.what {
            Move::Capture { .. } => processor.capture(id, instruction).await,
            Move::Refund { .. } => processor.refund(id, instruction).await,
            Move::Void => processor.void(id, instruction).await,
        }
    };
    tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or_default()
}

pub(super) fn lost(error: storage::CommitError) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

impl From<ExecuteError<Rejection>> for Refused {
    fn from(error: ExecuteError<Rejection>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::Rejected(rejection),
            ExecuteError::Storage(error) => Self::Storage(error),
        }
    }
}

impl std::fmt::Debug for Payments {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Payments")
            .field("methods", &self.processors.keys())
            .finish_non_exhaustive()
    }
}
