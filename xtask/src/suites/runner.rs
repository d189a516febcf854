//! Runner of one suite, with progress output.

use super::harness_report::HarnessReport;
use super::summary::SuiteResult;
use super::workspace::Suite;
use crate::Outcome;
use crate::process::{self, ExitOutcome, OutputEvent};
use std::io::Write;
use std::process::Command;
use std::time::Duration;

const SUITE_SECONDS_MAX: u64 = 900;

/// Runs the suite with `variables` in its environment. Its output is shown when it fails.
pub(super) fn run(suite: &Suite, variables: &[(&str, String)]) -> Outcome<SuiteResult> {
    print!("{} ", suite.name);
    std::io::stdout().flush()?;
    let began = process::now();
    let mut report = HarnessReport::default();
    let mut printed = Vec::new();
    let end = process::stream_output(
        &mut command(suite, variables),
        Duration::from_secs(SUITE_SECONDS_MAX),
        |event| {
            match event {
                OutputEvent::Line(line) => {
                    report.read_line(line);
                    printed.push(line.to_owned());
                }
                OutputEvent::Idle => print!(
                    "\n  … {} of {} finished, last {} ",
                    report.finished(),
                    report.announced,
                    report.last
                ),
            }
            // A terminal that is gone is no reason to stop the tests.
            let _ = std::io::stdout().flush();
        },
    )?;
    let broke_off = end == ExitOutcome::TimedOut
        || !report.is_complete()
        || (end == ExitOutcome::Failure && report.failed == 0);
    let row = SuiteResult::ran(&suite.name, &report, broke_off, began.elapsed());
    println!("{row}");
    if end == ExitOutcome::TimedOut {
        println!("  stopped after {SUITE_SECONDS_MAX} seconds");
    }
    if row.failed > 0 {
        for line in &printed {
            println!("  | {line}");
        }
    }
    Ok(row)
}

fn command(suite: &Suite, variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(&suite.program);
    command
        .args(&suite.arguments)
        .current_dir(&suite.folder)
        .env("CARGO_MANIFEST_DIR", &suite.folder);
    command.envs(variables.iter().map(|(name, value)| (*name, value)));
    if let Some(product) = &suite.product {
        command.env("TEST_PRODUCT", product);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn ran(script: &str) -> SuiteResult {
        let suite = Suite {
            name: "a".to_owned(),
            package: "a".to_owned(),
            program: PathBuf::from("sh"),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            folder: PathBuf::from("."),
            product: None,
        };
        run(&suite, &[("WORD", "ok".to_owned())]).unwrap()
    }

    #[test]
    fn a_suite_gets_its_variables_and_is_counted() {
        let row = ran("echo 'running 1 test'; echo \"test a ... $WORD\"; echo 'test result: ok.'");
        assert_eq!((row.passed, row.failed), (1, 0));
    }

    #[test]
    fn a_suite_that_breaks_off_has_failed() {
        let row = ran("echo 'running 2 tests'; echo 'test a ... ok'; exit 0");
        assert_eq!((row.passed, row.failed), (1, 1));
    }

    #[test]
    fn a_suite_with_a_failing_exit_code_has_failed_even_if_no_test_did() {
        assert_eq!(ran("exit 1").failed, 1);
    }
}
