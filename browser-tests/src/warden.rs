//! Sees to it that programs started by the tests end with them, and leave nothing behind.
//!
//! A static is never dropped and a killed test cleans up nothing. So a shell stands between: it waits until the pipe
//! from the tests is closed, which happens whatever ends them, and then ends the program and removes its folder.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

/// Ends with the pipe by itself; the folder goes when it has ended. Speaks on its descriptors 3 (in) and 4 (out).
const PIPED: &str = r#""$@" 3<&0 4>&1 </dev/null >/dev/null; rm -rf "$0""#;

/// Knows nothing of the pipe: has to be told. Its output is handed on, and ends when it ends.
const SERVING: &str = r#"exec 3<&0 4>&1 >/dev/null
"$@" </dev/null >&4 3<&- 4>&- & program=$!
exec 4>&-
cat <&3
kill "$program"; wait "$program"; rm -rf "$0""#;

/// How a program learns that the tests are over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// It reads its commands from the pipe.
    Piped,
    /// It gets a signal.
    Signalled,
}

/// Starts a program whose data is in `folder`, with both ends of a pipe to it.
pub(crate) fn start(ending: Ending, folder: &Path, program: &Path, arguments: &[String]) -> Child {
    let script = match ending {
        Ending::Piped => PIPED,
        Ending::Signalled => SERVING,
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(folder).arg(program).args(arguments);
    let started = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors(ending)).spawn();
    started.unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// A browser without a window complains all the time; a shop has something to say.
fn errors(ending: Ending) -> Stdio {
    match ending {
        Ending::Piped => Stdio::null(),
        Ending::Signalled => Stdio::inherit(),
    }
}

/// A new folder that the warden will remove.
pub(crate) fn folder() -> std::path::PathBuf {
    tempfile::tempdir().expect("there is a place for temporary files").keep()
}
