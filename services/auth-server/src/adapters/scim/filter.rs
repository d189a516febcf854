//! SCIM filters (RFC 7644, section 3.4.2.2): a recursive-descent parser with limits on length, depth and comparisons, since filters come
//! from outside and their grammar has no end.

mod evaluation;
mod lexer;

use lexer::{Lexer, Token};
use serde_json::Value;

/// Longest filter, in bytes.
const FILTER_BYTES_MAX: usize = 4 * 1024;
/// Most parentheses, brackets and negations within each other.
const DEPTH_MAX: usize = 10;
/// Most comparisons.
const COMPARISONS_MAX: usize = 100;

/// Filter of resources.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// The attribute has a value (`pr`).
    Present(AttributePath),
    Compare(AttributePath, Operator, Value),
    /// One value of a multi-valued attribute satisfies the whole filter (`emails[…]`).
    Within(AttributePath, Box<Self>),
}

/// Attribute with its sub-attribute, in lower case: the names of attributes are case-insensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributePath {
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
}

/// Comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Reason why a text is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error("the filter is too long, too deep, or has too many comparisons")]
    TooLarge,
    #[error("the filter is not written as RFC 7644 has it")]
    Syntax,
    #[error("the operator does not go with the value")]
    Value,
}

impl Operator {
    const NAMES: [(&'static str, Self); 9] = [
        ("eq", Self::Equal),
        ("ne", Self::NotEqual),
        ("co", Self::Contains),
        ("sw", Self::StartsWith),
        ("ew", Self::EndsWith),
        ("gt", Self::Greater),
        ("ge", Self::GreaterOrEqual),
        ("lt", Self::Less),
        ("le", Self::LessOrEqual),
    ];

    fn of_word(word: &str) -> Option<Self> {
        let known = Self::NAMES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        known.map(|(_, operator)| operator)
    }

    /// Whether a value can be compared by the operator: order is for numbers, texts and times, and parts are for texts.
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Equal | Self::NotEqual => !value.is_array() && !value.is_object(),
            Self::Contains | Self::StartsWith | Self::EndsWith => value.is_string(),
            Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual => {
                value.is_string() || value.is_number()
            }
        }
    }
}

impl AttributePath {
    /// Path of an attribute, with or without the URN of its schema in front.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let local = match lower.strip_prefix("urn:") {
            // The version in a URN has dots, and the attribute comes behind its last colon.
            Some(_) => lower.rsplit_once(':')?.1,
            None => &lower,
        };
        let (name, sub) = match local.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (local, None),
        };
        let is_name = |name: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
            name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'$')
                && name.bytes().all(is_plain)
        };
        if !is_name(name) || !sub.is_none_or(is_name) {
            return None;
        }
        Some(Self { name: name.to_owned(), sub: sub.map(ToOwned::to_owned) })
    }
}

impl Filter {
    /// Parses a filter.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(FilterError::TooLarge);
        }
        let mut parser = Parser { lexer: Lexer::new(text), depth: 0, comparisons: 0 };
        let filter = parser.alternatives()?;
        match parser.lexer.next()? {
            None => Ok(filter),
            Some(_) => Err(FilterError::Syntax),
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    comparisons: usize,
}

impl Parser<'_> {
    /// `or` binds least.
    fn alternatives(&mut self) -> Result<Filter, FilterError> {
        let mut filters = vec![self.conjunction()?];
        while self.lexer.take_word("or")? {
            filters.push(self.conjunction()?);
        }
        Ok(single_or(filters, Filter::Or))
    }

    fn conjunction(&mut self) -> Result<Filter, FilterError> {
        let mut filters = vec![self.term()?];
        while self.lexer.take_word("and")? {
            filters.push(self.term()?);
        }
        Ok(single_or(filters, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        match self.lexer.next()? {
            Some(Token::Open) => self.nested(Token::Close),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("not") => {
                // An attribute may have this name as well.
                if self.lexer.take(Token::Open)? {
                    let filter = self.nested(Token::Close)?;
                    return Ok(Filter::Not(Box::new(filter)));
                }
                self.comparison(word)
            }
            Some(Token::Word(word)) => self.comparison(word),
            _ => Err(FilterError::Syntax),
        }
    }

    /// A filter up to its closing token, one level deeper.
    fn nested(&mut self, close: Token<'_>) -> Result<Filter, FilterError> {
        if self.depth >= DEPTH_MAX {
            return Err(FilterError::TooLarge);
        }
        self.depth += 1;
        let filter = self.alternatives()?;
        self.depth -= 1;
        if self.lexer.take(close)? { Ok(filter) } else { Err(FilterError::Syntax) }
    }

    fn comparison(&mut self, path: &str) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return Err(FilterError::TooLarge);
        }
        let path = AttributePath::parse(path).ok_or(FilterError::Syntax)?;
        if self.lexer.take(Token::OpenValue)? {
            let filter = self.nested(Token::CloseValue)?;
            return Ok(Filter::Within(path, Box::new(filter)));
        }
        let Some(Token::Word(word)) = self.lexer.next()? else { return Err(FilterError::Syntax) };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = Operator::of_word(word).ok_or(FilterError::Syntax)?;
        let value = self.lexer.value()?;
        if !operator.takes(&value) {
            return Err(FilterError::Value);
        }
        Ok(Filter::Compare(path, operator, value))
    }
}

fn single_or(mut filters: Vec<Filter>, several: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.len() {
        1 => filters.remove(0),
        _ => several(filters),
    }
}

#[cfg(test)]
mod tests;
