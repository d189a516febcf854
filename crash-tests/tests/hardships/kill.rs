//! SIGKILL at random moments.

use crate::program;
use crash_tests::{Kills, kill};

#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let kills = Kills { times: 30, seed: 7, customers: 16, rest_every: 10, orders: 0 };
    let killed = kill(&program(), &folder.path().join("data"), &kills, |_| {}).await;
    let killed = killed.unwrap_or_else(|violation| panic!("{violation}"));
    println!("{killed}");
    let tally = killed.tally();
    assert!(tally.acknowledged > 500, "there was hardly any load:\n{killed}");
    assert!(tally.whole > 0 && tally.absent > 0, "no kill hit a request on its way:\n{killed}");
}
