//! From what came over the wire to what the domain takes, refusing by the name of the field.

use crate::domain::{Line, Location, Sku, UNITS_MAX};
use aide::OperationInput;
use axum::extract::FromRequestParts;
use contracts::shared::Quantity;
use http::request::Parts;
use kernel::{FieldError, Problem, codes};
use std::collections::BTreeSet;
use transport::{Context, Edge};
use web::ProblemResponse;

/// Lets operators and other services pass; what shoppers may know of stock, the product service tells them.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotForShoppers;

impl<S: Send + Sync> FromRequestParts<S> for NotForShoppers {
    type Rejection = ProblemResponse;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        match Context::current_edge() {
            Edge::Shop => {
                Err(Problem::new(403, codes::FORBIDDEN, "only operators may look at stock").into())
            }
            Edge::Operator | Edge::Internal => Ok(Self),
        }
    }
}

impl OperationInput for NotForShoppers {}

/// The SKU in a path.
pub(super) fn sku_in_path(text: &str) -> Result<Sku, Problem> {
    Sku::new(text).ok_or_else(|| {
        let message = "is not a SKU: 1 to 200 bytes, printable, no spaces around it".to_owned();
        let mut problem = Problem::new(400, codes::INVALID_PATH, format!("sku: {message}"));
        problem.errors.push(FieldError { field: "sku".to_owned(), message });
        problem
    })
}

/// The SKU in a field.
pub(super) fn sku(field: &str, text: &str) -> Result<Sku, Problem> {
    let message = "must be 1 to 200 bytes, printable, without spaces around it";
    Sku::new(text).ok_or_else(|| Problem::field(field, message))
}

/// The location in a field; the default one when it is left out.
pub(super) fn location(text: Option<&str>) -> Result<Location, Problem> {
    let message = "must be 1 to 64 bytes, printable, without spaces around it";
    text.map_or_else(
        || Ok(Location::default()),
        |text| Location::new(text).ok_or_else(|| Problem::field("location", message)),
    )
}

/// A number of units that were counted.
pub(super) fn counted(field: &str, on_hand: i64) -> Result<i64, Problem> {
    let message = || format!("must be 0 to {UNITS_MAX}");
    (0..=UNITS_MAX)
        .contains(&on_hand)
        .then_some(on_hand)
        .ok_or_else(|| Problem::field(field, message()))
}

const REASON_BYTES_MAX: usize = 500;

/// Words that say why.
pub(super) fn reason(text: &str) -> Result<&str, Problem> {
    if text.len() > REASON_BYTES_MAX {
        let message = format!("must be at most {REASON_BYTES_MAX} bytes");
        return Err(Problem::field("reason", message));
    }
    Ok(text)
}

/// Lines, one per SKU.
pub(super) fn lines(lines: &[Quantity], lines_max: usize) -> Result<Vec<Line>, Problem> {
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
            let message = "is on an earlier line already; send one line per SKU";
            return Err(Problem::field(format!("lines[{index}].sku"), message));
        }
        Ok(Line { sku, quantity: line.quantity })
    };
    lines.iter().enumerate().map(line).collect()
}
