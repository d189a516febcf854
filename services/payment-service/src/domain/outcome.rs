//! Outcome of an authorisation, as the processor reports it.

use super::{
    Payment, PaymentEvent, PaymentEventKind, PaymentState, Rejection, Transfer, TransferOutcome,
    payment::Progress,
};

/// Outcome of an authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthorisationOutcome {
    /// The processor has promised the amount.
    Authorised,
    /// The customer has to act first.
    ActionRequired,
    /// The processor declined.
    Declined { reason: String },
    /// The processor did not report an outcome.
    Unknown,
}

/// Execution of a transfer within the process: the outcome, or `None` where the processor has to be called.
pub(crate) type InlineProcessor<'a> = &'a dyn Fn(&Transfer) -> Option<TransferOutcome>;

impl Payment {
    /// Applies the outcome that the processor reports. A repeated or unknown outcome changes nothing; one that
    /// contradicts an earlier outcome is rejected with the state. An authorisation after the end is voided.
    pub(crate) fn apply_outcome(
        &self,
        outcome: &AuthorisationOutcome,
        inline: InlineProcessor<'_>,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        if self.intent().is_none() {
            // Barred before the processor was ever called.
            return Ok(Vec::new());
        }
        let is_open = matches!(self.progress, Progress::Pending { .. });
        let kinds = match outcome {
            AuthorisationOutcome::Authorised if self.is_cancelled() => self.void_late(inline),
            AuthorisationOutcome::Authorised if is_open => vec![PaymentEventKind::Authorised],
            AuthorisationOutcome::Authorised if self.was_authorised() => Vec::new(),
            AuthorisationOutcome::Authorised => self.void_late(inline),
            // A cancelled payment does not wait for the customer.
            AuthorisationOutcome::ActionRequired if self.is_cancelled() => {
                vec![PaymentEventKind::Voided { amount: self.zero() }]
            }
            AuthorisationOutcome::ActionRequired
                if self.state() == PaymentState::RequiresAction =>
            {
                Vec::new()
            }
            AuthorisationOutcome::ActionRequired if is_open => {
                vec![PaymentEventKind::ActionRequired]
            }
            AuthorisationOutcome::Declined { reason } if is_open => {
                vec![PaymentEventKind::Declined { reason: reason.clone() }]
            }
            AuthorisationOutcome::Declined { .. }
                if matches!(self.state(), PaymentState::Voided | PaymentState::Failed) =>
            {
                Vec::new()
            }
            AuthorisationOutcome::ActionRequired | AuthorisationOutcome::Declined { .. } => {
                return Err(Rejection::Already(self.state()));
            }
            AuthorisationOutcome::Unknown if is_open && self.state() != PaymentState::Unknown => {
                vec![PaymentEventKind::OutcomeUnknown]
            }
            AuthorisationOutcome::Unknown => Vec::new(),
        };
        Ok(self.record(kinds))
    }

    /// Processes a message of the processor, once.
    pub(crate) fn receive_message(
        &self,
        message_id: &str,
        outcome: &AuthorisationOutcome,
        inline: InlineProcessor<'_>,
    ) -> Result<Vec<PaymentEvent>, Rejection> {
        if self.has_received(message_id) {
            return Ok(Vec::new());
        }
        let applied = self.apply_outcome(outcome, inline)?;
        let received = PaymentEventKind::MessageReceived { message_id: message_id.to_owned() };
        let mut kinds = vec![received];
        kinds.extend(applied.into_iter().map(|event| event.kind));
        Ok(self.record(kinds))
    }

    fn void_late(&self, inline: InlineProcessor<'_>) -> Vec<PaymentEventKind> {
        let mut kinds = vec![PaymentEventKind::AuthorisedTooLate];
        let amount = self.intent().map_or_else(|| self.zero(), |intent| intent.amount);
        kinds.push(Transfer::void(amount).request(inline));
        kinds
    }
}
