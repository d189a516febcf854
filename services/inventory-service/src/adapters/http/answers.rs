//! From what the domain says to what goes over the wire.

use crate::{
    application::Refused,
    domain::{Rejection, Shelf, Sku, Status, Stock},
};
use contracts::{codes, inventory};
use kernel::Problem;
use storage::StorageError;

pub(super) fn stock(sku: &Sku, stock: &Stock) -> inventory::Stock {
    inventory::Stock {
        sku: sku.as_str().to_owned(),
        on_hand: stock.on_hand(),
        held: stock.held(),
        available: stock.available(),
        shortage: stock.shortage(),
        locations: stock.shelves.iter().map(shelf).collect(),
    }
}

fn shelf(shelf: &Shelf) -> inventory::LocationStock {
    inventory::LocationStock {
        location: shelf.location.as_str().to_owned(),
        on_hand: shelf.on_hand,
        held: shelf.held,
        available: shelf.available(),
        shortage: shelf.shortage(),
    }
}

pub(crate) fn hold_status(status: Status) -> inventory::HoldStatus {
    match status {
        Status::Held => inventory::HoldStatus::Held,
        Status::Committed => inventory::HoldStatus::Committed,
        Status::Released => inventory::HoldStatus::Released,
        Status::Expired => inventory::HoldStatus::Expired,
        Status::Returned => inventory::HoldStatus::Returned,
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rejected(rejection) => rejection.into(),
            Refused::Storage(error) => unavailable(&error),
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
            Rejection::GoodsGone { sku } => {
                Self::new(409, codes::HOLD_EXPIRED, title).subject(sku.as_str())
            }
            Rejection::UnknownHold => Self::new(404, kernel::codes::NOT_FOUND, title),
            Rejection::HoldEnded(_) => Self::new(409, codes::HOLD_ENDED, title),
            Rejection::OtherHold | Rejection::OtherRestock => {
                Self::new(409, codes::ID_REUSED, title)
            }
            Rejection::NotSold { sku, returnable } => {
                let problem = Self::new(409, codes::NOT_SOLD, title).subject(sku.as_str());
                problem.fact("returnable", returnable)
            }
            Rejection::NotOnHand { .. } | Rejection::TooMany => Self::field("quantity", title),
            Rejection::TooManyLocations { .. } => Self::field("location", title),
        }
    }
}

/// What a caller is told when the store cannot; the cause goes to the log.
pub(super) fn unavailable(error: &StorageError) -> Problem {
    tracing::error!(%error, "the inventory's store failed");
    match error {
        StorageError::Full => {
            let title = "the disk is nearly full; stock can be read but not changed";
            Problem::new(503, kernel::codes::STORAGE_FULL, title).retry_after(60)
        }
        StorageError::Unavailable(_) => Problem::unavailable(crate::NAME),
        StorageError::Corrupt(_) | StorageError::TooLarge { .. } => Problem::internal(),
    }
}
