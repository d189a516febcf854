//! `cargo xtask instructions`: counts the instructions of the shop's hot paths, which say more than times on a machine
//! that does other things as well.

use crate::{Outcome, process, suites};
use std::{path::Path, process::Command};

/// The counts that were kept.
const KEPT: &str = "benchmarks/instructions.json";

/// Whether the counts are compared or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Compare,
    Keep,
}

/// Counts, and compares with what was kept, or keeps it.
pub(crate) fn run(root: &Path, purpose: Purpose) -> Outcome<bool> {
    println!("needs\n  valgrind: {}", suites::valgrind()?);
    let Some(target) = process::all_built_for_release(root)? else { return Ok(false) };
    let release = target.join("release");
    let mut count = Command::new(release.join("benchmarks"));
    count.arg("--binary").arg(release.join("icommerce"));
    count.arg("--instructions").arg(root.join(KEPT));
    if purpose == Purpose::Keep {
        count.arg("--keep");
    }
    Ok(count.current_dir(target).status()?.success())
}
