//! Whoever moves the money.

use crate::domain::{Answer, Instruction, Outcome};
use async_trait::async_trait;
use kernel::{Money, Timestamp};

kernel::id! {
    /// A payment intent, under the caller's own id.
    PaymentId
}

/// An authorisation as the processor is asked for it. The payment's id makes asking again safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorising {
    pub(crate) payment: PaymentId,
    pub(crate) amount: Money,
    pub(crate) token: String,
    /// When it was asked for first.
    pub(crate) at: Timestamp,
}

/// Whether the means of payment can be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    Usable,
    /// Refused before anything is recorded, with a sentence about what would be right.
    Unusable(String),
}

/// A processor. Everything it is told may be told again, after a crash or a time-out: it acts once per payment, and
/// once per payment and key of an instruction.
#[async_trait]
pub(crate) trait Processor: Send + Sync {
    /// Whether calls leave the process. Then the intent must be durable before the call; otherwise intent and
    /// outcome become durable together.
    fn leaves_the_process(&self) -> bool;

    /// Looks at the token, without asking anybody.
    fn means(&self, token: &str) -> Means;

    /// Sets money aside.
    async fn authorise(&self, authorising: &Authorising) -> Outcome;

    /// What became of an authorisation.
    async fn look_up(&self, authorising: &Authorising) -> Outcome;

    /// The answer to an instruction, if it is to be had without leaving the process.
    fn at_once(&self, instruction: &Instruction) -> Option<Answer>;

    /// Captures.
    async fn capture(&self, payment: PaymentId, instruction: &Instruction) -> Option<Answer>;

    /// Gives back.
    async fn refund(&self, payment: PaymentId, instruction: &Instruction) -> Option<Answer>;

    /// Sets free. `None` from any of these three: the processor did not say.
    async fn void(&self, payment: PaymentId, instruction: &Instruction) -> Option<Answer>;
}
