//! Request validation: wire values to domain values, with problems that name the field.

use crate::domain::{HoldLine, Location, Sku, UNITS_MAX};
use aide::OperationInput;
use axum::extract::FromRequestParts;
use contracts::shared::Quantity;
use http::request::Parts;
use kernel::{FieldError, Problem, codes};
use std::collections::BTreeSet;
use transport::{Context, Edge};
use web::ProblemResponse;

/// Extractor that rejects requests from the shop edge with 403; the product service tells shoppers what they may know.
#[derive(Clone, Copy, Debug)]
pub(super) struct DenyShopEdge;

impl<S: Send + Sync> FromRequestParts<S> for DenyShopEdge {
    type Rejection = ProblemResponse;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        match Context::current_edge() {
            Edge::Shop => {
                Err(Problem::new(403, codes::FORBIDDEN, "only operators may read stock").into())
            }
            Edge::Operator | Edge::Internal => Ok(Self),
        }
    }
}

impl OperationInput for DenyShopEdge {}

/// SKU from a path segment.
pub(super) fn sku_in_path(text: &str) -> Result<Sku, Problem> {
    Sku::new(text).ok_or_else(|| {
        let message = "is not a SKU: 1 to 200 bytes, printable, without leading or trailing spaces"
            .to_owned();
        let mut problem = Problem::new(400, codes::INVALID_PATH, format!("sku: {message}"));
        problem.errors.push(FieldError { field: "sku".to_owned(), message });
        problem
    })
}

/// SKU from a body field.
pub(super) fn sku(field: &str, text: &str) -> Result<Sku, Problem> {
    let message = "must be 1 to 200 bytes, printable, without leading or trailing spaces";
    Sku::new(text).ok_or_else(|| Problem::field(field, message))
}

/// Location from a body field; the default location when the field is absent.
pub(super) fn location(text: Option<&str>) -> Result<Location, Problem> {
    let message = "must be 1 to 64 bytes, printable, without leading or trailing spaces";
    text.map_or_else(
        || Ok(Location::default()),
        |text| Location::new(text).ok_or_else(|| Problem::field("location", message)),
    )
}

/// Counted number of units.
pub(super) fn counted_units(field: &str, on_hand: i64) -> Result<i64, Problem> {
    let message = || format!("must be 0 to {UNITS_MAX}");
    (0..=UNITS_MAX)
        .contains(&on_hand)
        .then_some(on_hand)
        .ok_or_else(|| Problem::field(field, message()))
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
pub(super) fn lines(lines: &[Quantity], lines_max: usize) -> Result<Vec<HoldLine>, Problem> {
    if lines.is_empty() || lines.len() > lines_max {
        return Err(Problem::field("lines", format!("must be 1 to {lines_max} lines")));
    }
    let mut seen = BTreeSet::new();
    let line = |(index, line): (usize, &Quantity)| {
        let sku = sku(&format!("lines[{index}].sku"), &line.sku)?;
        if !(1..=UNITS_MAX).contains(&line.quantity) {
            let message = format!("must be 1 to {UNITS_MAX}");
            return Err(Problem::field(format!("lines[{index}].quantity"), message));
        }
        if !seen.insert(sku.clone()) {
            let message = "duplicates an earlier line; send one line per SKU";
            return Err(Problem::field(format!("lines[{index}].sku"), message));
        }
        Ok(HoldLine { sku, quantity: line.quantity })
    };
    lines.iter().enumerate().map(line).collect()
}
