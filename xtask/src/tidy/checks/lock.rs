//! What Cargo.lock says of the crates that are fetched: from where, and how many versions of each.

use crate::tidy::finding::{Check, Place};
use crate::tidy::repository::Repository;
use std::collections::BTreeMap;
use toml::{Table, Value};

pub(crate) const SOURCES: Check = Check {
    name: "sources",
    rule: "Every crate that is not ours comes from crates.io, with its checksum.",
    remedy: "Depend on a version that was published there.",
    find: sources,
};

pub(crate) const ONE_VERSION: Check = Check {
    name: "one-version",
    rule: "Of each crate there is one version; more than one has a reason in deny.toml, and a reason has its crate.",
    remedy: "Move to the version that is there already, or add the older one to [bans] skip in deny.toml with its reason.",
    find: one_version,
};

const LOCK: &str = "Cargo.lock";
const POLICY: &str = "deny.toml";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package of the lock.
#[derive(Default)]
struct Locked<'a> {
    line: usize,
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    has_checksum: bool,
}

/// Read line by line, as cargo writes it, so that a finding knows its line.
fn locked(text: &str) -> Vec<Locked<'_>> {
    let mut packages: Vec<Locked<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line == "[[package]]" {
            packages.push(Locked::default());
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

fn sources(repository: &Repository) -> Vec<Place> {
    let packages = locked(repository.text(LOCK).unwrap_or_default()).into_iter();
    let foreign = packages.filter(|package| match package.source {
        None => false,
        Some(source) => source != REGISTRY || !package.has_checksum,
    });
    let place = |package: Locked<'_>| {
        let Locked { line, name, version, source, .. } = package;
        let source = source.unwrap_or_default();
        Place::new(LOCK, line, format!("{name} {version} comes from {source}, or without checksum"))
    };
    foreign.map(place).collect()
}

fn one_version(repository: &Repository) -> Vec<Place> {
    let skipped = match repository.text(POLICY).map(skipped) {
        Some(Ok(skipped)) => skipped,
        Some(Err(reason)) => return vec![Place::new(POLICY, 1, reason)],
        None => return vec![Place::new(POLICY, 1, "there is no deny.toml")],
    };
    let packages = locked(repository.text(LOCK).unwrap_or_default());
    let mut found: Vec<Place> = skipped
        .iter()
        .filter(|skip| !packages.iter().any(|package| skip.means(package)))
        .map(|skip| {
            let Skip { name, version } = skip;
            Place::new(POLICY, 1, format!("nobody depends on {name} {version} any more"))
        })
        .collect();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for package in packages.iter().filter(|package| !skipped.iter().any(|it| it.means(package))) {
        if let Some(other) = first.insert(package.name, package.version) {
            let Locked { line, name, version, .. } = package;
            found.push(Place::new(LOCK, *line, format!("{name} {version} beside {other}")));
        }
    }
    found
}

/// A version that may be there beside another: all of `1.2.3` or the beginning of it.
struct Skip {
    name: String,
    version: String,
}

impl Skip {
    fn means(&self, package: &Locked<'_>) -> bool {
        let rest = package.version.strip_prefix(self.version.as_str());
        package.name == self.name
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn skipped(text: &str) -> Result<Vec<Skip>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let entries = table.get("bans").and_then(|bans| bans.get("skip")).and_then(Value::as_array);
    let skip = |entry: &Value| {
        let word = entry.get("crate")?.as_str()?;
        let (name, version) = word.split_once('@')?;
        entry.get("reason")?.as_str()?;
        Some(Skip { name: name.to_owned(), version: version.to_owned() })
    };
    let wrong = "an entry of [bans] skip is not { crate = \"name@version\", reason = \"…\" }";
    entries.into_iter().flatten().map(|entry| skip(entry).ok_or(wrong.to_owned())).collect()
}
