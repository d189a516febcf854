//! Stock of a variant: the units of the file, whether it counts them, and whether it can be bought.

use super::BuildSettings;
use crate::{
    limits::UNITS_MAX,
    mapping::Fact,
    number::parse_units,
    row::{Remark, Row},
};

/// Units to declare; `None` where the file says nothing of stock.
pub(super) fn stock(row: &Row, settings: &BuildSettings, remarks: &mut Vec<Remark>) -> Option<i64> {
    let units = units(row, remarks);
    let in_stock = yes_or_no(row, Fact::InStock, remarks);
    let is_tracked = yes_or_no(row, Fact::Tracked, remarks);
    if in_stock == Some(false) {
        if units.is_some_and(|units| units > 0) {
            let reason = "says sold out beside a stock; taken as 0";
            remarks.push(row.remark(Fact::InStock, reason));
        }
        return Some(0);
    }
    let is_uncounted = is_tracked == Some(false) || units.is_none() && in_stock == Some(true);
    if !is_uncounted {
        return units;
    }
    let fact = if is_tracked == Some(false) { Fact::Tracked } else { Fact::InStock };
    let reason = "the stock was not counted; this shop counts every variant";
    if let Some(untracked) = settings.untracked_stock {
        remarks.push(row.remark(fact, format!("{reason}, and got {untracked} units")));
        return Some(untracked);
    }
    let taken = match units {
        Some(units) => format!("{units} units were taken"),
        None => "it is sold out until it is counted".to_owned(),
    };
    remarks.push(row.remark(fact, format!("{reason}; {taken} (see --untracked-stock)")));
    units
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
        for (units, tracked, in_stock, untracked, expected, remarks) in [
            ("5", "", "", None, Some(5), 0),
            ("", "", "", None, None, 0),
            ("-2", "", "", None, Some(0), 1),
            ("2.5", "", "", None, Some(2), 1),
            ("many", "", "", None, None, 1),
            ("2000000000", "", "", None, Some(UNITS_MAX), 1),
            ("5", "yes", "", Some(100), Some(5), 0),
            ("0", "no", "", None, Some(0), 1),
            ("0", "no", "", Some(100), Some(100), 1),
            ("", "no", "", None, None, 1),
            ("", "", "yes", None, None, 1),
            ("", "", "yes", Some(100), Some(100), 1),
            ("", "", "no", Some(100), Some(0), 0),
            ("7", "", "no", None, Some(0), 1),
            ("7", "", "yes", None, Some(7), 0),
            ("7", "", "perhaps", None, Some(7), 1),
        ] {
            let settings = BuildSettings {
                currency: Currency::EUR,
                untracked_stock: untracked,
                today: String::new(),
            };
            let cells = [(Fact::Stock, units), (Fact::Tracked, tracked), (Fact::InStock, in_stock)];
            let mut told = Vec::new();
            let found = stock(&Row::of(2, &cells, &[]), &settings, &mut told);
            assert_eq!((found, told.len()), (expected, remarks), "{cells:?}");
        }
    }
}
