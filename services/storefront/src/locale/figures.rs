//! Numbers and amounts.

use super::CurrencyDisplay;
use crate::words::{MarkPlace, Words};
use kernel::Currency;

/// A plain decimal number with the groups and the decimal mark of the language.
pub(super) fn grouped(words: &Words, number: &str) -> String {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let mut text = String::with_capacity(number.len() + number.len() / 3 + 1);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(words.group_mark);
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push(words.decimal_mark);
        text.push_str(decimals);
    }
    text
}

/// A plain decimal number of a currency's major units, as an amount.
pub(super) fn with_currency(
    words: &Words,
    display: CurrencyDisplay,
    number: &str,
    currency: Currency,
) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("−", number));
    let number = grouped(words, number);
    let mark = mark(display, currency);
    match words.currency_place {
        // A word needs a space before the figure, a symbol does not.
        MarkPlace::Before if mark == currency.code() => format!("{sign}{mark}\u{a0}{number}"),
        MarkPlace::Before => format!("{sign}{mark}{number}"),
        MarkPlace::After => format!("{sign}{number}\u{a0}{mark}"),
    }
}

pub(super) fn mark(display: CurrencyDisplay, currency: Currency) -> &'static str {
    match (display, currency.code()) {
        (CurrencyDisplay::Symbol, "EUR") => "€",
        (CurrencyDisplay::Symbol, "GBP") => "£",
        (CurrencyDisplay::Symbol, "USD") => "$",
        (CurrencyDisplay::Symbol, "JPY") => "¥",
        (CurrencyDisplay::Symbol, "INR") => "₹",
        (_, code) => code,
    }
}
