//! Faults of the processes of a fleet.

use crate::{options, program};
use crash_tests::{Engines, break_fleet};

/// Each kind of fault, once.
const FAULTS: u64 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_whose_owners_are_killed_and_paused_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines::start(None, false).unwrap();
    let data = folder.path().join("data");
    let report = break_fleet(&program(), &data, &engines, &options(FAULTS), |_| {}).await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    assert_eq!(report.faults, FAULTS);
    assert!(report.counters.acknowledged > 50, "there was hardly any load:\n{report}");
}
