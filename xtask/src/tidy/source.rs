//! A Rust file as a flat row of tokens: words in comments and strings cannot be mistaken for code.

use super::repository::TextFile;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// A Rust file and its tokens.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) lines: usize,
    /// Without the doc comments; empty when `broken` says why.
    pub(crate) tokens: Vec<Token>,
    /// Why the file could not be cut into tokens, and where.
    pub(crate) broken: Option<(usize, String)>,
}

/// One token and where it stands.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// The line it begins on.
    pub(crate) line: usize,
    /// The line it ends on: later than `line` for a text of several lines.
    last_line: usize,
    /// Whether it belongs to something compiled for tests only.
    pub(crate) in_test: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word(String),
    Text(String),
    Sign(char),
    /// `::`, the only sign of several characters the rules ask for.
    Path,
    Open(char),
    Close(char),
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Lines with code on them: blank lines and comments are free.
    pub(crate) code_lines: usize,
}

impl Token {
    /// The word, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }
}

impl Source {
    pub(crate) fn read(file: &TextFile) -> Self {
        let mut source = Self {
            path: file.path.clone(),
            lines: file.text.lines().count(),
            tokens: Vec::new(),
            broken: None,
        };
        match file.text.parse::<TokenStream>() {
            Ok(stream) => {
                flatten(stream, &mut source.tokens);
                mark_tests(&mut source.tokens, is_for_tests(&file.path));
            }
            Err(error) => {
                source.broken = Some((error.span().start().line.max(1), error.to_string()));
            }
        }
        source
    }

    /// The places where `words` stand one after another; `::` between them is written out.
    pub(crate) fn find<'a>(&'a self, words: &'a [&'a str]) -> impl Iterator<Item = &'a Token> {
        self.tokens
            .windows(words.len())
            .filter(|window| matches(window, words))
            .map(|window| &window[0])
    }

    /// The lines that are compiled for tests only, comments between them included.
    pub(crate) fn test_lines(&self) -> BTreeSet<usize> {
        let neighbours = self.tokens.windows(2).filter(|pair| pair[0].in_test && pair[1].in_test);
        let mut lines: BTreeSet<usize> =
            neighbours.flat_map(|pair| pair[0].line..=pair[1].last_line).collect();
        if is_for_tests(&self.path) {
            lines.extend(1..=self.lines);
        }
        lines
    }

    /// The functions with a body, wherever they stand.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let lines: BTreeSet<usize> =
            self.tokens.iter().flat_map(|token| token.line..=token.last_line).collect();
        self.tokens
            .windows(2)
            .enumerate()
            .filter_map(|(index, pair)| match pair {
                [keyword, name] if keyword.word() == Some("fn") => {
                    let end = &self.tokens[end_of_item(&self.tokens, index)?];
                    let name = name.word()?.to_owned();
                    let code_lines = lines.range(keyword.line..=end.last_line).count();
                    // What ends in a semicolon is a promise, not a function.
                    (end.kind == Kind::Close('}')).then_some(Function {
                        name,
                        line: keyword.line,
                        code_lines,
                    })
                }
                _ => None,
            })
            .collect()
    }
}

/// Whether cargo compiles the file for tests only, or it belongs to a crate that only tests use.
pub(crate) fn is_for_tests(path: &str) -> bool {
    ["benchmarks/", "browser-tests/", "crash-tests/", "simulation/", "platform/testkit/"]
        .iter()
        .any(|folder| path.starts_with(folder))
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
}

fn matches(window: &[Token], words: &[&str]) -> bool {
    window.iter().zip(words).all(|(token, wanted)| match &token.kind {
        Kind::Word(word) => word == wanted,
        Kind::Path => *wanted == "::",
        Kind::Sign(sign) | Kind::Open(sign) | Kind::Close(sign) => wanted.chars().eq([*sign]),
        Kind::Text(_) => false,
    })
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while let Some(tree) = trees.get(index) {
        if let Some(length) = doc_comment(&trees[index..]) {
            index += length;
            continue;
        }
        index += 1;
        let (first, last) = (tree.span().start().line, tree.span().end().line);
        let mut push =
            |kind, line, last_line| tokens.push(Token { kind, line, last_line, in_test: false });
        match tree {
            TokenTree::Ident(word) => push(Kind::Word(word.to_string()), first, last),
            TokenTree::Literal(text) => push(Kind::Text(text.to_string()), first, last),
            TokenTree::Punct(sign) if is_path(sign, trees.get(index)) => {
                push(Kind::Path, first, last);
                index += 1;
            }
            TokenTree::Punct(sign) => push(Kind::Sign(sign.as_char()), first, last),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                push(Kind::Open(open), first, first);
                flatten(group.stream(), tokens);
                tokens.push(Token {
                    kind: Kind::Close(close),
                    line: last,
                    last_line: last,
                    in_test: false,
                });
            }
        }
    }
}

