//! `cargo xtask simulate`: builds the simulation for release and runs it.

use crate::{Outcome, process};
use std::{path::Path, process::Command};

/// What plants defects, and so needs a program that has them.
const PLANTING: &str = "--defect";

/// Runs the simulation; the options go to it as they are.
pub(crate) fn run(root: &Path, options: &[String]) -> Outcome<bool> {
    let mut command = if options.iter().any(|option| option.starts_with(PLANTING)) {
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--quiet", "--release", "--package", "simulation"]);
        cargo.args(["--features", "defects", "--"]);
        cargo
    } else {
        let Some(target) = process::all_built_for_release(root)? else { return Ok(false) };
        Command::new(target.join("release/simulation"))
    };
    Ok(command.args(options).current_dir(root).status()?.success())
}
