//! `cargo xtask tidy`: the invariants of ARCHITECTURE.md that a machine can check, each with fixtures that prove the check.

mod checks;
mod finding;
#[cfg(test)]
mod fixtures;
mod manifest;
mod repository;
mod source;
mod words;

use crate::{Outcome, process};
use finding::{Check, Place};
use repository::Repository;
use std::path::Path;

/// Prints every rule and what to do about a finding.
pub(crate) fn explain() {
    for check in checks::ALL {
        println!("{}\n    {}\n    {}\n", check.name, check.rule, check.remedy);
    }
}

/// Checks the repository at `root`, prints what was found, and tells whether it was nothing.
pub(crate) fn run(root: &Path) -> Outcome<bool> {
    let repository = Repository::read(root, process::cargo)?;
    let mut count = 0;
    for check in checks::ALL {
        let mut places = (check.find)(&repository);
        places.sort();
        places.dedup();
        count += places.len();
        print(check, &places);
    }
    println!("{}", checks::distribution(&repository));
    match count {
        0 => println!("tidy: {} rules, nothing found", checks::ALL.len()),
        1 => println!("tidy: {} rules, 1 finding", checks::ALL.len()),
        _ => println!("tidy: {} rules, {count} findings", checks::ALL.len()),
    }
    Ok(count == 0)
}

fn print(check: &Check, places: &[Place]) {
    if places.is_empty() {
        return;
    }
    for place in places {
        println!("{}:{}: {} [{}]", place.path, place.line, place.what, check.name);
    }
    println!("  rule: {}\n  do:   {}\n", check.rule, check.remedy);
}
