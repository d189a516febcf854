//! Moving money: capture, refund, void, cancel. Sums never exceed what they are taken from, also while answers of
//! the processor are open.

use super::{
    Ask, Event, Happening, Instruction, MOVES_MAX, Move, Payment, RefundId, Rejection, State,
};
use kernel::{Currency, Money, Timestamp, defects};

/// What the processor says to an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the processor within the process never refuses")
    )]
    Refused {
        reason: String,
    },
}

/// Somebody wants money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundOrder {
    pub(crate) id: RefundId,
    /// All that is left when none is given.
    pub(crate) amount: Option<Money>,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

impl Payment {
    /// Takes money, once per reference: all that is left when no amount is given.
    pub(crate) fn capture(
        &self,
        reference: &str,
        amount: Option<Money>,
        ask: Ask<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let earlier = self.captures.iter().find(|it| it.reference == reference).map(|it| it.amount);
        if let Some(earlier) = earlier.or_else(|| self.asked_amount(&Move::capture_key(reference)))
        {
            return repeated(earlier, amount);
        }
        match self.state {
            State::Created | State::RequiresAction => return Err(Rejection::NotAuthorised),
            State::Unknown => return Err(Rejection::OutcomeUnknown),
            State::Authorised | State::PartiallyCaptured => {}
            State::Captured => return Err(Rejection::ExceedsAuthorised { left: self.zero() }),
            State::Refunded | State::Voided | State::Failed => {
                return Err(Rejection::Already(self.state));
            }
        }
        if self.asked.iter().any(|instruction| instruction.what == Move::Void) {
            return Err(Rejection::Already(State::Voided));
        }
        let left = self.money(self.capturable());
        let amount = self.checked(amount.unwrap_or(left))?;
        if amount.amount > left.amount {
            return Err(Rejection::ExceedsAuthorised { left });
        }
        if self.captures.len() + self.asked.len() >= MOVES_MAX {
            return Err(Rejection::TooManyMoves);
        }
        let what = Move::Capture { reference: reference.to_owned() };
        let instruction = Instruction { key: Move::capture_key(reference), amount, what };
        Ok(self.tell(vec![instruction.told(ask)]))
    }

    /// Gives money back, once per refund id: all that is left when no amount is given.
    pub(crate) fn refund(&self, order: RefundOrder, ask: Ask<'_>) -> Result<Vec<Event>, Rejection> {
        let RefundOrder { id: refund_id, amount, reason, at } = order;
        let key = Move::refund_key(refund_id);
        let earlier = self.refunds.iter().find(|it| it.id == refund_id).map(|it| it.amount);
        let earlier = earlier.filter(|_| !defects::planted("refund_given_again"));
        if let Some(earlier) = earlier.or_else(|| self.asked_amount(&key)) {
            return repeated(earlier, amount);
        }
        match self.state {
            State::Unknown => return Err(Rejection::OutcomeUnknown),
            State::Captured | State::PartiallyCaptured | State::Refunded => {}
            State::Created
            | State::RequiresAction
            | State::Authorised
            | State::Voided
            | State::Failed => return Err(Rejection::NotCaptured),
        }
        let refundable = self.money(self.refundable());
        if refundable.is_zero() || amount.is_some_and(|it| it.amount > refundable.amount) {
            return Err(Rejection::ExceedsRefundable { refundable });
        }
        let amount = self.checked(amount.unwrap_or(refundable))?;
        if self.refunds.len() + self.asked.len() >= MOVES_MAX {
            return Err(Rejection::TooManyMoves);
        }
        let what = Move::Refund { refund_id, reason, at };
        Ok(self.tell(vec![Instruction { key, amount, what }.told(ask)]))
    }

