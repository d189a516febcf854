//! Offline maintenance of payments: rebuild of the unsettled list, invariant checks, and facts for cross-service checks.

use super::{
    journal::{contract_state, payment_of},
    unsettled_documents::UnsettledDocuments,
};
use crate::{
    application::STREAM_PREFIX,
    domain::{Payment, PaymentEvent},
    ports::UnsettledPayments,
};
use ::journal::{
    Aggregate, RecordedEvent,
    maintenance::{EventVisitor, Facts, Grain, Invariant, InvariantChecker, ReadModel},
};
use async_trait::async_trait;
use contracts::facts::PaymentFacts;
use identifiers::PaymentId;
use kernel::Uuid;
use runtime::{Maintenance, OfflineContext};
use std::{collections::HashSet, sync::Arc};
use storage::{Collection, StorageError, Write};

pub(crate) fn maintenance(offline: &OfflineContext) -> Maintenance {
    let storage = &offline.storage;
    let unsettled = UnsettledDocuments(Arc::clone(&storage.documents));
    let journal = Arc::clone(&storage.journal);
    Maintenance {
        read_models: vec![Box::new(UnsettledRebuild(unsettled))],
        checkers: vec![Box::new(MoneyChecker::default())],
        facts: vec![Facts::new(PaymentFacts::KIND, STREAM_PREFIX, journal, Box::new(facts))],
        ..Maintenance::default()
    }
}

/// Rebuild of the list of unsettled payments, from all events of each payment.
struct UnsettledRebuild(UnsettledDocuments);

#[async_trait]
impl ReadModel for UnsettledRebuild {
    fn collection(&self) -> &'static Collection {
        UnsettledDocuments::collection()
    }

    fn grain(&self) -> Grain {
        Grain::Stream(STREAM_PREFIX)
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let is_unsettled = fold(events)?.is_some_and(|payment| payment.is_unsettled());
        let id = events.first().and_then(|event| payment_of(&event.stream));
        Ok(id.filter(|_| is_unsettled).map(|id| self.0.add(id)).into_iter().collect())
    }
}

/// Invariant checker of the amounts of every payment, after each of its events.
struct MoneyChecker {
    bounded: Invariant,
    once: Invariant,
}

impl Default for MoneyChecker {
    fn default() -> Self {
        Self {
            bounded: Invariant::new("authorised is at least captured, captured at least refunded"),
            once: Invariant::new("no capture and no refund happens twice"),
        }
    }
}

#[async_trait]
impl EventVisitor for MoneyChecker {
    fn wants(&self, stream: &str) -> bool {
        stream.starts_with(STREAM_PREFIX)
    }

    async fn stream(&mut self, events: &[RecordedEvent]) -> Result<(), StorageError> {
        let (mut payment, mut fault) = (None, None);
        for recorded in events {
            let next = Payment::evolve(payment, &decode(recorded)?);
            fault = fault.or_else(|| bounds_fault(&next));
            payment = Some(next);
        }
        let (Some(payment), Some(first)) = (payment, events.first()) else { return Ok(()) };
        self.bounded
            .hold(fault.is_none(), || format!("{}: {}", first.stream, fault.unwrap_or_default()));
        let captures: HashSet<&str> =
            payment.funds.captures.iter().map(|capture| capture.reference.as_str()).collect();
        let refunds: HashSet<_> = payment.funds.refunds.iter().map(|refund| refund.id).collect();
        let is_once = captures.len() == payment.funds.captures.len()
            && refunds.len() == payment.funds.refunds.len();
        self.once.hold(is_once, || format!("{} moved the same money twice", first.stream));
        Ok(())
    }
}

impl InvariantChecker for MoneyChecker {
    fn invariants(&mut self) -> Vec<Invariant> {
        vec![self.bounded.clone(), self.once.clone()]
    }
}

fn bounds_fault(payment: &Payment) -> Option<String> {
    let (authorised, captured, refunded) =
        (payment.funds.authorised, payment.captured(), payment.refunded());
    let is_bounded = authorised >= captured && captured >= refunded && refunded >= 0;
    (!is_bounded)
        .then(|| format!("{authorised} authorised, {captured} captured, {refunded} refunded"))
}

fn facts(id: Uuid, events: &[RecordedEvent]) -> Result<Option<serde_json::Value>, StorageError> {
    let Some(payment) = fold(events)? else { return Ok(None) };
    let facts = PaymentFacts {
        payment_id: PaymentId(id),
        order_id: payment.order_id,
        state: contract_state(payment.state()),
        unsettled: payment.is_unsettled(),
        outstanding: payment.funds.authorised - payment.captured(),
        captured: payment.captured(),
        refunded: payment.refunded(),
    };
    serde_json::to_value(facts).map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// Payment folded from all events of its stream.
fn fold(events: &[RecordedEvent]) -> Result<Option<Payment>, StorageError> {
    events
        .iter()
        .try_fold(None, |payment, recorded| Ok(Some(Payment::evolve(payment, &decode(recorded)?))))
}

fn decode(recorded: &RecordedEvent) -> Result<PaymentEvent, StorageError> {
    Payment::decode(recorded).map_err(|error| StorageError::Corrupt(error.to_string()))
}
