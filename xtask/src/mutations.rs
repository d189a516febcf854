//! `cargo xtask mutations`: leaves out one security check after another, and expects a test to fail each time.
//!
//! The checks have names in the code (`kernel::security_checks`). The tests are built once, with the feature `kernel/mutations`; a run of
//! a test is told by the environment which check to leave out.

mod sources;

use crate::suites::workspace::{Suite, Workspace};
use crate::{Outcome, process};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Feature with which the checks can be left out.
const FEATURE: &str = "kernel/mutations";

/// Environment variable that names the check to leave out.
const VARIABLE: &str = "PLANTED_MUTATION";
/// Longest run of one test, in seconds. A test that hangs without a check has noticed.
const TEST_SECONDS_MAX: u64 = 120;

/// Mutation: a check that is left out, what is let through then, and the test that has to fail.
#[derive(Debug)]
struct Mutation {
    check: &'static str,
    lets_through: &'static str,
    /// Suite of the test, such as `jose: vectors`; `jose` for the tests in the crate itself.
    suite: &'static str,
    test: &'static str,
}

/// Area of checks: its name on the command line, its crates, and its table.
const AREA: &str = "auth";
const PACKAGES: [&str; 5] = ["jose", "webauthn", "resource-server", "api-gateway", "auth-server"];
const TABLE: &str = include_str!("mutations/auth.txt");

/// Mutations of the table: a line each, `check | what is let through | suite | test`.
fn mutations() -> Outcome<Vec<Mutation>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mutation = |line: &'static str| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        match columns[..] {
            [check, lets_through, suite, test] => Ok(Mutation { check, lets_through, suite, test }),
            _ => Err(format!("not four columns: {line}").into()),
        }
    };
    lines.map(mutation).collect()
}

/// Outcome of the mutation of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MutationOutcome {
    /// The test failed without the check, and passed with it.
    Caught,
    /// The test passes without the check.
    Survived,
    /// The test fails with the check as well, or there is no such test.
    NoTest,
}

/// Runs the mutations of an area, or lists them.
pub(crate) fn run(root: &Path, area: &str, only: &[String], list: bool) -> Outcome<bool> {
    if area != AREA {
        return Err(format!("there are no mutations of `{area}`; there are: {AREA}").into());
    }
    let mutations = mutations()?;
    let chosen = chosen(&mutations, only)?;
    if list {
        for Mutation { check, lets_through, suite, test } in chosen {
            println!("{check:<34} {lets_through}\n{:<34} {suite}: {test}", "");
        }
        return Ok(true);
    }
    sources::compare(root, &mutations)?;
    let suites = build(root)?;
    let mut survivors = 0;
    for (number, mutation) in chosen.iter().enumerate() {
        let outcome = outcome_of(&suites, mutation)?;
        let count = format!("{}/{}", number + 1, chosen.len());
        match outcome {
            MutationOutcome::Caught => println!("{count:>8}  caught    {}", mutation.check),
            MutationOutcome::Survived => {
                println!("{count:>8}  SURVIVED  {}: {}", mutation.check, mutation.lets_through);
                println!("                    {}: {} passes", mutation.suite, mutation.test);
            }
            MutationOutcome::NoTest => {
                println!("{count:>8}  NO TEST   {}", mutation.check);
                println!(
                    "                    {}: {} does not pass as it is",
                    mutation.suite, mutation.test
                );
            }
        }
        survivors += usize::from(outcome != MutationOutcome::Caught);
    }
    println!("{} of {} mutations caught", chosen.len() - survivors, chosen.len());
    Ok(survivors == 0)
}

fn chosen<'a>(mutations: &'a [Mutation], only: &[String]) -> Outcome<Vec<&'a Mutation>> {
    let is_known = |name: &String| mutations.iter().any(|it| it.check == name);
    if let Some(unknown) = only.iter().find(|name| !is_known(name)) {
        return Err(format!("there is no check `{unknown}`: `--list` shows them all").into());
    }
    let is_chosen = |it: &&Mutation| only.is_empty() || only.iter().any(|name| name == it.check);
    Ok(mutations.iter().filter(is_chosen).collect())
}

/// Builds the test programs of all crates that have checks, with the checks switchable.
fn build(root: &Path) -> Outcome<Vec<Suite>> {
    let packages: Vec<String> = PACKAGES.iter().map(|&name| name.to_owned()).collect();
    Workspace::read(root)?.build(&packages, &[FEATURE])
}

fn outcome_of(suites: &[Suite], mutation: &Mutation) -> Outcome<MutationOutcome> {
    let Mutation { check, suite, test, .. } = mutation;
    let Some(suite) = suites.iter().find(|known| known.name == *suite) else {
        return Err(format!("{check}: there is no test suite {suite}").into());
    };
    if !passes(suite, test, None)? {
        return Ok(MutationOutcome::NoTest);
    }
    let survives = passes(suite, test, Some(check))?;
    Ok(if survives { MutationOutcome::Survived } else { MutationOutcome::Caught })
}

/// Whether exactly this test runs and passes.
fn passes(suite: &Suite, test: &str, left_out: Option<&str>) -> Outcome<bool> {
    let mut command = Command::new(&suite.program);
    command.args([test, "--exact"]).current_dir(&suite.folder);
    command.env("CARGO_MANIFEST_DIR", &suite.folder).env_remove(VARIABLE);
    if let Some(check) = left_out {
        command.env(VARIABLE, check);
    }
    let mut ran = false;
    let limit = Duration::from_secs(TEST_SECONDS_MAX);
    let end = process::stream_output(&mut command, limit, |event| {
        if let process::OutputEvent::Line(line) = event {
            ran |= line.starts_with("running 1 test");
        }
    })?;
    Ok(ran && end == process::ExitOutcome::Success)
}
