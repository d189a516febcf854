//! Words as the shop takes them: addresses, article numbers, texts of one line.

/// The longest article number that is made up.
const SKU_CHARACTERS_MAX: usize = 100;

/// Letters that differ from plain ones by a mark only, by the plain one they become. What addresses of products are
/// made of; other scripts stay as they are.
const MARKED: [(&str, &str); 24] = [
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

/// A handle as the address of a product: words in lower case without marks, joined by hyphens.
pub(crate) fn slug(handle: &str) -> String {
    let mut slug = String::with_capacity(handle.len());
    let mut gap = false;
    for letter in handle.chars().flat_map(char::to_lowercase) {
        let marked =
            MARKED.iter().find(|(letters, _)| !letter.is_ascii() && letters.contains(letter));
        let mut own = [0; 4];
        let plain = marked.map_or_else(|| &*letter.encode_utf8(&mut own), |(_, plain)| plain);
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

/// The article number of a variant that has none: made of its product's handle and its option values, so that the
/// next import finds it again.
pub(crate) fn derived_sku<'a>(handle: &'a str, values: impl Iterator<Item = &'a str>) -> String {
    let whole = std::iter::once(handle).chain(values).map(slug).filter(|part| !part.is_empty());
    let whole = whole.collect::<Vec<_>>().join("-").to_uppercase();
    if whole.chars().count() <= SKU_CHARACTERS_MAX {
        return whole;
    }
    // The end tells long ones apart: it changes with every letter of the whole.
    let end = format!("-{:016X}", fingerprint(&whole));
    let kept: String = whole.chars().take(SKU_CHARACTERS_MAX - end.len()).collect();
    kept + &end
}

/// A number that is the same for the same text for ever (FNV-1a).
pub(crate) fn fingerprint(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// The text on one line: what stands between words is one space.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A number or code as it is meant: without the apostrophe by which spreadsheets keep it from being counted with.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    text.strip_prefix('\'').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_become_addresses() {
        for (handle, address) in [
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
            assert_eq!(slug(handle), address, "{handle}");
        }
    }

    #[test]
    fn derived_numbers_are_stable_short_and_different() {
        let sku = |values: &[&str]| derived_sku("blue-mug", values.iter().copied());
        assert_eq!(sku(&["Größe 1", "rot"]), "BLUE-MUG-GROSSE-1-ROT");
        assert_eq!(sku(&[]), "BLUE-MUG");
        let (long, longer) = ("x".repeat(200), "x".repeat(201));
        assert_eq!(sku(&[&long]).len(), 100);
        assert_ne!(sku(&[&long]), sku(&[&longer]));
    }

    #[test]
    fn lines_have_no_breaks_and_codes_no_apostrophe() {
        assert_eq!(one_line("  a\n\tb\u{0}c "), "a b c");
        assert_eq!((code("'0123"), code("A'1")), ("0123".to_owned(), "A'1".to_owned()));
    }
}
