//! Price of a variant: its regular price, or its sale price within its dates, and its compare-at price.

use super::{BuildSettings, ProductFacts};
use crate::{
    mapping::{DateOrder, Fact},
    number::parse_price,
    row::{Remark, Row},
};
use kernel::UnitPrice;
use std::cmp::Ordering;

/// Length of a date such as `2026-11-28`.
const DATE_LENGTH: usize = 10;

/// Prices of a variant, with remarks on what was not taken.
#[derive(Debug)]
pub(super) struct VariantPrice {
    pub(super) price: UnitPrice,
    pub(super) compare_at_price: Option<UnitPrice>,
    pub(super) remarks: Vec<Remark>,
}

/// When a sale price applies.
#[derive(Clone, Debug, PartialEq, Eq)]
enum SaleDates {
    Always,
    Until(String),
    Later(String),
    Over,
    Unreadable(String),
}

/// Prices of the variant in a row.
///
/// # Errors
///
/// A remark on why it has none.
pub(super) fn price(
    row: &Row,
    facts: &ProductFacts,
    settings: &BuildSettings,
) -> Result<VariantPrice, Remark> {
    let parse = |text: &str| parse_price(text, settings.currency, row.price_notation());
    let mut remarks = Vec::new();
    let own = row.cell(Fact::Price);
    let regular = parse(if own.is_empty() { &facts.price } else { own });
    let sale = sale_price(row, regular.is_ok(), &settings.today, &parse, &mut remarks);
    let (price, regular) = match (sale, regular) {
        (Some(sale), regular) => (sale, regular.ok()),
        (None, Ok(regular)) => (regular, None),
        (None, Err(reason)) => return Err(row.remark(Fact::Price, reason)),
    };
    let is_higher = |other: &UnitPrice| matches!(other.compare(price), Ok(Ordering::Greater));
    let text = row.cell(Fact::CompareAtPrice);
    let compare_at = match parse(text) {
        _ if text.is_empty() => None,
        Err(reason) => {
            remarks.push(row.remark(Fact::CompareAtPrice, format!("{reason}; skipped")));
            None
        }
        // Exports write zero, or the price itself, where there is no such price.
        Ok(compare_at) if compare_at.is_zero() || compare_at == price => None,
        Ok(compare_at) if !is_higher(&compare_at) => {
            let reason = "is below the price; skipped";
            remarks.push(row.remark(Fact::CompareAtPrice, reason));
            None
        }
        Ok(compare_at) => Some(compare_at),
    };
    let compare_at_price = compare_at.or(regular.filter(is_higher));
    Ok(VariantPrice { price, compare_at_price, remarks })
}

/// The sale price of a row, if it applies today.
fn sale_price(
    row: &Row,
    has_regular: bool,
    today: &str,
    parse: &impl Fn(&str) -> Result<UnitPrice, String>,
    remarks: &mut Vec<Remark>,
) -> Option<UnitPrice> {
    let text = row.cell(Fact::SalePrice);
    if text.is_empty() {
        return None;
    }
    let mut remark = |fact: Fact, reason: String| remarks.push(row.remark(fact, reason));
    let sale = match parse(text) {
        Ok(sale) if sale.is_zero() && has_regular => return None,
        Ok(sale) => sale,
        Err(reason) => {
            remark(Fact::SalePrice, format!("{reason}; skipped"));
            return None;
        }
    };
    let (from, until) = (row.cell(Fact::SaleFrom), row.cell(Fact::SaleUntil));
    match sale_dates(from, until, row.columns.dates, today) {
        SaleDates::Always => Some(sale),
        SaleDates::Until(date) => {
            remark(
                Fact::SaleUntil,
                format!("the sale price stays after {date} until it is changed"),
            );
            Some(sale)
        }
        SaleDates::Later(date) => {
            remark(
                Fact::SaleFrom,
                format!("the sale begins on {date}; the regular price was taken"),
            );
            None
        }
        SaleDates::Over => None,
        SaleDates::Unreadable(text) => {
            let hint = if text.contains('/') { ", or one of a mapping with `dates`" } else { "" };
            let reason = format!(
                "“{text}” is not a date such as 2026-11-28{hint}; the regular price was taken"
            );
            let fact = if text == from { Fact::SaleFrom } else { Fact::SaleUntil };
            remark(fact, reason);
            None
        }
    }
}

