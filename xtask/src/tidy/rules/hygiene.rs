//! Hygiene rules: unfinished code, unreadable files, `mod.rs`, absolute paths.

use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};

pub(crate) const UNFINISHED: Rule = Rule {
    name: "unfinished",
    statement: "No unfinished code: no ignored test, no todo!, no unimplemented!, no #[allow].",
    remedy: "Finish it or leave it out. A lint that is wrong in one place: #[expect(…, reason = \"…\")].",
    check: unfinished,
};

pub(crate) const SYNTAX: Rule = Rule {
    name: "syntax",
    statement: "Every Rust file can be tokenised.",
    remedy: "Fix the syntax; no other rule can be checked before that.",
    check: syntax,
};

pub(crate) const NO_MOD_RS: Rule = Rule {
    name: "no-mod-rs",
    statement: "A module with children is `foo.rs` beside `foo/`, never `foo/mod.rs`.",
    remedy: "Move `foo/mod.rs` to `foo.rs`.",
    check: no_mod_rs,
};

pub(crate) const MACHINE_PATHS: Rule = Rule {
    name: "machine-paths",
    statement: "No file contains an absolute path of one machine.",
    remedy: "Use a path relative to the repository, or take it as an argument or a setting.",
    check: machine_paths,
};

const UNFINISHED_MARKS: &[&[&str]] = &[
    &["#", "[", "ignore"],
    &["todo", "!"],
    &["unimplemented", "!"],
    &["#", "[", "allow"],
    &["#", "!", "[", "allow"],
];

/// Top-level folders that differ from machine to machine. Written without slashes, so that this file passes itself.
const MACHINE_FOLDERS: &[&str] = &["work", "root", "Users", "home", "tmp/target"];

/// The characters, beside white space, that may precede an absolute path.
const BEFORE_A_PATH: &[char] = &['"', '\'', '`', '=', ':', '(', '<', '[', ',', ';'];

fn unfinished(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &repository.sources {
        for words in UNFINISHED_MARKS {
            found.extend(
                source
                    .find(words)
                    .map(|token| Finding::new(&source.path, token.line, words.concat())),
            );
        }
    }
    found
}

fn syntax(repository: &Repository) -> Vec<Finding> {
    let broken = repository
        .sources
        .iter()
        .filter_map(|source| Some((&source.path, source.broken.as_ref()?)));
    broken.map(|(path, (line, reason))| Finding::new(path, *line, reason.clone())).collect()
}

fn no_mod_rs(repository: &Repository) -> Vec<Finding> {
    let files = repository.sources.iter().filter(|source| source.path.ends_with("/mod.rs"));
    files.map(|source| Finding::new(&source.path, 1, "is a mod.rs")).collect()
}

fn machine_paths(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.path != ".gitignore") {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| names_folder(line, folder)) {
                found.push(Finding::new(&file.path, index + 1, format!("names /{folder}")));
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
