//! SPDX licence expressions: `MIT OR (Apache-2.0 AND Unicode-3.0)`.

/// A parsed expression: a licence, or several joined by AND and OR.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LicenceExpression {
    Licence(String),
    All(Vec<LicenceExpression>),
    Any(Vec<LicenceExpression>),
}

impl LicenceExpression {
    /// Reads an expression; nothing when it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        // Before the standard there was `MIT/Apache-2.0`, which meant OR.
        let text = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut rest = words.as_slice();
        let expression = any(&mut rest)?;
        rest.is_empty().then_some(expression)
    }

    /// Whether a choice of licences that are all allowed fulfils it.
    pub(crate) fn is_met(&self, is_allowed: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Licence(id) => is_allowed(id),
            Self::All(parts) => parts.iter().all(|part| part.is_met(is_allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(is_allowed)),
        }
    }
}

fn any(rest: &mut &[&str]) -> Option<LicenceExpression> {
    joined(rest, "OR", all, LicenceExpression::Any)
}

fn all(rest: &mut &[&str]) -> Option<LicenceExpression> {
    joined(rest, "AND", one, LicenceExpression::All)
}

fn joined(
    rest: &mut &[&str],
    by: &str,
    part: fn(&mut &[&str]) -> Option<LicenceExpression>,
    join: fn(Vec<LicenceExpression>) -> LicenceExpression,
) -> Option<LicenceExpression> {
    let mut parts = vec![part(rest)?];
    while rest.first() == Some(&by) {
        *rest = &rest[1..];
        parts.push(part(rest)?);
    }
    if parts.len() == 1 { parts.pop() } else { Some(join(parts)) }
}

fn one(rest: &mut &[&str]) -> Option<LicenceExpression> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    match *first {
        "(" => {
            let inner = any(rest)?;
            let (close, after) = rest.split_first()?;
            *rest = after;
            (*close == ")").then_some(inner)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        id => match rest {
            ["WITH", exception, after @ ..] => {
                let id = format!("{id} WITH {exception}");
                *rest = after;
                Some(LicenceExpression::Licence(id))
            }
            _ => Some(LicenceExpression::Licence(id.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::LicenceExpression;

    fn is_met(text: &str) -> Option<bool> {
        Some(
            LicenceExpression::read(text)?
                .is_met(&|id| ["MIT", "Apache-2.0 WITH LLVM-exception"].contains(&id)),
        )
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        assert_eq!(is_met("GPL-3.0 OR MIT"), Some(true));
        assert_eq!(is_met("GPL-3.0/MIT"), Some(true));
        assert_eq!(is_met("GPL-3.0 OR LGPL-3.0"), Some(false));
    }

    #[test]
    fn all_that_is_joined_must_be_allowed() {
        assert_eq!(is_met("MIT AND GPL-3.0"), Some(false));
        assert_eq!(is_met("(MIT OR GPL-3.0) AND MIT"), Some(true));
        assert_eq!(is_met("MIT AND GPL-3.0 OR MIT"), Some(true), "AND binds closer than OR");
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert_eq!(is_met("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(is_met("Apache-2.0"), Some(false));
    }

    #[test]
    fn what_is_no_expression_is_not_read() {
        for text in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "AND"] {
            assert_eq!(is_met(text), None, "{text}");
        }
    }
}
