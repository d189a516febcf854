//! Transfers of money: capture, refund, void, cancel. Their sums never exceed the amount they are taken from, also
//! while transfers are pending at the processor.

use super::{
    InlineProcessor, Payment, PaymentEvent, PaymentEventKind, PaymentState, Rejection,
    TRANSFERS_MAX, Transfer, TransferKind,
};
use identifiers::RefundId;
use kernel::{Currency, Money, Timestamp};

/// Outcome of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TransferOutcome {
    Done,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the processor within the process never refuses")
    )]
    Refused {
        reason: String,
    },
}

/// Request for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRequest {
    pub(crate) id: RefundId,
    /// Everything that is left when none is given.
    pub(crate) amount: Option<Money>,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

impl Payment {
    /// Captures once per reference: everything that is left when no amount is given.
    pub(crate) fn capture(
        &self,
        reference: &str,
        amount: Option<Money>,
        inline: InlineProcessor<'_>,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        let earlier =
            self.funds.captures.iter().find(|it| it.reference == reference).map(|it| it.amount);
        if let Some(earlier) =
            earlier.or_else(|| self.pending_with_key(&TransferKind::capture_key(reference)))
        {
            return replay(earlier, amount);
        }
        match self.state() {
            PaymentState::Created | PaymentState::RequiresAction => {
                return Err(Rejection::NotAuthorised);
            }
            PaymentState::Unknown => return Err(Rejection::OutcomeUnknown),
            PaymentState::Authorised | PaymentState::PartiallyCaptured => {}
            PaymentState::Captured => {
                return Err(Rejection::ExceedsAuthorised { left: self.zero() });
            }
            PaymentState::Refunded | PaymentState::Voided | PaymentState::Failed => {
                return Err(Rejection::Already(self.state()));
            }
        }
        if self.funds.pending_transfers.iter().any(|transfer| transfer.kind == TransferKind::Void) {
            return Err(Rejection::Already(PaymentState::Voided));
        }
        let left = self.money(self.capturable());
        let amount = self.check_amount(amount.unwrap_or(left))?;
        if amount.amount > left.amount {
            return Err(Rejection::ExceedsAuthorised { left });
        }
        if self.funds.captures.len() + self.funds.pending_transfers.len() >= TRANSFERS_MAX {
            return Err(Rejection::TooManyTransfers);
        }
        let kind = TransferKind::Capture { reference: reference.to_owned() };
        let transfer = Transfer { key: TransferKind::capture_key(reference), amount, kind };
        Ok(self.record(vec![transfer.request(inline)]))
    }

    /// Refunds once per refund id: everything that is left when no amount is given.
    pub(crate) fn refund(
        &self,
        request: RefundRequest,
        inline: InlineProcessor<'_>,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        let RefundRequest { id: refund_id, amount, reason, at } = request;
        let key = TransferKind::refund_key(refund_id);
        let earlier = self.funds.refunds.iter().find(|it| it.id == refund_id).map(|it| it.amount);
        if let Some(earlier) = earlier.or_else(|| self.pending_with_key(&key)) {
            return replay(earlier, amount);
        }
        match self.state() {
            PaymentState::Unknown => return Err(Rejection::OutcomeUnknown),
            PaymentState::Captured | PaymentState::PartiallyCaptured | PaymentState::Refunded => {}
            PaymentState::Created
            | PaymentState::RequiresAction
            | PaymentState::Authorised
            | PaymentState::Voided
            | PaymentState::Failed => return Err(Rejection::NotCaptured),
        }
        let refundable = self.money(self.refundable());
        if refundable.is_zero() || amount.is_some_and(|it| it.amount > refundable.amount) {
            return Err(Rejection::ExceedsRefundable { refundable });
        }
        let amount = self.check_amount(amount.unwrap_or(refundable))?;
        if self.funds.refunds.len() + self.funds.pending_transfers.len() >= TRANSFERS_MAX {
            return Err(Rejection::TooManyTransfers);
        }
        let kind = TransferKind::Refund { refund_id, reason, at };
        Ok(self.record(vec![Transfer { key, amount, kind }.request(inline)]))
    }

