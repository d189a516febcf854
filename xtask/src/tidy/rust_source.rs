//! Tokenised Rust source: a flat sequence of tokens, in which words of comments and strings cannot be mistaken for code.

use super::repository::TextFile;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::ops::Range;

/// A Rust file and its tokens.
pub(crate) struct RustSource {
    pub(crate) path: String,
    pub(crate) lines: usize,
    /// Without the doc comments; empty when `broken` says why.
    pub(crate) tokens: Vec<Token>,
    /// The line and the reason, when the file could not be tokenised.
    pub(crate) broken: Option<(usize, String)>,
}

/// A token and its position.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// The line it begins on.
    pub(crate) line: usize,
    /// The line it ends on: later than `line` for a text of several lines.
    last_line: usize,
    /// Whether it belongs to something compiled for tests only.
    pub(crate) in_test: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word(String),
    Text(String),
    Sign(char),
    /// `::`, the only operator of several characters that the rules need.
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

/// The kinds of items that a declaration can introduce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclarationKind {
    /// A struct, enum, trait, union or alias.
    Type,
    /// A module with its content; `mod name;` only refers to a file.
    Module,
    Function,
}

/// A name that the file declares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) kind: DeclarationKind,
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The index of the name among the tokens.
    pub(crate) index: usize,
    pub(crate) in_test: bool,
    /// The inline modules around it, as `::outer::inner`; nothing when it stands inside a function, a trait or an implementation.
    pub(crate) module: Option<String>,
}

/// A function or an implementation with a body, outside tests.
pub(crate) struct Item<'a> {
    /// `fn` or `impl`.
    pub(crate) keyword: &'a str,
    /// The words and signs before the body, with `->` and `::` whole.
    pub(crate) head: Vec<&'a str>,
    /// The indices of its tokens.
    pub(crate) tokens: Range<usize>,
}

impl Token {
    /// The word, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }
}

impl RustSource {
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

    /// The occurrences of `words` in sequence; `::` between them is written out.
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

