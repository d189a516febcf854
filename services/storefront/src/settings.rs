//! Settings of the storefront.

use crate::locale::{CurrencyDisplay, Language};
use jiff::tz::TimeZone;
use kernel::Currency;
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, SectionSettings};
use std::collections::BTreeMap;

/// Maximum length of a short text, such as the name.
const SHORT_TEXT_BYTES_MAX: usize = 500;
/// Maximum length of the text of a page.
const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Maximum number of lines of the contact address.
const CONTACT_LINES_MAX: usize = 10;
/// Maximum number of translations into one language.
const TRANSLATIONS_MAX: usize = 10_000;

/// Settings section `storefront`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the settings")]
pub(crate) struct StorefrontSettings {
    /// Name of the shop.
    pub(crate) name: String,
    /// Path of the logo on this host, such as `/media/…/160.png`; empty for none.
    pub(crate) logo: String,
    /// Whether the logo contains the name, which is then not repeated beside it.
    pub(crate) logo_has_name: bool,
    /// Tagline: one line about the shop; empty for none.
    pub(crate) tagline: String,
    /// Sentence or two below the tagline on the home page; empty for none.
    pub(crate) introduction: String,
    /// Contact in the footer, on the help page and for search engines.
    pub(crate) contact: ContactSettings,
    /// Pages that the merchant writes.
    pub(crate) pages: PageTexts,
    /// Address of the shop for search engines, such as `https://shop.example`; empty for the one it is asked under.
    pub(crate) url: String,
    /// Hue of the brand in degrees, 0 to 359; every hue meets the contrast requirements.
    pub(crate) hue: u16,
    /// Language of the catalogue and of the texts in these settings, and the default of the pages.
    pub(crate) language: Language,
    /// Languages that shoppers can choose; empty for the default language alone.
    pub(crate) languages: Vec<Language>,
    /// Translations of the shop's own texts by language: of the texts in these settings, and of the names of
    /// departments, options and goods.
    pub(crate) translations: BTreeMap<Language, BTreeMap<String, String>>,
    /// Country of the shop (ISO 3166-1 alpha-2), for which delivery is shown by default.
    pub(crate) country: String,
    /// Currency of the price filter.
    pub(crate) currency: Currency,
    /// Time zone of the times and dates of pages (IANA name, such as `Europe/Berlin`); a script shows times in that of
    /// the visitor.
    pub(crate) time_zone: String,
    /// Display of the currency of amounts: symbol or code.
    pub(crate) currency_display: CurrencyDisplay,
    /// Whether the checkout offers the test cards.
    pub(crate) test_payments: bool,
    /// Whether people can make an account by themselves, which takes mail; as `auth-server.mail_folder` has it by default.
    pub(crate) sign_up: bool,
    /// Whether customers can add orders of guests to their account, which takes mail; as `order-service.mail_folder` has it by
    /// default.
    pub(crate) order_claims: bool,
    /// Whether customers are told by mail what becomes of their orders, so that pages may promise it; as `notification-service` has it by
    /// default.
    pub(crate) order_mails: bool,
    /// Return period in days; 0 shows nothing about returns.
    pub(crate) return_days: u16,
    /// Sentence below the return period; empty for none.
    pub(crate) return_note: String,
    /// Guarantee in years; 0 shows nothing about it.
    pub(crate) guarantee_years: u16,
    /// Sentence below the guarantee; empty for none.
    pub(crate) guarantee_note: String,
}

/// Contact of the shop; what is empty is not shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ContactSettings {
    pub(crate) email: String,
    pub(crate) phone: String,
    /// Postal address, line by line.
    pub(crate) address: Vec<String>,
}

impl ContactSettings {
    pub(crate) fn is_empty(&self) -> bool {
        self.email.is_empty() && self.phone.is_empty() && self.address.is_empty()
    }
}

/// Texts of the pages that the merchant writes. An empty line separates paragraphs, and a paragraph that begins with `# `
/// is a heading. A page without a text does not exist.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PageTexts {
    pub(crate) imprint: String,
    pub(crate) terms: String,
    pub(crate) privacy: String,
    pub(crate) withdrawal: String,
}

