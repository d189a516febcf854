//! SIGKILL at random moments.

use crate::{program, terms};
use crash_tests::kill;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let record = kill(&program(), &folder.path().join("data"), &terms(30), |_| {}).await;
    let record = record.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{record}");
    let tally = record.tally;
    assert!(tally.acknowledged > 300, "there was hardly any load:\n{record}");
    assert!(tally.whole > 0 && tally.absent > 0, "no kill hit a request on its way:\n{record}");
}
