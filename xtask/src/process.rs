//! Child processes: captured or streamed output, with a time limit.

use crate::Outcome;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The time without output after which [`OutputEvent::Idle`] is reported.
const IDLE_SECONDS_MAX: u64 = 10;

/// An event in the output of a running program.
pub(crate) enum OutputEvent<'a> {
    /// A line was printed, on standard output or standard error.
    Line(&'a str),
    /// Nothing was printed for a while.
    Idle,
}

/// The outcome of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitOutcome {
    /// Exit code 0.
    Success,
    /// Another exit code, or a signal.
    Failure,
    /// The program exceeded its time limit and was killed.
    TimedOut,
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

/// Packages that the measuring and simulating tasks run. They are always built together: another selection of packages
/// is another selection of features, and most dependencies would be compiled again.
pub(crate) const RELEASE_PACKAGES: &[&str] = &["benchmarks", "icommerce", "simulation"];

/// Environment of release builds that are measured: with line tables, which profiles need and nobody else.
pub(crate) const MEASURING: [(&str, &str); 1] =
    [("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")];

/// Builds [`RELEASE_PACKAGES`] for release; the result is cargo's target folder, or nothing when the build fails.
pub(crate) fn build_release(root: &Path) -> Outcome<Option<PathBuf>> {
    build_release_of(root, RELEASE_PACKAGES)
}

/// Builds these crates for release; the result is cargo's target folder, or nothing when the build fails.
pub(crate) fn build_release_of(root: &Path, packages: &[&str]) -> Outcome<Option<PathBuf>> {
    build_release_with(root, packages, &[])
}

/// The same with features, each as `crate/feature`.
pub(crate) fn build_release_with(
    root: &Path,
    packages: &[&str],
    features: &[&str],
) -> Outcome<Option<PathBuf>> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release"]).current_dir(root).envs(MEASURING);
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    build.args(features.iter().flat_map(|feature| ["--features", feature]));
    if !build.status()?.success() {
        return Ok(None);
    }
    let metadata = cargo(root, &["metadata", "--format-version=1", "--no-deps"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target =
        metadata["target_directory"].as_str().ok_or("cargo metadata has no target_directory")?;
    Ok(Some(PathBuf::from(target)))
}

/// The output of a program run with one argument, if it is installed and succeeds.
pub(crate) fn output_of(program: &str, argument: &str) -> Option<String> {
    output_in(Path::new("."), program, &[argument])
}

/// The output of a program run in `folder`, if it succeeds.
pub(crate) fn output_in(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `command` for at most `limit` and streams its output to `on_event`, line by line.
pub(crate) fn stream_output(
    command: &mut Command,
    limit: Duration,
    mut on_event: impl FnMut(OutputEvent<'_>),
) -> Outcome<ExitOutcome> {
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
        let timeout =
            deadline.saturating_duration_since(now()).min(Duration::from_secs(IDLE_SECONDS_MAX));
        match lines.recv_timeout(timeout) {
            Ok(line) => on_event(OutputEvent::Line(&line)),
            Err(RecvTimeoutError::Timeout) if now() >= deadline => break kill(&mut child)?,
            Err(RecvTimeoutError::Timeout) => on_event(OutputEvent::Idle),
            Err(RecvTimeoutError::Disconnected) if child.wait()?.success() => {
                break ExitOutcome::Success;
            }
            Err(RecvTimeoutError::Disconnected) => break ExitOutcome::Failure,
        }
    };
    drop(lines);
    if end != ExitOutcome::TimedOut && reading.join().is_err() {
        return Err("the output of a program could not be read".into());
    }
    Ok(end)
}

fn kill(child: &mut Child) -> Outcome<ExitOutcome> {
    child.kill()?;
    child.wait()?;
    Ok(ExitOutcome::TimedOut)
}

/// The current instant, for measuring durations.
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

    fn lines_of(script: &str, limit: Duration) -> (ExitOutcome, Vec<String>) {
        let mut lines = Vec::new();
        let end = stream_output(Command::new("sh").args(["-c", script]), limit, |event| {
            if let OutputEvent::Line(line) = event {
                lines.push(line.to_owned());
            }
        });
        (end.unwrap(), lines)
    }

    #[test]
    fn both_outputs_arrive_in_the_order_in_which_they_were_written() {
        let (end, lines) = lines_of("echo one; echo two >&2; echo three", Duration::from_secs(20));
        assert_eq!(end, ExitOutcome::Success);
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_is_reported() {
        assert_eq!(lines_of("exit 3", Duration::from_secs(20)).0, ExitOutcome::Failure);
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        assert_eq!(lines_of("exec sleep 600", Duration::from_millis(50)).0, ExitOutcome::TimedOut);
    }

    #[test]
    fn a_missing_program_has_no_output() {
        assert_eq!(output_of("no-such-program-anywhere", "--version"), None);
    }
}
