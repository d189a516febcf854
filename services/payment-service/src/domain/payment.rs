//! State of a payment, folded from its events.

use super::{
    MESSAGE_IDS_MAX, PaymentEvent, PaymentEventKind, PaymentIntent, PaymentState, Transfer,
    TransferKind,
};
use identifiers::{OrderId, RefundId};
use kernel::{Money, Timestamp};
use std::{collections::VecDeque, mem};

/// Payment aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) progress: Progress,
    pub(crate) funds: Funds,
    /// Ids of the latest messages of the processor, oldest first.
    message_ids: VecDeque<String>,
}

/// Progress of a payment, with what is known of it at each stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Cancelled before it was created, so that it never will be.
    Barred,
    /// Neither authorised nor declined by the processor.
    Pending { intent: PaymentIntent, stage: PendingStage },
    /// Declined by the processor.
    Declined { intent: PaymentIntent, reason: String },
    /// Voided before the processor authorised it.
    Voided { intent: PaymentIntent },
    /// Authorised by the processor, be it too late: after it had been `declined` for this reason, or voided.
    Authorised { intent: PaymentIntent, state: PaymentState, declined: Option<String> },
}

/// Stage of a payment that the processor has neither authorised nor declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingStage {
    /// The processor has not answered.
    Created,
    /// The customer has to act.
    RequiresAction,
    /// The processor did not report an outcome.
    Unknown,
    /// Cancelled while the outcome is unknown: a late authorisation is voided.
    Cancelled,
}

/// Funds of a payment: what was promised, captured and refunded. They follow the events alone, so that money which moved in
/// a payment that was never authorised shows when the journal is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funds {
    /// Authorised amount in minor units, captured or not, less what was voided.
    pub(crate) authorised: i64,
    pub(crate) captures: Vec<Capture>,
    pub(crate) refunds: Vec<Refund>,
    /// Transfers that the processor was told to make and has not answered.
    pub(crate) pending_transfers: Vec<Transfer>,
}

/// Capture of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) reference: String,
    pub(crate) amount: Money,
}

/// Refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) amount: Money,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

impl Payment {
    /// Folds the next event into the state.
    pub(crate) fn evolve(payment: Option<Self>, event: &PaymentEvent) -> Self {
        let mut payment = payment.unwrap_or_else(|| Self {
            order_id: event.order_id,
            progress: Progress::Barred,
            funds: Funds::default(),
            message_ids: VecDeque::new(),
        });
        if let PaymentEventKind::MessageReceived { message_id } = &event.kind {
            payment.message_ids.push_back(message_id.clone());
            if payment.message_ids.len() > MESSAGE_IDS_MAX {
                payment.message_ids.pop_front();
            }
        }
        payment.progress = mem::replace(&mut payment.progress, Progress::Barred).after(event);
        let authorised = payment.intent().map_or(0, |intent| intent.amount.amount);
        payment.funds.apply(&event.kind, authorised);
        payment
    }

    pub(crate) fn state(&self) -> PaymentState {
        match &self.progress {
            Progress::Pending { stage: PendingStage::Created, .. } => PaymentState::Created,
            Progress::Pending { stage: PendingStage::RequiresAction, .. } => {
                PaymentState::RequiresAction
            }
            Progress::Pending {
                stage: PendingStage::Unknown | PendingStage::Cancelled, ..
            } => PaymentState::Unknown,
            Progress::Declined { .. } => PaymentState::Failed,
            Progress::Barred | Progress::Voided { .. } => PaymentState::Voided,
            Progress::Authorised { state, .. } => *state,
        }
    }

    /// Intent of the payment; `None` when it was cancelled before it was created.
    pub(crate) fn intent(&self) -> Option<&PaymentIntent> {
        match &self.progress {
            Progress::Barred => None,
            Progress::Pending { intent, .. }
            | Progress::Declined { intent, .. }
            | Progress::Voided { intent }
            | Progress::Authorised { intent, .. } => Some(intent),
        }
    }

