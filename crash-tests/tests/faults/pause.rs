//! Process pause: SIGSTOP and, after a while, SIGCONT.

use crate::{options, program};
use crash_tests::{Topology, pause};

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_shop_resumes_as_if_nothing_had_happened() {
    pause_processes(Topology::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_processes_may_be_paused_while_the_other_goes_on() {
    pause_processes(Topology::TwoProcesses).await;
}

async fn pause_processes(topology: Topology) {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program();
    program.topology = topology;
    let report = pause(&program, &folder.path().join("data"), &options(8), |_| {}).await;
    println!("{}", report.unwrap_or_else(|violation| panic!("{violation}")));
}
