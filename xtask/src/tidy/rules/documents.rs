//! Rules about documents: the map of ARCHITECTURE.md and the links between files.

use crate::tidy::repository::{Repository, TextFile, has_extension};
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::words::names;

pub(crate) const MAP: Rule = Rule {
    name: "architecture-map",
    statement: "ARCHITECTURE.md names every top-level folder and every crate in services/, platform/ and clients/.",
    remedy: "Add a line that says what the folder is for; if that is hard, the folder is in the wrong place.",
    check: map,
};

pub(crate) const LINKS: Rule = Rule {
    name: "links",
    statement: "A link from one document to a file of the repository leads to a file.",
    remedy: "Fix the path: it is relative to the document that contains the link.",
    check: links,
};

const MAP_FILE: &str = "ARCHITECTURE.md";

fn map(repository: &Repository) -> Vec<Finding> {
    let Some(text) = repository.text(MAP_FILE) else {
        return vec![Finding::new(MAP_FILE, 1, "there is no ARCHITECTURE.md")];
    };
    let top = repository.top_level_folders().into_iter().map(str::to_owned);
    let crates = ["services", "platform", "clients"]
        .into_iter()
        .flat_map(|folder| repository.crates_in(folder))
        .filter_map(|manifest| manifest.folder.rsplit('/').next().map(str::to_owned));
    top.chain(crates)
        .filter(|folder| {
            !names(text, &format!("{folder}/")) && !names(text, &format!("`{folder}`"))
        })
        .map(|folder| Finding::new(MAP_FILE, 1, format!("does not name `{folder}/`")))
        .collect()
}

fn links(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| has_extension(&file.path, "md")) {
        for (line, target) in local_links(file) {
            if !repository.has(&resolve(&file.path, &target)) {
                found.push(Finding::new(&file.path, line, format!("links to `{target}`")));
            }
        }
    }
    found
}

/// The links of a document to files, with their lines; what stands in code is no link.
fn local_links(file: &TextFile) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second piece between backquotes is code.
        let prose: String = line.split('`').step_by(2).collect();
        for rest in prose.split("](").skip(1) {
            let target = rest.split([')', ' ', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                links.push((index + 1, target.to_owned()));
            }
        }
    }
    links
}

/// The path relative to the root of what `target` means inside the document at `path`.
fn resolve(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
