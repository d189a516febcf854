//! Package manifests (`Cargo.toml`), as far as the rules need them.

use super::repository::TextFile;
use super::rule::Finding;
use crate::Outcome;
use toml::{Table, Value};

/// A package's manifest.
pub(crate) struct Manifest {
    /// The path of the file, relative to the root.
    pub(crate) path: String,
    /// The folder it is in.
    pub(crate) folder: String,
    /// The package's name.
    pub(crate) name: String,
    pub(crate) table: Table,
    text: String,
}

/// A selection of a crate's dependencies.
#[derive(Clone, Copy)]
pub(crate) enum DependencyKind {
    /// The dependencies of the product.
    Normal,
    /// Those of tests and build scripts as well.
    Any,
}

impl Manifest {
    /// The manifest in `file`; nothing when the file is no manifest or describes no package.
    pub(crate) fn read(file: &TextFile) -> Option<Outcome<Self>> {
        if file.path != "Cargo.toml" && !file.path.ends_with("/Cargo.toml") {
            return None;
        }
        let table: Table = match file.text.parse() {
            Ok(table) => table,
            Err(error) => return Some(Err(format!("{}: {error}", file.path).into())),
        };
        let name = table.get("package")?.get("name")?.as_str()?.to_owned();
        let folder = file.path.trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned();
        Some(Ok(Self { path: file.path.clone(), folder, name, table, text: file.text.clone() }))
    }

    /// The names of the crates it depends on.
    pub(crate) fn dependencies(&self, kind: DependencyKind) -> Vec<&str> {
        self.dependency_values(kind).map(|(name, _)| name).collect()
    }

    /// The crates it depends on, with the requirement for each.
    pub(crate) fn dependency_values(
        &self,
        kind: DependencyKind,
    ) -> impl Iterator<Item = (&str, &Value)> {
        let sections: &[&str] = match kind {
            DependencyKind::Normal => &["dependencies"],
            DependencyKind::Any => &["dependencies", "dev-dependencies", "build-dependencies"],
        };
        let everywhere = std::iter::once(&self.table);
        let by_platform = self.table.get("target").and_then(Value::as_table).into_iter().flatten();
        everywhere
            .chain(by_platform.filter_map(|(_, section)| section.as_table()))
            .flat_map(|table| sections.iter().filter_map(|section| table.get(*section)?.as_table()))
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// A finding at the line that `key` begins.
    pub(crate) fn finding(&self, key: &str, message: String) -> Finding {
        let line = self
            .text
            .lines()
            .position(|line| line.trim_start().starts_with(key))
            .map_or(1, |index| index + 1);
        Finding { path: self.path.clone(), line, message }
    }
}
