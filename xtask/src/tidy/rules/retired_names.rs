//! The rule against retired names: tables in [`crate::tidy::retired_names`], one matcher for each scope.

use crate::tidy::repository::{Repository, TextFile, has_extension};
use crate::tidy::retired_names::{
    EXCEPTIONS, Entry, FUNCTIONS, IDENTIFIERS, MODULES, NAMES, TEXT, TYPES,
};
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::rust_source::{Declaration, DeclarationKind, RustSource};
use crate::tidy::words::words;

pub(crate) const RETIRED_NAMES: Rule = Rule {
    name: "retired-names",
    statement: "A name that a standard term has replaced does not come back (xtask/src/tidy/retired_names.rs lists both).",
    remedy: "Use the standard term. Where the word means what it says, add an exception with its reason to that file.",
    check: retired_names,
};

/// The list itself, which has to spell the names.
const LIST: &str = "xtask/src/tidy/retired_names.rs";
/// The document whose tables name, in their last column, words that are avoided.
const GLOSSARY: &str = "docs/glossary.md";
/// History: these documents are not rewritten.
const HISTORY: &[&str] = &["CHANGELOG", "docs/adr/"];

fn retired_names(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_checked =
        |path: &str| path != LIST && !HISTORY.iter().any(|history| path.starts_with(history));
    for file in repository.files.iter().filter(|file| is_checked(&file.path)) {
        if ["rs", "md", "toml"].iter().any(|extension| has_extension(&file.path, extension)) {
            findings.extend(in_text(file));
        }
    }
    for source in repository.sources.iter().filter(|source| is_checked(&source.path)) {
        findings.extend(in_code(source));
    }
    findings
}

/// The retired words of a file's text, and the retired identifiers in its code spans.
fn in_text(file: &TextFile) -> Vec<Finding> {
    let is_rust = has_extension(&file.path, "rs");
    let mut findings = module_of(&file.path)
        .and_then(|module| report(&file.path, 1, module, file_entry(module)))
        .into_iter()
        .collect::<Vec<_>>();
    for (index, line) in file.text.lines().enumerate() {
        let line = if file.path == GLOSSARY { without_last_column(line) } else { line };
        let words = words(line);
        for entry in TEXT.iter().filter(|(name, _)| contains(&words, name)) {
            findings.extend(report(&file.path, index + 1, entry.0, Some(entry)));
        }
        let has_spans = !is_rust || line.trim_start().starts_with("//");
        for identifier in if has_spans { code_spans(line) } else { Vec::new() } {
            findings.extend(report(&file.path, index + 1, identifier, span_entry(identifier)));
        }
    }
    findings
}

/// The retired names among a file's identifiers and declarations.
fn in_code(source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    let declarations = source.declarations();
    let test_names: Vec<usize> = declarations
        .iter()
        .filter(|declaration| declaration.in_test && declaration.kind == DeclarationKind::Function)
        .map(|declaration| declaration.index)
        .collect();
    for (index, token) in source.tokens.iter().enumerate() {
        if let Some(identifier) = token.word()
            && !test_names.contains(&index)
        {
            let entry = part_entry(IDENTIFIERS, identifier);
            findings.extend(report(&source.path, token.line, identifier, entry));
        }
    }
    for declaration in &declarations {
        let entry = declaration_entry(declaration);
        findings.extend(report(&source.path, declaration.line, &declaration.name, entry));
    }
    findings
}

/// A finding, unless nothing is retired or the place has a reason.
fn report(path: &str, line: usize, name: &str, entry: Option<&Entry>) -> Option<Finding> {
    let (retired, standard) = entry?;
    let is_excepted = EXCEPTIONS.iter().any(|exception| {
        !exception.reason.is_empty()
            && path.starts_with(exception.path)
            && exception.name.eq_ignore_ascii_case(retired)
    });
    let message = format!("says `{name}`; the standard term is `{standard}`");
    (!is_excepted).then(|| Finding::new(path, line, message))
}

