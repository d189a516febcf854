//! Request validation for HTTP handlers and the contract: problems that name the field.

use crate::domain::{HoldLine, Location, StockPolicy, UNITS_MAX};
use contracts::shared::Quantity;
use identifiers::{InvalidSku, Sku};
use kernel::{Problem, codes};
use std::collections::BTreeSet;

/// SKU from a path segment.
pub(super) fn sku_in_path(text: &str) -> Result<Sku, Problem> {
    Sku::parse(text)
        .map_err(|InvalidSku| Problem::input(codes::INVALID_PATH, "sku", InvalidSku.to_string()))
}

/// SKU in a field, which was read as any text.
pub(super) fn sku(field: impl FnOnce() -> String, sku: &Sku) -> Result<(), Problem> {
    Sku::check(sku.as_str()).map_err(|invalid| Problem::field(field(), invalid.to_string()))
}

/// Location from a body field; the default location when the field is absent.
pub(super) fn location(text: Option<&str>) -> Result<Location, Problem> {
    let message = "must be 1 to 64 bytes, printable, without leading or trailing spaces";
    text.map_or_else(
        || Ok(Location::default()),
        |text| Location::new(text).ok_or_else(|| Problem::field("location", message)),
    )
}

/// Counted number of units, and the stock policy that the count states.
pub(super) fn counted_units(
    field: &str,
    on_hand: Option<i64>,
    untracked: bool,
) -> Result<(Option<i64>, StockPolicy), Problem> {
    let policy = if untracked { StockPolicy::Untracked } else { StockPolicy::Tracked };
    match on_hand {
        None if untracked => Ok((None, policy)),
        None => Err(Problem::field(field, "is required unless the stock is untracked")),
        Some(units) if (0..=UNITS_MAX).contains(&units) => Ok((Some(units), policy)),
        Some(_) => Err(Problem::field(field, format!("must be 0 to {UNITS_MAX}"))),
    }
}

const REASON_BYTES_MAX: usize = 500;

/// Reason text of a movement or restock.
pub(super) fn reason(text: &str) -> Result<&str, Problem> {
    if text.len() > REASON_BYTES_MAX {
        let message = format!("must be at most {REASON_BYTES_MAX} bytes");
        return Err(Problem::field("reason", message));
    }
    Ok(text)
}

/// Hold lines, one per SKU.
pub(super) fn lines(lines: Vec<Quantity>, lines_max: usize) -> Result<Vec<HoldLine>, Problem> {
    if lines.is_empty() || lines.len() > lines_max {
        return Err(Problem::field("lines", format!("must be 1 to {lines_max} lines")));
    }
    let mut seen = BTreeSet::new();
    let line = |(index, Quantity { sku: name, quantity }): (usize, Quantity)| {
        sku(|| format!("lines[{index}].sku"), &name)?;
        if !(1..=UNITS_MAX).contains(&quantity) {
            let message = format!("must be 1 to {UNITS_MAX}");
            return Err(Problem::field(format!("lines[{index}].quantity"), message));
        }
        if !seen.insert(name.clone()) {
            let message = "duplicates an earlier line; send one line per SKU";
            return Err(Problem::field(format!("lines[{index}].sku"), message));
        }
        Ok(HoldLine { sku: name, quantity })
    };
    lines.into_iter().enumerate().map(line).collect()
}
