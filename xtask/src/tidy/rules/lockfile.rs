//! Rules about Cargo.lock: where each dependency comes from, and how many versions of it there are.

use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use std::collections::BTreeMap;
use toml::{Table, Value};

pub(crate) const SOURCES: Rule = Rule {
    name: "sources",
    statement: "Every external crate comes from crates.io, with its checksum.",
    remedy: "Depend on a version that was published there.",
    check: sources,
};

pub(crate) const ONE_VERSION: Rule = Rule {
    name: "one-version",
    statement: "There is one version of each crate; a duplicate has a reason in deny.toml, and every reason there has its duplicate.",
    remedy: "Move to the version already in use, or add the older one to [bans] skip in deny.toml with its reason.",
    check: one_version,
};

const LOCK: &str = "Cargo.lock";
const POLICY: &str = "deny.toml";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package entry of the lock file.
#[derive(Default)]
struct LockedPackage<'a> {
    line: usize,
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    has_checksum: bool,
}

/// The package entries, read line by line as cargo writes them, so that a finding knows its line.
fn locked(text: &str) -> Vec<LockedPackage<'_>> {
    let mut packages: Vec<LockedPackage<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line == "[[package]]" {
            packages.push(LockedPackage::default());
        }
        let (Some(package), Some((key, value))) = (packages.last_mut(), line.split_once(" = "))
        else {
            continue;
        };
        let value = value.split('"').nth(1).unwrap_or_default();
        match key {
            "name" => package.name = value,
            "version" => (package.version, package.line) = (value, index + 1),
            "source" => package.source = Some(value),
            "checksum" => package.has_checksum = true,
            _ => {}
        }
    }
    packages
}

fn sources(repository: &Repository) -> Vec<Finding> {
    let packages = locked(repository.text(LOCK).unwrap_or_default()).into_iter();
    let foreign = packages.filter(|package| match package.source {
        None => false,
        Some(source) => source != REGISTRY || !package.has_checksum,
    });
    let finding = |package: LockedPackage<'_>| {
        let LockedPackage { line, name, version, source, .. } = package;
        let source = source.unwrap_or_default();
        Finding::new(
            LOCK,
            line,
            format!("{name} {version} comes from {source}, or without checksum"),
        )
    };
    foreign.map(finding).collect()
}

fn one_version(repository: &Repository) -> Vec<Finding> {
    let skipped = match repository.text(POLICY).map(skipped) {
        Some(Ok(skipped)) => skipped,
        Some(Err(reason)) => return vec![Finding::new(POLICY, 1, reason)],
        None => return vec![Finding::new(POLICY, 1, "there is no deny.toml")],
    };
    let packages = locked(repository.text(LOCK).unwrap_or_default());
    let mut found: Vec<Finding> = skipped
        .iter()
        .filter(|skip| !packages.iter().any(|package| skip.means(package)))
        .map(|skip| {
            let AllowedDuplicate { name, version } = skip;
            Finding::new(POLICY, 1, format!("no crate depends on {name} {version} any more"))
        })
        .collect();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for package in packages.iter().filter(|package| !skipped.iter().any(|it| it.means(package))) {
        if let Some(other) = first.insert(package.name, package.version) {
            let LockedPackage { line, name, version, .. } = package;
            found.push(Finding::new(LOCK, *line, format!("{name} {version} beside {other}")));
        }
    }
    found
}

/// A version that deny.toml allows beside another: all of `1.2.3` or the beginning of it.
struct AllowedDuplicate {
    name: String,
    version: String,
}

impl AllowedDuplicate {
    fn means(&self, package: &LockedPackage<'_>) -> bool {
        let rest = package.version.strip_prefix(self.version.as_str());
        package.name == self.name
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn skipped(text: &str) -> Result<Vec<AllowedDuplicate>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let entries = table.get("bans").and_then(|bans| bans.get("skip")).and_then(Value::as_array);
    let skip = |entry: &Value| {
        let word = entry.get("crate")?.as_str()?;
        let (name, version) = word.split_once('@')?;
        entry.get("reason")?.as_str()?;
        Some(AllowedDuplicate { name: name.to_owned(), version: version.to_owned() })
    };
    let wrong = "an entry of [bans] skip is not { crate = \"name@version\", reason = \"…\" }";
    entries.into_iter().flatten().map(|entry| skip(entry).ok_or(wrong.to_owned())).collect()
}