fn declaration_entry(declaration: &Declaration) -> Option<&'static Entry> {
    let name = declaration.name.as_str();
    match declaration.kind {
        DeclarationKind::Type => type_entry(name),
        DeclarationKind::Function => {
            whole_entry(NAMES, name).or_else(|| whole_entry(FUNCTIONS, name))
        }
        DeclarationKind::Module => module_entry(name),
    }
}

fn type_entry(name: &str) -> Option<&'static Entry> {
    part_entry(NAMES, name).or_else(|| whole_entry(TYPES, name))
}

fn module_entry(name: &str) -> Option<&'static Entry> {
    part_entry(NAMES, name).or_else(|| whole_entry(MODULES, name))
}

/// A file's name is that of a module, and read like text as well.
fn file_entry(name: &str) -> Option<&'static Entry> {
    let texts = [TEXT, IDENTIFIERS];
    module_entry(name).or_else(|| texts.into_iter().find_map(|table| part_entry(table, name)))
}

/// The entry for a name in a code span: a module when it ends in `.rs`, a type when it begins with a capital letter.
fn span_entry(identifier: &str) -> Option<&'static Entry> {
    if let Some(module) = identifier.strip_suffix(".rs") {
        return module_entry(module);
    }
    let is_type = identifier.starts_with(|letter: char| letter.is_ascii_uppercase());
    let entry = part_entry(IDENTIFIERS, identifier);
    entry.or_else(|| if is_type { type_entry(identifier) } else { None })
}

fn whole_entry(table: &'static [Entry], name: &str) -> Option<&'static Entry> {
    table.iter().find(|(retired, _)| *retired == name)
}

fn part_entry(table: &'static [Entry], name: &str) -> Option<&'static Entry> {
    let words = words(name);
    table.iter().find(|(retired, _)| contains(&words, retired))
}

/// Whether the words of `name` stand one after another in `words`.
fn contains(words: &[String], name: &str) -> bool {
    let name: Vec<&str> = name.split(' ').collect();
    words.windows(name.len()).any(|window| window.iter().zip(&name).all(|(word, it)| word == it))
}

/// The module a Rust file holds; nothing for the root of a crate.
fn module_of(path: &str) -> Option<&str> {
    let file = path.rsplit('/').next()?;
    file.strip_suffix(".rs").filter(|stem| !["lib", "main"].contains(stem))
}

/// The identifiers between backquotes, and the names of Rust files.
fn code_spans(line: &str) -> Vec<&str> {
    let is_sign = |sign: char| !sign.is_ascii_alphanumeric() && sign != '_' && sign != '.';
    let pieces = line.split('`').skip(1).step_by(2).flat_map(|span| span.split(is_sign));
    let names = pieces.flat_map(|piece| {
        let is_file = has_extension(piece, "rs");
        piece.split(if is_file { '/' } else { '.' })
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// A row of a Markdown table without its last column.
fn without_last_column(line: &str) -> &str {
    let row = line.trim_end().strip_suffix('|').filter(|_| line.starts_with('|'));
    row.and_then(|row| row.rfind('|').map(|end| &row[..end])).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_is_cut_into_the_names_it_holds() {
        let line = "see `saga::Runner.start` and `carry.rs`, not Carry";
        assert_eq!(code_spans(line), ["saga", "Runner", "start", "carry.rs"]);
    }

    #[test]
    fn the_last_column_of_a_table_is_left_out() {
        assert_eq!(without_last_column("| a | b | c |"), "| a | b ");
        assert_eq!(without_last_column("no table | here"), "no table | here");
    }

    #[test]
    fn every_retired_name_is_spelt_as_its_table_compares_it() {
        for (name, standard) in [TEXT, IDENTIFIERS, NAMES].concat() {
            assert_eq!(words(name).join(" "), name);
            assert!(!standard.is_empty(), "{name}");
        }
        let is_type = |(name, _): &Entry| name.starts_with(|it: char| it.is_ascii_uppercase());
        assert!(TYPES.iter().all(is_type));
        assert!(MODULES.iter().chain(FUNCTIONS).all(|entry| !is_type(entry)));
    }
}
