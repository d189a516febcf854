//! Process guard: child processes end with the tests that started them, and their folders are removed.
//!
//! A static is never dropped, and a killed test cleans up nothing. A shell therefore stands between: it waits until the
//! pipe from the tests is closed, which happens however they end, then terminates the program and removes its folder.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

/// Script for a program that exits when the pipe is closed. It reads from descriptor 3 and writes to descriptor 4.
const PIPE_CLOSE_SCRIPT: &str = r#""$@" 3<&0 4>&1 </dev/null >/dev/null; rm -rf "$0""#;

/// Script for a program that does not read the pipe and has to be signalled. Its output is passed on.
const SIGNAL_SCRIPT: &str = r#"exec 3<&0 4>&1 >/dev/null
"$@" </dev/null >&4 3<&- 4>&- & program=$!
exec 4>&-
cat <&3
kill "$program"; wait "$program"; rm -rf "$0""#;

/// Termination of a program when the tests are over.
#[derive(Clone, Copy, Debug)]
pub enum Termination {
    /// The program reads from the pipe and exits when it is closed.
    PipeClose,
    /// The shell sends the program SIGTERM.
    Signal,
}

/// Spawns a program with a pipe to its input and one from its output. `folder` is removed when it has exited.
pub fn spawn(
    termination: Termination,
    folder: &Path,
    program: &Path,
    arguments: &[String],
) -> Child {
    let script = match termination {
        Termination::PipeClose => PIPE_CLOSE_SCRIPT,
        Termination::Signal => SIGNAL_SCRIPT,
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(folder).arg(program).args(arguments);
    let spawned =
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr_of(termination)).spawn();
    spawned.unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// Destination of standard error: headless browsers fill it with noise, whereas a shop's log is worth reading.
fn stderr_of(termination: Termination) -> Stdio {
    match termination {
        Termination::PipeClose => Stdio::null(),
        Termination::Signal => Stdio::inherit(),
    }
}

/// Creates a folder, which the guard of its process removes.
pub fn temp_folder() -> std::path::PathBuf {
    tempfile::tempdir().expect("a temporary folder can be created").keep()
}
