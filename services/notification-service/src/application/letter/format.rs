//! Formatting of money, dates and addresses in the language of a letter, as on the pages of the shop.

use super::words::{CurrencyPosition, Words};
use addresses::{Address, AddressPart, country_name, format_of};
use jiff::tz::TimeZone;
use kernel::{Currency, Money, Timestamp};

impl Words {
    /// Amount with its currency: `€1,299.00`, `1.299,00 €`.
    pub(super) fn money(&self, money: Money) -> String {
        let number = money.to_major_string();
        let (sign, number) = number.strip_prefix('-').map_or(("", &*number), |it| ("−", it));
        let (number, symbol) = (self.grouped(number), symbol(money.currency));
        match self.currency_position {
            CurrencyPosition::Before if symbol == money.currency.code() => {
                format!("{sign}{symbol}\u{a0}{number}")
            }
            CurrencyPosition::Before => format!("{sign}{symbol}{number}"),
            CurrencyPosition::After => format!("{sign}{number}\u{a0}{symbol}"),
        }
    }

    fn grouped(&self, number: &str) -> String {
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let mut text = String::with_capacity(number.len() + number.len() / 3);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(self.group_separator);
            }
            text.push(digit);
        }
        if !decimals.is_empty() {
            text.push(self.decimal_separator);
            text.push_str(decimals);
        }
        text
    }

    /// Date with its year: `25 Nov 2025`.
    pub(super) fn date(&self, instant: Timestamp) -> String {
        let date = instant.to_zoned(TimeZone::UTC).date();
        let month = usize::try_from(date.month()).unwrap_or(1).saturating_sub(1);
        let month = self.months.get(month).copied().unwrap_or_default();
        format!("{}{} {month} {}", date.day(), self.day_suffix, date.year())
    }

    /// Name of a shipping method; by default, the name that the merchant gave it.
    pub(super) fn shipping_method<'a>(&self, label: &'a str) -> &'a str {
        let known = self.shipping_methods.iter().find(|(english, _)| *english == label);
        known.map_or(label, |(_, name)| name)
    }

    /// Lines of an address, in the order of its country, with the name of the country.
    pub(super) fn address(&self, address: &Address) -> Vec<String> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let part = |part: AddressPart| match part {
            AddressPart::Line1 => address.line1.clone(),
            AddressPart::Line2 => text(&address.line2),
            AddressPart::City => text(&address.city),
            AddressPart::Region => text(&address.region),
            AddressPart::PostalCode => text(&address.postal_code),
            AddressPart::Name | AddressPart::Country => String::new(),
        };
        let mut rows =
            format_of(&address.country).map_or_else(Vec::new, |format| format.rows.clone());
        // Parts that addresses there do not have are shown if they were given.
        for further in FURTHER {
            if !rows.iter().flatten().any(|part| *part == further) {
                rows.push(vec![further]);
            }
        }
        let row = |row: &Vec<AddressPart>| {
            let parts = row.iter().map(|it| part(*it)).filter(|text| !text.is_empty());
            parts.collect::<Vec<_>>().join(" ")
        };
        let country = country_name(&address.country, self.tag).unwrap_or(&address.country);
        let lines = std::iter::once(address.name.clone()).chain(rows.iter().map(row));
        let lines = lines.chain([country.to_owned()]).filter(|line| !line.is_empty());
        lines.map(|line| super::one_line(&line)).collect()
    }
}

const FURTHER: [AddressPart; 5] = [
    AddressPart::Line1,
    AddressPart::Line2,
    AddressPart::PostalCode,
    AddressPart::City,
    AddressPart::Region,
];

fn symbol(currency: Currency) -> &'static str {
    match currency.code() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        "INR" => "₹",
        code => code,
    }
}
