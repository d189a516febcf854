//! Faults of the database that the shop is on.

use crate::{options, program};
use crash_tests::{Database, break_database};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_whose_database_fails_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, database) = (folder.path().join("data"), Database::start().unwrap());
    // Each kind of fault twice.
    let report = break_database(&program(), &data, database, &options(14), |_| {}).await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    let counters = report.counters;
    assert!(counters.acknowledged > 100, "there was hardly any load:\n{report}");
    assert!(counters.retry_later > 0, "no caller was told to come back:\n{report}");
}
