//! The rule that a type's name is found once: `grep "struct Name"` leads to one place in a crate.

use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::rust_source::DeclarationKind;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const UNIQUE_TYPES: Rule = Rule {
    name: "unique-types",
    statement: "A type name (struct, enum, trait, union, alias; of whatever visibility, tests included) is declared in one module of a \
                crate, and in one crate of platform/. A program in tests/, benches/ or examples/ is a crate of its own.",
    remedy: "Give each type its own noun, or share one type. Where both must bear the name, add it with the reason to \
             xtask/src/tidy/rules/unique_types.rs.",
    check: unique_types,
};

/// A name that may be declared more than once.
struct Shared {
    /// The beginning of the paths it is meant for.
    path: &'static str,
    name: &'static str,
    reason: &'static str,
}

/// Names that several modules, or several crates of platform/, declare for a reason.
const SHARED: &[Shared] = &[
    Shared {
        path: "platform/web/src/query.rs",
        name: "Query",
        reason: "the extractor of a query string, which axum calls so; nobody searches for it under another name",
    },
    Shared {
        path: "platform/storage/src/query.rs",
        name: "Query",
        reason: "the query of a document store; the other one is web's extractor",
    },
    Shared {
        path: "platform/relying-party/src/relying_party.rs",
        name: "RelyingParty",
        reason: "the term of OpenID Connect",
    },
    Shared {
        path: "platform/webauthn/src/relying_party.rs",
        name: "RelyingParty",
        reason: "the term of Web Authentication for another thing: the name to which passkeys belong",
    },
];

/// A module-level declaration of a type.
struct TypeDeclaration<'a> {
    name: String,
    path: &'a str,
    line: usize,
    /// The folder of its package.
    package: &'a str,
    /// The compiled crate within the package: `src`, or `tests/name`.
    unit: String,
    /// The file, and the modules inside it.
    module: String,
}

fn unique_types(repository: &Repository) -> Vec<Finding> {
    let declarations = declarations(repository);
    let mut findings = Vec::new();
    let mut modules: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let mut platform: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for declaration in &declarations {
        let TypeDeclaration { name, package, unit, module, .. } = declaration;
        modules.entry((*package, unit.as_str(), name.as_str())).or_default().insert(module);
        if package.starts_with("platform/") {
            platform.entry(name).or_default().insert(package);
        }
    }
    for declaration in declarations.iter().filter(|declaration| !is_shared(declaration)) {
        let TypeDeclaration { name, path, line, package, unit, module } = declaration;
        let mut report = |elsewhere: Vec<&str>| {
            if !elsewhere.is_empty() {
                let message = format!("declares `{name}`, and so does {}", elsewhere.join(", "));
                findings.push(Finding::new(path, *line, message));
            }
        };
        let others = &modules[&(*package, unit.as_str(), name.as_str())];
        report(others.iter().copied().filter(|other| *other != module.as_str()).collect());
        let crates = platform.get(name.as_str()).filter(|_| package.starts_with("platform/"));
        let crates = crates.into_iter().flatten().copied();
        report(crates.filter(|other| other != package).collect());
    }
    findings
}

fn is_shared(declaration: &TypeDeclaration<'_>) -> bool {
    SHARED.iter().any(|shared| {
        !shared.reason.is_empty()
            && shared.name == declaration.name
            && declaration.path.starts_with(shared.path)
    })
}

fn declarations(repository: &Repository) -> Vec<TypeDeclaration<'_>> {
    let mut found = Vec::new();
    for source in &repository.sources {
        let packages = repository.manifests.iter().filter(|manifest| {
            source.path.strip_prefix(&manifest.folder).is_some_and(|rest| rest.starts_with('/'))
        });
        let Some(package) = packages.max_by_key(|manifest| manifest.folder.len()) else { continue };
        let unit = unit_of(&source.path[package.folder.len() + 1..]);
        let types = source.declarations().into_iter().filter_map(|declaration| {
            let is_type = declaration.kind == DeclarationKind::Type;
            let inside = declaration.module.filter(|_| is_type)?;
            Some(TypeDeclaration {
                name: declaration.name,
                path: &source.path,
                line: declaration.line,
                package: &package.folder,
                unit: unit.clone(),
                module: format!("{}{inside}", source.path),
            })
        });
        found.extend(types);
    }
    found
}

/// The compiled crate a file belongs to, by its path within the package.
fn unit_of(path: &str) -> String {
    let mut parts = path.splitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(folder @ ("tests" | "benches" | "examples")), Some(name)) => {
            format!("{folder}/{}", name.trim_end_matches(".rs"))
        }
        _ => "src".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::unit_of;

    #[test]
    fn a_test_program_is_a_crate_of_its_own_with_all_its_modules() {
        assert_eq!(unit_of("tests/pages.rs"), "tests/pages");
        assert_eq!(unit_of("tests/pages/list.rs"), "tests/pages");
        assert_eq!(unit_of("src/bin/tool.rs"), "src");
        assert_eq!(unit_of("src/lib.rs"), "src");
    }
}
