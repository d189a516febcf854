//! Health checks: components report their status, and liveness and readiness are summed up from it, as Kubernetes probes
//! ask for.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Health status.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthStatus {
    /// The component works.
    Up,
    /// The component is not ready yet.
    Starting,
    /// The component does not work.
    Down,
}

/// Criticality of a component: what it means for the process when the component is not up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    /// Down, it fails liveness: only a restart helps. Starting, it fails readiness.
    Vital,
    /// Down or starting, it fails readiness: no request should come here.
    Required,
    /// It is only reported; requests are served without it.
    Optional,
}

/// Health of a process: its components and their status. Clones share them.
///
/// ```
/// use telemetry::{Criticality, Health, HealthStatus};
///
/// let health = Health::new();
/// let journal = health.component("journal", Criticality::Required);
/// assert_eq!(health.readiness().http_status(), 503, "it is starting");
///
/// journal.up();
/// assert_eq!(health.readiness().http_status(), 200);
///
/// journal.down("the disk is full");
/// assert_eq!(health.readiness().status, HealthStatus::Down);
/// assert_eq!(health.liveness().status, HealthStatus::Up);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, ComponentState>>>);

#[derive(Clone, Debug)]
struct ComponentState {
    criticality: Criticality,
    status: HealthStatus,
    detail: Option<String>,
    /// Details that do not depend on the status.
    notes: BTreeMap<&'static str, String>,
}

/// Handle of a component, for the code that knows its status. Clones are the same component.
#[derive(Clone, Debug)]
pub struct Component {
    name: String,
    health: Health,
}

impl Health {
    /// Health without components: alive and ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a component, which is starting until its handle says otherwise. The same name again is the same component;
    /// it keeps its status and takes the last criticality.
    pub fn component(&self, name: impl Into<String>, criticality: Criticality) -> Component {
        let name = name.into();
        let mut components = self.0.lock();
        let component = components.entry(name.clone()).or_insert(ComponentState {
            criticality,
            status: HealthStatus::Starting,
            detail: None,
            notes: BTreeMap::new(),
        });
        component.criticality = criticality;
        Component { name, health: self.clone() }
    }

    /// Readiness: whether requests should come here, because every vital and every required component is up.
    pub fn readiness(&self) -> HealthReport {
        self.report(|component| match component.criticality {
            Criticality::Vital | Criticality::Required => component.status,
            Criticality::Optional => HealthStatus::Up,
        })
    }

    /// Liveness: whether the process should go on, because no vital component is down. One that is starting needs time.
    pub fn liveness(&self) -> HealthReport {
        self.report(|component| match (component.criticality, component.status) {
            (Criticality::Vital, HealthStatus::Down) => HealthStatus::Down,
            _ => HealthStatus::Up,
        })
    }

    fn report(&self, counts_as: impl Fn(&ComponentState) -> HealthStatus) -> HealthReport {
        let components = self.0.lock();
        let status = components.values().map(counts_as).max().unwrap_or(HealthStatus::Up);
        let components = components.iter().map(|(name, state)| {
            let message = state.detail.clone().map(|detail| ("message".to_owned(), detail));
            let notes = state.notes.iter().map(|(name, note)| ((*name).to_owned(), note.clone()));
            let details = message.into_iter().chain(notes).collect();
            (name.clone(), ComponentReport { status: state.status, details })
        });
        HealthReport { status, components: components.collect() }
    }
}

impl Component {
    /// Name under which it was registered.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reports that the component works.
    pub fn up(&self) {
        self.set(HealthStatus::Up, None);
    }

    /// Reports that the component does not work, and why.
    pub fn down(&self, why: impl Into<String>) {
        self.set(HealthStatus::Down, Some(why.into()));
    }

    /// Reports that the component is not ready yet, and what it waits for.
    pub fn starting(&self, detail: impl Into<String>) {
        self.set(HealthStatus::Starting, Some(detail.into()));
    }

