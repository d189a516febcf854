//! Rules about the dependency graph: the number of crates and their licences.

use super::licence::LicenceExpression;
use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::{Table, Value};

pub(crate) const CRATE_COUNT: Rule = Rule {
    name: "crate-count",
    statement: "The default build has fewer than 300 crates.",
    remedy: "Turn default features off and list the ones in use; write small things instead of depending on them.",
    check: crate_count,
};

pub(crate) const LICENCES: Rule = Rule {
    name: "licences",
    statement: "Every dependency has a licence that deny.toml allows, to all or (with a reason) to that crate.",
    remedy: "Take another crate, or add an exception with its reason to [licenses] in deny.toml.",
    check: licences,
};

const CRATES_MAX: usize = 299;

fn crate_count(repository: &Repository) -> Vec<Finding> {
    match repository.cargo(&["tree", "-e", "normal", "--prefix", "none", "-p", "icommerce"]) {
        Err(error) => vec![Finding::new("Cargo.toml", 1, error.to_string())],
        Ok(tree) => {
            let crates: BTreeSet<&str> =
                tree.lines().filter_map(|line| line.split(" (").next()).collect();
            let crates = crates.into_iter().filter(|line| !line.trim().is_empty()).count();
            (crates > CRATES_MAX)
                .then(|| {
                    Finding::new("Cargo.toml", 1, format!("the default build has {crates} crates"))
                })
                .into_iter()
                .collect()
        }
    }
}

#[derive(Deserialize)]
struct DependencyMetadata {
    packages: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    version: String,
    license: Option<String>,
    /// Absent for the crates of this workspace.
    source: Option<String>,
}

fn licences(repository: &Repository) -> Vec<Finding> {
    let metadata = repository.cargo(&["metadata", "--format-version", "1"]);
    let metadata = metadata.and_then(|text| Ok(serde_json::from_str::<DependencyMetadata>(&text)?));
    let policy = repository
        .text("deny.toml")
        .ok_or("there is no deny.toml".into())
        .and_then(LicencePolicy::read);
    match (metadata, policy) {
        (Err(error), _) => vec![Finding::new("Cargo.toml", 1, error.to_string())],
        (_, Err(error)) => vec![Finding::new("deny.toml", 1, error.to_string())],
        (Ok(metadata), Ok(policy)) => {
            metadata.packages.iter().filter_map(|package| policy.refusal(package)).collect()
        }
    }
}

/// The `[licenses]` section of deny.toml.
struct LicencePolicy {
    allowed: Vec<String>,
    /// Each crate with the licences that it alone may have.
    exceptions: Vec<(String, Vec<String>)>,
}

impl LicencePolicy {
    fn read(text: &str) -> crate::Outcome<Self> {
        let table: Table = text.parse()?;
        let licences = table.get("licenses").ok_or("deny.toml has no [licenses]")?;
        let strings = |value: Option<&Value>| -> Vec<String> {
            let list = value.and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let exceptions = licences.get("exceptions").and_then(Value::as_array).into_iter().flatten();
        let exceptions = exceptions
            .filter_map(|entry| {
                Some((entry.get("crate")?.as_str()?.to_owned(), strings(entry.get("allow"))))
            })
            .collect();
        Ok(Self { allowed: strings(licences.get("allow")), exceptions })
    }

    fn refusal(&self, package: &Dependency) -> Option<Finding> {
        package.source.as_ref()?;
        let licence = package.license.as_deref().unwrap_or("no licence");
        let is_allowed = |id: &str| {
            self.allowed.iter().any(|allowed| allowed == id)
                || self.exceptions.iter().any(|(name, allowed)| {
                    *name == package.name && allowed.iter().any(|allowed| allowed == id)
                })
        };
        let is_fine = LicenceExpression::read(licence)
            .is_some_and(|expression| expression.is_met(&is_allowed));
        (!is_fine).then(|| {
            Finding::new(
                "Cargo.lock",
                1,
                format!("{} {} is under {licence}", package.name, package.version),
            )
        })
    }
}
