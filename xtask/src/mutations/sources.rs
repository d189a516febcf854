//! Names of the checks in the sources: each has a mutation, and each mutation a check.

use super::Mutation;
use crate::Outcome;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Call by which a check asks, up to its name.
const CALL: &str = "holds(";
/// Folders with the sources of crates.
const FOLDERS: [&str; 2] = ["platform", "services"];

/// Compares the checks of the sources with those of the mutations.
pub(super) fn compare(root: &Path, mutations: &[Mutation]) -> Outcome<()> {
    let mut asked = BTreeSet::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut asked)?;
    }
    let listed: BTreeSet<String> = mutations.iter().map(|it| it.check.to_owned()).collect();
    if listed.len() != mutations.len() {
        return Err("a check has two mutations".into());
    }
    let difference = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<_>>().join(", ")
    };
    let (without, unknown) = (difference(&asked, &listed), difference(&listed, &asked));
    match (without.as_str(), unknown.as_str()) {
        ("", "") => Ok(()),
        (without, "") => Err(format!("checks without a mutation: {without}").into()),
        (_, unknown) => Err(format!("mutations of checks that no source has: {unknown}").into()),
    }
}

fn collect(folder: &Path, names: &mut BTreeSet<String>) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, names)?;
        } else if path.extension().is_some_and(|it| it == "rs") && !is_definition(&path) {
            names.extend(names_in(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// Whether the file is that of the function itself, whose example has a name.
fn is_definition(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "security_checks.rs")
}

fn names_in(source: &str) -> impl Iterator<Item = String> + '_ {
    source.split(CALL).skip(1).filter_map(|rest| {
        let name = rest.trim_start().strip_prefix('"')?;
        name.split_once('"').map(|(name, _)| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_on_its_line_and_on_the_next() {
        let source = "if !holds(\"a\", x) {}\nholds(\n    \"b\",\n    y,\n)\nholds(name, z)";
        assert_eq!(names_in(source).collect::<Vec<_>>(), ["a", "b"]);
    }
}
