//! Tests of number notations.

use super::*;
use DecimalSeparator::{Comma, Point};

fn price(text: &str, currency: &str, notation: DecimalSeparator) -> Result<String, String> {
    parse_price(text, Currency::parse(currency).unwrap(), notation)
        .map(|price| price.to_decimal().to_string())
}

fn evidence(cells: &[&str], decimals: u32) -> (Option<DecimalSeparator>, bool) {
    let mut evidence = NotationEvidence::default();
    for cell in cells {
        evidence.observe(cell, 2, decimals);
    }
    (evidence.decided(), evidence.ambiguous.is_some())
}

#[test]
fn most_numbers_are_read_alike_in_either_notation() {
    for (text, currency, expected) in [
        ("12.50", "EUR", "12.5"),
        ("12,50", "EUR", "12.5"),
        ("1,299.00", "EUR", "1299"),
        ("1.299,00", "EUR", "1299"),
        ("1 299,00 €", "EUR", "1299"),
        ("1\u{a0}299,00", "EUR", "1299"),
        ("1\u{202f}299", "EUR", "1299"),
        ("1'299.95", "CHF", "1299.95"),
        ("1’299", "CHF", "1299"),
        ("0,125", "EUR", "0.125"),
        ("0.750", "KWD", "0.75"),
        ("1.234.567", "EUR", "1234567"),
        ("1,234,567.8", "EUR", "1234567.8"),
        ("1,00,000.00", "INR", "100000"),
        ("€12", "EUR", "12"),
        ("EUR 12.5", "EUR", "12.5"),
        ("12.50 eur", "EUR", "12.5"),
        (".99", "EUR", "0.99"),
        ("5.", "EUR", "5"),
        ("0", "EUR", "0"),
        ("12,-", "EUR", "12"),
        ("12.–", "CHF", "12"),
        ("Fr. 12.50", "CHF", "12.5"),
        ("129,00 kr.", "SEK", "129"),
        ("US$5", "USD", "5"),
        ("¥1,200", "JPY", "1200"),
        ("1.200", "JPY", "1200"),
        ("1200.00", "JPY", "1200"),
        ("'12.50", "EUR", "12.5"),
    ] {
        for notation in [Point, Comma] {
            assert_eq!(price(text, currency, notation).as_deref(), Ok(expected), "{text}");
        }
    }
}

#[test]
fn one_separator_before_three_digits_is_read_as_the_file_writes_numbers() {
    for (text, currency, point, comma) in [
        ("1,250", "KWD", "1250", "1.25"),
        ("1.250", "KWD", "1.25", "1250"),
        ("1.299", "EUR", "1.299", "1299"),
        ("12,345", "EUR", "12345", "12.345"),
        ("999,999", "USD", "999999", "999.999"),
    ] {
        assert_eq!(price(text, currency, Point).as_deref(), Ok(point), "{text}");
        assert_eq!(price(text, currency, Comma).as_deref(), Ok(comma), "{text}");
    }
}

#[test]
fn the_notation_is_decided_by_all_cells_together() {
    for (cells, decimals, decided, ambiguous) in [
        (&["1,250", "0,750"][..], 3, Some(Comma), true),
        (&["1.299", "24,90"], 2, Some(Comma), true),
        (&["12,345", "24,90"], 2, Some(Comma), true),
        (&["1,299", "24.90"], 2, Some(Point), true),
        (&["1.299", "12"], 2, None, true),
        (&["12", "1 299"], 2, None, false),
        (&["24,90", "24.90"], 2, None, false),
        (&["1.234.567"], 2, Some(Comma), false),
        (&["1,200"], 0, Some(Point), false),
        (&["free", "", "1-2"], 2, None, false),
    ] {
        assert_eq!(evidence(cells, decimals), (decided, ambiguous), "{cells:?}");
    }
}

#[test]
fn an_invalid_price_is_rejected_with_a_reason() {
    for (text, word) in [
        ("", "empty"),
        ("  ", "empty"),
        ("free", "not a price"),
        ("on request", "not a price"),
        ("$12", "not a price in EUR"),
        ("12 USD", "not a price in EUR"),
        ("12 % off", "not a price in EUR"),
        ("-1", "below zero"),
        ("12-", "below zero"),
        ("(5.00)", "below zero"),
        ("1-2", "not a price"),
        ("12 50", "not a price"),
        ("1,2,3", "not a price"),
        ("1.2.3", "not a price"),
        ("1,299.00.5", "not a price"),
        ("12.345678", "decimals"),
        ("99999999999999999999", "large"),
        (".", "not a price"),
        ("12%", "not a price"),
        ("1e3", "not a price"),
    ] {
        let reason = price(text, "EUR", Point).unwrap_err();
        assert!(reason.contains(word), "{text}: {reason}");
    }
}

#[test]
fn quantities_are_whole_numbers() {
    let units = |text: &str, notation| {
        parse_units(text, notation).map(|number| (number.whole, number.has_fraction))
    };
    for (text, notation, expected) in [
        ("250", Point, Some((250, false))),
        ("250.0", Point, Some((250, false))),
        ("2.5", Point, Some((2, true))),
        ("1,000", Point, Some((1_000, false))),
        ("1.000", Comma, Some((1_000, false))),
        ("1,000", Comma, Some((1, false))),
        ("-3", Point, Some((-3, false))),
        ("x", Point, None),
        ("3 pcs", Point, None),
        ("", Point, None),
        ("1e3", Point, None),
    ] {
        assert_eq!(units(text, notation), expected, "{text}");
    }
}

#[test]
fn weights_have_a_unit() {
    for (text, unit, notation, grams) in [
        ("350", Some("g"), Point, Some(350)),
        ("249.5", Some("g"), Point, Some(250)),
        ("1.25", Some("kg"), Point, Some(1_250)),
        ("1,25", Some("kg"), Point, Some(1_250)),
        ("1.250", Some("kg"), Point, Some(1_250)),
        ("1.250", Some("kg"), Comma, Some(1_250_000)),
        ("2 lb", Some("kg"), Point, Some(907)),
        ("1 oz", None, Point, Some(28)),
        ("0.5 KG", None, Point, Some(500)),
        ("5", None, Point, None),
        ("heavy", Some("g"), Point, None),
        ("-1", Some("g"), Point, None),
        ("5 ells", Some("g"), Point, None),
    ] {
        assert_eq!(parse_weight(text, unit, notation).ok(), grams, "{text}");
    }
}
