//! Price parser for the notations of people and spreadsheets.
//!
//! `1,299.00`, `1.299,00` and `1 299,00` are equal; `12,50` is twelve and a half. A single comma before three digits
//! separates thousands (`1,299`); a single point is always a decimal point, because that is how shops export files.

use kernel::{Currency, UnitPrice};

/// Currency symbols, and the currencies that use them.
const SIGNS: [(char, &[&str]); 5] = [
    ('€', &["EUR"]),
    ('£', &["GBP", "GIP", "FKP", "SHP"]),
    ('$', &["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD"]),
    ('¥', &["JPY", "CNY"]),
    ('₹', &["INR"]),
];

/// Parses a price in this currency; the error is a reason for the report.
pub(crate) fn parse(text: &str, currency: Currency) -> Result<UnitPrice, String> {
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let mut digits = String::new();
    let mut letters = String::new();
    for letter in text.chars() {
        match letter {
            '0'..='9' | '.' | ',' | '-' => digits.push(letter),
            // Separators of thousands, or space around a currency.
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | '\t' => {}
            '−' => digits.push('-'),
            letter => letters.push(letter),
        }
    }
    check_currency(&letters, currency)?;
    let plain = normalise(&digits)
        .ok_or_else(|| format!("{} is not a price, such as 12.50", quoted(text)))?;
    if plain.starts_with('-') {
        return Err(format!("{} is below zero", quoted(text)));
    }
    UnitPrice::parse_major(&plain, currency).map_err(|error| format!("{}: {error}", quoted(text)))
}

/// Checks that the letters beside the digits are none, or name this currency.
fn check_currency(letters: &str, currency: Currency) -> Result<(), String> {
    let code = currency.code();
    let mut chars = letters.chars();
    let matches = match (chars.next(), chars.next()) {
        (None, _) => true,
        (Some(sign), None) => {
            SIGNS.iter().any(|(known, codes)| *known == sign && codes.contains(&code))
        }
        _ => letters.eq_ignore_ascii_case(code),
    };
    if matches { Ok(()) } else { Err(format!("{} is not a price in {code}", quoted(letters))) }
}

/// Decimal notation with a point and no separators; `None` for what is not a number.
fn normalise(digits: &str) -> Option<String> {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    if digits.contains('-') {
        return None;
    }
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let decimal = match (points, commas) {
        (1, 0) => Some('.'),
        (0, 1) if has_thousands_separator(digits, ',') => None,
        (0, 1) => Some(','),
        (_, 0) | (0, _) => None,
        // Of both the later one is the decimal separator, and it occurs once.
        _ => {
            let last = digits.rfind(['.', ','])?;
            let sign = if digits[last..].starts_with('.') { '.' } else { ',' };
            (digits.matches(sign).count() == 1).then_some(Some(sign))?
        }
    };
    let (whole, fraction) = match decimal {
        Some(sign) => digits.split_once(sign)?,
        None => (digits, ""),
    };
    let whole = strip_thousands_separators(whole)?;
    let fraction_is_plain = fraction.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !fraction_is_plain {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { &whole };
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    Some(format!("{sign}{whole}{fraction}"))
}

fn has_thousands_separator(digits: &str, sign: char) -> bool {
    digits.split_once(sign).is_some_and(|(whole, rest)| {
        rest.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
    })
}

/// Whole digits without separators of thousands, which stand before each group of three digits or nowhere.
fn strip_thousands_separators(whole: &str) -> Option<String> {
    let sign = whole.chars().find(|letter| !letter.is_ascii_digit());
    let Some(sign) = sign else { return Some(whole.to_owned()) };
    let mut groups = whole.split(sign);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let mut plain = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        plain.push_str(group);
    }
    plain.bytes().all(|digit| digit.is_ascii_digit()).then_some(plain)
}

/// Cell text in quotation marks, truncated for a message.
fn quoted(text: &str) -> String {
    let text = text.trim();
    let short: String = text.chars().take(40).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("“{short}{more}”")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros(text: &str) -> Result<String, String> {
        parse(text, Currency::EUR).map(|price| price.to_decimal().to_string())
    }

    #[test]
    fn prices_are_parsed_in_any_notation() {
        for (text, price) in [
            ("12.50", "12.5"),
            ("12,50", "12.5"),
            ("1,299.00", "1299"),
            ("1.299,00", "1299"),
            ("1 299,00 €", "1299"),
            ("1'299.95", "1299.95"),
            ("1,299", "1299"),
            ("1.299", "1.299"),
            ("0,125", "0.125"),
            ("1.234.567", "1234567"),
            ("1,234,567.8", "1234567.8"),
            ("€12", "12"),
            ("EUR 12.5", "12.5"),
            ("12.50 eur", "12.5"),
            (".99", "0.99"),
            ("5.", "5"),
            ("0", "0"),
            ("0.00", "0"),
        ] {
            assert_eq!(euros(text).as_deref(), Ok(price), "{text}");
        }
        assert_eq!(parse("¥1,200", Currency::JPY).unwrap().to_string(), "1200 JPY");
    }

    #[test]
    fn an_invalid_price_is_rejected_with_a_reason() {
        for (text, word) in [
            ("", "empty"),
            ("  ", "empty"),
            ("free", "not a price in EUR"),
            ("$12", "not a price in EUR"),
            ("12 USD", "not a price in EUR"),
            ("-1", "below zero"),
            ("1-2", "not a price"),
            ("1,2,3", "not a price"),
            ("1.2.3", "not a price"),
            ("1,299.00.5", "not a price"),
            ("12.345678", "decimals"),
            ("99999999999999999999", "large"),
            (".", "not a price"),
            ("12%", "not a price"),
        ] {
            let reason = euros(text).unwrap_err();
            assert!(reason.contains(word), "{text}: {reason}");
        }
    }
}
