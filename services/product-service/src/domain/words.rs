//! Words as people search for them and as addresses spell them: lower case, without accents.

/// The letters of `text` in lower case and without diacritics. What has no plain form stays as it is.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            folded.push(letter.to_ascii_lowercase());
            continue;
        }
        for lower in letter.to_lowercase() {
            match plain(lower) {
                Some(plain) => folded.push_str(plain),
                // What is left of a letter that was written as base and accent.
                None if ('\u{300}'..='\u{36f}').contains(&lower) => {}
                None => folded.push(lower),
            }
        }
    }
    folded
}

/// The folded words of `text`: runs of letters and digits.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// `text` as a part of an address: its folded words joined by hyphens. Empty when it has none.
pub(crate) fn slug(text: &str) -> String {
    // An apostrophe is inside a word: "men's" is one.
    let folded = fold(text).replace(['\'', '’'], "");
    let mut slug = String::with_capacity(folded.len());
    for word in words(&folded) {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// One spelling of a SKU for all: SKUs are the same whatever the case of their letters.
pub(crate) fn sku_key(sku: &str) -> String {
    sku.to_ascii_lowercase()
}

/// A category path as an address: its levels' slugs joined by slashes.
pub(crate) fn path_slug(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for level in levels(path).map(slug).filter(|level| !level.is_empty()) {
        if !address.is_empty() {
            address.push('/');
        }
        address.push_str(&level);
    }
    address
}

/// The levels of a category path, from the widest to the narrowest.
pub(crate) fn levels(path: &str) -> impl Iterator<Item = &str> {
    path.split('>').map(str::trim)
}

/// The plain form of a Latin letter with a diacritic, in lower case.
fn plain(letter: char) -> Option<&'static str> {
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
    fn an_address_is_made_of_words() {
        assert_eq!(slug("  Men's T-Shirt, “Été” (50 %) "), "mens-t-shirt-ete-50");
        assert_eq!(slug("!!!"), "");
        assert_eq!(path_slug("Kitchen >  Mugs & Cups"), "kitchen/mugs-cups");
        assert_eq!(path_slug(" > Kitchen > "), "kitchen");
    }
}
