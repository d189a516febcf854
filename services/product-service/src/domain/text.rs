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

/// Slug of a category path: the slugs of its levels joined by slashes.
pub(crate) fn slugify_path(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for level in levels(path).map(slugify).filter(|level| !level.is_empty()) {
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
        assert_eq!(slugify_path("Kitchen >  Mugs & Cups"), "kitchen/mugs-cups");
        assert_eq!(slugify_path(" > Kitchen > "), "kitchen");
    }
}