impl SectionSettings for StorefrontSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hue", 0, 359),
        Allowed::range("return_days", 0, 3_650),
        Allowed::range("guarantee_years", 0, 100),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        self.check_texts()?;
        if !self.languages.is_empty() && !self.languages.contains(&self.language) {
            let expected = "expected a list that contains the language of the shop";
            return Err(InvalidSetting::new("languages", expected));
        }
        let is_path = self.logo.starts_with('/') && !self.logo[1..].starts_with(['/', '\\']);
        if !self.logo.is_empty() && !is_path {
            // Pages load pictures from their own host alone.
            let expected = "expected a path on this host, such as /media/logo.svg";
            return Err(InvalidSetting::new("logo", expected));
        }
        if !self.url.is_empty() && !is_origin(&self.url) {
            let expected = "expected an address without a path, such as https://shop.example";
            return Err(InvalidSetting::new("url", expected));
        }
        if self.zone().is_none() {
            let expected = "expected a time zone that this system knows, such as Europe/Berlin";
            return Err(InvalidSetting::new("time_zone", expected));
        }
        let is_code = self.country.len() == 2
            && self.country.bytes().all(|letter| letter.is_ascii_uppercase());
        if is_code {
            return Ok(());
        }
        let expected = "expected the code of a country (ISO 3166-1) such as DE";
        Err(InvalidSetting::new("country", expected))
    }
}

impl StorefrontSettings {
    /// Languages that shoppers can choose, never none.
    pub(crate) fn available_languages(&self) -> &[Language] {
        if self.languages.is_empty() {
            std::slice::from_ref(&self.language)
        } else {
            &self.languages
        }
    }

    /// Time zone of the pages, if the system knows it.
    pub(crate) fn zone(&self) -> Option<TimeZone> {
        if self.time_zone == "UTC" {
            // Known also where the system has no database of time zones.
            return Some(TimeZone::UTC);
        }
        TimeZone::get(&self.time_zone).ok()
    }

    fn check_texts(&self) -> Result<(), InvalidSetting> {
        if self.name.trim().is_empty() {
            return Err(InvalidSetting::new("name", "expected a name"));
        }
        let (contact, pages) = (&self.contact, &self.pages);
        let texts = [
            ("name", &self.name, SHORT_TEXT_BYTES_MAX),
            ("logo", &self.logo, SHORT_TEXT_BYTES_MAX),
            ("tagline", &self.tagline, SHORT_TEXT_BYTES_MAX),
            ("introduction", &self.introduction, SHORT_TEXT_BYTES_MAX),
            ("return_note", &self.return_note, SHORT_TEXT_BYTES_MAX),
            ("guarantee_note", &self.guarantee_note, SHORT_TEXT_BYTES_MAX),
            ("contact.email", &contact.email, SHORT_TEXT_BYTES_MAX),
            ("contact.phone", &contact.phone, SHORT_TEXT_BYTES_MAX),
            ("pages.imprint", &pages.imprint, PAGE_BYTES_MAX),
            ("pages.terms", &pages.terms, PAGE_BYTES_MAX),
            ("pages.privacy", &pages.privacy, PAGE_BYTES_MAX),
            ("pages.withdrawal", &pages.withdrawal, PAGE_BYTES_MAX),
        ];
        for (path, text, bytes_max) in texts {
            if text.len() > bytes_max {
                return Err(InvalidSetting::new(
                    path,
                    format!("expected at most {bytes_max} bytes"),
                ));
            }
        }
        let lines = &contact.address;
        if lines.len() > CONTACT_LINES_MAX
            || lines.iter().any(|line| line.len() > SHORT_TEXT_BYTES_MAX)
        {
            let expected = format!("expected at most {CONTACT_LINES_MAX} lines");
            return Err(InvalidSetting::new("contact.address", expected));
        }
        let too_long = |(text, translation): (&String, &String)| {
            text.len().max(translation.len()) > PAGE_BYTES_MAX
        };
        for texts in self.translations.values() {
            if texts.len() > TRANSLATIONS_MAX || texts.iter().any(too_long) {
                let expected = format!(
                    "expected at most {TRANSLATIONS_MAX} texts of {PAGE_BYTES_MAX} bytes each"
                );
                return Err(InvalidSetting::new("translations", expected));
            }
        }
        Ok(())
    }
}

