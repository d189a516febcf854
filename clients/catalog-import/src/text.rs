//! Text normalisation: slugs, derived SKUs, single-line text.

use crate::limits::SKU_CHARACTERS_MAX;

/// Transliteration of Latin letters with diacritics to plain ones in slugs. Other scripts stay as they are.
const TRANSLITERATIONS: [(&str, &str); 24] = [
    ("àáâãäåāăąǎạảấầậ", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ðďđ", "d"),
    ("èéêëēĕėęěẽếềệ", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıị", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľł", "l"),
    ("ñńņň", "n"),
    ("òóôõöøōŏőơọốồộ", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűųưụ", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    (
        "\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}\u{30b}\u{30c}\u{323}\u{327}\u{328}",
        "",
    ),
];

/// Slug of a handle: words in lower case without diacritics, joined by hyphens.
pub(crate) fn slug(handle: &str) -> String {
    let mut slug = String::with_capacity(handle.len());
    let mut gap = false;
    for letter in handle.chars().flat_map(char::to_lowercase) {
        let entry = TRANSLITERATIONS
            .iter()
            .find(|(letters, _)| !letter.is_ascii() && letters.contains(letter));
        let mut own = [0; 4];
        let plain = entry.map_or_else(|| &*letter.encode_utf8(&mut own), |(_, plain)| plain);
        if matches!(letter, '\'' | '’') || plain.is_empty() {
            continue;
        }
        if letter.is_alphanumeric() {
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            gap = false;
            slug.push_str(plain);
        } else {
            gap = true;
        }
    }
    slug
}

/// Derived SKU of a variant that has none, from its product's handle and its option values: the same in each import, so
/// that the next one finds it again.
pub(crate) fn derive_sku<'a>(handle: &str, values: impl Iterator<Item = &'a str>) -> String {
    let parts = std::iter::once(slug(handle)).chain(values.map(slug));
    let whole = parts.filter(|part| !part.is_empty());
    let whole = whole.collect::<Vec<_>>().join("-").to_uppercase();
    if whole.chars().count() <= SKU_CHARACTERS_MAX {
        return whole;
    }
    shorten_code(&whole, &whole, SKU_CHARACTERS_MAX)
}

/// Hash of a text that never changes between versions (64-bit FNV-1a).
pub(crate) fn fingerprint(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Text on one line, with whitespace and control characters between words collapsed to one space.
pub(crate) fn collapse_whitespace(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Beginning of a text of at most that many characters, cut after a word; `None` for a text that fits.
pub(crate) fn shorten(text: &str, characters_max: usize) -> Option<String> {
    if text.len() <= characters_max || text.chars().count() <= characters_max {
        return None;
    }
    let kept: String = text.chars().take(characters_max.saturating_sub(1)).collect();
    let next = text[kept.len()..].chars().next();
    let word_end = if next.is_some_and(char::is_whitespace) {
        Some(kept.len())
    } else {
        kept.rfind(char::is_whitespace)
    };
    let cut = word_end.filter(|end| *end > 0).map_or(&*kept, |end| &kept[..end]);
    Some(format!("{}…", cut.trim_end()))
}

/// Beginning of a slug or SKU of at most that many characters. A hash at its end keeps long ones apart: it depends on
/// every letter of `whole`.
pub(crate) fn shorten_code(code: &str, whole: &str, characters_max: usize) -> String {
    let end = format!("-{:016X}", fingerprint(whole));
    let kept: String = code.chars().take(characters_max.saturating_sub(end.len())).collect();
    kept.trim_end_matches('-').to_owned() + &end
}

/// Code of a cell without the leading apostrophe by which spreadsheets mark text.
pub(crate) fn code_cell(text: &str) -> String {
    let text = collapse_whitespace(text);
    text.strip_prefix('\'').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_become_slugs() {
        for (handle, expected) in [
            ("blue-mug", "blue-mug"),
            ("Blue_Mug  2", "blue-mug-2"),
            ("Crème--Brûlée!", "creme-brulee"),
            ("Men's T-Shirt", "mens-t-shirt"),
            ("STRASSE-Straße", "strasse-strasse"),
            ("cafe\u{301}", "cafe"),
            ("カップ", "カップ"),
            ("İstanbul", "istanbul"),
            ("!!!", ""),
        ] {
            assert_eq!(slug(handle), expected, "{handle}");
        }
    }

    #[test]
    fn derived_skus_are_stable_short_and_distinct() {
        let sku = |values: &[&str]| derive_sku("blue-mug", values.iter().copied());
        assert_eq!(sku(&["Größe 1", "rot"]), "BLUE-MUG-GROSSE-1-ROT");
        assert_eq!(sku(&[]), "BLUE-MUG");
        let (long, longer) = ("x".repeat(200), "x".repeat(201));
        assert_eq!(sku(&[&long]).len(), 100);
        assert_ne!(sku(&[&long]), sku(&[&longer]));
    }

    #[test]
    fn long_texts_are_cut_after_a_word() {
        for (text, max, expected) in [
            ("Oak table", 9, None),
            ("Oak table", 8, Some("Oak…")),
            ("Oak table top", 10, Some("Oak table…")),
            ("Oaktable", 5, Some("Oakt…")),
            ("Öäü öäü", 7, None),
            ("Öäü öäü", 5, Some("Öäü…")),
        ] {
            assert_eq!(shorten(text, max).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn whitespace_is_collapsed_and_a_leading_apostrophe_stripped() {
        assert_eq!(collapse_whitespace("  a\n\tb\u{0}c "), "a b c");
        assert_eq!((code_cell("'0123"), code_cell("A'1")), ("0123".to_owned(), "A'1".to_owned()));
    }
}
