//! Response mapping: domain values and errors to contract types and problems.

use crate::{
    application::StockError,
    domain::{HoldState, LocationStock, Rejection, Sku, SkuStock},
};
use contracts::{codes, inventory};
use kernel::Problem;
use storage::StorageError;

pub(super) fn stock(sku: &Sku, stock: &SkuStock) -> inventory::Stock {
    inventory::Stock {
        sku: sku.as_str().to_owned(),
        on_hand: stock.on_hand(),
        held: stock.held(),
        available: stock.available(),
        shortage: stock.shortage(),
        locations: stock.locations.iter().map(location_stock).collect(),
    }
}

fn location_stock(stock: &LocationStock) -> inventory::LocationStock {
    inventory::LocationStock {
        location: stock.location.as_str().to_owned(),
        on_hand: stock.on_hand,
        held: stock.held,
        available: stock.available(),
        shortage: stock.shortage(),
    }
}

pub(crate) fn hold_status(state: HoldState) -> inventory::HoldStatus {
    match state {
        HoldState::Held => inventory::HoldStatus::Held,
        HoldState::Committed => inventory::HoldStatus::Committed,
        HoldState::Released => inventory::HoldStatus::Released,
        HoldState::Expired => inventory::HoldStatus::Expired,
        HoldState::Returned => inventory::HoldStatus::Returned,
    }
}

impl From<StockError> for Problem {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Rejected(rejection) => rejection.into(),
            StockError::Storage(error) => storage_problem(&error),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let title = rejection.to_string();
        match rejection {
            Rejection::OutOfStock { sku, available } => {
                let problem = Self::new(409, codes::OUT_OF_STOCK, title).subject(sku.as_str());
                problem.fact("available", available)
            }
            Rejection::StockGone { sku } => {
                Self::new(409, codes::HOLD_EXPIRED, title).subject(sku.as_str())
            }
            Rejection::UnknownHold => Self::new(404, kernel::codes::NOT_FOUND, title),
            Rejection::HoldEnded(_) => Self::new(409, codes::HOLD_ENDED, title),
            Rejection::HoldIdReused | Rejection::RestockReferenceReused => {
                Self::new(409, codes::ID_REUSED, title)
            }
            Rejection::NotReturnable { sku, returnable } => {
                let problem = Self::new(409, codes::NOT_SOLD, title).subject(sku.as_str());
                problem.fact("returnable", returnable)
            }
            Rejection::InsufficientOnHand { .. } | Rejection::QuantityOverflow => {
                Self::field("quantity", title)
            }
            Rejection::TooManyLocations { .. } => Self::field("location", title),
        }
    }
}

/// Problem response for a storage error; the cause is only logged.
pub(super) fn storage_problem(error: &StorageError) -> Problem {
    tracing::error!(%error, "inventory storage failed");
    match error {
        StorageError::Full => {
            let title = "the disk is nearly full: stock can be read but not changed";
            Problem::new(503, kernel::codes::STORAGE_FULL, title).retry_after(60)
        }
        StorageError::Unavailable(_) => Problem::unavailable(crate::NAME),
        StorageError::Corrupt(_) | StorageError::TooLarge { .. } => Problem::internal(),
    }
}
