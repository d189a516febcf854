//! `cargo xtask simulate`: builds the simulation for release and runs it.

use crate::Outcome;
use std::{path::Path, process::Command};

/// What plants defects, and so needs a program that has them.
const PLANTING: &str = "--defect";

/// Runs the simulation; the options go to it as they are.
pub(crate) fn run(root: &Path, options: &[String]) -> Outcome<bool> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--package", "simulation"]);
    if options.iter().any(|option| option.starts_with(PLANTING)) {
        command.args(["--features", "defects"]);
    }
    let status = command.arg("--").args(options).current_dir(root).status()?;
    Ok(status.success())
}
