//! What the processor says of an authorisation.

use super::{Answer, Event, Happening, Instruction, Payment, Rejection, State};

/// What became of an authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The money is set aside.
    Authorised,
    /// The customer has to act first.
    ActionRequired,
    /// No.
    Declined { reason: String },
    /// The processor did not say.
    Unknown,
}

/// Gives the processor's answer to an instruction if it is to be had at once, without leaving the process.
pub(crate) type Ask<'a> = &'a dyn Fn(&Instruction) -> Option<Answer>;

impl Payment {
    /// Takes in what the processor says. What it said before, or does not know, changes nothing; what contradicts
    /// an earlier word is refused by the name of the state. Money that arrives after the end is set free.
    pub(crate) fn learn(&self, outcome: &Outcome, ask: Ask<'_>) -> Result<Vec<Event>, Rejection> {
        if self.intent.is_none() {
            // Nobody was ever asked for it.
            return Ok(Vec::new());
        }
        let waits = matches!(self.state, State::Created | State::RequiresAction | State::Unknown);
        let happenings = match outcome {
            Outcome::Authorised if waits && self.cancelled => self.too_late(ask),
            Outcome::Authorised if waits => vec![Happening::Authorised],
            Outcome::Authorised if self.was_authorised => Vec::new(),
            Outcome::Authorised => self.too_late(ask),
            // A cancelled payment need not wait for a customer.
            Outcome::ActionRequired if waits && self.cancelled => {
                vec![Happening::Voided { amount: self.zero() }]
            }
            Outcome::ActionRequired if self.state == State::RequiresAction => Vec::new(),
            Outcome::ActionRequired if waits => vec![Happening::ActionRequired],
            Outcome::Declined { reason } if waits => {
                vec![Happening::Declined { reason: reason.clone() }]
            }
            Outcome::Declined { .. } if matches!(self.state, State::Voided | State::Failed) => {
                Vec::new()
            }
            Outcome::ActionRequired | Outcome::Declined { .. } => {
                return Err(Rejection::Already(self.state));
            }
            Outcome::Unknown if waits && self.state != State::Unknown => {
                vec![Happening::OutcomeUnknown]
            }
            Outcome::Unknown => Vec::new(),
        };
        Ok(self.tell(happenings))
    }

    /// Takes in a message of the processor, once.
    pub(crate) fn take_message(
        &self,
        message_id: &str,
        outcome: &Outcome,
        ask: Ask<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        if kernel::defects::planted("captured_on_each_webhook") && self.was_authorised {
            let amount = self.money(self.authorised);
            return Ok(
                self.tell(vec![Happening::Captured { reference: message_id.to_owned(), amount }])
            );
        }
        if self.knows_message(message_id) {
            return Ok(Vec::new());
        }
        let learnt = self.learn(outcome, ask)?;
        let taken = Happening::MessageTaken { message_id: message_id.to_owned() };
        let mut happenings = vec![taken];
        happenings.extend(learnt.into_iter().map(|event| event.what));
        Ok(self.tell(happenings))
    }

    fn too_late(&self, ask: Ask<'_>) -> Vec<Happening> {
        let mut happenings = vec![Happening::AuthorisedTooLate];
        let amount = self.intent.as_ref().map_or_else(|| self.zero(), |intent| intent.amount);
        happenings.push(Instruction::void(amount).told(ask));
        happenings
    }
}
