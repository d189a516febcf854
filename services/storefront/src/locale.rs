//! Locale: the formatting of money, numbers and dates in the shopper's language.

mod collation;
mod dates;
mod numbers;
mod shop_texts;

use crate::messages::{DE, EN, Messages, Plural};
use kernel::{Money, Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

pub(crate) use collation::collation_key;
use jiff::{Zoned, civil::Date, tz::TimeZone};
pub(crate) use shop_texts::ShopTexts;

/// Language that the pages are available in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    const ALL: [Self; 2] = [Self::En, Self::De];

    pub(crate) fn messages(self) -> &'static Messages {
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }

    /// Language with this tag.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.messages().tag.eq_ignore_ascii_case(tag))
    }

    /// Best of the available languages for an `Accept-Language` header.
    pub(crate) fn negotiate(header: &str, available: &[Self]) -> Option<Self> {
        let mut wanted = web::accepted_languages(header).into_iter().filter_map(|tag| {
            let primary = tag.split('-').next().unwrap_or_default();
            Self::from_tag(primary)
        });
        wanted.find(|language| available.contains(language))
    }
}

/// Display of the currency of amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CurrencyDisplay {
    /// Symbol, where the currency has one of its own: `€19.90`.
    #[default]
    Symbol,
    /// ISO 4217 code: `EUR 19.90`.
    Code,
}

/// Default time zone.
static UTC: TimeZone = TimeZone::UTC;

/// Language, currency display and time zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locale {
    pub(crate) messages: &'static Messages,
    display: CurrencyDisplay,
    language: Language,
    shop_texts: Option<&'static ShopTexts>,
    time_zone: &'static TimeZone,
}

impl Locale {
    pub(crate) fn new(language: Language, display: CurrencyDisplay) -> Self {
        Self { messages: language.messages(), display, language, shop_texts: None, time_zone: &UTC }
    }

    /// Locale in which the shop's own texts are translated.
    pub(crate) fn with_shop_texts(self, shop_texts: &'static ShopTexts) -> Self {
        Self { shop_texts: Some(shop_texts), ..self }
    }

    /// Locale in which times and dates are those of a time zone.
    pub(crate) fn with_time_zone(self, time_zone: &'static TimeZone) -> Self {
        Self { time_zone, ..self }
    }

    pub(crate) fn language(self) -> Language {
        self.language
    }

    /// Amount with its currency: `€1,299.00`, `1.299,00 €`.
    pub(crate) fn money(self, money: Money) -> String {
        numbers::with_currency(
            self.messages,
            self.display,
            &money.to_major_string(),
            money.currency,
        )
    }

    /// Amount without decimals that are all zero: `€50`, `€49.50`.
    pub(crate) fn compact_money(self, money: Money) -> String {
        let number = money.to_major_string();
        let whole =
            number.split_once('.').filter(|(_, decimals)| decimals.bytes().all(|it| it == b'0'));
        let number = whole.map_or(number.as_str(), |(whole, _)| whole);
        numbers::with_currency(self.messages, self.display, number, money.currency)
    }

    /// Unit price with all its decimals.
    pub(crate) fn price(self, price: UnitPrice) -> String {
        if price.is_whole() {
            return self.money(price.rounded());
        }
        let number = price.to_decimal().to_string();
        numbers::with_currency(self.messages, self.display, &number, price.currency())
    }