    /// Voids what is authorised and not captured.
    pub(crate) fn void(&self, inline: InlineProcessor<'_>) -> Result<Vec<PaymentEvent>, Rejection> {
        if self.funds.pending_transfers.iter().any(|transfer| transfer.kind == TransferKind::Void) {
            return Ok(Vec::new());
        }
        let kinds = match self.state() {
            PaymentState::Created | PaymentState::RequiresAction => {
                vec![PaymentEventKind::Voided { amount: self.zero() }]
            }
            PaymentState::Unknown if self.is_cancelled() => Vec::new(),
            PaymentState::Unknown => vec![PaymentEventKind::CancellationRequested],
            // What a pending capture will leave is not known before its outcome.
            PaymentState::Authorised | PaymentState::PartiallyCaptured
                if self.is_being_captured() =>
            {
                return Err(Rejection::OutcomeUnknown);
            }
            PaymentState::Authorised | PaymentState::PartiallyCaptured => {
                vec![Transfer::void(self.money(self.capturable())).request(inline)]
            }
            PaymentState::Captured => return Err(Rejection::Already(PaymentState::Captured)),
            PaymentState::Refunded | PaymentState::Voided | PaymentState::Failed => Vec::new(),
        };
        Ok(self.record(kinds))
    }

    /// Cancels the payment: voids what is authorised, and refunds what was captured under the id of `refund`.
    pub(crate) fn cancel(
        &self,
        refund: RefundRequest,
        inline: InlineProcessor<'_>,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        let mut events = match self.void(inline) {
            Err(Rejection::Already(PaymentState::Captured)) => Vec::new(),
            voided => voided?,
        };
        let payment = Self::after(Some(self), &events).unwrap_or_else(|| self.clone());
        if payment.refundable() > 0 {
            events.extend(payment.refund(RefundRequest { amount: None, ..refund }, inline)?);
        }
        Ok(events)
    }

    /// Settles a pending transfer; one that is settled already changes nothing.
    pub(crate) fn settle(&self, key: &str, outcome: &TransferOutcome) -> Vec<PaymentEvent> {
        let pending = self.funds.pending_transfers.iter().find(|transfer| transfer.key == key);
        let settled = pending.map(|transfer| transfer.clone().into_event(outcome.clone()));
        self.record(settled.into_iter().collect())
    }

    fn is_being_captured(&self) -> bool {
        self.funds
            .pending_transfers
            .iter()
            .any(|it| matches!(it.kind, TransferKind::Capture { .. }))
    }

    /// Amount of the pending transfer with this key.
    fn pending_with_key(&self, key: &str) -> Option<Money> {
        self.funds.pending_transfers.iter().find(|transfer| transfer.key == key).map(|it| it.amount)
    }

    fn check_amount(&self, amount: Money) -> Result<Money, Rejection> {
        let of = self.currency();
        if amount.currency != of {
            return Err(Rejection::CurrencyMismatch { of });
        }
        if amount.amount > 0 { Ok(amount) } else { Err(Rejection::AmountNotPositive) }
    }

    fn currency(&self) -> Currency {
        // A payment without an intent transfers no money; its currency never shows.
        self.intent().map_or(Currency::EUR, |intent| intent.amount.currency)
    }

    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency())
    }

    pub(super) fn zero(&self) -> Money {
        self.money(0)
    }
}

impl Transfer {
    pub(super) fn void(amount: Money) -> Self {
        Self { key: TransferKind::VOID_KEY.to_owned(), amount, kind: TransferKind::Void }
    }

    /// Event that records the transfer: its outcome if it is executed inline, otherwise that it is pending.
    pub(super) fn request(self, inline: InlineProcessor<'_>) -> PaymentEventKind {
        match inline(&self) {
            Some(outcome) => self.into_event(outcome),
            None => PaymentEventKind::TransferRequested(self),
        }
    }

    fn into_event(self, outcome: TransferOutcome) -> PaymentEventKind {
        let Self { key, amount, kind } = self;
        match (outcome, kind) {
            (TransferOutcome::Refused { reason }, _) => {
                PaymentEventKind::TransferRefused { key, reason }
            }
            (TransferOutcome::Done, TransferKind::Capture { reference }) => {
                PaymentEventKind::Captured { reference, amount }
            }
            (TransferOutcome::Done, TransferKind::Refund { refund_id, reason, at }) => {
                PaymentEventKind::Refunded { refund_id, amount, reason, at }
            }
            (TransferOutcome::Done, TransferKind::Void) => PaymentEventKind::Voided { amount },
        }
    }
}

impl TransferKind {
    pub(super) const VOID_KEY: &str = "void";

    pub(super) fn capture_key(reference: &str) -> String {
        format!("capture/{reference}")
    }

    pub(super) fn refund_key(refund_id: RefundId) -> String {
        format!("refund/{refund_id}")
    }
}

/// Answer to a repeated request: no event, provided that its amount is the same.
fn replay(earlier: Money, amount: Option<Money>) -> Result<Vec<PaymentEvent>, Rejection> {
    match amount {
        Some(amount) if amount != earlier => Err(Rejection::IdReused),
        _ => Ok(Vec::new()),
    }
}
