//! Who may depend on whom, as the manifests say it.

use crate::tidy::finding::{Check, Place};
use crate::tidy::manifest::{Kind, Manifest};
use crate::tidy::repository::Repository;
use toml::{Table, Value};

pub(crate) const SERVICES_APART: Check = Check {
    name: "services-apart",
    rule: "No crate in services/ depends on another crate in services/.",
    remedy: "Call the other service with its typed client in contracts, or consume its events.",
    find: services_apart,
};

pub(crate) const CONTRACTS_LEAN: Check = Check {
    name: "contracts-lean",
    rule: "contracts/ contains no logic: it depends on what describes and sends messages, and on nothing else.",
    remedy: "Move the logic into the service that owns it, or into platform/ when it is no business of anybody.",
    find: contracts_lean,
};

pub(crate) const KERNEL_PURE: Check = Check {
    name: "kernel-pure",
    rule: "platform/kernel does no I/O: no runtime, no sockets, no files, no other crate of ours.",
    remedy: "Take what is needed as an argument, or put the code into the platform crate that does I/O for a living.",
    find: kernel_pure,
};

pub(crate) const DRIVERS_WRAPPED: Check = Check {
    name: "drivers-wrapped",
    rule: "A crate that deny.toml gives `wrappers` is used by those wrappers only.",
    remedy: "Use the platform port that the engine implements; a new engine gets a crate and a line in deny.toml.",
    find: drivers_wrapped,
};

pub(crate) const MANIFESTS: Check = Check {
    name: "manifests",
    rule: "Every crate inherits version, edition, licence, lints and the versions of its dependencies from the workspace.",
    remedy: "Copy the head of platform/kernel/Cargo.toml; name the version in the root's [workspace.dependencies].",
    find: manifests,
};

/// What a crate of messages may be built from.
const MESSAGE_CRATES: &[&str] = &[
    "aide",
    "async-trait",
    "base64",
    "bytes",
    "futures-util",
    "http",
    "jiff",
    "kernel",
    "schemars",
    "serde",
    "serde_json",
    "serde_urlencoded",
    "thiserror",
    "transport",
    "uuid",
];

/// What waits or talks to the outside.
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

/// What each crate takes from the workspace's [workspace.package].
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

fn services_apart(repository: &Repository) -> Vec<Place> {
    let services: Vec<&str> =
        repository.crates_in("services").map(|service| service.name.as_str()).collect();
    places(repository.crates_in("services"), Kind::Any, |_, name| services.contains(&name))
}

fn contracts_lean(repository: &Repository) -> Vec<Place> {
    let contracts = repository.manifests.iter().filter(|manifest| manifest.folder == "contracts");
    places(contracts, Kind::Normal, |_, name| !MESSAGE_CRATES.contains(&name))
}

fn kernel_pure(repository: &Repository) -> Vec<Place> {
    let ours: Vec<&str> =
        repository.manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let kernel =
        repository.manifests.iter().filter(|manifest| manifest.folder == "platform/kernel");
    let mut found = places(kernel, Kind::Normal, |_, name| {
        INPUT_AND_OUTPUT.contains(&name) || ours.contains(&name)
    });
    for source in
        repository.sources.iter().filter(|source| source.path.starts_with("platform/kernel/src/"))
    {
        for module in ["fs", "net", "process", "thread"] {
            let path = ["std", "::", module];
            let uses = source.find(&path).filter(|token| !token.in_test);
            found.extend(uses.map(|token| {
                Place::new(&source.path, token.line, format!("uses `std::{module}`"))
            }));
        }
    }
    found
}

fn drivers_wrapped(repository: &Repository) -> Vec<Place> {
    let Some(text) = repository.text("deny.toml") else {
        return vec![Place::new("deny.toml", 1, "there is no deny.toml")];
    };
    let wrapped = match wrapped_crates(text) {
        Ok(wrapped) => wrapped,
        Err(reason) => return vec![Place::new("deny.toml", 1, reason)],
    };
    places(repository.manifests.iter(), Kind::Any, |user, name| {
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

fn manifests(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for manifest in &repository.manifests {
        let package = manifest.table.get("package");
        for key in INHERITED {
            if !package.and_then(|package| package.get(*key)).is_some_and(is_inherited) {
                found.push(manifest.place("[package]", format!("`{key}` is not inherited")));
            }
        }
        if !manifest.table.get("lints").is_some_and(is_inherited) {
            found.push(manifest.place("[lints]", "the lints are not inherited".to_owned()));
        }
        for (name, value) in manifest.dependency_values(Kind::Any) {
            if !is_inherited(value) {
                found.push(
                    manifest.place(name, format!("the version of `{name}` is not inherited")),
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

fn places<'a>(
    manifests: impl Iterator<Item = &'a Manifest>,
    kind: Kind,
    is_refused: impl Fn(&Manifest, &str) -> bool,
) -> Vec<Place> {
    manifests
        .flat_map(|manifest| {
            manifest.dependencies(kind).into_iter().map(move |name| (manifest, name))
        })
        .filter(|(manifest, name)| is_refused(manifest, name))
        .map(|(manifest, name)| manifest.place(name, format!("depends on `{name}`")))
        .collect()
}