    /// Notes a detail beside the status, which stays until it is noted again.
    ///
    /// ```
    /// use telemetry::{Criticality, Health};
    ///
    /// let health = Health::new();
    /// let feed = health.component("feed of the meter", Criticality::Optional);
    /// feed.note("lag_ms", "12");
    /// feed.up();
    /// let report = health.readiness();
    /// assert_eq!(report.components["feed of the meter"].details["lag_ms"], "12");
    /// ```
    pub fn note(&self, name: &'static str, value: impl Into<String>) {
        let mut components = self.health.0.lock();
        if let Some(state) = components.get_mut(&self.name) {
            state.notes.insert(name, value.into());
        }
    }

    fn set(&self, status: HealthStatus, detail: Option<String>) {
        let mut components = self.health.0.lock();
        let Some(state) = components.get_mut(&self.name) else { return };
        if state.status != status {
            self.log_change(state.status, status, detail.as_deref().unwrap_or_default());
        }
        (state.status, state.detail) = (status, detail);
    }

    /// Logs a change of status: trouble and its end at higher levels than a start as it should be.
    fn log_change(&self, from: HealthStatus, to: HealthStatus, detail: &str) {
        let component = &*self.name;
        match (from, to) {
            (_, HealthStatus::Down) => tracing::warn!(component, detail, "a component is down"),
            (HealthStatus::Down, HealthStatus::Up) => {
                tracing::info!(component, "a component is up again");
            }
            (_, to) => tracing::debug!(component, status = ?to, detail, "health changed"),
        }
    }
}

/// Health report, in the format of Spring Boot Actuator's health endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// Status of the whole.
    pub status: HealthStatus,
    /// Components by name.
    pub components: BTreeMap<String, ComponentReport>,
}

/// Health report of one component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentReport {
    /// Status of the component.
    pub status: HealthStatus,
    /// Details: `message` says why the component is not up; others are noted by the component.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

impl HealthReport {
    /// HTTP status of this report: 200 when up, otherwise 503.
    pub fn http_status(&self) -> u16 {
        if self.status == HealthStatus::Up { 200 } else { 503 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_report_has_the_format_of_the_actuator() {
        let health = Health::new();
        health.component("journal", Criticality::Vital).up();
        health.component("audit", Criticality::Optional).down("disk full");
        assert_eq!(
            serde_json::to_value(health.readiness()).unwrap(),
            json!({"status": "UP", "components": {
                "journal": {"status": "UP"},
                "audit": {"status": "DOWN", "details": {"message": "disk full"}},
            }})
        );
    }

    #[test]
    fn the_criticality_of_a_component_decides_readiness_and_liveness() {
        use {Criticality::*, HealthStatus::*};
        for (criticality, status, ready, alive) in [
            (Vital, Up, Up, Up),
            (Vital, Starting, Starting, Up),
            (Vital, Down, Down, Down),
            (Required, Starting, Starting, Up),
            (Required, Down, Down, Up),
            (Optional, Starting, Up, Up),
            (Optional, Down, Up, Up),
        ] {
            let health = Health::new();
            health.component("sound", Required).up();
            let component = health.component("part", criticality);
            match status {
                Up => component.up(),
                Starting => component.starting("later"),
                Down => component.down("broken"),
            }
            let (readiness, liveness) = (health.readiness(), health.liveness());
            assert_eq!(
                (readiness.status, liveness.status),
                (ready, alive),
                "{criticality:?} {status:?}"
            );
            assert_eq!(readiness.http_status() == 200, ready == Up);
        }
    }

    #[test]
    fn a_new_component_is_starting_and_a_recovered_one_has_no_message() {
        let health = Health::new();
        assert_eq!(health.readiness().status, HealthStatus::Up);
        let component = health.component("storage", Criticality::Required);
        assert_eq!(health.readiness().status, HealthStatus::Starting);
        component.down("unreachable");
        component.up();
        let again = health.component("storage", Criticality::Required);
        let report = health.readiness();
        assert_eq!(
            (report.status, report.components["storage"].details.len()),
            (HealthStatus::Up, 0)
        );
        again.down("gone");
        assert_eq!(health.readiness().http_status(), 503);
    }
}
