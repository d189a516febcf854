//! Lexer of filters: words, parentheses, brackets, and JSON values.

use super::FilterError;
use serde_json::Value;

/// Token of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    OpenValue,
    CloseValue,
    /// Attribute path, operator, or connective.
    Word(&'a str),
}

/// Lexer of a filter.
pub(super) struct Lexer<'a> {
    rest: &'a str,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, FilterError> {
        let (token, rest) = Self::split(self.rest)?;
        self.rest = rest;
        Ok(token)
    }

    /// Takes the next token if it is this one.
    pub(super) fn take(&mut self, expected: Token<'_>) -> Result<bool, FilterError> {
        self.take_if(|token| token == expected)
    }

    /// Takes the next token if it is this word.
    pub(super) fn take_word(&mut self, expected: &str) -> Result<bool, FilterError> {
        self.take_if(
            |token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(expected)),
        )
    }

    /// Takes a JSON value: a text in quotes, a number, `true`, `false` or `null`.
    pub(super) fn value(&mut self) -> Result<Value, FilterError> {
        let rest = self.rest.trim_start_matches(' ');
        let end = match rest.strip_prefix('"') {
            Some(text) => 1 + end_of_text(text).ok_or(FilterError::Syntax)?,
            None => rest.find([' ', ')', ']']).unwrap_or(rest.len()),
        };
        let (value, rest) = rest.split_at(end);
        let value: Value = serde_json::from_str(value).map_err(|_| FilterError::Syntax)?;
        if value.is_array() || value.is_object() {
            return Err(FilterError::Syntax);
        }
        self.rest = rest;
        Ok(value)
    }

    fn take_if(&mut self, is_it: impl Fn(Token<'a>) -> bool) -> Result<bool, FilterError> {
        let (token, rest) = Self::split(self.rest)?;
        let is_taken = token.is_some_and(is_it);
        if is_taken {
            self.rest = rest;
        }
        Ok(is_taken)
    }

    fn split(text: &'a str) -> Result<(Option<Token<'a>>, &'a str), FilterError> {
        let text = text.trim_start_matches(' ');
        let Some(first) = text.chars().next() else { return Ok((None, text)) };
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenValue,
            ']' => Token::CloseValue,
            _ => {
                let is_word = |c: char| c.is_ascii_alphanumeric() || "-_$.:".contains(c);
                let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
                let (word, rest) = text.split_at(end);
                if word.is_empty() {
                    return Err(FilterError::Syntax);
                }
                return Ok((Some(Token::Word(word)), rest));
            }
        };
        Ok((Some(token), &text[1..]))
    }
}

/// Bytes up to the end of a text in quotes, behind its opening quote and with its closing one.
fn end_of_text(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