/// Whether a text is the origin of a web address: scheme and host, without a path.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(is_host)
}

/// Whether a text can be a host with or without a port.
pub(crate) fn is_host(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(is_sign)
}

impl Default for StorefrontSettings {
    fn default() -> Self {
        Self {
            name: "Shop".to_owned(),
            logo: String::new(),
            logo_has_name: false,
            tagline: String::new(),
            introduction: String::new(),
            contact: ContactSettings::default(),
            pages: PageTexts::default(),
            url: String::new(),
            hue: 165,
            language: Language::En,
            languages: Vec::new(),
            translations: BTreeMap::new(),
            country: "DE".to_owned(),
            currency: Currency::EUR,
            time_zone: "UTC".to_owned(),
            currency_display: CurrencyDisplay::Symbol,
            test_payments: false,
            sign_up: false,
            order_claims: false,
            order_mails: false,
            return_days: 0,
            return_note: String::new(),
            guarantee_years: 0,
            guarantee_note: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Flag, Section, Settings, Sources};

    fn load(sources: &Sources) -> Result<StorefrontSettings, String> {
        let section = Section::of::<StorefrontSettings>("storefront");
        let settings = Settings::load([section], sources).map_err(|error| error.to_string())?;
        Ok(settings.section("storefront").unwrap())
    }

    fn load_file(name: &str, text: &str) -> StorefrontSettings {
        let file =
            std::env::temp_dir().join(format!("storefront-{}-{name}.toml", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let loaded = load(&Sources { file: Some(file.clone()), ..Sources::default() });
        std::fs::remove_file(file).unwrap();
        loaded.unwrap()
    }

    #[test]
    fn the_examples_of_the_guide_are_settings() {
        let guide = include_str!("../../../docs/guides/your-shop.md");
        let blocks = guide.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let [shop, languages] = blocks.collect::<Vec<_>>()[..] else { panic!("two examples") };
        let shop = load_file("shop", shop);
        assert_eq!((shop.name.as_str(), shop.return_days), ("Rad & Tat", 30));
        assert_eq!(shop.contact.address.len(), 3);
        assert!(shop.pages.imprint.contains("\n\n# Register\n\n"));
        let languages = load_file("languages", languages);
        assert_eq!(languages.available_languages(), [Language::En, Language::De]);
        assert_eq!(languages.translations[&Language::De]["Lighting"], "Leuchten");
    }

    #[test]
    fn what_a_page_could_not_show_is_refused() {
        let long = "x".repeat(SHORT_TEXT_BYTES_MAX + 1);
        for (key, value, expected) in [
            ("name", " ", "expected a name"),
            ("tagline", &*long, "expected at most 500 bytes"),
            ("contact.phone", &*long, "expected at most 500 bytes"),
            ("logo", "https://cdn.example/logo.png", "expected a path on this host"),
            ("logo", "//cdn.example/logo.png", "expected a path on this host"),
            ("logo", "/\\cdn.example/logo.png", "expected a path on this host"),
            ("logo", "logo.png", "expected a path on this host"),
            ("url", "https://shop.example/de", "expected an address without a path"),
            ("url", "shop.example", "expected an address without a path"),
            ("url", "https://", "expected an address without a path"),
            ("languages", "de", "expected a list that contains the language of the shop"),
            ("contact.address", "1,2,3,4,5,6,7,8,9,10,11", "expected at most 10 lines"),
            ("country", "Germany", "expected the code of a country"),
            ("time_zone", "Berlin", "expected a time zone that this system knows"),
            ("time_zone", "", "expected a time zone that this system knows"),
            ("time_zone", "../../etc/passwd", "expected a time zone that this system knows"),
        ] {
            let flag = Flag::new("test", format!("storefront.{key}"), value);
            let error = load(&Sources { flags: vec![flag], ..Sources::default() }).unwrap_err();
            assert!(error.contains(expected) && error.contains(key), "{key}: {error}");
        }
    }

    #[test]
    fn a_shop_without_a_list_of_languages_has_its_own() {
        let flag = Flag::new("test", "storefront.language", "de");
        let german = load(&Sources { flags: vec![flag], ..Sources::default() }).unwrap();
        assert_eq!(german.available_languages(), [Language::De]);
    }
}
