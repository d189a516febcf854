//! Faults of a fleet: of its processes, of the network between them, and of their clocks.

use crate::{options, program};
use crash_tests::{
    FleetFaultKind::{self, Clock, Network, Process, Slow},
    FleetFaults, break_fleet,
};
use std::sync::{Mutex, PoisonError};

/// Held by each test: two processes of each service are much for one machine.
static ONE_FLEET: Mutex<()> = Mutex::new(());

#[test]
fn a_fleet_whose_owners_are_killed_and_paused_loses_and_doubles_nothing() {
    inject_each(&[Process]);
}

#[test]
fn a_fleet_that_is_cut_apart_slow_and_without_the_time_loses_and_doubles_nothing() {
    inject_each(&[Network, Slow, Clock]);
}

/// Injects each fault of these kinds once.
fn inject_each(kinds: &[FleetFaultKind]) {
    let _alone = ONE_FLEET.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let faults = FleetFaults::prepare(kinds);
    for reason in faults.skipped() {
        println!("skipped: {reason}");
    }
    let options = options(faults.count() as u64);
    let data = folder.path().join("data");
    let report = break_fleet(&program(), &data, &faults, &options, |_| {});
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    assert_eq!(report.faults, options.faults);
    assert!(report.counters.acknowledged > 50, "there was hardly any load:\n{report}");
}
