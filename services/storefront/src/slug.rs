//! Slugs, which are readable and may collide, and identifiers, which do not.

use std::fmt::Write;

/// Slug of a text: `table-lamps-shades` for `Table lamps & shades`.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            letter if letter.is_alphanumeric() => slug.push(letter),
            _ if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Identifier of a text for the `id` of an element: different texts have different identifiers.
pub(crate) fn identifier(text: &str) -> String {
    let mut identifier = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '-' => identifier.push(letter),
            letter if letter.is_alphanumeric() => identifier.push(letter),
            // `_` begins a sign that is spelled by its number.
            // Writing to a string cannot fail.
            _ => drop(write!(identifier, "_{:x}_", u32::from(letter))),
        }
    }
    identifier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_slugs() {
        assert_eq!(slug(" Table lamps & shades! "), "table-lamps-shades");
        assert_eq!(slug("Möbel/Größe"), "moebel-groesse");
        assert_eq!(slug("照明"), "照明");
        assert_eq!(slug("&&&"), "");
    }

    #[test]
    fn different_texts_have_different_identifiers() {
        let texts = ["A", "a", "A+", "a-", "C", "C#", "50", "50%", "1.5", "1,5", "_2b_", "+", ""];
        let identifiers: std::collections::BTreeSet<_> =
            texts.into_iter().map(identifier).collect();
        assert_eq!(identifiers.len(), texts.len());
        assert_eq!(identifier("Größe-a+"), "Größe-a_2b_");
    }
}
