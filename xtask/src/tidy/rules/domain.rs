//! Rules about domain code: purity, and which of its types are serialisable.

use crate::tidy::manifest::{DependencyKind, Manifest};
use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::rust_source::{self, RustSource};

pub(crate) const DOMAIN_PURE: Rule = Rule {
    name: "domain-pure",
    statement: "domain/ never waits, reads time, logs or knows who calls it: it uses std, serde, thiserror, kernel, identifiers, addresses and itself; events.rs also uses minicbor.",
    remedy: "Put what it needs into the command; do the waiting and the talking in application/ or adapters/.",
    check: domain_pure,
};

pub(crate) const DOMAIN_SERIALISABLE: Rule = Rule {
    name: "domain-serialisable",
    statement: "Only stored events and contract messages are serialisable: in domain/ only events.rs derives Serialize.",
    remedy: "Move the type to events.rs when it is stored, to contracts when it is sent; otherwise drop the derive.",
    check: domain_serialisable,
};

const ALLOWED: &[&str] = &["serde", "thiserror", "kernel", "identifiers", "addresses"];

/// Sources of the types that are stored.
const EVENTS: [&str; 2] = ["/domain/events.rs", "/domain/events/"];
/// What the stored types in `domain/events.rs` may use besides.
const ALLOWED_IN_EVENTS: &str = "minicbor";

/// The names of the outer layers of the hexagon.
const OUTER_LAYERS: &[&str] = &["application", "ports", "adapters"];

/// Whether a source has types that are stored.
fn is_stored(path: &str) -> bool {
    EVENTS.iter().any(|events| path.contains(events))
}

fn domain_pure(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in repository.crates_in("services") {
        let refused: Vec<String> = service
            .dependencies(DependencyKind::Normal)
            .into_iter()
            .filter(|name| !ALLOWED.contains(name))
            .map(|name| name.replace('-', "_"))
            .collect();
        for source in domain_sources(repository, service) {
            let is_stored = is_stored(&source.path);
            let refused: Vec<&str> = refused
                .iter()
                .map(String::as_str)
                .filter(|name| !(is_stored && *name == ALLOWED_IN_EVENTS))
                .collect();
            found.extend(refused_names(source, &refused));
            found.extend(findings(source, &["async"], "waits: `async`"));
            for layer in OUTER_LAYERS {
                found.extend(findings(
                    source,
                    &["crate", "::", layer],
                    &format!("names the outer layer `{layer}`"),
                ));
            }
        }
    }
    found
}

/// Findings for the tokens that name one of the `refused` crates, in a path or in a `use`.
fn refused_names(source: &RustSource, refused: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        let before = index.checked_sub(1).map(|before| &source.tokens[before]);
        let inside_a_path = before.is_some_and(|token| token.kind == rust_source::TokenKind::Path);
        let begins_a_path = source
            .tokens
            .get(index + 1)
            .is_some_and(|token| token.kind == rust_source::TokenKind::Path);
        let is_used = before.and_then(rust_source::Token::word) == Some("use");
        if !inside_a_path && (begins_a_path || is_used) && refused.contains(&word) {
            found.push(Finding::new(&source.path, token.line, format!("names `{word}`")));
        }
    }
    found
}

fn domain_serialisable(repository: &Repository) -> Vec<Finding> {
    repository
        .crates_in("services")
        .flat_map(|service| domain_sources(repository, service))
        .filter(|source| !is_stored(&source.path))
        .flat_map(|source| findings(source, &["Serialize"], "names `Serialize`"))
        .collect()
}

fn domain_sources<'a>(
    repository: &'a Repository,
    service: &'a Manifest,
) -> impl Iterator<Item = &'a RustSource> {
    let folder = format!("{}/src/domain/", service.folder);
    let file = format!("{}/src/domain.rs", service.folder);
    repository
        .sources
        .iter()
        .filter(move |source| source.path.starts_with(&folder) || source.path == file)
}

fn findings(source: &RustSource, words: &[&str], what: &str) -> Vec<Finding> {
    source.find(words).map(|token| Finding::new(&source.path, token.line, what)).collect()
}
