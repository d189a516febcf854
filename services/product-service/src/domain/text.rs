//! Text normalisation for search and URLs: case folding, removal of diacritics, tokens, slugs.

/// Folded text: lower case without diacritics. A letter without a plain form stays as it is.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            folded.push(letter.to_ascii_lowercase());
            continue;
        }
        for lower in letter.to_lowercase() {
            match without_diacritic(lower) {
                Some(plain) => folded.push_str(plain),
                // A combining accent, left over from a decomposed letter.
                None if ('\u{300}'..='\u{36f}').contains(&lower) => {}
                None => folded.push(lower),
            }
        }
    }
    folded
}

/// Tokens of folded text: runs of letters and digits.
pub(crate) fn tokens(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Slug: the folded words of `text` joined by hyphens; empty if there are none.
pub(crate) fn slugify(text: &str) -> String {
    // An apostrophe does not split a word: "men's" is one.
    let folded = fold(text).replace(['\'', '’'], "");
    let mut slug = String::with_capacity(folded.len());
    for word in tokens(&folded) {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// Identity of a value: its text in lower case, with single spaces. Unlike a slug it loses no sign that tells values
/// apart.
pub(crate) fn identity(text: &str) -> String {
    let mut identity = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !identity.is_empty() {
            identity.push(' ');
        }
        identity.extend(word.chars().flat_map(char::to_lowercase));
    }
    identity
}

/// Segment of an address for a value: its slug, in which signs that carry a meaning are words (`c-sharp`, `1-point-5`).
/// Different values can still have the same segment.
pub(crate) fn address(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut spelled = String::with_capacity(text.len());
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1).copied();
        let is_digit = |letter: Option<char>| letter.is_some_and(char::is_numeric);
        let between_digits = is_digit(before) && is_digit(after);
        let begins_number = is_digit(after) && before.is_none_or(char::is_whitespace);
        let ends_word =
            before.is_some_and(char::is_alphanumeric) && after.is_none_or(char::is_whitespace);
        let word = match letter {
            '+' => "plus",
            '#' if is_digit(after) => "number",
            '#' => "sharp",
            '%' => "percent",
            '*' => "star",
            '=' => "equals",
            '@' => "at",
            '°' => "degrees",
            '€' => "euro",
            '$' => "dollar",
            '£' => "pound",
            '.' if between_digits => "point",
            ',' if between_digits => "comma",
            '-' | '−' if begins_number || ends_word => "minus",
            _ => {
                spelled.push(*letter);
                continue;
            }
        };
        spelled.extend([" ", word, " "]);
    }
    slugify(&spelled)
}

/// Identity of a category path.
pub(crate) fn path_identity(path: &str) -> String {
    levels(path).map(identity).collect::<Vec<_>>().join(">")
}

/// Address of a category path: the segments of its levels joined by slashes.
pub(crate) fn path_address(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for level in levels(path).map(self::address).filter(|level| !level.is_empty()) {
        if !address.is_empty() {
            address.push('/');
        }
        address.push_str(&level);
    }
    address
}

/// Levels of a category path, from the top down.
pub(crate) fn levels(path: &str) -> impl Iterator<Item = &str> {
    path.split('>').map(str::trim)
}

/// Plain form of a lower-case Latin letter with a diacritic.
fn without_diacritic(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ' | 'ầ' | 'ậ' => {
            "a"
        }
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẽ' | 'ế' | 'ề' | 'ệ' => {
            "e"
        }
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ị' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ' | 'ố' | 'ồ' | 'ộ' => {
            "o"
        }
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_make_no_difference() {
        assert_eq!(fold("Crème BRÛLÉE Straße Łódź Æble"), "creme brulee strasse lodz aeble");
        assert_eq!(fold("e\u{301}te\u{301}"), "ete");
        assert_eq!(fold("カップ"), "カップ");
    }

    #[test]
    fn a_slug_is_made_of_words() {
        assert_eq!(slugify("  Men's T-Shirt, “Été” (50 %) "), "mens-t-shirt-ete-50");
        assert_eq!(slugify("!!!"), "");
        assert_eq!(path_address("Kitchen >  Mugs & Cups"), "kitchen/mugs-cups");
        assert_eq!(path_address(" > Kitchen > "), "kitchen");
    }

    #[test]
    fn an_address_spells_the_signs_that_carry_a_meaning() {
        for (text, expected) in [
            ("Mugs & Cups", "mugs-cups"),
            ("T-Shirts", "t-shirts"),
            ("A-", "a-minus"),
            ("Mugs - Cups", "mugs-cups"),
            ("C++", "c-plus-plus"),
            ("C#", "c-sharp"),
            ("50% Wool", "50-percent-wool"),
            ("1.5 l", "1-point-5-l"),
            ("1,5 l", "1-comma-5-l"),
            ("+2.00", "plus-2-point-00"),
            ("-2.00", "minus-2-point-00"),
            ("A, B and C.", "a-b-and-c"),
        ] {
            assert_eq!(address(text), expected);
        }
    }

    #[test]
    fn an_identity_ignores_case_and_spaces_only() {
        assert_eq!(identity("  Aster   & SÖHNE "), "aster & söhne");
        assert_ne!(identity("1.5"), identity("1,5"));
    }
}