/// Dates of a sale: of two columns, or of one with an interval such as `2026-11-01/2026-11-30`.
fn sale_dates(from: &str, until: &str, order: Option<DateOrder>, today: &str) -> SaleDates {
    let part = |text: &'_ str, index: usize| -> String {
        // An interval has a date of ten characters before its slash.
        let parts = text.split_once('/').filter(|(first, _)| first.len() >= DATE_LENGTH);
        parts.map_or(text, |(first, second)| [first, second][index]).trim().to_owned()
    };
    let (from, until) = (part(from, 0), part(until, 1));
    let (from, until) = (from.as_str(), until.as_str());
    let date = |text: &str| parse_date(text, order);
    let unreadable =
        [from, until].into_iter().find(|text| !text.is_empty() && date(text).is_none());
    if let Some(text) = unreadable {
        return SaleDates::Unreadable(text.to_owned());
    }
    match (date(from), date(until)) {
        // Such dates are in the order of their texts.
        (Some(from), _) if *today < *from => SaleDates::Later(from),
        (_, Some(until)) if *today > *until => SaleDates::Over,
        (_, Some(until)) => SaleDates::Until(until),
        (_, None) => SaleDates::Always,
    }
}

/// Date as `2026-11-28`, from that or from `28.11.2026`, and from `11/28/26` where the order of such dates is known. What
/// follows the date is its time.
fn parse_date(text: &str, order: Option<DateOrder>) -> Option<String> {
    let iso =
        text.get(..DATE_LENGTH).filter(|date| date.bytes().filter(|it| *it == b'-').count() == 2);
    let parts = |text: &str, separator: char| -> Option<[u32; 3]> {
        let is_number = |part: &&str| {
            (1..=4).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit())
        };
        let numbers = text.split(separator).map(|part| Some(part).filter(is_number)?.parse().ok());
        numbers.collect::<Option<Vec<u32>>>()?.try_into().ok()
    };
    let day = text.split([' ', ',', 'T']).next().unwrap_or_default();
    let [year, month, day] = match iso {
        Some(date) => parts(date, '-')?,
        None if day.contains('.') => {
            parts(day, '.').map(|[day, month, year]| [year, month, day])?
        }
        None => match (parts(day, '/')?, order?) {
            ([day, month, year], DateOrder::DayFirst)
            | ([month, day, year], DateOrder::MonthFirst) => [year, month, day],
        },
    };
    // Some write years with two digits.
    let year = if year < 100 { 2_000 + year } else { year };
    let exists = (1..=12).contains(&month) && (1..=31).contains(&day);
    exists.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_price_applies_within_its_dates() {
        let day = |text: &str| text.to_owned();
        for (from, until, expected) in [
            ("", "", SaleDates::Always),
            ("2026-11-01", "", SaleDates::Always),
            ("2026-11-28", "2026-11-28", SaleDates::Until(day("2026-11-28"))),
            ("2026-11-29 00:00:00", "", SaleDates::Later(day("2026-11-29"))),
            ("", "2026-11-27", SaleDates::Over),
            ("1/15/26", "", SaleDates::Unreadable(day("1/15/26"))),
            ("soon", "", SaleDates::Unreadable(day("soon"))),
            (
                "2026-11-01T00:00+0100/2026-12-24T00:00+0100",
                "2026-11-01T00:00+0100/2026-12-24T00:00+0100",
                SaleDates::Until(day("2026-12-24")),
            ),
        ] {
            assert_eq!(sale_dates(from, until, None, "2026-11-28"), expected, "{from} {until}");
        }
    }

    #[test]
    fn dates_are_read_in_the_notations_of_exports() {
        let (day, month) = (Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst));
        for (text, order, expected) in [
            ("2026-11-28", None, Some("2026-11-28")),
            ("2026-11-28 23:59:59", day, Some("2026-11-28")),
            ("2026-11-28T00:00+0100", None, Some("2026-11-28")),
            ("28.11.2026", None, Some("2026-11-28")),
            ("1.3.26 00:00", month, Some("2026-03-01")),
            ("11/8/26", month, Some("2026-11-08")),
            ("11/8/26, 9:00 AM", month, Some("2026-11-08")),
            ("8/11/2026", day, Some("2026-11-08")),
            ("11/8/26", None, None),
            ("13/8/26", month, None),
            ("2026-13-01", None, None),
            ("1.3", None, None),
            ("soon", month, None),
        ] {
            assert_eq!(parse_date(text, order).as_deref(), expected, "{text} {order:?}");
        }
    }
}
