//! Rules about dependencies between crates, read from the manifests.

use crate::tidy::manifest::{DependencyKind, Manifest};
use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use toml::{Table, Value};

pub(crate) const SERVICES_APART: Rule = Rule {
    name: "services-apart",
    statement: "No crate in services/ depends on another crate in services/.",
    remedy: "Call the other service with its typed client in contracts, or consume its events.",
    check: services_apart,
};

pub(crate) const CONTRACTS_LEAN: Rule = Rule {
    name: "contracts-lean",
    statement: "contracts/ contains no logic: it depends on what describes and sends messages, and on nothing else.",
    remedy: "Move the logic into the service that owns it, or into platform/ when it is not business logic.",
    check: contracts_lean,
};

pub(crate) const KERNEL_PURE: Rule = Rule {
    name: "kernel-pure",
    statement: "platform/kernel does no I/O: no runtime, no sockets, no files, no other crate of ours.",
    remedy: "Take what is needed as an argument, or move the code to a platform crate that performs I/O.",
    check: kernel_pure,
};

pub(crate) const DRIVERS_WRAPPED: Rule = Rule {
    name: "drivers-wrapped",
    statement: "A crate that deny.toml gives `wrappers` is used by those wrappers only.",
    remedy: "Use the platform port that the engine implements; a new engine gets a crate and a line in deny.toml.",
    check: drivers_wrapped,
};

pub(crate) const MANIFESTS: Rule = Rule {
    name: "manifests",
    statement: "Every crate inherits version, edition, licence, lints and the versions of its dependencies from the workspace.",
    remedy: "Copy the head of platform/kernel/Cargo.toml; name the version in the root's [workspace.dependencies].",
    check: manifests,
};

/// The only dependencies a crate of messages may have.
const MESSAGE_CRATES: &[&str] = &[
    "addresses",
    "aide",
    "async-trait",
    "base64",
    "bytes",
    "futures-util",
    "http",
    "jiff",
    "identifiers",
    "kernel",
    "schemars",
    "serde",
    "serde_json",
    "serde_urlencoded",
    "thiserror",
    "rpc",
    "transport",
    "uuid",
];

/// Crates that perform I/O or wait for it.
const INPUT_AND_OUTPUT: &[&str] = &[
    "tokio",
    "axum",
    "hyper",
    "hyper-util",
    "tower",
    "rusqlite",
    "rustix",
    "async-trait",
    "futures-util",
    "tracing",
];

/// The keys that each crate inherits from the workspace's [workspace.package].
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

fn services_apart(repository: &Repository) -> Vec<Finding> {
    let services: Vec<&str> =
        repository.crates_in("services").map(|service| service.name.as_str()).collect();
    findings(repository.crates_in("services"), DependencyKind::Any, |_, name| {
        services.contains(&name)
    })
}

fn contracts_lean(repository: &Repository) -> Vec<Finding> {
    let contracts = repository.manifests.iter().filter(|manifest| manifest.folder == "contracts");
    findings(contracts, DependencyKind::Normal, |_, name| !MESSAGE_CRATES.contains(&name))
}

fn kernel_pure(repository: &Repository) -> Vec<Finding> {
    let ours: Vec<&str> =
        repository.manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let kernel =
        repository.manifests.iter().filter(|manifest| manifest.folder == "platform/kernel");
    let mut found = findings(kernel, DependencyKind::Normal, |_, name| {
        INPUT_AND_OUTPUT.contains(&name) || ours.contains(&name)
    });
    for source in
        repository.sources.iter().filter(|source| source.path.starts_with("platform/kernel/src/"))
    {
        for module in ["fs", "net", "process", "thread"] {
            let path = ["std", "::", module];
            let uses = source.find(&path).filter(|token| !token.in_test);
            found.extend(uses.map(|token| {
                Finding::new(&source.path, token.line, format!("uses `std::{module}`"))
            }));
        }
    }
    found
}

fn drivers_wrapped(repository: &Repository) -> Vec<Finding> {
    let Some(text) = repository.text("deny.toml") else {
        return vec![Finding::new("deny.toml", 1, "there is no deny.toml")];
    };
    let wrapped = match wrapped_crates(text) {
        Ok(wrapped) => wrapped,
        Err(reason) => return vec![Finding::new("deny.toml", 1, reason)],
    };
    findings(repository.manifests.iter(), DependencyKind::Any, |user, name| {
        wrapped.iter().any(|(driver, wrappers)| driver == name && !wrappers.contains(&user.name))
    })
}

/// The `[[bans.deny]]` entries with wrappers: crate and who may use it.
fn wrapped_crates(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let entries = table.get("bans").and_then(|bans| bans.get("deny")).and_then(Value::as_array);
    Ok(entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let wrappers = entry.get("wrappers")?.as_array()?;
            let wrappers = wrappers.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Some((entry.get("crate")?.as_str()?.to_owned(), wrappers))
        })
        .collect())
}

fn manifests(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for manifest in &repository.manifests {
        let package = manifest.table.get("package");
        for key in INHERITED {
            if !package.and_then(|package| package.get(*key)).is_some_and(is_inherited) {
                found.push(manifest.finding("[package]", format!("`{key}` is not inherited")));
            }
        }
        if !manifest.table.get("lints").is_some_and(is_inherited) {
            found.push(manifest.finding("[lints]", "the lints are not inherited".to_owned()));
        }
        for (name, value) in manifest.dependency_values(DependencyKind::Any) {
            if !is_inherited(value) {
                found.push(
                    manifest.finding(name, format!("the version of `{name}` is not inherited")),
                );
            }
        }
    }
    found
}

/// Whether the value says `workspace = true`.
fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn findings<'a>(
    manifests: impl Iterator<Item = &'a Manifest>,
    kind: DependencyKind,
    is_refused: impl Fn(&Manifest, &str) -> bool,
) -> Vec<Finding> {
    manifests
        .flat_map(|manifest| {
            manifest.dependencies(kind).into_iter().map(move |name| (manifest, name))
        })
        .filter(|(manifest, name)| is_refused(manifest, name))
        .map(|(manifest, name)| manifest.finding(name, format!("depends on `{name}`")))
        .collect()
}
