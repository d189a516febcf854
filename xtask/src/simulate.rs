//! `cargo xtask simulate`: builds the simulation for release and runs it.

use crate::{Outcome, process};
use std::{path::Path, process::Command};

/// Prefix of the options that plant defects, which need a build with the feature `defects`.
const DEFECT_OPTION: &str = "--defect";

/// Runs the simulation; the options are passed on unchanged.
pub(crate) fn run(root: &Path, options: &[String]) -> Outcome<bool> {
    let mut command = if options.iter().any(|option| option.starts_with(DEFECT_OPTION)) {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["run", "--quiet", "--release", "--package", "simulation"])
            .envs(process::MEASURING);
        cargo.args(["--features", "defects", "--"]);
        cargo
    } else {
        let Some(target) = process::build_release(root)? else { return Ok(false) };
        Command::new(target.join("release/simulation"))
    };
    Ok(command.args(options).current_dir(root).status()?.success())
}
