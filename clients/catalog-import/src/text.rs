//! Text normalisation: slugs, derived SKUs, single-line text.

use crate::{html, limits::SKU_CHARACTERS_MAX};

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

/// Plain text of a cell: on one line, with the character references that some exports leave in names.
pub(crate) fn plain_text(text: &str) -> String {
    collapse_whitespace(&html::without_references(text))
}

/// Parts of a text between separators. A separator behind a backslash belongs to its part, without the backslash.
pub(crate) fn split_unescaped(text: &str, separator: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut continues = false;
    for piece in text.split(separator) {
        let is_escaped = piece.ends_with('\\');
        let own = if is_escaped { &piece[..piece.len() - 1] } else { piece };
        match parts.last_mut() {
            Some(last) if continues => {
                last.push_str(separator);
                last.push_str(own);
            }
            _ => parts.push(own.to_owned()),
        }
        continues = is_escaped;
    }
    parts
}

/// What a spreadsheet has made of a code or a word, if it looks like that.
pub(crate) fn spreadsheet_damage(text: &str) -> Option<&'static str> {
    if is_scientific(text) {
        return Some("looks like a long number that a spreadsheet has rounded");
    }
    is_day_and_month(text).then_some("looks like a date that a spreadsheet has made of it")
}

/// Whether a text is a number such as `4.00638E+12`.
fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or_default();
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    whole.len() == 1 && [whole, fraction, exponent].into_iter().all(is_number)
}

/// Whether a text is a day or year beside the short name of a month, in English or German: `2-Mar`, `Mar-02`, `02. Mrz`.
fn is_day_and_month(text: &str) -> bool {
    const MONTHS: [&str; 16] = [
        "jan", "feb", "mar", "mrz", "mär", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct",
        "okt", "nov", "dec",
    ];
    let is_month = |word: &str| {
        let word = word.trim_end_matches('.').to_lowercase();
        MONTHS.contains(&&*word) || word == "dez"
    };
    let is_number = |word: &str| {
        let digits = word.trim_end_matches('.');
        (1..=2).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    };
    let Some((first, second)) = text.split_once(['-', ' ']) else { return false };
    is_number(first) && is_month(second) || is_month(first) && is_number(second)
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
    fn a_separator_behind_a_backslash_is_part_of_a_value() {
        for (text, expected) in [
            ("a,b", vec!["a", "b"]),
            (r"Bags\, cases > Small,Sale", vec!["Bags, cases > Small", "Sale"]),
            (r"a\,b\,c", vec!["a,b,c"]),
            (r"a\", vec!["a"]),
            ("", vec![""]),
        ] {
            assert_eq!(split_unescaped(text, ","), expected, "{text}");
        }
    }

    #[test]
    fn what_spreadsheets_make_of_codes_is_told_apart_from_codes() {
        for text in ["4.00638E+12", "1,23457E+11", "5E+9", "4.0e+12"] {
            assert!(spreadsheet_damage(text).unwrap().contains("rounded"), "{text}");
        }
        for text in ["2-Mar", "Mar-02", "02. Mrz", "1-Dez", "Okt 24", "31-OCT"] {
            assert!(spreadsheet_damage(text).unwrap().contains("date"), "{text}");
        }
        for text in
            ["4006381333931", "12E4", "E+12", "1.5", "MAR-2026", "3-Marble", "May", "A-2", ""]
        {
            assert_eq!(spreadsheet_damage(text), None, "{text}");
        }
    }

    #[test]
    fn whitespace_is_collapsed_and_a_leading_apostrophe_stripped() {
        assert_eq!(collapse_whitespace("  a\n\tb\u{0}c "), "a b c");
        assert_eq!((code_cell("'0123"), code_cell("A'1")), ("0123".to_owned(), "A'1".to_owned()));
    }
}
