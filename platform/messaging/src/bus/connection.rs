//! Connection to the broker: one view of it for all that a process has on the bus, so that its health does not depend on whether
//! there was anything to publish or to receive.

use super::BusError;
use parking_lot::Mutex;
use std::{collections::BTreeMap, future::pending, sync::Arc};
use telemetry::Component;
use tokio::sync::watch;

/// Whether the broker is reached, as the last one saw who asked it. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct BusConnection(Arc<watch::Sender<Option<String>>>);

impl Default for BusConnection {
    /// A connection of which nothing bad is known.
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl BusConnection {
    /// Notes what the broker answered.
    pub(super) fn note(&self, answer: &Result<(), BusError>) {
        let outage = answer.as_ref().err().map(ToString::to_string);
        self.0.send_if_modified(|known| {
            let is_news = *known != outage;
            *known = outage;
            is_news
        });
    }
}

/// Reason of a component to be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BusFault {
    /// What it does itself fails.
    Own,
    /// A partition of it does not reach the broker.
    Partition(u32),
}

/// Health of what a process has on the bus: it follows the connection, and has faults of its own. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct BusHealth {
    component: Component,
    connection: BusConnection,
    /// What goes on all the same, for the message.
    meanwhile: &'static str,
    state: Arc<Mutex<BusHealthState>>,
}

#[derive(Debug, Default)]
struct BusHealthState {
    has_begun: bool,
    faults: BTreeMap<BusFault, String>,
}

impl BusHealth {
    pub(super) fn new(
        component: Component,
        connection: BusConnection,
        meanwhile: &'static str,
    ) -> Self {
        Self { component, connection, meanwhile, state: Arc::default() }
    }

    /// Notes that it has begun; until then it is starting.
    pub(super) fn begin(&self) {
        self.change(|state| state.has_begun = true);
    }

    /// Notes a fault, or its end.
    pub(super) fn note(&self, fault: BusFault, reason: Option<String>) {
        self.change(|state| match reason {
            Some(reason) => drop(state.faults.insert(fault, reason)),
            None => drop(state.faults.remove(&fault)),
        });
    }

    /// Follows the connection for ever.
    pub(super) async fn follow(&self) {
        let mut changes = self.connection.0.subscribe();
        self.change(|_| {});
        while changes.changed().await.is_ok() {
            self.change(|_| {});
        }
        pending::<()>().await;
    }

    /// Changes the state, and reports what follows from it.
    fn change(&self, change: impl FnOnce(&mut BusHealthState)) {
        let mut state = self.state.lock();
        change(&mut state);
        let outage = self.connection.0.borrow().clone();
        match outage.as_ref().or_else(|| state.faults.values().next()) {
            Some(reason) => self.component.down(format!("{reason}; {}", self.meanwhile)),
            None if state.has_begun => self.component.up(),
            None => {}
        }
    }
}