    /// Every name the file declares, wherever it stands.
    pub(crate) fn declarations(&self) -> Vec<Declaration> {
        let mut declarations = Vec::new();
        let mut blocks = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            match &token.kind {
                TokenKind::Open(_) => blocks.push(block_at(&self.tokens, index)),
                TokenKind::Close(_) => drop(blocks.pop()),
                TokenKind::Word(keyword) => {
                    let Some(next) = self.tokens.get(index + 1) else { break };
                    let after = self.tokens.get(index + 2).map(|token| &token.kind);
                    if let Some(name) = next.word()
                        && let Some(kind) = declaration_kind(keyword, after)
                    {
                        declarations.push(Declaration {
                            kind,
                            name: name.to_owned(),
                            line: next.line,
                            index: index + 1,
                            in_test: next.in_test,
                            module: module_path(&blocks),
                        });
                    }
                }
                _ => {}
            }
        }
        declarations
    }

    /// The functions and implementations that are compiled for the product.
    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        let begins = |(index, token): (usize, &'_ Token)| {
            let keyword =
                ["fn", "impl"].into_iter().find(|keyword| token.word() == Some(*keyword))?;
            let end = end_of_item(&self.tokens, index).filter(|_| !token.in_test)?;
            let is_body = self.tokens[end].kind == TokenKind::Close('}');
            let head = head(&self.tokens[index..end]);
            is_body.then_some(Item { keyword, head, tokens: index..end + 1 })
        };
        self.tokens.iter().enumerate().filter_map(begins).collect()
    }

    /// The number of lines with code that is compiled for the product.
    pub(crate) fn code_lines(&self) -> usize {
        self.code_lines_of(std::iter::once(0..self.tokens.len()))
    }

    /// The number of lines with code of these tokens, without code that is compiled for tests only.
    pub(crate) fn code_lines_of(&self, ranges: impl Iterator<Item = Range<usize>>) -> usize {
        let tokens = ranges.flat_map(|range| &self.tokens[range]).filter(|token| !token.in_test);
        let lines: BTreeSet<usize> =
            tokens.flat_map(|token| token.line..=token.last_line).collect();
        lines.len()
    }

    /// All functions with a body, at any nesting level.
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
                    // A declaration that ends in a semicolon has no body.
                    (end.kind == TokenKind::Close('}')).then_some(Function {
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

/// A block of the file, as far as declarations care.
enum Block {
    /// A module: what it declares belongs to the file's module tree.
    Module(String),
    /// The input of a macro, whose declarations are taken as those of the module around it.
    Macro,
    Other,
}

/// The kind of the block that opens at `index`.
fn block_at(tokens: &[Token], index: usize) -> Block {
    let before = |back: usize| index.checked_sub(back).map(|index| &tokens[index]);
    let word = |back| before(back).and_then(Token::word);
    match (word(2), before(1).map(|token| &token.kind), &tokens[index].kind) {
        (Some("mod"), Some(TokenKind::Word(name)), TokenKind::Open('{')) => {
            Block::Module(name.clone())
        }
        (Some(_), Some(TokenKind::Sign('!')), TokenKind::Open('{')) => Block::Macro,
        _ => Block::Other,
    }
}

/// The path of inline modules that `blocks` are; nothing when one of them is something else.
fn module_path(blocks: &[Block]) -> Option<String> {
    let segments = blocks.iter().map(|block| match block {
        Block::Module(name) => Some(format!("::{name}")),
        Block::Macro => Some(String::new()),
        Block::Other => None,
    });
    segments.collect()
}

/// The kind of declaration that `keyword` begins, when `after` follows its name.
fn declaration_kind(keyword: &str, after: Option<&TokenKind>) -> Option<DeclarationKind> {
    match keyword {
        "struct" | "enum" | "trait" | "type" => Some(DeclarationKind::Type),
        // Only a word in this place, unlike the others, which are reserved.
        "union" if matches!(after, Some(TokenKind::Open('{') | TokenKind::Sign('<'))) => {
            Some(DeclarationKind::Type)
        }
        "mod" if after == Some(&TokenKind::Open('{')) => Some(DeclarationKind::Module),
        "fn" => Some(DeclarationKind::Function),
        _ => None,
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
        TokenKind::Word(word) => word == wanted,
        TokenKind::Path => *wanted == "::",
        TokenKind::Sign(sign) | TokenKind::Open(sign) | TokenKind::Close(sign) => {
            wanted.chars().eq([*sign])
        }
        TokenKind::Text(_) => false,
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
            TokenTree::Ident(word) => push(TokenKind::Word(word.to_string()), first, last),
            TokenTree::Literal(text) => push(TokenKind::Text(text.to_string()), first, last),
            TokenTree::Punct(sign) if is_path(sign, trees.get(index)) => {
                push(TokenKind::Path, first, last);
                index += 1;
            }
            TokenTree::Punct(sign) => push(TokenKind::Sign(sign.as_char()), first, last),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                push(TokenKind::Open(open), first, first);
                flatten(group.stream(), tokens);
                tokens.push(Token {
                    kind: TokenKind::Close(close),
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

/// The number of trees that a doc comment at the beginning of `trees` takes: `///` arrives as `#[doc = "…"]`.
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

/// The words and signs up to the body, without what stands in parentheses and brackets.
fn head(tokens: &[Token]) -> Vec<&str> {
    let mut head = Vec::new();
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            TokenKind::Open('{') if depth == 0 => break,
            TokenKind::Open(_) => depth += 1,
            TokenKind::Close(_) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            TokenKind::Word(word) => head.push(word.as_str()),
            TokenKind::Path => head.push("::"),
            TokenKind::Sign('>') if index > 0 && tokens[index - 1].kind == TokenKind::Sign('-') => {
                head.push("->");
            }
            TokenKind::Sign('<') => head.push("<"),
            TokenKind::Sign(_) | TokenKind::Text(_) => {}
        }
    }
    head
}

/// The index of the last token of the item that begins at `start`: its closing brace, or its semicolon.
fn end_of_item(tokens: &[Token], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_body = false;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.kind {
            TokenKind::Open(open) => {
                in_body |= open == '{' && depth == 0;
                depth += 1;
            }
            TokenKind::Close(_) => {
                depth = depth.checked_sub(1)?;
                if in_body && depth == 0 {
                    return Some(index);
                }
            }
            TokenKind::Sign(';') if depth == 0 => return Some(index),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> RustSource {
        RustSource::read(&TextFile { path: "a.rs".to_owned(), text: text.to_owned() })
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
    fn a_declaration_knows_its_inline_modules() {
        let text = "struct A;\nmod b { enum C {} }\nimpl A { type D = u8; fn e() { struct F; } }\nmacro_rules! g { () => { struct H; } }\nmake! { trait I {} }\nmod j;";
        let source = source(text);
        let types: Vec<_> = source
            .declarations()
            .into_iter()
            .filter(|declaration| declaration.kind == DeclarationKind::Type)
            .filter_map(|declaration| Some((declaration.name, declaration.module?)))
            .collect();
        let expected = [("A", ""), ("C", "::b"), ("I", "")];
        assert_eq!(types, expected.map(|(name, module)| (name.to_owned(), module.to_owned())));
        let modules = source.declarations().into_iter();
        let modules = modules.filter(|it| it.kind == DeclarationKind::Module).map(|it| it.name);
        assert_eq!(modules.collect::<Vec<_>>(), ["b"]);
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
