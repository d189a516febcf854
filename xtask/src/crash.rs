//! `cargo xtask crash`: builds the shop and the crash tests for release and runs the latter.

use crate::{Outcome, process, suites};
use std::{path::Path, process::Command};

const BINARY: &str = "--binary";
/// Fault that needs a shop with the engine, and servers.
const DATABASE: &str = "database";
const SERVERS: [&str; 2] = ["postgresql", "toxiproxy"];

/// Runs a crash test; its options are passed on unchanged. With `--binary` that program is tested, and the shop is not
/// built.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome<bool> {
    let has_binary = arguments.iter().any(|argument| argument.starts_with(BINARY));
    let needs_database = arguments.iter().any(|argument| argument == DATABASE);
    let packages: &[&str] =
        if has_binary { &["crash-tests"] } else { &["crash-tests", "icommerce"] };
    let features: &[&str] =
        if needs_database && !has_binary { &["icommerce/postgres"] } else { &[] };
    let built = process::build_release_with(root, packages, features)?;
    let Some(target) = built else { return Ok(false) };
    let release = target.join("release");
    let mut command = Command::new(release.join("crash-tests"));
    command.args(arguments);
    if needs_database {
        command.envs(suites::server_programs(root, &SERVERS)?);
    }
    if !has_binary {
        command.arg(BINARY).arg(release.join("icommerce"));
    }
    Ok(command.current_dir(root).status()?.success())
}
