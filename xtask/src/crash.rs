//! `cargo xtask crash`: builds the shop and the crash tests for release and runs the latter.

use crate::{Outcome, process};
use std::{path::Path, process::Command};

const BINARY: &str = "--binary";

/// Runs a crash test; its options are passed on unchanged. With `--binary` that program is tested, and the shop is not
/// built.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome<bool> {
    let has_binary = arguments.iter().any(|argument| argument.starts_with(BINARY));
    let packages: &[&str] =
        if has_binary { &["crash-tests"] } else { &["crash-tests", "icommerce"] };
    let Some(target) = process::build_release_of(root, packages)? else { return Ok(false) };
    let release = target.join("release");
    let mut command = Command::new(release.join("crash-tests"));
    command.args(arguments);
    if !has_binary {
        command.arg(BINARY).arg(release.join("icommerce"));
    }
    Ok(command.current_dir(root).status()?.success())
}
