//! Response mapping of HTTP handlers and the contract: domain values and errors to contract types and problems.

use crate::{
    application::{HoldView, StockError},
    domain::{HoldState, LocationStock, Rejection, SkuStock, StockPolicy},
};
use contracts::{codes, inventory};
use identifiers::Sku;
use kernel::Problem;

pub(super) fn stock((sku, stock): (Sku, SkuStock)) -> inventory::Stock {
    inventory::Stock {
        sku,
        on_hand: stock.on_hand(),
        held: stock.held(),
        available: stock.available(),
        untracked: stock.policy == StockPolicy::Untracked,
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

pub(super) fn hold(HoldView { id, state, expires_at }: HoldView) -> inventory::Hold {
    inventory::Hold { id, status: hold_status(state), expires_at }
}

pub(super) fn hold_status(state: HoldState) -> inventory::HoldStatus {
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
        let rejection = match error {
            StockError::Rejected(rejection) => rejection,
            StockError::Storage(error) => return error.into(),
        };
        let title = rejection.to_string();
        let conflict = |code| Self::new(409, code, &*title);
        match rejection {
            Rejection::OutOfStock { sku, available } => {
                conflict(codes::OUT_OF_STOCK).subject(sku.as_str()).fact("available", available)
            }
            Rejection::StockGone { sku } => conflict(codes::HOLD_EXPIRED).subject(sku.as_str()),
            Rejection::UnknownHold => Self::new(404, kernel::codes::NOT_FOUND, title),
            Rejection::HoldEnded(_) => conflict(codes::HOLD_ENDED),
            Rejection::HoldIdReused | Rejection::RestockReferenceReused => {
                conflict(codes::ID_REUSED)
            }
            Rejection::NotReturnable { sku, returnable } => {
                conflict(codes::NOT_SOLD).subject(sku.as_str()).fact("returnable", returnable)
            }
            Rejection::InsufficientOnHand { .. } | Rejection::QuantityOverflow => {
                Self::field("quantity", title)
            }
            Rejection::TooManyLocations { .. } => Self::field("location", title),
        }
    }
}
