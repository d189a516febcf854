//! What must not be left lying about.

use crate::tidy::finding::{Check, Place};
use crate::tidy::repository::Repository;

pub(crate) const FINISHED: Check = Check {
    name: "finished",
    rule: "Nothing is half done: no ignored test, no todo!, no unimplemented!, no #[allow].",
    remedy: "Finish it or leave it out. A lint that is wrong in one place: #[expect(…, reason = \"…\")].",
    find: finished,
};

pub(crate) const READABLE: Check = Check {
    name: "readable",
    rule: "Every Rust file can be cut into tokens.",
    remedy: "Mend the syntax; no other rule can be checked before that.",
    find: readable,
};

pub(crate) const NO_MOD_RS: Check = Check {
    name: "no-mod-rs",
    rule: "A module with children is `foo.rs` beside `foo/`, never `foo/mod.rs`.",
    remedy: "Move `foo/mod.rs` to `foo.rs`.",
    find: no_mod_rs,
};

pub(crate) const MACHINE_PATHS: Check = Check {
    name: "machine-paths",
    rule: "No text names a folder of somebody's machine.",
    remedy: "Use a path relative to the repository, or take it as an argument or a setting.",
    find: machine_paths,
};

const UNFINISHED: &[&[&str]] = &[
    &["#", "[", "ignore"],
    &["todo", "!"],
    &["unimplemented", "!"],
    &["#", "[", "allow"],
    &["#", "!", "[", "allow"],
];

/// Top-level folders that differ from machine to machine. Written without slashes, so that this file passes itself.
const MACHINE_FOLDERS: &[&str] = &["work", "root", "Users", "home", "tmp/target"];

/// What may stand directly before such a folder when it is a path on a machine: a quote, a space, an `=`, …
const BEFORE_A_PATH: &[char] = &['"', '\'', '`', '=', ':', '(', '<', '[', ',', ';'];

fn finished(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for source in &repository.sources {
        for words in UNFINISHED {
            found.extend(
                source
                    .find(words)
                    .map(|token| Place::new(&source.path, token.line, words.concat())),
            );
        }
    }
    found
}

fn readable(repository: &Repository) -> Vec<Place> {
    let broken = repository
        .sources
        .iter()
        .filter_map(|source| Some((&source.path, source.broken.as_ref()?)));
    broken.map(|(path, (line, reason))| Place::new(path, *line, reason.clone())).collect()
}

fn no_mod_rs(repository: &Repository) -> Vec<Place> {
    let files = repository.sources.iter().filter(|source| source.path.ends_with("/mod.rs"));
    files.map(|source| Place::new(&source.path, 1, "is a mod.rs")).collect()
}

fn machine_paths(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.path != ".gitignore") {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| names_folder(line, folder)) {
                found.push(Place::new(&file.path, index + 1, format!("names /{folder}")));
            }
        }
    }
    found
}

/// Whether an absolute path in `line` begins with `folder`.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(&format!("/{folder}")).any(|(start, found)| {
        let before = line[..start].chars().next_back();
        let after = line[start + found.len()..].chars().next();
        before.is_none_or(|sign| sign.is_whitespace() || BEFORE_A_PATH.contains(&sign))
            && (after == Some('/') || folder.contains('/'))
    })
}
