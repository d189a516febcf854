//! Slugs: readable segments of addresses.

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
}
