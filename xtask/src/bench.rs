//! `cargo xtask bench`: builds the shop and the load generator for release and runs the one against the other.

use crate::{Outcome, process};
use std::{path::Path, process::Command};

/// Runs these scenarios, or all when none is named; what follows them goes to the load generator as it is.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome<bool> {
    let Some(target) = process::all_built_for_release(root)? else {
        return Ok(false);
    };
    let release = target.join("release");
    let commit = process::answers_in(root, "git", &["describe", "--always", "--dirty"]);
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    let out = root.join("benchmarks/results/latest.json");
    let status = Command::new(release.join("benchmarks"))
        .arg("--binary")
        .arg(release.join("icommerce"))
        .arg("--out")
        .arg(out)
        .args(["--commit", &commit])
        .args(arguments)
        .current_dir(target)
        .status()?;
    Ok(status.success())
}
