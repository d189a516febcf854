//! Is this process alive, and is it ready for work? The parts say how they are; two reports sum it up.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How something is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthStatus {
    /// It works.
    Up,
    /// It is not there yet.
    Starting,
    /// It does not work.
    Down,
}

/// What it means for the process when a part is not up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    /// Down for good: only a restart helps, so the process is no longer alive.
    Vital,
    /// Without it no request should come here.
    Required,
    /// Good to know; work goes on without it.
    Optional,
}

/// The parts of a process and how they are. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, Part>>>);

#[derive(Clone, Debug)]
struct Part {
    bearing: Criticality,
    status: HealthStatus,
    detail: Option<String>,
}

/// One part, in the hands of the code that knows how it is.
#[derive(Clone, Debug)]
pub struct Component {
    name: String,
    health: Health,
}

impl Health {
    /// No parts: alive and ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part, which is starting until it says otherwise. The same name again is the same part; it keeps its
    /// status and takes the bearing named last.
    pub fn component(&self, name: impl Into<String>, bearing: Criticality) -> Component {
        let name = name.into();
        let mut parts = self.0.lock();
        let part = parts.entry(name.clone()).or_insert(Part {
            bearing,
            status: HealthStatus::Starting,
            detail: None,
        });
        part.bearing = bearing;
        Component { name, health: self.clone() }
    }

    /// Whether requests should come here: every vital and every required part is up.
    pub fn readiness(&self) -> HealthReport {
        self.report(|part| match part.bearing {
            Criticality::Vital | Criticality::Required => part.status,
            Criticality::Optional => HealthStatus::Up,
        })
    }

    /// Whether the process should go on: no vital part is down. One that is starting only needs time.
    pub fn liveness(&self) -> HealthReport {
        self.report(|part| match (part.bearing, part.status) {
            (Criticality::Vital, HealthStatus::Down) => HealthStatus::Down,
            _ => HealthStatus::Up,
        })
    }

    fn report(&self, counts_as: impl Fn(&Part) -> HealthStatus) -> HealthReport {
        let parts = self.0.lock();
        let status = parts.values().map(counts_as).max().unwrap_or(HealthStatus::Up);
        let components = parts.iter().map(|(name, part)| {
            let details = part.detail.clone().map(|detail| ("message".to_owned(), detail));
            (
                name.clone(),
                ComponentReport { status: part.status, details: details.into_iter().collect() },
            )
        });
        HealthReport { status, components: components.collect() }
    }
}

impl Component {
    /// It works.
    pub fn up(&self) {
        self.is(HealthStatus::Up, None);
    }

    /// It does not work, and why.
    pub fn down(&self, why: impl Into<String>) {
        self.is(HealthStatus::Down, Some(why.into()));
    }

    /// It is not there yet, and what it waits for.
    pub fn starting(&self, detail: impl Into<String>) {
        self.is(HealthStatus::Starting, Some(detail.into()));
    }

    fn is(&self, status: HealthStatus, detail: Option<String>) {
        let mut parts = self.health.0.lock();
        let Some(part) = parts.get_mut(&self.name) else { return };
        if part.status != status {
            let detail = detail.as_deref().unwrap_or_default();
            tracing::info!(component = self.name, ?status, detail, "health changed");
        }
        (part.status, part.detail) = (status, detail);
    }
}

/// An answer about health, in the form that Spring's actuator gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// The whole.
    pub status: HealthStatus,
    /// The parts, by name.
    pub components: BTreeMap<String, ComponentReport>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentReport {
    /// How it is.
    pub status: HealthStatus,
    /// More about it: `message` says why it is not up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

impl HealthReport {
    /// The HTTP status of this report: 200 when up, otherwise 503.
    pub fn http_status(&self) -> u16 {
        if self.status == HealthStatus::Up { 200 } else { 503 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_report_has_the_form_of_the_actuator() {
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
    fn what_a_part_means_for_the_whole_is_its_bearing() {
        use {Criticality::*, HealthStatus::*};
        for (bearing, status, ready, alive) in [
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
            let part = health.component("part", bearing);
            match status {
                Up => part.up(),
                Starting => part.starting("later"),
                Down => part.down("broken"),
            }
            let (readiness, liveness) = (health.readiness(), health.liveness());
            assert_eq!(
                (readiness.status, liveness.status),
                (ready, alive),
                "{bearing:?} {status:?}"
            );
            assert_eq!(readiness.http_status() == 200, ready == Up);
        }
    }

    #[test]
    fn a_new_part_is_starting_and_a_recovered_one_forgets_why_it_was_down() {
        let health = Health::new();
        assert_eq!(health.readiness().status, HealthStatus::Up);
        let part = health.component("storage", Criticality::Required);
        assert_eq!(health.readiness().status, HealthStatus::Starting);
        part.down("unreachable");
        part.up();
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
