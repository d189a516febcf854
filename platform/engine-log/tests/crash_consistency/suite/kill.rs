//! Kill test: a process that is killed at any moment keeps everything it acknowledged, and a prefix of the rest.

use super::{
    APPEND,
    workload::{Acknowledged, record, verify},
};
use crate::engine::{Engine, OpenError, options};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// Acknowledgements after which each round ends.
const ROUNDS: [usize; 6] = [1, 20, 150, 7, 400, 90];

pub(crate) async fn a_killed_process_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let mut acknowledged = Acknowledged::new();
    for acknowledgements in ROUNDS {
        run_and_kill(folder.path(), acknowledgements, &mut acknowledged);
        verify(folder.path(), &acknowledged).await.expect("nothing is lost");
    }
    assert!(acknowledged.len() >= ROUNDS.iter().sum());
}

/// Runs a process that appends, and kills it after this many acknowledgements.
fn run_and_kill(folder: &Path, acknowledgements: usize, acknowledged: &mut Acknowledged) {
    let program = std::env::current_exe().expect("this program has a name");
    let mut child = Command::new(program);
    let child = child.arg(APPEND).arg(folder).arg(usize::MAX.to_string());
    let mut child = child.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    for line in (&mut lines).take(acknowledgements) {
        record(&line.expect("the process writes text"), acknowledged);
    }
    let refused = Engine::open(folder, options());
    assert!(
        matches!(refused, Err(OpenError::Locked { .. })),
        "the process has the folder locked: {refused:?}"
    );
    child.kill().expect("it runs until it is killed");
    child.wait().expect("it ends");
    // Lines written in the meantime count as well; only the last one may be torn.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let whole = rest.len().saturating_sub(1);
    rest.iter().take(whole).for_each(|line| record(line, acknowledged));
}
