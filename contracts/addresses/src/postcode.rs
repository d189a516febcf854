//! Postcode masks: the forms that the postcodes of a country have, as matcher, normal form and regular expression.

/// Mask of a postcode. `#` is a digit, `@` a letter, `*` either, `[A-CX]` one of a class; a space or a hyphen belongs to
/// the normal form and may be left out; any other character stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostcodeMask(Vec<Element>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    /// Character class, as inside the brackets of a regular expression.
    Class(&'static str),
    /// Space or hyphen of the normal form.
    Separator(char),
}

const DIGIT: &str = "0-9";
const LETTER: &str = "A-Z";
const DIGIT_OR_LETTER: &str = "0-9A-Z";

impl PostcodeMask {
    /// Mask of this notation.
    pub(crate) fn parse(notation: &'static str) -> Self {
        let mut elements = Vec::new();
        let mut rest = notation;
        while let Some(first) = rest.chars().next() {
            let (element, length) = match first {
                '#' => (Element::Class(DIGIT), 1),
                '@' => (Element::Class(LETTER), 1),
                '*' => (Element::Class(DIGIT_OR_LETTER), 1),
                ' ' | '-' => (Element::Separator(first), 1),
                '[' => {
                    let end = rest.find(']').unwrap_or(rest.len() - 1);
                    (Element::Class(&rest[1..end]), end + 1)
                }
                literal => (Element::Class(&rest[..literal.len_utf8()]), literal.len_utf8()),
            };
            elements.push(element);
            rest = &rest[length..];
        }
        Self(elements)
    }

    /// Normal form of a postcode without separators, in upper case; none if it does not have the form of the mask.
    pub(crate) fn normalise(&self, compact: &str) -> Option<String> {
        let mut characters = compact.chars();
        let mut normal = String::with_capacity(self.0.len());
        for element in &self.0 {
            match element {
                Element::Separator(separator) => normal.push(*separator),
                Element::Class(class) => {
                    normal.push(characters.next().filter(|it| is_in(class, *it))?);
                }
            }
        }
        characters.next().is_none().then_some(normal)
    }

    /// Whether the mask has digits and separators alone.
    pub(crate) fn is_numeric(&self) -> bool {
        self.0.iter().all(|element| match element {
            Element::Class(class) => class.chars().all(|it| it.is_ascii_digit() || it == '-'),
            Element::Separator(_) => true,
        })
    }

    /// Regular expression of the mask, in either case, separators left out or not.
    fn expression(&self) -> String {
        let atoms: Vec<String> = self.0.iter().map(Element::expression).collect();
        let runs = atoms.chunk_by(|one, next| one == next);
        let run = |run: &[String]| match run {
            [atom] => atom.clone(),
            atoms => format!("{}{{{}}}", atoms[0], atoms.len()),
        };
        runs.map(run).collect()
    }
}

impl Element {
    fn expression(&self) -> String {
        match self {
            Self::Separator(separator) => format!("{separator}?"),
            Self::Class(class) if class.chars().any(|it| it.is_ascii_alphabetic()) => {
                let letters: String =
                    class.chars().skip_while(|it| !it.is_ascii_alphabetic()).collect();
                format!("[{class}{}]", letters.to_lowercase())
            }
            Self::Class(class) if class.len() == 1 => (*class).to_owned(),
            Self::Class(class) => format!("[{class}]"),
        }
    }
}

/// Regular expression that all postcodes of these masks match, anchored.
pub(crate) fn expression(masks: &[PostcodeMask]) -> String {
    let mut alternatives: Vec<String> = masks.iter().map(PostcodeMask::expression).collect();
    alternatives.dedup();
    match alternatives.as_slice() {
        [one] => format!("^{one}$"),
        several => format!("^(?:{})$", several.join("|")),
    }
}

fn is_in(class: &str, character: char) -> bool {
    let mut rest = class.chars();
    while let Some(first) = rest.next() {
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                rest = ahead;
                last
            }
            _ => first,
        };
        if (first..=last).contains(&character) {
            return true;
        }
    }
    false
}

/// Postcode without spaces and hyphens, in upper case; full-width characters count as the ASCII ones.
pub(crate) fn compact(postcode: &str) -> String {
    let is_separator = |it: &char| {
        it.is_whitespace() || matches!(it, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー' | '〒')
    };
    let ascii = postcode.chars().map(|it| match it {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(it) - 0xfee0).unwrap_or(it),
        other => other,
    });
    ascii.filter(|it| !is_separator(it)).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_gives_the_normal_form() {
        let canada = PostcodeMask::parse("[ABC]#@ #@#");
        assert_eq!(canada.normalise(&compact(" a1b-2c3 ")), Some("A1B 2C3".to_owned()));
        for wrong in ["", "A1B2C", "A1B2C33", "D1B2C3", "11B2C3", "!!"] {
            assert_eq!(canada.normalise(wrong), None, "{wrong}");
        }
        let japan = PostcodeMask::parse("###-####");
        assert_eq!(japan.normalise(&compact("〒１５４ー００２３")), Some("154-0023".to_owned()));
        assert!(japan.is_numeric() && !canada.is_numeric());
    }

    #[test]
    fn the_regular_expression_repeats_equal_atoms() {
        let of = |notation: &'static str| {
            let masks: Vec<_> = notation.split('|').map(PostcodeMask::parse).collect();
            expression(&masks)
        };
        assert_eq!(of("#####"), "^[0-9]{5}$");
        assert_eq!(of("[1-9]### @@"), "^[1-9][0-9]{3} ?[A-Za-z]{2}$");
        assert_eq!(of("##-###|9#"), "^(?:[0-9]{2}-?[0-9]{3}|9[0-9])$");
        assert_eq!(of("AD[1-7]*"), "^[Aa][Dd][1-7][0-9A-Za-z]$");
    }
}
