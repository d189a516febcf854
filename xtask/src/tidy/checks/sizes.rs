//! How long files and functions may be, and how long they are.

use crate::tidy::finding::{Check, Place};
use crate::tidy::repository::Repository;
use crate::tidy::source::Source;

pub(crate) const FILES_SHORT: Check = Check {
    name: "files-short",
    rule: "A Rust file has at most 600 lines.",
    remedy: "Split it where it would be read alone: one use case, one state, one protocol step per file.",
    find: files_short,
};

pub(crate) const FUNCTIONS_SHORT: Check = Check {
    name: "functions-short",
    rule: "A function has at most 70 lines of code (blank lines and comments are free).",
    remedy: "Give its steps names: each becomes a function whose name says what the step achieves.",
    find: functions_short,
};

pub(crate) const MAIN_SHORT: Check = Check {
    name: "main-short",
    rule: "main.rs has at most 100 lines and names no service.",
    remedy: "Move the work into a module of its own; services belong into the table in icommerce/src/modules.rs.",
    find: main_short,
};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const MAIN_LINES_MAX: usize = 100;

fn files_short(repository: &Repository) -> Vec<Place> {
    repository
        .sources
        .iter()
        .filter(|source| source.lines > FILE_LINES_MAX)
        .map(|source| Place::new(&source.path, 1, format!("has {} lines", source.lines)))
        .collect()
}

fn functions_short(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for source in &repository.sources {
        for function in
            source.functions().iter().filter(|function| function.code_lines > FUNCTION_LINES_MAX)
        {
            let what = format!("`{}` has {} lines of code", function.name, function.code_lines);
            found.push(Place::new(&source.path, function.line, what));
        }
    }
    found
}

fn main_short(repository: &Repository) -> Vec<Place> {
    let services: Vec<&str> =
        repository.crates_in("services").map(|service| service.name.as_str()).collect();
    let mut found = Vec::new();
    for file in repository
        .files
        .iter()
        .filter(|file| file.path == "src/main.rs" || file.path.ends_with("/src/main.rs"))
    {
        let lines = file.text.lines().count();
        if lines > MAIN_LINES_MAX {
            found.push(Place::new(&file.path, 1, format!("has {lines} lines")));
        }
        for (index, line) in file.text.lines().enumerate() {
            let line = line.replace('_', "-");
            if let Some(service) = services.iter().find(|service| line.contains(**service)) {
                found.push(Place::new(&file.path, index + 1, format!("names `{service}`")));
            }
        }
    }
    found
}

/// How long files and functions are, as two sentences.
pub(crate) fn distribution(repository: &Repository) -> String {
    let files = repository.sources.iter().map(|source| source.lines).collect();
    let functions = repository.sources.iter().flat_map(Source::functions);
    let functions = functions.map(|function| function.code_lines).collect();
    format!("{}\n{}", spread("Rust files", files), spread("functions", functions))
}

fn spread(what: &str, mut lengths: Vec<usize>) -> String {
    lengths.sort_unstable();
    let share =
        |tenths: usize| lengths.get(lengths.len() * tenths / 10).copied().unwrap_or_default();
    let longest = lengths.last().copied().unwrap_or_default();
    format!(
        "{what}: {}, lines: median {}, p90 {}, longest {longest}",
        lengths.len(),
        share(5),
        share(9)
    )
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn the_spread_is_counted_from_the_sorted_lengths() {
        let lengths = (1..=100).rev().collect();
        assert_eq!(spread("files", lengths), "files: 100, lines: median 51, p90 91, longest 100");
        assert_eq!(spread("files", vec![]), "files: 0, lines: median 0, p90 0, longest 0");
    }
}
