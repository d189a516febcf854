//! Failover of the database to a synchronous standby.

use crate::{options, program};
use crash_tests::fail_over;

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_response_is_lost_when_the_standby_takes_the_place_of_the_database() {
    let data = tempfile::tempdir().unwrap();
    let report = fail_over(&program(), data.path(), &options(2), |_| {}).await.unwrap();
    assert_eq!(report.faults, 2);
    assert!(report.counters.acknowledged > 0, "{report}");
}
