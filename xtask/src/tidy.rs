//! `cargo xtask tidy`: the invariants of ARCHITECTURE.md that a machine can check, each proven by fixtures.

#[cfg(test)]
mod fixtures;
mod manifest;
mod overhead;
mod repository;
mod retired_names;
mod rule;
mod rules;
mod rust_source;
mod words;

use crate::{Outcome, process};
use repository::Repository;
use rule::{Finding, Rule};
use std::path::Path;

/// Prints every rule with its statement and remedy.
pub(crate) fn print_rules() {
    for rule in rules::ALL {
        println!("{}\n    {}\n    {}\n", rule.name, rule.statement, rule.remedy);
    }
}

/// Checks the repository at `root` and prints the findings; true when there are none.
pub(crate) fn run(root: &Path) -> Outcome<bool> {
    let repository = Repository::read(root, process::cargo)?;
    let mut count = 0;
    for rule in rules::ALL {
        let mut findings = (rule.check)(&repository);
        findings.sort();
        findings.dedup();
        count += findings.len();
        print_findings(rule, &findings);
    }
    println!("{}\n", overhead::report(&repository));
    println!("{}", rules::distribution(&repository));
    match count {
        0 => println!("tidy: {} rules, nothing found", rules::ALL.len()),
        1 => println!("tidy: {} rules, 1 finding", rules::ALL.len()),
        _ => println!("tidy: {} rules, {count} findings", rules::ALL.len()),
    }
    Ok(count == 0)
}

fn print_findings(rule: &Rule, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    for finding in findings {
        println!("{}:{}: {} [{}]", finding.path, finding.line, finding.message, rule.name);
    }
    println!("  rule: {}\n  do:   {}\n", rule.statement, rule.remedy);
}
