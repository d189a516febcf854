//! What a domain may say.

use crate::tidy::finding::{Check, Place};
use crate::tidy::manifest::{Kind, Manifest};
use crate::tidy::repository::Repository;
use crate::tidy::source::{self, Source};

pub(crate) const DOMAIN_PURE: Check = Check {
    name: "domain-pure",
    rule: "domain/ never waits, reads time, logs or knows who calls it: it uses std, serde, thiserror, kernel and itself.",
    remedy: "Put what it needs into the command; do the waiting and the talking in application/ or adapters/.",
    find: domain_pure,
};

pub(crate) const DOMAIN_SERIALISABLE: Check = Check {
    name: "domain-serialisable",
    rule: "Only stored events and contract messages are serialisable: in domain/ only events.rs derives Serialize.",
    remedy: "Move the type to events.rs when it is stored, to contracts when it is sent; otherwise drop the derive.",
    find: domain_serialisable,
};

const ALLOWED: &[&str] = &["serde", "thiserror", "kernel"];

/// What an outer layer of the hexagon is called.
const OUTER_LAYERS: &[&str] = &["application", "ports", "adapters"];

fn domain_pure(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for service in repository.crates_in("services") {
        let refused: Vec<String> = service
            .dependencies(Kind::Normal)
            .into_iter()
            .filter(|name| !ALLOWED.contains(name))
            .map(|name| name.replace('-', "_"))
            .collect();
        for source in domain_sources(repository, service) {
            found.extend(refused_names(source, &refused));
            found.extend(places(source, &["async"], "waits: `async`"));
            for layer in OUTER_LAYERS {
                found.extend(places(
                    source,
                    &["crate", "::", layer],
                    &format!("names the outer layer `{layer}`"),
                ));
            }
        }
    }
    found
}

/// The places that name one of the `refused` crates, in a path or in a `use`.
fn refused_names(source: &Source, refused: &[String]) -> Vec<Place> {
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        let before = index.checked_sub(1).map(|before| &source.tokens[before]);
        let inside_a_path = before.is_some_and(|token| token.kind == source::Kind::Path);
        let begins_a_path =
            source.tokens.get(index + 1).is_some_and(|token| token.kind == source::Kind::Path);
        let is_used = before.and_then(source::Token::word) == Some("use");
        if !inside_a_path && (begins_a_path || is_used) && refused.iter().any(|name| name == word) {
            found.push(Place::new(&source.path, token.line, format!("names `{word}`")));
        }
    }
    found
}

fn domain_serialisable(repository: &Repository) -> Vec<Place> {
    repository
        .crates_in("services")
        .flat_map(|service| domain_sources(repository, service))
        .filter(|source| !source.path.contains("/domain/events"))
        .flat_map(|source| places(source, &["Serialize"], "names `Serialize`"))
        .collect()
}

fn domain_sources<'a>(
    repository: &'a Repository,
    service: &'a Manifest,
) -> impl Iterator<Item = &'a Source> {
    let folder = format!("{}/src/domain/", service.folder);
    let file = format!("{}/src/domain.rs", service.folder);
    repository
        .sources
        .iter()
        .filter(move |source| source.path.starts_with(&folder) || source.path == file)
}

fn places(source: &Source, words: &[&str], what: &str) -> Vec<Place> {
    source.find(words).map(|token| Place::new(&source.path, token.line, what)).collect()
}
