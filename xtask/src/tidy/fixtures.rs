//! Every rule is proven twice: its `good` fixture passes, and its `bad` fixture fails in exactly the marked lines.
//!
//! A fixture is a small repository in `xtask/fixtures/<rule>/<good or bad>/`. A line that must be found ends in
//! `~ found`; findings about a whole file, about a file that is not there or by cargo are listed in `found.txt`. What cargo would
//! print is recorded in `cargo-<verb>.txt`.

use super::checks;
use super::finding::Check;
use super::repository::Repository;
use crate::Outcome;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MARK: &str = "~ found";

#[test]
fn what_breaks_a_rule_is_found_where_it_stands_and_nothing_else() {
    for check in checks::ALL {
        let fixture = folder(check, "bad");
        let expected = expected(&fixture);
        assert!(!expected.is_empty(), "{}: the bad fixture marks nothing", check.name);
        assert_eq!(found(check, &fixture), expected, "{}", check.name);
    }
}

#[test]
fn what_keeps_a_rule_passes() {
    for check in checks::ALL {
        let fixture = folder(check, "good");
        assert!(fixture.is_dir(), "{}: there is no good fixture", check.name);
        assert_eq!(found(check, &fixture), BTreeSet::new(), "{}", check.name);
    }
}

#[test]
fn no_fixture_outlives_its_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(checks::ALL.iter().any(|check| check.name == name), "{name} is no rule");
    }
}

fn folder(check: &Check, verdict: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(check.name).join(verdict)
}

fn found(check: &Check, fixture: &Path) -> BTreeSet<String> {
    let repository = Repository::read(fixture, recorded).unwrap();
    (check.find)(&repository).iter().map(|place| format!("{}:{}", place.path, place.line)).collect()
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

/// What cargo would print, as the fixture recorded it.
fn recorded(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let verb = arguments.first().ok_or("a cargo command has a verb")?;
    Ok(std::fs::read_to_string(root.join(format!("cargo-{verb}.txt")))?)
}
