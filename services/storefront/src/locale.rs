//! How a shopper's language writes money, numbers and days.

mod days;
mod figures;

use crate::words::{DE, EN, Words};
use kernel::{Money, Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

pub(crate) use days::{time, working_days_after};
use jiff::civil::Date;

/// A language the pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }

    /// The best of ours for an `Accept-Language` header.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',').take(RANGES_MAX) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let weight =
                parts.find_map(|it| it.trim().strip_prefix("q=")).map_or(1000, thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let ours =
                Self::ALL.into_iter().find(|it| it.words().tag.eq_ignore_ascii_case(primary));
            if let Some(ours) = ours
                && weight > best.map_or(0, |(weight, _)| weight)
            {
                best = Some((weight, ours));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// The most language ranges of a header that are looked at.
const RANGES_MAX: usize = 20;

/// `0.75` as 750; anything that is no weight counts as nothing.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    match whole {
        "1" => 1000,
        "0" => {
            let digits: String = decimals.chars().chain("000".chars()).take(3).collect();
            digits.parse().unwrap_or(0)
        }
        _ => 0,
    }
}

/// How amounts name their currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CurrencyDisplay {
    /// `€19.90`, where the currency has a symbol of its own.
    #[default]
    Symbol,
    /// `EUR 19.90`.
    Code,
}

/// A language, and how its readers expect figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locale {
    pub(crate) words: &'static Words,
    display: CurrencyDisplay,
}

impl Locale {
    pub(crate) fn new(language: Language, display: CurrencyDisplay) -> Self {
        Self { words: language.words(), display }
    }

    /// An amount with its currency: `€1,299.00`, `1.299,00 €`.
    pub(crate) fn money(self, money: Money) -> String {
        figures::with_currency(self.words, self.display, &money.to_major_string(), money.currency)
    }

    /// An amount without decimals that say nothing: `€50`, `€49.50`.
    pub(crate) fn round_money(self, money: Money) -> String {
        let number = money.to_major_string();
        let whole =
            number.split_once('.').filter(|(_, decimals)| decimals.bytes().all(|it| it == b'0'));
        let number = whole.map_or(number.as_str(), |(whole, _)| whole);
        figures::with_currency(self.words, self.display, number, money.currency)
    }

    /// A price of one, with all the decimals it has.
    pub(crate) fn price(self, price: UnitPrice) -> String {
        if price.is_whole() {
            return self.money(price.rounded());
        }
        let number = price.to_decimal().to_string();
        figures::with_currency(self.words, self.display, &number, price.currency())
    }

    /// What stands before an amount a shopper types.
    pub(crate) fn currency_mark(self, currency: kernel::Currency) -> &'static str {
        figures::mark(self.display, currency)
    }

    /// A whole number with its groups: `1,299`.
    pub(crate) fn count(self, count: u64) -> String {
        figures::grouped(self.words, &count.to_string())
    }

    /// A reduction: `−20%`.
    pub(crate) fn minus_percent(self, percent: u8) -> String {
        self.words.minus_percent.replace("{n}", &percent.to_string())
    }

    /// From one day to another, saying the month once: `Wed 25 – Fri 27 Nov`.
    pub(crate) fn days(self, from: Date, to: Date) -> String {
        days::days(self.words, from, to)
    }

    /// A day with its year: `25 Nov 2025`.
    pub(crate) fn date(self, instant: Timestamp) -> String {
        days::date(self.words, instant)
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
    fn the_heaviest_language_we_have_is_taken() {
        assert_eq!(Language::accepted("de-AT,de;q=0.9,en;q=0.8"), Some(Language::De));
        assert_eq!(Language::accepted("fr, en-GB;q=0.7, DE;q=0.75"), Some(Language::De));
        assert_eq!(Language::accepted("fr,it"), None);
        assert_eq!(Language::accepted("en;q=0, de;q=junk, ,;;"), None);
    }

    #[test]
    fn money_is_written_as_its_readers_write_it() {
        let euros = Money::new(129_900, Currency::EUR);
        assert_eq!(locale(Language::En).money(euros), "€1,299.00");
        assert_eq!(locale(Language::De).money(euros), "1.299,00\u{a0}€");
        let code = Locale::new(Language::En, CurrencyDisplay::Code);
        assert_eq!(code.money(euros), "EUR\u{a0}1,299.00");
        assert_eq!(locale(Language::En).money(Money::new(-505, Currency::EUR)), "−€5.05");
        assert_eq!(locale(Language::De).round_money(euros), "1.299\u{a0}€");
        assert_eq!(locale(Language::En).round_money(Money::new(4950, Currency::EUR)), "€49.50");
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
    fn days_say_the_month_once() {
        let (from, to) = (jiff::civil::date(2025, 11, 26), jiff::civil::date(2025, 11, 28));
        assert_eq!(locale(Language::En).days(from, to), "Wed 26 – Fri 28 Nov");
        assert_eq!(locale(Language::De).days(from, to), "Mi., 26. – Fr., 28. Nov.");
        let next = jiff::civil::date(2025, 12, 1);
        assert_eq!(locale(Language::En).days(from, next), "Wed 26 Nov – Mon 1 Dec");
        assert_eq!(locale(Language::En).days(from, from), "Wed 26 Nov");
    }
}