    /// Symbol or code of a currency, beside a field for an amount.
    pub(crate) fn currency_symbol(self, currency: kernel::Currency) -> &'static str {
        numbers::currency_symbol(self.display, currency)
    }

    /// Whole number with group separators: `1,299`.
    pub(crate) fn count(self, count: u64) -> String {
        numbers::grouped(self.messages, &count.to_string())
    }

    /// Text in the plural form for a number, which it states with group separators: `1,299 items`.
    pub(crate) fn plural(self, text: &Plural, count: u64) -> String {
        text.of(count, &self.count(count))
    }

    /// Percentage of a reduction: `−20%`.
    pub(crate) fn minus_percent(self, percent: u8) -> String {
        self.messages.minus_percent.replace("{n}", &percent.to_string())
    }

    /// Date range that names a common month once: `Wed 25 – Fri 27 Nov`.
    pub(crate) fn date_range(self, from: Date, to: Date) -> String {
        dates::date_range(self.messages, from, to)
    }

    /// Date with its year: `25 Nov 2025`.
    pub(crate) fn date(self, instant: Timestamp) -> String {
        dates::date(self.messages, &self.zoned(instant))
    }

    /// Time of day with the time zone: `14:32 UTC`.
    pub(crate) fn time(self, instant: Timestamp) -> String {
        dates::time(&self.zoned(instant))
    }

    /// Date `count` working days (Monday to Friday) after an instant.
    pub(crate) fn working_days_after(self, instant: Timestamp, count: u8) -> Date {
        dates::working_days_after(self.zoned(instant).date(), count)
    }

    fn zoned(self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.time_zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Currency;

    fn locale(language: Language) -> Locale {
        Locale::new(language, CurrencyDisplay::Symbol)
    }

    #[test]
    fn the_available_language_with_the_highest_quality_value_is_chosen() {
        let negotiate = |header| Language::negotiate(header, &Language::ALL);
        assert_eq!(negotiate("de-AT,de;q=0.9,en;q=0.8"), Some(Language::De));
        assert_eq!(negotiate("fr, en-GB;q=0.7, DE;q=0.75"), Some(Language::De));
        assert_eq!(negotiate("fr,it"), None);
        assert_eq!(negotiate("en;q=0, de;q=junk, ,;;"), None);
        assert_eq!(Language::negotiate("de,en;q=0.1", &[Language::En]), Some(Language::En));
        assert_eq!(Language::negotiate("de", &[Language::En]), None);
    }

    #[test]
    fn money_is_formatted_for_its_language() {
        let euros = Money::new(129_900, Currency::EUR);
        assert_eq!(locale(Language::En).money(euros), "€1,299.00");
        assert_eq!(locale(Language::De).money(euros), "1.299,00\u{a0}€");
        let code = Locale::new(Language::En, CurrencyDisplay::Code);
        assert_eq!(code.money(euros), "EUR\u{a0}1,299.00");
        assert_eq!(locale(Language::En).money(Money::new(-505, Currency::EUR)), "−€5.05");
        assert_eq!(locale(Language::De).compact_money(euros), "1.299\u{a0}€");
        assert_eq!(locale(Language::En).compact_money(Money::new(4950, Currency::EUR)), "€49.50");
        assert_eq!(locale(Language::De).money(Money::new(-505, Currency::EUR)), "−5,05\u{a0}€");
    }

    #[test]
    fn currencies_keep_their_own_decimals() {
        let english = locale(Language::En);
        assert_eq!(english.money(Money::new(12_800, Currency::JPY)), "¥12,800");
        assert_eq!(english.money(Money::new(12_800, Currency::KWD)), "KWD\u{a0}12.800");
        assert_eq!(
            locale(Language::De).money(Money::new(1_280_000, Currency::KWD)),
            "1.280,000\u{a0}KWD"
        );
        let fine = UnitPrice::parse_major("0.0125", Currency::EUR).unwrap();
        assert_eq!(english.price(fine), "€0.0125");
    }

    #[test]
    fn a_number_in_a_text_has_group_separators() {
        let items = Plural { one: "{n} item", other: "{n} items" };
        for (count, english, german) in [
            (0, "0 items", "0 items"),
            (1, "1 item", "1 item"),
            (1010, "1,010 items", "1.010 items"),
        ] {
            assert_eq!(locale(Language::En).plural(&items, count), english);
            assert_eq!(locale(Language::De).plural(&items, count), german);
        }
    }

    #[test]
    fn times_and_dates_are_those_of_the_time_zone() {
        let late: Timestamp = "2025-11-21T23:30:00Z".parse().unwrap();
        for (hours, time, date, arrives) in [
            (0, "23:30 UTC", "21 Nov 2025", "2025-11-24"),
            (1, "00:30 +01", "22 Nov 2025", "2025-11-24"),
            (-8, "15:30 -08", "21 Nov 2025", "2025-11-24"),
            (13, "12:30 +13", "22 Nov 2025", "2025-11-24"),
        ] {
            let zone: &'static TimeZone = if hours == 0 {
                &UTC
            } else {
                Box::leak(Box::new(TimeZone::fixed(jiff::tz::offset(hours))))
            };
            let locale = locale(Language::En).with_time_zone(zone);
            assert_eq!((locale.time(late).as_str(), locale.date(late).as_str()), (time, date));
            assert_eq!(locale.working_days_after(late, 1).to_string(), arrives);
        }
    }

    #[test]
    fn a_date_range_names_a_common_month_once() {
        let (from, to) = (jiff::civil::date(2025, 11, 26), jiff::civil::date(2025, 11, 28));
        assert_eq!(locale(Language::En).date_range(from, to), "Wed 26 – Fri 28 Nov");
        assert_eq!(locale(Language::De).date_range(from, to), "Mi., 26. – Fr., 28. Nov.");
        let next = jiff::civil::date(2025, 12, 1);
        assert_eq!(locale(Language::En).date_range(from, next), "Wed 26 Nov – Mon 1 Dec");
        assert_eq!(locale(Language::En).date_range(from, from), "Wed 26 Nov");
    }
}