    /// Reason why the processor declined.
    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.progress {
            Progress::Declined { reason, .. } => Some(reason),
            Progress::Authorised { declined, .. } => declined.as_deref(),
            Progress::Barred | Progress::Pending { .. } | Progress::Voided { .. } => None,
        }
    }

    /// Whether it was cancelled while its outcome is unknown.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.progress, Progress::Pending { stage: PendingStage::Cancelled, .. })
    }

    /// Whether the processor has ever authorised it, be it too late.
    pub(super) fn was_authorised(&self) -> bool {
        matches!(self.progress, Progress::Authorised { .. })
    }

    /// Captured amount in minor units.
    pub(crate) fn captured(&self) -> i64 {
        self.funds.captures.iter().map(|capture| capture.amount.amount).sum()
    }

    /// Refunded amount in minor units.
    pub(crate) fn refunded(&self) -> i64 {
        self.funds.refunds.iter().map(|refund| refund.amount.amount).sum()
    }

    /// Amount that can still be captured: authorised, not captured, and not in a pending capture.
    pub(super) fn capturable(&self) -> i64 {
        let pending = self.pending_amount(|kind| matches!(kind, TransferKind::Capture { .. }));
        self.funds.authorised - self.captured() - pending
    }

    /// Amount that can still be refunded: captured, not refunded, and not in a pending refund.
    pub(crate) fn refundable(&self) -> i64 {
        let pending = self.pending_amount(|kind| matches!(kind, TransferKind::Refund { .. }));
        self.captured() - self.refunded() - pending
    }

    fn pending_amount(&self, which: impl Fn(&TransferKind) -> bool) -> i64 {
        let counted = self.funds.pending_transfers.iter().filter(|transfer| which(&transfer.kind));
        counted.map(|transfer| transfer.amount.amount).sum()
    }

    /// Whether an outcome of the processor is missing, so that the reconciler has to ask again.
    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self.state(), PaymentState::Created | PaymentState::Unknown)
            || !self.funds.pending_transfers.is_empty()
    }

    /// Whether this message was processed before.
    pub(super) fn has_received(&self, message_id: &str) -> bool {
        self.message_ids.iter().any(|known| known == message_id)
    }

    /// Consecutive events of these kinds, each with the state it leads to.
    pub(super) fn record(&self, kinds: Vec<PaymentEventKind>) -> Vec<PaymentEvent> {
        let mut payment = self.clone();
        let mut events = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let event =
                PaymentEvent { order_id: self.order_id, state: payment.state_after(&kind), kind };
            payment = Self::evolve(Some(payment), &event);
            events.push(event);
        }
        events
    }

    /// Payment after these events.
    pub(crate) fn after(payment: Option<&Self>, events: &[PaymentEvent]) -> Option<Self> {
        events.iter().fold(payment.cloned(), |payment, event| Some(Self::evolve(payment, event)))
    }

    fn state_after(&self, kind: &PaymentEventKind) -> PaymentState {
        match kind {
            PaymentEventKind::Created(_) => PaymentState::Created,
            PaymentEventKind::ActionRequired => PaymentState::RequiresAction,
            PaymentEventKind::OutcomeUnknown => PaymentState::Unknown,
            PaymentEventKind::Authorised => PaymentState::Authorised,
            PaymentEventKind::Declined { .. } => PaymentState::Failed,
            PaymentEventKind::AuthorisedTooLate | PaymentEventKind::Barred => PaymentState::Voided,
            PaymentEventKind::Captured { amount, .. } => {
                let all = self.captured() + amount.amount == self.funds.authorised;
                if all { PaymentState::Captured } else { PaymentState::PartiallyCaptured }
            }
            PaymentEventKind::Refunded { amount, .. } if self.state() == PaymentState::Captured => {
                let all = self.refunded() + amount.amount == self.captured();
                if all { PaymentState::Refunded } else { PaymentState::Captured }
            }
            PaymentEventKind::Voided { .. } => match self.captured() {
                0 => PaymentState::Voided,
                captured if captured == self.refunded() => PaymentState::Refunded,
                _ => PaymentState::Captured,
            },
            PaymentEventKind::CancellationRequested
            | PaymentEventKind::TransferRequested(_)
            | PaymentEventKind::TransferRefused { .. }
            | PaymentEventKind::Refunded { .. }
            | PaymentEventKind::MessageReceived { .. } => self.state(),
        }
    }
}

impl Progress {
    /// Progress after the event.
    fn after(self, event: &PaymentEvent) -> Self {
        let state = event.state;
        let pending = |intent, stage| Self::Pending { intent, stage };
        match (self, &event.kind) {
            (_, PaymentEventKind::Created(intent)) => {
                pending(intent.clone(), PendingStage::Created)
            }
            (Self::Authorised { intent, declined, .. }, _) => {
                Self::Authorised { intent, state, declined }
            }
            (
                Self::Pending { intent, .. } | Self::Voided { intent },
                PaymentEventKind::Authorised | PaymentEventKind::AuthorisedTooLate,
            ) => Self::Authorised { intent, state, declined: None },
            (Self::Declined { intent, reason }, PaymentEventKind::AuthorisedTooLate) => {
                Self::Authorised { intent, state, declined: Some(reason) }
            }
            (Self::Pending { intent, stage }, kind) => match kind {
                PaymentEventKind::ActionRequired => pending(intent, PendingStage::RequiresAction),
                PaymentEventKind::OutcomeUnknown => pending(intent, PendingStage::Unknown),
                PaymentEventKind::CancellationRequested => pending(intent, PendingStage::Cancelled),
                PaymentEventKind::Declined { reason } => {
                    Self::Declined { intent, reason: reason.clone() }
                }
                PaymentEventKind::Voided { .. } => Self::Voided { intent },
                _ => pending(intent, stage),
            },
            (before, _) => before,
        }
    }
}

impl Funds {
    /// Applies an event of a payment of which this amount is authorised, if any is.
    fn apply(&mut self, kind: &PaymentEventKind, authorised: i64) {
        match kind {
            PaymentEventKind::Authorised | PaymentEventKind::AuthorisedTooLate => {
                self.authorised = authorised;
            }
            PaymentEventKind::TransferRequested(transfer) => {
                self.pending_transfers.push(transfer.clone());
            }
            PaymentEventKind::TransferRefused { key, .. } => self.remove_pending(key),
            PaymentEventKind::Captured { reference, amount } => {
                self.remove_pending(&TransferKind::capture_key(reference));
                self.captures.push(Capture { reference: reference.clone(), amount: *amount });
            }
            PaymentEventKind::Refunded { refund_id, amount, reason, at } => {
                self.remove_pending(&TransferKind::refund_key(*refund_id));
                let (id, amount, reason, at) = (*refund_id, *amount, reason.clone(), *at);
                self.refunds.push(Refund { id, amount, reason, at });
            }
            PaymentEventKind::Voided { amount } => {
                self.remove_pending(TransferKind::VOID_KEY);
                self.authorised -= amount.amount;
            }
            PaymentEventKind::Created(_)
            | PaymentEventKind::ActionRequired
            | PaymentEventKind::OutcomeUnknown
            | PaymentEventKind::Declined { .. }
            | PaymentEventKind::CancellationRequested
            | PaymentEventKind::Barred
            | PaymentEventKind::MessageReceived { .. } => {}
        }
    }

    fn remove_pending(&mut self, key: &str) {
        self.pending_transfers.retain(|transfer| transfer.key != key);
    }
}
