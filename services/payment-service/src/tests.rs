//! What a payment promises: the published table of states, the limits, and any sequence of events.

mod limits;
mod outside;
mod properties;
mod table;

use crate::domain::*;
use kernel::{Currency, Money, Timestamp, Uuid};
use serde_json::Value;

fn vectors() -> Value {
    let text = include_str!("../../../contracts/vectors/commerce-vectors.json");
    serde_json::from_str(text).unwrap()
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn order_id() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

fn intent(amount: i64) -> Intent {
    let (method, token, at) = ("test".to_owned(), "success".to_owned(), Timestamp::UNIX_EPOCH);
    Intent { amount: eur(amount), method, token, at }
}

fn refund(number: u128, amount: impl Into<Option<i64>>) -> RefundOrder {
    RefundOrder {
        id: RefundId(Uuid::from_u128(number)),
        amount: amount.into().map(eur),
        reason: "did not fit".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn declined() -> Outcome {
    Outcome::Declined { reason: "declined".to_owned() }
}

/// A processor that answers at once.
const AT_ONCE: fn(&Instruction) -> Option<Answer> = |_| Some(Answer::Done);

/// A processor that has to be asked.
const LATER: fn(&Instruction) -> Option<Answer> = |_| None;

/// A payment and all events that led to it.
#[derive(Clone, Default)]
struct Books {
    payment: Option<Payment>,
    events: Vec<Event>,
}

impl Books {
    /// A payment of 100.00 that was just created.
    fn created() -> Self {
        let mut books = Self::default();
        books.take_down(Payment::begin(None, order_id(), intent(10_000))).unwrap();
        books
    }

    fn authorised() -> Self {
        let mut books = Self::created();
        books.learn(&Outcome::Authorised).unwrap();
        books
    }

    fn captured(amount: i64) -> Self {
        let mut books = Self::authorised();
        books.capture("c", amount).unwrap();
        books
    }

    fn payment(&self) -> &Payment {
        self.payment.as_ref().unwrap()
    }

    fn learn(&mut self, outcome: &Outcome) -> Result<usize, Rejection> {
        let events = self.payment().learn(outcome, &AT_ONCE);
        self.take_down(events)
    }

    fn capture(
        &mut self,
        reference: &str,
        amount: impl Into<Option<i64>>,
    ) -> Result<usize, Rejection> {
        let events = self.payment().capture(reference, amount.into().map(eur), &AT_ONCE);
        self.take_down(events)
    }

    fn refund(&mut self, order: RefundOrder) -> Result<usize, Rejection> {
        let events = self.payment().refund(order, &AT_ONCE);
        self.take_down(events)
    }

    fn void(&mut self) -> Result<usize, Rejection> {
        let events = self.payment().void(&AT_ONCE);
        self.take_down(events)
    }

    fn cancel(&mut self) -> Result<usize, Rejection> {
        let events = self.payment().cancel(refund(99, None), &AT_ONCE);
        self.take_down(events)
    }

    fn take_down(&mut self, events: Result<Vec<Event>, Rejection>) -> Result<usize, Rejection> {
        let events = events?;
        self.payment = Payment::after(self.payment.as_ref(), &events);
        let count = events.len();
        self.events.extend(events);
        Ok(count)
    }

    fn names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.what.name()).collect()
    }
}
