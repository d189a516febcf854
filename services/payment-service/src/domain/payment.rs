//! State of a payment, folded from its events.

use super::{
    MESSAGE_IDS_MAX, PaymentEvent, PaymentEventKind, PaymentIntent, PaymentState, Transfer,
    TransferKind,
};
use identifiers::{OrderId, RefundId};
use kernel::{Money, Timestamp};
use std::collections::VecDeque;

/// Payment aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) state: PaymentState,
    /// `None` when the payment was cancelled before it was created.
    pub(crate) intent: Option<PaymentIntent>,
    /// Authorised amount in minor units, captured or not, less what was voided.
    pub(crate) authorised: i64,
    pub(crate) captures: Vec<Capture>,
    pub(crate) refunds: Vec<Refund>,
    /// Transfers that the processor was told to make and has not answered.
    pub(crate) pending_transfers: Vec<Transfer>,
    /// Reason why the processor declined.
    pub(crate) failure: Option<String>,
    /// Whether it was cancelled while its outcome was unknown.
    pub(super) cancelled: bool,
    /// Whether the processor has ever authorised it, be it too late.
    pub(super) was_authorised: bool,
    /// Ids of the latest messages of the processor, oldest first.
    pub(super) message_ids: VecDeque<String>,
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
        let mut payment = payment.unwrap_or_else(|| Self::empty(event.order_id));
        payment.state = event.state;
        payment.apply(&event.kind);
        payment
    }

    fn empty(order_id: OrderId) -> Self {
        Self {
            order_id,
            state: PaymentState::Created,
            intent: None,
            authorised: 0,
            captures: Vec::new(),
            refunds: Vec::new(),
            pending_transfers: Vec::new(),
            failure: None,
            cancelled: false,
            was_authorised: false,
            message_ids: VecDeque::new(),
        }
    }

    fn apply(&mut self, kind: &PaymentEventKind) {
        match kind {
            PaymentEventKind::Created(intent) => self.intent = Some(intent.clone()),
            PaymentEventKind::Authorised | PaymentEventKind::AuthorisedTooLate => {
                self.authorised = self.intent.as_ref().map_or(0, |intent| intent.amount.amount);
                self.was_authorised = true;
            }
            PaymentEventKind::Declined { reason } => self.failure = Some(reason.clone()),
            PaymentEventKind::CancellationRequested => self.cancelled = true,
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
            PaymentEventKind::MessageReceived { message_id } => {
                self.message_ids.push_back(message_id.clone());
                if self.message_ids.len() > MESSAGE_IDS_MAX {
                    self.message_ids.pop_front();
                }
            }
            PaymentEventKind::ActionRequired
            | PaymentEventKind::OutcomeUnknown
            | PaymentEventKind::Barred => {}
        }
    }

    fn remove_pending(&mut self, key: &str) {
        self.pending_transfers.retain(|transfer| transfer.key != key);
    }

    /// Captured amount in minor units.
    pub(crate) fn captured(&self) -> i64 {
        self.captures.iter().map(|capture| capture.amount.amount).sum()
    }

    /// Refunded amount in minor units.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount.amount).sum()
    }

    /// Amount that can still be captured: authorised, not captured, and not in a pending capture.
    pub(super) fn capturable(&self) -> i64 {
        let pending = self.pending_amount(|kind| matches!(kind, TransferKind::Capture { .. }));
        self.authorised - self.captured() - pending
    }

    /// Amount that can still be refunded: captured, not refunded, and not in a pending refund.
    pub(crate) fn refundable(&self) -> i64 {
        let pending = self.pending_amount(|kind| matches!(kind, TransferKind::Refund { .. }));
        self.captured() - self.refunded() - pending
    }

    fn pending_amount(&self, which: impl Fn(&TransferKind) -> bool) -> i64 {
        let counted = self.pending_transfers.iter().filter(|transfer| which(&transfer.kind));
        counted.map(|transfer| transfer.amount.amount).sum()
    }

    /// Whether an outcome of the processor is missing, so that the reconciler has to ask again.
    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self.state, PaymentState::Created | PaymentState::Unknown)
            || !self.pending_transfers.is_empty()
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
                let all = self.captured() + amount.amount == self.authorised;
                if all { PaymentState::Captured } else { PaymentState::PartiallyCaptured }
            }
            PaymentEventKind::Refunded { amount, .. } if self.state == PaymentState::Captured => {
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
            | PaymentEventKind::MessageReceived { .. } => self.state,
        }
    }
}
