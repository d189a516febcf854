//! `cargo xtask test`: everything the tests need, every test, one table.

mod build;
mod needs;
mod report;
mod runner;
mod summary;

use crate::{Outcome, process};
use build::Workspace;
use needs::{Need, Standing};
use std::path::Path;
use summary::{Row, Summary};

/// What a skipped suite means for the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skips {
    Pass,
    Fail,
}

/// Tests of these crates cannot run without this.
const NEEDS: &[(&str, &[Need])] =
    &[("browser-tests", &[Need::Chromium, Need::AxeCore, Need::Lighthouse])];

/// Builds and runs the tests of the crates named in `only` (of all when it is empty); tells whether all is well.
pub(crate) fn run(root: &Path, only: &[String], skips: Skips) -> Outcome<bool> {
    let workspace = Workspace::read(root)?;
    let packages = workspace.select(only)?;
    let (standings, unmet) = prepare(&workspace, &packages);
    println!("build");
    let suites = workspace.build(only)?;
    let mut summary = Summary::default();
    for suite in &suites {
        match unmet.iter().find(|(package, _)| *package == suite.package) {
            Some((_, reason)) => summary.add(Row::skipped(&suite.name, reason, skips)),
            None => summary.add(runner::run(suite, &standings)?),
        }
    }
    if let Some(documentation) = workspace.documentation(&packages) {
        summary.add(runner::run(&documentation, &standings)?);
    }
    print!("{summary}");
    Ok(summary.is_well())
}

/// What counts the instructions of a program: found, or installed; an error when it is neither.
pub(crate) fn valgrind() -> Outcome<String> {
    match needs::valgrind() {
        Standing::Missing(reason) => Err(format!("valgrind is missing: {reason}").into()),
        there => Ok(there.to_string()),
    }
}

/// The tests that tell how fast the pages are.
const LIGHTHOUSE: &str = "lighthouse::";

/// Has Lighthouse look `rounds` times at the pages of the shop as it is released, and nothing else run meanwhile.
pub(crate) fn lighthouse(root: &Path, rounds: usize) -> Outcome<bool> {
    let package = "browser-tests".to_owned();
    let workspace = Workspace::read(root)?;
    let (mut standings, unmet) = prepare(&workspace, std::slice::from_ref(&package));
    if let Some((_, reason)) = unmet.first() {
        return Err(reason.clone().into());
    }
    standings.push(("TEST_LIGHTHOUSE_ROUNDS", rounds.to_string()));
    let Some(target) = process::built_for_release(root, &["icommerce"])? else { return Ok(false) };
    let mut summary = Summary::default();
    for mut suite in workspace.build(&[package])? {
        suite.product = Some(target.join("release/icommerce"));
        suite.arguments.extend([LIGHTHOUSE.to_owned(), "--test-threads=1".to_owned()]);
        summary.add(runner::run(&suite, &standings)?);
    }
    print!("{summary}");
    Ok(summary.is_well())
}

/// What was found for the tests, as environment variables, and which packages must do without.
type Prepared = (Vec<(&'static str, String)>, Vec<(String, String)>);

/// Finds or installs what the packages need and says what came of it.
fn prepare(workspace: &Workspace, packages: &[String]) -> Prepared {
    let mut variables = Vec::new();
    let mut unmet = Vec::new();
    println!("needs");
    println!("  {}", needs::shared_data(&workspace.root));
    for (package, needs) in
        NEEDS.iter().filter(|(package, _)| packages.iter().any(|name| name == package))
    {
        for need in *needs {
            let standing = need.ensure(&workspace.root, &workspace.target);
            println!("  {}: {standing}", need.name());
            match standing {
                Standing::Found(value) | Standing::Installed(value) => {
                    variables.push((need.variable(), value));
                }
                Standing::Missing(reason) => {
                    unmet.push(((*package).to_owned(), format!("{}: {reason}", need.name())));
                }
            }
        }
    }
    (variables, unmet)
}