    /// Sets free what is set aside and not taken.
    pub(crate) fn void(&self, ask: Ask<'_>) -> Result<Vec<Event>, Rejection> {
        if self.asked.iter().any(|instruction| instruction.what == Move::Void) {
            return Ok(Vec::new());
        }
        let happenings = match self.state {
            State::Created | State::RequiresAction => {
                vec![Happening::Voided { amount: self.zero() }]
            }
            State::Unknown if defects::planted("void_forgotten") => Vec::new(),
            State::Unknown if self.cancelled => Vec::new(),
            State::Unknown => vec![Happening::CancellationAsked],
            // What a capture under way will leave is not known before its answer.
            State::Authorised | State::PartiallyCaptured if self.is_being_captured() => {
                return Err(Rejection::OutcomeUnknown);
            }
            State::Authorised | State::PartiallyCaptured => {
                vec![Instruction::void(self.money(self.capturable())).told(ask)]
            }
            State::Captured => return Err(Rejection::Already(State::Captured)),
            State::Refunded | State::Voided | State::Failed => Vec::new(),
        };
        Ok(self.tell(happenings))
    }

    /// Undoes the payment: what is set aside becomes free, what was taken goes back under `refund`.
    pub(crate) fn cancel(
        &self,
        refund: RefundOrder,
        ask: Ask<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let mut events = match self.void(ask) {
            Err(Rejection::Already(State::Captured)) => Vec::new(),
            voided => voided?,
        };
        let payment = Self::after(Some(self), &events).unwrap_or_else(|| self.clone());
        if payment.refundable() > 0 {
            events.extend(payment.refund(RefundOrder { amount: None, ..refund }, ask)?);
        }
        Ok(events)
    }

    /// Takes in the answer to an instruction; one that was answered before changes nothing.
    pub(crate) fn settle(&self, key: &str, answer: &Answer) -> Vec<Event> {
        let open = self.asked.iter().find(|instruction| instruction.key == key);
        let settled = open.map(|instruction| instruction.clone().settled(answer.clone()));
        self.tell(settled.into_iter().collect())
    }

    fn is_being_captured(&self) -> bool {
        self.asked.iter().any(|it| matches!(it.what, Move::Capture { .. }))
    }

    /// The amount that is under way under this key.
    fn asked_amount(&self, key: &str) -> Option<Money> {
        self.asked.iter().find(|instruction| instruction.key == key).map(|it| it.amount)
    }

    fn checked(&self, amount: Money) -> Result<Money, Rejection> {
        let of = self.currency();
        if amount.currency != of {
            return Err(Rejection::OtherCurrency { of });
        }
        if amount.amount > 0 { Ok(amount) } else { Err(Rejection::NothingToMove) }
    }

    fn currency(&self) -> Currency {
        // A payment without an intent moves no money; its currency never shows.
        self.intent.as_ref().map_or(Currency::EUR, |intent| intent.amount.currency)
    }

    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency())
    }

    pub(super) fn zero(&self) -> Money {
        self.money(0)
    }
}

impl Instruction {
    pub(super) fn void(amount: Money) -> Self {
        Self { key: Move::VOID_KEY.to_owned(), amount, what: Move::Void }
    }

    /// What is to be written down of it: its answer if there is one at once, otherwise that it is under way.
    pub(super) fn told(self, ask: Ask<'_>) -> Happening {
        match ask(&self) {
            Some(answer) => self.settled(answer),
            None => Happening::Asked(self),
        }
    }

    fn settled(self, answer: Answer) -> Happening {
        let Self { key, amount, what } = self;
        match (answer, what) {
            (Answer::Refused { reason }, _) => Happening::Refused { key, reason },
            (Answer::Done, Move::Capture { reference }) => {
                Happening::Captured { reference, amount }
            }
            (Answer::Done, Move::Refund { refund_id, reason, at }) => {
                Happening::Refunded { refund_id, amount, reason, at }
            }
            (Answer::Done, Move::Void) => Happening::Voided { amount },
        }
    }
}

impl Move {
    pub(super) const VOID_KEY: &str = "void";

    pub(super) fn capture_key(reference: &str) -> String {
        format!("capture/{reference}")
    }

    pub(super) fn refund_key(refund_id: RefundId) -> String {
        format!("refund/{refund_id}")
    }
}

fn repeated(earlier: Money, amount: Option<Money>) -> Result<Vec<Event>, Rejection> {
    match amount {
        Some(amount) if amount != earlier => Err(Rejection::OtherContent),
        _ => Ok(Vec::new()),
    }
}
