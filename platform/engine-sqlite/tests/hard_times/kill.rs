//! A process that is killed at any moment has kept all that it acknowledged, and of the rest a prefix.

use crate::{
    APPEND,
    victim::{Acknowledged, look, options, take},
};
use engine_sqlite::{OpenError, SqliteEngine};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// After how many acknowledgements each round ends.
const ROUNDS: [usize; 6] = [1, 20, 150, 7, 400, 90];

pub(crate) async fn a_killed_process_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let mut acknowledged = Acknowledged::new();
    for acknowledgements in ROUNDS {
        run_and_kill(folder.path(), acknowledgements, &mut acknowledged);
        look(folder.path(), &acknowledged).await.expect("nothing is lost");
    }
    assert!(acknowledged.len() >= ROUNDS.iter().sum());
}

/// Lets a process append, and kills it once it has acknowledged so many.
fn run_and_kill(folder: &Path, acknowledgements: usize, acknowledged: &mut Acknowledged) {
    let program = std::env::current_exe().expect("this program has a name");
    let mut victim = Command::new(program);
    let victim = victim.arg(APPEND).arg(folder).arg(usize::MAX.to_string());
    let mut victim = victim.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(victim.stdout.take().expect("it is piped")).lines();
    for line in (&mut lines).take(acknowledgements) {
        take(&line.expect("the process writes text"), acknowledged);
    }
    let refused = SqliteEngine::open(folder, options());
    assert!(
        matches!(refused, Err(OpenError::Locked { .. })),
        "the process has the folder: {refused:?}"
    );
    victim.kill().expect("it runs until it is killed");
    victim.wait().expect("it ends");
    // What it wrote in the meantime counts as well; only the last line may be torn.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let whole = rest.len().saturating_sub(1);
    rest.iter().take(whole).for_each(|line| take(line, acknowledged));
}
