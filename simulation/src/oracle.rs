//! Test oracle: folds every flushed event into the reference model, and reports what violates an invariant.
//!
//! An event is observed when it is flushed, which is when it begins to be true.

use crate::{
    cluster::{OpenStorage, with_json},
    environment::Environment,
    model::ReferenceModel,
    violation::Violations,
};
use futures_util::FutureExt;
use journal::{READ_EVENTS_MAX, RecordedEvent, ServiceStorage};
use kernel::Uuid;
use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Invariant about what a read shows.
pub(crate) const NO_STALE_READS: &str = "reads show what was flushed before";

/// Oracle of one run.
#[derive(Debug)]
pub(crate) struct Oracle {
    env: Arc<Environment>,
    model: Mutex<ReferenceModel>,
    /// Versions of each order and cart, with the simulated millisecond at which each was flushed.
    history: Mutex<BTreeMap<String, Vec<(u64, u64)>>>,
    /// Position up to which each service's journal was observed, and the event there.
    observed: Mutex<BTreeMap<&'static str, (u64, Uuid)>>,
}

impl Oracle {
    /// Oracle that has observed nothing.
    pub(crate) fn new(env: Arc<Environment>) -> Self {
        let model = Mutex::default();
        Self { env, model, history: Mutex::default(), observed: Mutex::default() }
    }

    /// Reference model, as of the last flush.
    pub(crate) fn model(&self) -> MutexGuard<'_, ReferenceModel> {
        self.model.lock()
    }

    /// Observes what was flushed of these services since the last time, which share one log.
    pub(crate) fn observe(
        &self,
        services: &[&'static str],
        storage: &dyn Fn(&'static str) -> ServiceStorage,
    ) {
        let mut violations = Violations::default();
        let mut model = self.model.lock();
        for (service, event) in &self.new_events(services, storage) {
            self.env.fingerprint_bytes(event.id.as_bytes());
            self.env.fingerprint_bytes(&event.data);
            if event.stream.starts_with("order-") || event.stream.starts_with("cart-") {
                let version = (self.env.now_ms(), event.version);
                self.history.lock().entry(event.stream.clone()).or_default().push(version);
            }
            match with_json(service, event) {
                Ok(event) => model.apply(service, &event, &mut violations),
                Err(error) => violations.add("stored events can be decoded", error.to_string()),
            }
            if *service != "product-service" {
                self.env.trace(format_args!("   flushed {} {}", event.stream, event.name));
            }
            if let Some(outcome) = outcome(service, &event.name) {
                self.env.cover(outcome);
            }
        }
        drop(model);
        self.env.report_violations(&mut violations);
    }

    /// Checks that a restart found the last event that was observed of each service.
    pub(crate) fn check_durability(&self, services: &[&'static str], storage: &OpenStorage) {
        let mut violations = Violations::default();
        for service in services {
            let Some((position, id)) = self.observed.lock().get(service).copied() else { continue };
            let found = storage.service(service).journal.follow(position - 1, 1).now_or_never();
            let found = found.and_then(Result::ok).and_then(|page| page.first().cloned());
            let is_there = found.is_some_and(|event| event.position == position && event.id == id);
            violations.check(is_there, "flushed events survive", || {
                format!("{service} has lost its event at position {position}")
            });
        }
        self.env.report_violations(&mut violations);
    }

    /// What a response to a read at this path lacks, although it was flushed before this moment; `None` when it lacks nothing.
    pub(crate) fn find_stale(&self, path: &str, body: &Value, before_ms: u64) -> Option<String> {
        let stream = shown_stream(path, body)?;
        let shown = body["version"].as_u64()?;
        let history = self.history.lock();
        let flushed = history.get(&stream)?.iter().rev().find(|(at, _)| *at < before_ms)?.1;
        (shown < flushed)
            .then(|| format!("{stream}: version {shown} is shown, {flushed} was flushed before"))
    }

    fn new_events(
        &self,
        services: &[&'static str],
        storage: &dyn Fn(&'static str) -> ServiceStorage,
    ) -> Vec<(&'static str, RecordedEvent)> {
        let mut observed = self.observed.lock();
        let mut events = Vec::new();
        for service in services {
            let journal = storage(service).journal;
            loop {
                let after = observed.get(service).map_or(0, |(position, _)| *position);
                let page = journal.follow(after, READ_EVENTS_MAX).now_or_never();
                let Some(Ok(page)) = page else { break };
                let count = page.len();
                if let Some(last) = page.last() {
                    observed.insert(service, (last.position, last.id));
                }
                events.extend(page.into_iter().map(|event| (*service, event)));
                if count < READ_EVENTS_MAX {
                    break;
                }
            }
        }
        // The services of a process share one log, and so one order.
        events.sort_by_key(|(_, event)| event.position);
        events
    }
}

/// Stream of the order or cart that a response at this path shows.
pub(crate) fn shown_stream(path: &str, body: &Value) -> Option<String> {
    let id = body["id"].as_str()?;
    let kind = if body["number"].is_string() { "order" } else { "cart" };
    let is_shown = path.starts_with("/api/v1/carts") || path.starts_with("/api/v1/orders");
    is_shown.then(|| format!("{kind}-{id}"))
}

/// Outcome that an event counts as for coverage.
fn outcome(service: &str, event: &str) -> Option<&'static str> {
    Some(match (service, event) {
        ("order-service", "confirmed") => "outcome: order confirmed",
        ("order-service", "cancelled") => "outcome: order cancelled",
        ("order-service", "completed") => "outcome: order completed",
        ("order-service", "captured") => "outcome: payment captured at fulfilment",
        ("order-service", "refunded") => "outcome: order refunded",
        ("order-service", "refund_dropped") => "outcome: refund dropped",
        ("order-service", "payment_waiting") => "outcome: order awaits payment",
        ("order-service", "cancel_requested") => "outcome: cancellation requested",
        ("order-service", "saga_undoing") => "outcome: saga compensates",
        ("inventory-service", "expired") => "outcome: hold expired",
        ("inventory-service", "barred") => "outcome: hold barred",
        ("inventory-service", "released") => "outcome: hold released",
        ("inventory-service", "returned") => "outcome: stock returned",
        ("inventory-service", "restocked") => "outcome: stock restocked",
        ("payment-service", "declined") => "outcome: payment declined",
        ("payment-service", "outcome_unknown") => "outcome: payment outcome unknown",
        ("payment-service", "authorised_too_late") => "outcome: authorisation arrived too late",
        ("payment-service", "barred") => "outcome: payment barred",
        ("payment-service", "voided") => "outcome: payment voided",
        ("payment-service", "refunded") => "outcome: payment refunded",
        ("payment-service", "action_required") => "outcome: payment action required",
        ("payment-service", "message_taken") => "outcome: webhook processed",
        ("payment-service", "cancellation_asked") => "outcome: unknown payment cancelled",
        ("product-service", "price_changed") => "outcome: price changed",
        ("shopping-cart-service", "checkout_abandoned") => "outcome: cart reopened",
        _ => return None,
    })
}
