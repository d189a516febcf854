//! Process kill: SIGKILL at random moments.

use crate::{options, program};
use crash_tests::kill;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let report = kill(&program(), &folder.path().join("data"), &options(30), |_| {}).await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report}");
    let counters = report.counters;
    assert!(counters.acknowledged > 300, "there was hardly any load:\n{report}");
    assert!(
        counters.applied > 0 && counters.not_applied > 0,
        "no kill hit a request in flight:\n{report}"
    );
}
