//! Length limits of files and functions, and the distribution of their lengths.

use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::rust_source::RustSource;

pub(crate) const FILES_SHORT: Rule = Rule {
    name: "files-short",
    statement: "A Rust file has at most 600 lines.",
    remedy: "Split it into parts that can be read alone: one use case, one state, one protocol step per file.",
    check: files_short,
};

pub(crate) const FUNCTIONS_SHORT: Rule = Rule {
    name: "functions-short",
    statement: "A function has at most 70 lines of code (blank lines and comments are free).",
    remedy: "Extract its steps into functions named after what each achieves.",
    check: functions_short,
};

pub(crate) const MAIN_SHORT: Rule = Rule {
    name: "main-short",
    statement: "main.rs has at most 100 lines and names no service.",
    remedy: "Move the work into a module; services belong in the table in icommerce/src/modules.rs.",
    check: main_short,
};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const MAIN_LINES_MAX: usize = 100;

fn files_short(repository: &Repository) -> Vec<Finding> {
    repository
        .sources
        .iter()
        .filter(|source| source.lines > FILE_LINES_MAX)
        .map(|source| Finding::new(&source.path, 1, format!("has {} lines", source.lines)))
        .collect()
}

fn functions_short(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &repository.sources {
        for function in
            source.functions().iter().filter(|function| function.code_lines > FUNCTION_LINES_MAX)
        {
            let what = format!("`{}` has {} lines of code", function.name, function.code_lines);
            found.push(Finding::new(&source.path, function.line, what));
        }
    }
    found
}

fn main_short(repository: &Repository) -> Vec<Finding> {
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
            found.push(Finding::new(&file.path, 1, format!("has {lines} lines")));
        }
        for (index, line) in file.text.lines().enumerate() {
            let line = line.replace('_', "-");
            if let Some(service) = services.iter().find(|service| line.contains(**service)) {
                found.push(Finding::new(&file.path, index + 1, format!("names `{service}`")));
            }
        }
    }
    found
}

/// The distribution of the lengths of files and functions, one line each.
pub(crate) fn distribution(repository: &Repository) -> String {
    let files = repository.sources.iter().map(|source| source.lines).collect();
    let functions = repository.sources.iter().flat_map(RustSource::functions);
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