fn is_path(sign: &proc_macro2::Punct, next: Option<&TokenTree>) -> bool {
    sign.as_char() == ':'
        && sign.spacing() == Spacing::Joint
        && matches!(next, Some(TokenTree::Punct(second)) if second.as_char() == ':')
}

/// How many trees a doc comment at the beginning of `trees` takes: `///` arrives as `#[doc = "…"]`.
fn doc_comment(trees: &[TokenTree]) -> Option<usize> {
    let TokenTree::Punct(hash) = trees.first()? else { return None };
    let inner = matches!(trees.get(1), Some(TokenTree::Punct(bang)) if bang.as_char() == '!');
    let TokenTree::Group(group) = trees.get(1 + usize::from(inner))? else { return None };
    let attribute = group.stream().to_string();
    (hash.as_char() == '#' && attribute.starts_with("doc =")).then_some(2 + usize::from(inner))
}

/// Marks what follows `#[cfg(test)]`, up to the end of that item.
fn mark_tests(tokens: &mut [Token], whole_file: bool) {
    const ATTRIBUTE: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];
    if whole_file {
        for token in tokens {
            token.in_test = true;
        }
        return;
    }
    let starts: Vec<usize> = tokens
        .windows(ATTRIBUTE.len())
        .enumerate()
        .filter_map(|(index, window)| matches(window, ATTRIBUTE).then_some(index))
        .collect();
    for start in starts {
        let end = end_of_item(tokens, start).unwrap_or(tokens.len() - 1);
        for token in &mut tokens[start..=end] {
            token.in_test = true;
        }
    }
}

/// The index of the last token of the item that begins at `start`: its closing brace, or its semicolon.
fn end_of_item(tokens: &[Token], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_body = false;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.kind {
            Kind::Open(open) => {
                in_body |= open == '{' && depth == 0;
                depth += 1;
            }
            Kind::Close(_) => {
                depth = depth.checked_sub(1)?;
                if in_body && depth == 0 {
                    return Some(index);
                }
            }
            Kind::Sign(';') if depth == 0 => return Some(index),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::read(&TextFile { path: "a.rs".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn words_in_comments_and_strings_are_not_code() {
        let source = source("/// todo!(x)\nfn a() { let _ = \"todo!(y)\"; } // todo!(z)");
        assert_eq!(source.find(&["todo", "!"]).count(), 0);
    }

    #[test]
    fn a_path_is_found_with_its_line() {
        let source = source("use a;\nuse std::fs;");
        let lines: Vec<_> = source.find(&["std", "::", "fs"]).map(|token| token.line).collect();
        assert_eq!(lines, [2]);
    }

    #[test]
    fn a_function_counts_its_lines_of_code_only() {
        let source =
            source("fn a<T>(x: [u8; 3])\n{\n    // why\n\n    b(\"one\n    two\");\n}\nfn c();");
        assert_eq!(source.functions(), [Function { name: "a".to_owned(), line: 1, code_lines: 5 }]);
    }

    #[test]
    fn what_is_compiled_for_tests_is_marked() {
        let source = source("use a;\n#[cfg(test)]\nmod tests { use b; }\nuse c;");
        let in_test: Vec<_> =
            source.find(&["use"]).map(|token| (token.line, token.in_test)).collect();
        assert_eq!(in_test, [(1, false), (3, true), (4, false)]);
    }

    #[test]
    fn a_function_type_is_no_function() {
        assert_eq!(source("type F = fn(u8) -> u8; struct S { build: fn() }").functions(), []);
    }

    #[test]
    fn a_file_that_is_not_rust_says_where() {
        assert_eq!(source("fn a() {\n}}").broken.map(|(line, _)| line), Some(2));
    }
}
