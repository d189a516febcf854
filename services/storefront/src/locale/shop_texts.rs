//! Texts of the shop itself, such as its tagline and the names of goods, and their translations.

use super::{Language, Locale};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Language of the shop's own texts, and their translations.
#[derive(Debug)]
pub(crate) struct ShopTexts {
    language: Language,
    translations: BTreeMap<Language, BTreeMap<String, String>>,
}

impl ShopTexts {
    /// Texts that live as long as the process, as the settings do that they come from.
    pub(crate) fn leaked(
        language: Language,
        translations: BTreeMap<Language, BTreeMap<String, String>>,
    ) -> &'static Self {
        Box::leak(Box::new(Self { language, translations }))
    }
}

impl Locale {
    /// Translation of a text, or of a long text by the name of its setting.
    pub(crate) fn translation(self, text: &str) -> Option<&'static str> {
        let texts = self.shop_texts?.translations.get(&self.language)?;
        texts.get(text).map(String::as_str)
    }

    /// Text of the shop in the language of the page; as the shop wrote it, where there is no translation.
    pub(crate) fn translate(self, text: &str) -> &str {
        self.translation(text).unwrap_or(text)
    }

    /// Value of the attribute `lang` for a text of the shop: its language, where that is not the language of the page.
    pub(crate) fn lang_of(self, text: &str) -> Option<&'static str> {
        let original = self.shop_texts?.language;
        let is_foreign = original != self.language
            && self.translation(text).is_none()
            && text.chars().any(char::is_alphabetic);
        is_foreign.then_some(original.messages().tag)
    }

    /// Text of the shop as HTML, marked with its language where that is not the language of the page.
    pub(crate) fn shop_text(self, text: &str) -> Markup {
        html! {
            @match self.lang_of(text) {
                Some(lang) => bdi lang=(lang) { (text) },
                None => (self.translate(text)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::CurrencyDisplay;

    fn locale(shop: Language, page: Language) -> Locale {
        let german = [("Lighting", "Leuchten"), ("Colour", "Farbe")];
        let german = german.map(|(text, other)| (text.to_owned(), other.to_owned()));
        let translations = BTreeMap::from([(Language::De, BTreeMap::from(german))]);
        Locale::new(page, CurrencyDisplay::Symbol)
            .with_shop_texts(ShopTexts::leaked(shop, translations))
    }

    #[test]
    fn a_text_without_a_translation_is_marked_with_its_language() {
        let german = locale(Language::En, Language::De);
        assert_eq!(german.translate("Lighting"), "Leuchten");
        assert_eq!(german.shop_text("Colour").into_string(), "Farbe");
        assert_eq!(
            german.shop_text("Rugs <b>").into_string(),
            "<bdi lang=\"en\">Rugs &lt;b&gt;</bdi>"
        );
        assert_eq!((german.lang_of("Rugs"), german.lang_of("Colour")), (Some("en"), None));
        assert_eq!((german.lang_of("40 × 40"), german.lang_of("")), (None, None));
    }

    #[test]
    fn a_text_in_the_language_of_the_page_is_not_marked() {
        let english = locale(Language::En, Language::En);
        assert_eq!(english.shop_text("Lighting").into_string(), "Lighting");
        let german = locale(Language::De, Language::De);
        assert_eq!(german.shop_text("Teppiche").into_string(), "Teppiche");
        assert_eq!(locale(Language::De, Language::En).lang_of("Teppiche"), Some("de"));
    }
}
