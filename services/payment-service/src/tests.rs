//! Unit tests of payments: state table, limits, arbitrary sequences of operations, and a remote processor.

mod limits;
mod properties;
mod remote_processor;
mod state_table;
mod stored_payments;

use crate::domain::*;
use identifiers::{OrderId, RefundId};
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

fn intent(amount: i64) -> PaymentIntent {
    let (method, token, at) = ("test".to_owned(), "success".to_owned(), Timestamp::UNIX_EPOCH);
    PaymentIntent { amount: eur(amount), method, token, at }
}

fn refund(number: u128, amount: impl Into<Option<i64>>) -> RefundRequest {
    RefundRequest {
        id: RefundId(Uuid::from_u128(number)),
        amount: amount.into().map(eur),
        reason: "did not fit".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn declined() -> AuthorisationOutcome {
    AuthorisationOutcome::Declined { reason: "declined".to_owned() }
}

/// Processor that executes transfers inline.
const INLINE: fn(&Transfer) -> Option<TransferOutcome> = |_| Some(TransferOutcome::Done);

/// Processor that has to be called.
const REMOTE: fn(&Transfer) -> Option<TransferOutcome> = |_| None;

/// Payment with all events that led to it.
#[derive(Clone, Default)]
struct PaymentFixture {
    payment: Option<Payment>,
    events: Vec<PaymentEvent>,
}

impl PaymentFixture {
    /// Payment of 100.00 that was just created.
    fn created() -> Self {
        let mut fixture = Self::default();
        fixture.record(Payment::create(None, order_id(), intent(10_000))).unwrap();
        fixture
    }

    fn authorised() -> Self {
        let mut fixture = Self::created();
        fixture.apply_outcome(&AuthorisationOutcome::Authorised).unwrap();
        fixture
    }

    fn captured(amount: i64) -> Self {
        let mut fixture = Self::authorised();
        fixture.capture("c", amount).unwrap();
        fixture
    }

    fn payment(&self) -> &Payment {
        self.payment.as_ref().unwrap()
    }

    fn apply_outcome(&mut self, outcome: &AuthorisationOutcome) -> Result<usize, Rejection> {
        let events = self.payment().apply_outcome(outcome, &INLINE);
        self.record(events)
    }

    fn capture(
        &mut self,
        reference: &str,
        amount: impl Into<Option<i64>>,
    ) -> Result<usize, Rejection> {
        let events = self.payment().capture(reference, amount.into().map(eur), &INLINE);
        self.record(events)
    }

    fn refund(&mut self, request: RefundRequest) -> Result<usize, Rejection> {
        let events = self.payment().refund(request, &INLINE);
        self.record(events)
    }

    fn void(&mut self) -> Result<usize, Rejection> {
        let events = self.payment().void(&INLINE);
        self.record(events)
    }

    fn cancel(&mut self) -> Result<usize, Rejection> {
        let events = self.payment().cancel(refund(99, None), &INLINE);
        self.record(events)
    }

    fn record(&mut self, events: Result<Vec<PaymentEvent>, Rejection>) -> Result<usize, Rejection> {
        let events = events?;
        self.payment = Payment::after(self.payment.as_ref(), &events);
        let count = events.len();
        self.events.extend(events);
        Ok(count)
    }

    fn names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.kind.name()).collect()
    }
}
