//! Power-failure test: the disk holds what was flushed; of the rest anything, torn, reordered, or not at all.
//!
//! A real process is traced while it appends, with the real engine on a real file system. The trace determines what a disk
//! may hold after a power failure at any moment. Each test lays out such a disk and opens the engine on it (as ALICE does:
//! Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).

use super::{
    APPEND,
    disk_model::{FlushBehaviour, after_cut},
    syscall_trace::{self, SystemCall, TracedCall},
    workload::{Acknowledged, record, verify},
};
use crate::engine;
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::Connection;
use std::{fs, path::Path, process::Stdio};

/// Acknowledgements of the traced run: enough for several checkpoints, or segments and runs.
const ACKNOWLEDGEMENTS: usize = 400;
/// Simulated power failures of an ordinary run, and the first seed.
const CUTS: u64 = 400;
const SEED: u64 = 1;

/// Simulates this many power failures. Returns whether this machine can trace.
pub(crate) async fn a_power_failure_at_any_moment_loses_nothing_acknowledged(
    cuts: Option<u64>,
    seed: Option<u64>,
) -> bool {
    if !syscall_trace::is_possible() {
        return false;
    }
    let calls = trace_workload();
    let (cuts, seed) = (cuts.unwrap_or(CUTS), seed.unwrap_or(SEED));
    for number in seed..seed + cuts {
        if let Err(loss) = cut(&calls, number, FlushBehaviour::Honoured).await {
            panic!("cut {number}: {loss}");
        }
    }
    true
}

/// Sensitivity of the test above: a disk that ignores flushes must fail it. Returns whether this machine can trace.
pub(crate) async fn a_disk_that_ignores_flushes_is_detected() -> bool {
    if !syscall_trace::is_possible() {
        return false;
    }
    let calls = trace_workload();
    for number in 0..50 {
        if cut(&calls, number, FlushBehaviour::Ignored).await.is_err() {
            return true;
        }
    }
    panic!("acknowledged writes were never flushed, and no check noticed");
}

/// Runs the workload and traces its file operations.
fn trace_workload() -> Vec<TracedCall> {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let data = folder.path().canonicalize().expect("it is there").join("data");
    fs::create_dir(&data).expect("there is room for a test");
    let out = folder.path().join("trace");
    let mut strace = syscall_trace::strace(&out);
    strace.arg(std::env::current_exe().expect("this program has a name"));
    strace.arg(APPEND).arg(&data).arg(ACKNOWLEDGEMENTS.to_string());
    let output = strace.stderr(Stdio::inherit()).output().expect("strace runs");
    assert!(output.status.success(), "{output:?}");
    let calls = syscall_trace::read(&out, &data);
    let count = |is: fn(&SystemCall) -> bool| calls.iter().filter(|it| is(&it.call)).count();
    let (writes, syncs, outputs) = (
        count(|call| matches!(call, SystemCall::Write { .. })),
        count(|call| matches!(call, SystemCall::Sync { .. })),
        count(|call| matches!(call, SystemCall::Output(_))),
    );
    assert!(
        writes > 500 && syncs > 50 && outputs >= ACKNOWLEDGEMENTS,
        "{writes} {syncs} {outputs}"
    );
    engine::check_trace(&calls);
    calls
}

/// Simulates the power failure of this number, and verifies what is left.
async fn cut(calls: &[TracedCall], number: u64, flushes: FlushBehaviour) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(number);
    let last = calls.last().map_or(0, |call| call.begin);
    let cut = random.random_range(0..=last + 1);
    let folder = tempfile::tempdir().expect("there is room for a test");
    after_cut(calls, cut, flushes, &mut random, folder.path());
    let mut acknowledged = Acknowledged::new();
    for TracedCall { begin, call, .. } in calls {
        if let SystemCall::Output(text) = call
            && *begin < cut
        {
            text.lines().for_each(|line| record(line, &mut acknowledged));
        }
    }
    verify(folder.path(), &acknowledged).await?;
    check_integrity(&folder.path().join("icommerce.db"))
}

/// Checks the integrity of the database file.
fn check_integrity(database: &Path) -> Result<(), String> {
    let connection = Connection::open(database).map_err(|error| error.to_string())?;
    let verdict = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    match verdict.map_err(|error| error.to_string())?.as_str() {
        "ok" => Ok(()),
        verdict => Err(verdict.to_owned()),
    }
}
