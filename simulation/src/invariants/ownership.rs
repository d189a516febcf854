//! Ownership of services that several processes share: a lost owner is replaced in time, and nobody takes a service from an owner that is
//! well.

use crate::{cluster::Instance, simulation::Simulation, violation::Violations};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::LeaseTiming;

/// Simulated time between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long taking over may take beside the lease: a look that is under way when the database comes back, the next ones, and loading.
const TAKE_OVER_MAX: Duration = Duration::from_secs(4);

/// How long a former owner that reaches the database may serve: a renewal that is under way, and the pause before it.
const FORMER_MS_MAX: u64 = 3_000;

/// Since when services have no owner, and since when each of their processes could be it.
#[derive(Debug, Default)]
struct Watched {
    unowned_since: Option<u64>,
    able_since: BTreeMap<usize, u64>,
    /// Since when each former owner could know that it is none any more.
    former_since: BTreeMap<usize, u64>,
    is_reported: bool,
}

/// Watches the owners of all services for as long as a run takes.
pub(crate) async fn watch(sim: Arc<Simulation>) {
    let limit = LeaseTiming::default().duration + TAKE_OVER_MAX;
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let mut all: Vec<Watched> = sim.cluster.databases.iter().map(|_| Watched::default()).collect();
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let now = sim.env.now_ms();
        for (database, watched) in sim.cluster.databases.iter().zip(&mut all) {
            let epoch = database.lease_state().map_or(0, |lease| lease.0[0].epoch);
            let processes: Vec<_> = sim.cluster.instances_of(database).collect();
            watched.check_former_owners(&sim, &processes, epoch);
            if processes.iter().any(|it| it.owns(epoch) || !it.is_leased()) {
                watched.unowned_since = None;
                watched.able_since.clear();
                continue;
            }
            let unowned = *watched.unowned_since.get_or_insert(now);
            watched.able_since.retain(|index, _| {
                processes.iter().any(|it| it.index == *index && it.can_take_over())
            });
            for process in processes.iter().filter(|it| it.can_take_over()) {
                watched.able_since.entry(process.index).or_insert(now);
            }
            let able = watched.able_since.values().min().copied();
            let since = able.map_or(now, |able| able.max(unowned));
            if now - since > limit_ms && !std::mem::replace(&mut watched.is_reported, true) {
                let what = format!("{} has no owner since {unowned} ms", database.name());
                sim.env.report_violation("a lost owner is replaced in time", what);
            }
        }
    }
}

impl Watched {
    /// Checks that nobody serves for long in an epoch before this one who could know of it.
    fn check_former_owners(&mut self, sim: &Simulation, processes: &[&Arc<Instance>], epoch: i64) {
        let now = sim.env.now_ms();
        for process in processes {
            let is_former = process.epoch().is_some_and(|own| own < epoch && process.owns(own));
            if !is_former {
                self.former_since.remove(&process.index);
                continue;
            }
            let since = *self.former_since.entry(process.index).or_insert(now);
            if now - since > FORMER_MS_MAX && !std::mem::replace(&mut self.is_reported, true) {
                let what = format!("{} serves in an epoch before {epoch}", process.name());
                sim.env.report_violation("a former owner stops serving", what);
            }
        }
    }
}

/// Epochs of all leases.
pub(super) fn epochs(sim: &Simulation) -> Vec<Option<i64>> {
    let databases = sim.cluster.databases.iter();
    databases.map(|it| it.lease_state().map(|lease| lease.0[0].epoch)).collect()
}

/// Checks that no owner has changed since, while nothing failed.
pub(super) fn check_unchanged(
    sim: &Simulation,
    before: &[Option<i64>],
    violations: &mut Violations,
) {
    let now = epochs(sim);
    violations.check(now == before, "an owner that is well keeps its services", || {
        format!("epochs {before:?} became {now:?}")
    });
}
