//! Payments that are asked for once, whatever is asked how often, and never give back more than they took.

use super::Way;
use crate::ports::{
    PortError,
    payments::{Authorisation, Authorise, Payments},
};
use async_trait::async_trait;
use contracts::codes;
use kernel::{Currency, Money, Problem, Uuid};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(crate) struct PaymentBooks {
    payments: HashMap<Uuid, Payment>,
    /// Whether nobody answers.
    pub(crate) silent: bool,
    /// Whether the bank takes back what it promised: nothing that is set aside can be taken.
    pub(crate) takes_back: bool,
    /// What happens while a payment is being authorised, before its answer goes out.
    pub(crate) meanwhile: Option<Meanwhile>,
}

type Meanwhile = Box<dyn Fn(&mut Payment) + Send>;

#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) state: State,
    amount: i64,
    captures: u32,
    captured: i64,
    refunds: HashSet<Uuid>,
    refunded: i64,
    asked: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Authorised,
    Captured,
    Declined,
    Cancelled,
}

impl PaymentBooks {
    /// What the processor tells later.
    pub(crate) fn answer(&mut self, authorised: State) {
        for payment in self.payments.values_mut().filter(|payment| payment.state == State::Waiting)
        {
            payment.state = authorised;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.payments.len()
    }

    pub(crate) fn owes_nothing(&self) -> Result<(), String> {
        let settled = |payment: &Payment| {
            !matches!(payment.state, State::Waiting | State::Authorised)
                && payment.captured == payment.refunded
        };
        self.check(settled)
    }

    pub(crate) fn captured_once(&self, amount: i64) -> Result<(), String> {
        self.check(|payment| {
            (payment.captures, payment.captured, payment.refunded) == (1, amount, 0)
                && payment.state == State::Captured
        })
    }

    pub(crate) fn set_aside(&self, amount: i64) -> Result<(), String> {
        self.check(|payment| {
            (payment.captures, payment.amount) == (0, amount) && payment.state == State::Authorised
        })
    }

    pub(crate) fn refunded(&self) -> i64 {
        self.payments.values().map(|payment| payment.refunded).sum()
    }

    fn check(&self, right: impl Fn(&Payment) -> bool) -> Result<(), String> {
        match self.payments.values().find(|payment| !right(payment)) {
            None => Ok(()),
            Some(wrong) => Err(format!("a payment is {wrong:?}")),
        }
    }

    fn speak(&self) -> Result<(), PortError> {
        if self.silent {
            let reason = "no answer".to_owned();
            return Err(PortError::Unavailable { service: "payment-service", reason });
        }
        Ok(())
    }
}

impl Payment {
    fn new(amount: i64, state: State) -> Self {
        let refunds = HashSet::new();
        Self { state, amount, captures: 0, captured: 0, refunds, refunded: 0, asked: 0 }
    }

    fn standing(&self) -> Authorisation {
        match self.state {
            State::Waiting => Authorisation::Waiting {
                reason: "the customer has to act".to_owned(),
                action_url: Some("https://bank.example/3ds".to_owned()),
            },
            State::Authorised | State::Captured => Authorisation::Authorised,
            State::Declined | State::Cancelled => {
                Authorisation::Declined { why: "declined".to_owned() }
            }
        }
    }
}

fn refused(code: kernel::Code, title: &str) -> PortError {
    PortError::Refused(Box::new(Problem::new(409, code, title)))
}

#[async_trait]
impl Payments for Way<PaymentBooks> {
    async fn authorise(&self, wanted: Authorise<'_>) -> Result<Authorisation, PortError> {
        self.pass().await;
        let answer = {
            let mut books = self.books.lock();
            books.speak()?;
            let meanwhile = books.meanwhile.take();
            let state = match wanted.token {
                "success" => State::Authorised,
                "decline" => State::Declined,
                _ => State::Waiting,
            };
            let new = || Payment::new(wanted.amount.amount, state);
            let payment = books.payments.entry(wanted.payment).or_insert_with(new);
            payment.asked += 1;
            // The bank takes its time, and is asked again meanwhile.
            if wanted.token == "slow" && payment.asked > 1 && payment.state == State::Waiting {
                payment.state = State::Authorised;
            }
            let answer = payment.standing();
            if let Some(meanwhile) = &meanwhile {
                meanwhile(payment);
            }
            answer
        };
        self.pass().await;
        Ok(answer)
    }

    async fn capture(&self, payment: Uuid) -> Result<Money, PortError> {
        self.pass().await;
        let captured = {
            let mut books = self.books.lock();
            books.speak()?;
            let takes_back = books.takes_back;
            let payment =
                books.payments.get_mut(&payment).expect("what is captured was authorised");
            match payment.state {
                State::Authorised if takes_back => {
                    return Err(refused(codes::PAYMENT_ENDED, "the bank has set it free"));
                }
                State::Authorised => {
                    payment.state = State::Captured;
                    payment.captures += 1;
                    payment.captured = payment.amount;
                }
                State::Captured => {}
                _ => return Err(refused(codes::PAYMENT_ENDED, "the payment has ended")),
            }
            payment.captured
        };
        self.pass().await;
        Ok(Money::new(captured, Currency::EUR))
    }

    async fn cancel(&self, payment: Uuid, _: Uuid) -> Result<(), PortError> {
        self.pass().await;
        {
            let mut books = self.books.lock();
            books.speak()?;
            let ended = || Payment::new(0, State::Cancelled);
            let payment = books.payments.entry(payment).or_insert_with(ended);
            payment.refunded = payment.captured;
            if payment.state != State::Declined {
                payment.state = State::Cancelled;
            }
        }
        self.pass().await;
        Ok(())
    }

    async fn refund(
        &self,
        payment: Uuid,
        refund: Uuid,
        amount: Money,
        _: &str,
    ) -> Result<(), PortError> {
        self.pass().await;
        {
            let mut books = self.books.lock();
            books.speak()?;
            let payment = books.payments.get_mut(&payment).expect("what is refunded was captured");
            if !payment.refunds.contains(&refund) {
                if payment.refunded + amount.amount > payment.captured {
                    return Err(refused(codes::EXCEEDS_REFUNDABLE, "more than was taken"));
                }
                payment.refunds.insert(refund);
                payment.refunded += amount.amount;
            }
        }
        self.pass().await;
        Ok(())
    }
}
