//! Formatting of numbers and amounts.

use super::CurrencyDisplay;
use crate::messages::{CurrencyPosition, Messages};
use kernel::Currency;

/// Decimal number with the group and decimal separators of the language.
pub(super) fn grouped(messages: &Messages, number: &str) -> String {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let mut text = String::with_capacity(number.len() + number.len() / 3 + 1);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(messages.group_separator);
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push(messages.decimal_separator);
        text.push_str(decimals);
    }
    text
}

/// Decimal number of major units, formatted as an amount of a currency.
pub(super) fn with_currency(
    messages: &Messages,
    display: CurrencyDisplay,
    number: &str,
    currency: Currency,
) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("−", number));
    let number = grouped(messages, number);
    let symbol = currency_symbol(display, currency);
    match messages.currency_position {
        // A code needs a space before the number, a symbol does not.
        CurrencyPosition::Before if symbol == currency.code() => {
            format!("{sign}{symbol}\u{a0}{number}")
        }
        CurrencyPosition::Before => format!("{sign}{symbol}{number}"),
        CurrencyPosition::After => format!("{sign}{number}\u{a0}{symbol}"),
    }
}

pub(super) fn currency_symbol(display: CurrencyDisplay, currency: Currency) -> &'static str {
    match (display, currency.code()) {
        (CurrencyDisplay::Symbol, "EUR") => "€",
        (CurrencyDisplay::Symbol, "GBP") => "£",
        (CurrencyDisplay::Symbol, "USD") => "$",
        (CurrencyDisplay::Symbol, "JPY") => "¥",
        (CurrencyDisplay::Symbol, "INR") => "₹",
        (_, code) => code,
    }
}
