//! Faults of a fleet: of its processes, of the network between them, and of their clocks.

use crate::{options, program};
use crash_tests::{FleetFaultKind, FleetFaults, break_fleet};

#[test]
fn a_fleet_whose_owners_are_killed_and_paused_loses_and_doubles_nothing() {
    inject_each(FleetFaultKind::Process);
}

#[test]
fn a_fleet_that_is_cut_into_parts_goes_on_where_it_can_and_loses_and_doubles_nothing() {
    inject_each(FleetFaultKind::Network);
}

#[test]
fn a_fleet_with_a_slow_owner_sells_and_loses_and_doubles_nothing() {
    inject_each(FleetFaultKind::Slow);
}

#[test]
fn a_fleet_whose_clocks_jump_loses_and_doubles_nothing() {
    inject_each(FleetFaultKind::Clock);
}

/// Injects each fault of a kind once.
fn inject_each(kind: FleetFaultKind) {
    let folder = tempfile::tempdir().unwrap();
    let faults = FleetFaults::prepare(&[kind]);
    faults.skipped().iter().for_each(|reason| println!("skipped: {reason}"));
    let options = options(faults.count() as u64);
    let data = folder.path().join("data");
    let report = break_fleet(&program(), &data, &faults, &options, |_| {});
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    assert_eq!(report.faults, options.faults);
    assert!(report.counters.acknowledged > 50, "there was hardly any load:\n{report}");
}
