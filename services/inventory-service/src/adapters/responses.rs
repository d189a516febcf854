//! Response mapping of HTTP handlers and the contract: domain values and errors to contract types and problems.

use crate::{
    application::HoldView,
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

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let problem = |code| Self::of(code, &rejection);
        match &rejection {
            Rejection::OutOfStock { sku, available } => {
                problem(codes::OUT_OF_STOCK).subject(sku.as_str()).fact("available", available)
            }
            Rejection::StockGone { sku } => problem(codes::HOLD_EXPIRED).subject(sku.as_str()),
            Rejection::UnknownHold => problem(kernel::codes::NOT_FOUND),
            Rejection::HoldEnded(_) => problem(codes::HOLD_ENDED),
            Rejection::HoldIdReused | Rejection::RestockReferenceReused => {
                problem(codes::ID_REUSED)
            }
            Rejection::NotReturnable { sku, returnable } => {
                problem(codes::NOT_SOLD).subject(sku.as_str()).fact("returnable", returnable)
            }
            Rejection::InsufficientOnHand { .. } | Rejection::QuantityOverflow => {
                Self::field("quantity", rejection.to_string())
            }
            Rejection::TooManyLocations { .. } => Self::field("location", rejection.to_string()),
        }
    }
}
