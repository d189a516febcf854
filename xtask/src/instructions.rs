//! `cargo xtask instructions`: instruction counts of the shop's hot paths, which are stable on a machine that does other
//! things as well, unlike times.

use crate::{Outcome, process, suites};
use std::{path::Path, process::Command};

/// The baseline, in the repository.
const BASELINE: &str = "benchmarks/instructions.json";

/// The use of the counts: comparison with the baseline, or a new baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BaselineMode {
    Compare,
    Update,
}

/// Counts instructions, after so many orders, and compares them with the baseline or replaces it.
pub(crate) fn run(root: &Path, mode: BaselineMode, after: Option<u64>) -> Outcome<bool> {
    println!("prerequisites\n  valgrind: {}", suites::valgrind()?);
    let Some(target) = process::build_release(root)? else { return Ok(false) };
    let release = target.join("release");
    let mut count = Command::new(release.join("benchmarks"));
    count.arg("--binary").arg(release.join("icommerce"));
    count.arg("--instructions").arg(root.join(BASELINE));
    if mode == BaselineMode::Update {
        count.arg("--keep");
    }
    if let Some(orders) = after {
        count.arg("--after").arg(orders.to_string());
    }
    Ok(count.current_dir(target).status()?.success())
}
