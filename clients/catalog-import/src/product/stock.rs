//! Stock of a variant: the units of the file, whether it counts them, whether it can be bought, and beyond them.

use super::BuildSettings;
use crate::{
    limits::UNITS_MAX,
    mapping::Fact,
    number::parse_units,
    row::{Remark, Row},
};

/// Stock of a variant as it is declared to the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DeclaredStock {
    /// `None` where the file does not say how many.
    pub(super) units: Option<i64>,
    /// Whether it is sold without limit.
    pub(super) is_untracked: bool,
}

/// Stock to declare.
pub(super) fn stock(
    row: &Row,
    settings: &BuildSettings,
    remarks: &mut Vec<Remark>,
) -> DeclaredStock {
    let counted = |units| DeclaredStock { units, is_untracked: false };
    let untracked = DeclaredStock { units: None, is_untracked: true };
    let mut of_units = Vec::new();
    let units = units(row, &mut of_units);
    let in_stock = yes_or_no(row, Fact::InStock, remarks);
    let is_tracked = yes_or_no(row, Fact::Tracked, remarks);
    let has_backorders = yes_or_no(row, Fact::Backorders, remarks) == Some(true);
    if in_stock == Some(false) {
        if units.is_some_and(|units| units > 0) {
            let reason = "says sold out beside a stock; taken as 0";
            remarks.push(row.remark(Fact::InStock, reason));
        }
        remarks.extend(of_units);
        return counted(Some(0));
    }
    if is_tracked == Some(false) {
        return untracked;
    }
    if has_backorders {
        let units = units.filter(|units| *units > 0);
        remarks.extend(units.map(|units| {
            let reason = format!(
                "is sold when it is used up, so without limit; its {units} units are not counted"
            );
            row.remark(Fact::Backorders, reason)
        }));
        return untracked;
    }
    remarks.extend(of_units);
    if units.is_some() || in_stock.is_none() {
        return counted(units);
    }
    let reason = "is in stock, but no column says how many";
    let (reason, units) = match settings.uncounted_stock {
        Some(given) => (format!("{reason}; {given} units were taken"), Some(given)),
        None => {
            (format!("{reason}; it is sold out until it is counted (see --uncounted-stock)"), None)
        }
    };
    remarks.push(row.remark(Fact::InStock, reason));
    counted(units)
}

fn units(row: &Row, remarks: &mut Vec<Remark>) -> Option<i64> {
    let text = row.cell(Fact::Stock);
    if text.is_empty() {
        return None;
    }
    let (units, reason) = match parse_units(text, row.measure_notation()) {
        Some(number) if number.whole < 0 => (Some(0), "is below zero; taken as 0".to_owned()),
        Some(number) if number.whole > UNITS_MAX => {
            (Some(UNITS_MAX), format!("is more than {UNITS_MAX}; taken as that"))
        }
        Some(number) if number.has_fraction => (
            Some(number.whole),
            format!("is not a whole number of units; taken as {}", number.whole),
        ),
        Some(number) => return Some(number.whole),
        None => (None, "is not a whole number of units; skipped".to_owned()),
    };
    remarks.push(row.remark(Fact::Stock, reason));
    units
}

/// Value of a fact that is yes or no; `None` where it is neither.
fn yes_or_no(row: &Row, fact: Fact, remarks: &mut Vec<Remark>) -> Option<bool> {
    let text = row.cell(fact);
    let value = parse_yes_or_no(text);
    if value.is_none() && !text.is_empty() {
        remarks.push(row.remark(fact, format!("“{text}” is neither yes nor no; skipped")));
    }
    value
}

/// Yes or no in the words of exports.
pub(super) fn parse_yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Some(true),
        "false" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Currency;

    #[test]
    fn stock_is_what_the_file_says_of_units_and_of_counting_them() {
        let (counted, unlimited) = (|units| Ok(units), Err("untracked"));
        for (units, [tracked, in_stock, backorders], given, expected, remarks) in [
            ("5", ["", "", ""], None, counted(Some(5)), 0),
            ("", ["", "", ""], None, counted(None), 0),
            ("-2", ["", "", ""], None, counted(Some(0)), 1),
            ("2.5", ["", "", ""], None, counted(Some(2)), 1),
            ("many", ["", "", ""], None, counted(None), 1),
            ("2000000000", ["", "", ""], None, counted(Some(UNITS_MAX)), 1),
            ("5", ["yes", "", ""], Some(100), counted(Some(5)), 0),
            ("0", ["no", "", ""], None, unlimited, 0),
            ("7", ["no", "yes", ""], Some(100), unlimited, 0),
            ("", ["no", "no", ""], None, counted(Some(0)), 0),
            ("0", ["", "", "yes"], None, unlimited, 0),
            ("-3", ["yes", "", "yes"], None, unlimited, 0),
            ("4", ["yes", "yes", "yes"], None, unlimited, 1),
            ("4", ["yes", "", "no"], None, counted(Some(4)), 0),
            ("4", ["", "no", "yes"], None, counted(Some(0)), 1),
            ("", ["", "yes", ""], None, counted(None), 1),
            ("", ["", "yes", ""], Some(100), counted(Some(100)), 1),
            ("", ["", "no", ""], Some(100), counted(Some(0)), 0),
            ("7", ["", "no", ""], None, counted(Some(0)), 1),
            ("7", ["", "yes", ""], None, counted(Some(7)), 0),
            ("7", ["", "perhaps", ""], None, counted(Some(7)), 1),
        ] {
            let settings = BuildSettings {
                currency: Currency::EUR,
                uncounted_stock: given,
                today: String::new(),
            };
            let cells = [
                (Fact::Stock, units),
                (Fact::Tracked, tracked),
                (Fact::InStock, in_stock),
                (Fact::Backorders, backorders),
            ];
            let mut told = Vec::new();
            let found = stock(&Row::of(2, &cells, &[]), &settings, &mut told);
            let found = if found.is_untracked { Err("untracked") } else { Ok(found.units) };
            assert_eq!((found, told.len()), (expected, remarks), "{cells:?}");
        }
    }
}
