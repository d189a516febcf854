//! Rule that storage engines are chosen in one place, the wiring.

use crate::tidy::manifest::DependencyKind;
use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};

pub(crate) const ENGINES: Rule = Rule {
    name: "engines",
    statement: "Only icommerce/src/wiring knows which engines exist; tests may name them, other code may not.",
    remedy: "Take the port (journal, documents, key-value) as an argument and let the wiring choose the implementation.",
    check: engines,
};

fn engines(repository: &Repository) -> Vec<Finding> {
    let engines: Vec<&str> = repository
        .crates_in("platform")
        .filter(|manifest| is_engine(&manifest.folder))
        .filter_map(|manifest| manifest.folder.strip_prefix("platform/"))
        .collect();
    let mut found = Vec::new();
    for manifest in &repository.manifests {
        for name in manifest.dependencies(DependencyKind::Normal) {
            if engines.contains(&name) && !may_depend(&manifest.folder) {
                found.push(manifest.finding(name, format!("depends on `{name}`")));
            }
        }
    }
    let names: Vec<String> = engines.iter().map(|engine| engine.replace('-', "_")).collect();
    for source in repository.sources.iter().filter(|source| !may_name(&source.path)) {
        for token in source.tokens.iter().filter(|token| !token.in_test) {
            if let Some(word) = token.word()
                && (names.iter().any(|name| name == word) || word == "rusqlite")
            {
                found.push(Finding::new(&source.path, token.line, format!("names `{word}`")));
            }
        }
    }
    found
}

fn may_depend(folder: &str) -> bool {
    folder == "icommerce"
        || folder == "platform/testkit"
        || is_engine(folder)
        || for_measuring(folder)
}

fn may_name(path: &str) -> bool {
    path.starts_with("icommerce/src/wiring") || is_engine(path) || for_measuring(path)
}

fn is_engine(path: &str) -> bool {
    ["platform/engine-", "platform/document-index", "platform/simulated-disk"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Whether it belongs to a tool or a test harness rather than to the product.
fn for_measuring(path: &str) -> bool {
    ["benchmarks", "browser-tests", "crash-tests", "simulation", "xtask"]
        .iter()
        .any(|folder| path.starts_with(folder))
}
