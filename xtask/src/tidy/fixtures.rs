//! Fixture tests of the rules. Each rule is proven twice: its `good` fixture passes, and its `bad` fixture fails in exactly the marked lines.
//!
//! A fixture is a small repository in `xtask/fixtures/<rule>/<good or bad>/`. A line that must be found ends in
//! `~ found`; findings about a whole file, about an absent file or by cargo are listed in `found.txt`. The output of cargo
//! is recorded in `cargo-<verb>.txt`.

use super::repository::Repository;
use super::rule::Rule;
use super::rules;
use crate::Outcome;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MARK: &str = "~ found";

#[test]
fn a_bad_fixture_fails_in_exactly_the_marked_lines() {
    for rule in rules::ALL {
        let fixture = folder(rule, "bad");
        let expected = expected(&fixture);
        assert!(!expected.is_empty(), "{}: the bad fixture marks nothing", rule.name);
        assert_eq!(found(rule, &fixture), expected, "{}", rule.name);
    }
}

#[test]
fn a_good_fixture_passes() {
    for rule in rules::ALL {
        let fixture = folder(rule, "good");
        assert!(fixture.is_dir(), "{}: there is no good fixture", rule.name);
        assert_eq!(found(rule, &fixture), BTreeSet::new(), "{}", rule.name);
    }
}

#[test]
fn every_fixture_belongs_to_a_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(rules::ALL.iter().any(|rule| rule.name == name), "{name} is no rule");
    }
}

fn folder(rule: &Rule, verdict: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(rule.name).join(verdict)
}

fn found(rule: &Rule, fixture: &Path) -> BTreeSet<String> {
    let repository = Repository::read(fixture, recorded).unwrap();
    (rule.check)(&repository)
        .iter()
        .map(|finding| format!("{}:{}", finding.path, finding.line))
        .collect()
}

fn expected(fixture: &Path) -> BTreeSet<String> {
    let repository = Repository::read(fixture, recorded).unwrap();
    let mut expected: BTreeSet<String> =
        repository.text("found.txt").unwrap_or_default().lines().map(str::to_owned).collect();
    for file in &repository.files {
        let marked = file.text.lines().enumerate().filter(|(_, line)| line.contains(MARK));
        expected.extend(marked.map(|(index, _)| format!("{}:{}", file.path, index + 1)));
    }
    expected
}

/// The output of cargo that the fixture recorded.
fn recorded(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let verb = arguments.first().ok_or("a cargo command has a verb")?;
    Ok(std::fs::read_to_string(root.join(format!("cargo-{verb}.txt")))?)
}
