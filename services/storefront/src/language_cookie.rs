//! Language cookie: set only when the shopper chooses a language.

use crate::{cart_cookie::Scheme, locale::Language};
use http::{HeaderMap, HeaderValue};

const NAME: &str = "language";
/// Lifetime of the cookie.
const MAX_AGE_DAYS: u32 = 365;

/// Language that the shopper chose.
pub(crate) fn language(headers: &HeaderMap) -> Option<Language> {
    let tag = web::cookies(headers).find(|(name, _)| *name == NAME);
    tag.and_then(|(_, tag)| Language::from_tag(tag))
}

/// Value of the `Set-Cookie` header that remembers this language.
pub(crate) fn set_cookie(language: Language, scheme: Scheme) -> HeaderValue {
    let (tag, seconds) = (language.messages().tag, MAX_AGE_DAYS * 86_400);
    let secure = match scheme {
        Scheme::Https => "; Secure",
        Scheme::Http => "",
    };
    let text = format!("{NAME}={tag}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("a language tag and numbers are printable")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    #[test]
    fn the_chosen_language_comes_back() {
        let cookie = set_cookie(Language::De, Scheme::Https);
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let sent = cookie.split(';').next().unwrap();
        for (line, expected) in [
            (format!("cart=1; {sent}"), Some(Language::De)),
            ("language=EN".to_owned(), Some(Language::En)),
            ("language=xx".to_owned(), None),
            ("languages=de".to_owned(), None),
            (String::new(), None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
            assert_eq!(language(&headers), expected, "{line}");
        }
    }
}
