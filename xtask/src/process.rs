//! Runs other programs: captures what they print, or hands it on line by line, with a limit on their time.

use crate::Outcome;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Nothing was printed for this long: the listener is asked whether it wants to say so.
const QUIET_SECONDS_MAX: u64 = 10;

/// What a listener hears while a program runs.
pub(crate) enum Heard<'a> {
    /// The program printed this line, on either of its outputs.
    Line(&'a str),
    /// The program has printed nothing for a while.
    Silence,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With exit code 0.
    Well,
    /// With another exit code, or by a signal.
    Badly,
    /// It was stopped because its time was over.
    TooLate,
}

/// The standard output of `cargo` with these arguments, run in `root`.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let output =
        Command::new("cargo").args(arguments).current_dir(root).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("`cargo {}` failed: {}", arguments.join(" "), reason.trim()).into())
}

/// What the verbs that measure and play run. It is built together, whichever of it is wanted: another choice of packages
/// is another choice of features, and most dependencies would be compiled once more.
const RELEASED: &[&str] = &["benchmarks", "icommerce", "simulation"];

/// Builds [`RELEASED`] for release; tells cargo's target folder, or nothing when it does not build.
pub(crate) fn all_built_for_release(root: &Path) -> Outcome<Option<PathBuf>> {
    built_for_release(root, RELEASED)
}

/// Builds these crates for release; tells cargo's target folder, or nothing when they do not build.
pub(crate) fn built_for_release(root: &Path, packages: &[&str]) -> Outcome<Option<PathBuf>> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release"]).current_dir(root);
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    if !build.status()?.success() {
        return Ok(None);
    }
    let metadata = cargo(root, &["metadata", "--format-version=1", "--no-deps"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target =
        metadata["target_directory"].as_str().ok_or("cargo does not say where it builds")?;
    Ok(Some(PathBuf::from(target)))
}

/// Whether this machine has the program.
pub(crate) fn answers(program: &str, argument: &str) -> Option<String> {
    answers_in(Path::new("."), program, &[argument])
}

/// What a program prints when it is run in `folder`, if it ends well.
pub(crate) fn answers_in(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `command` for at most `limit` and hands every line it prints to `listen`.
pub(crate) fn listen(
    command: &mut Command,
    limit: Duration,
    mut listen: impl FnMut(Heard<'_>),
) -> Outcome<End> {
    let (reader, writer) = std::io::pipe()?;
    let mut child =
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // The command keeps copies of the pipe's writing end; without them the end of the output can be seen.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (send, lines) = mpsc::sync_channel::<String>(1_000);
    let reading = std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    let deadline = now() + limit;
    let end = loop {
        let patience =
            deadline.saturating_duration_since(now()).min(Duration::from_secs(QUIET_SECONDS_MAX));
        match lines.recv_timeout(patience) {
            Ok(line) => listen(Heard::Line(&line)),
            Err(RecvTimeoutError::Timeout) if now() >= deadline => break stop(&mut child)?,
            Err(RecvTimeoutError::Timeout) => listen(Heard::Silence),
            Err(RecvTimeoutError::Disconnected) if child.wait()?.success() => break End::Well,
            Err(RecvTimeoutError::Disconnected) => break End::Badly,
        }
    };
    drop(lines);
    if end != End::TooLate && reading.join().is_err() {
        return Err("the output of a program could not be read".into());
    }
    Ok(end)
}

fn stop(child: &mut Child) -> Outcome<End> {
    child.kill()?;
    child.wait()?;
    Ok(End::TooLate)
}

/// This moment, for measuring how long something took.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool at a terminal measures real time; no test depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(script: &str, limit: Duration) -> (End, Vec<String>) {
        let mut lines = Vec::new();
        let end = listen(Command::new("sh").args(["-c", script]), limit, |heard| {
            if let Heard::Line(line) = heard {
                lines.push(line.to_owned());
            }
        });
        (end.unwrap(), lines)
    }

    #[test]
    fn both_outputs_arrive_in_the_order_in_which_they_were_written() {
        let (end, lines) = heard("echo one; echo two >&2; echo three", Duration::from_secs(20));
        assert_eq!(end, End::Well);
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_is_told() {
        assert_eq!(heard("exit 3", Duration::from_secs(20)).0, End::Badly);
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        assert_eq!(heard("exec sleep 600", Duration::from_millis(50)).0, End::TooLate);
    }

    #[test]
    fn a_program_that_is_not_there_does_not_answer() {
        assert_eq!(answers("no-such-program-anywhere", "--version"), None);
    }
}
