//! Business rejections of stock commands.

use super::HoldState;
use identifiers::Sku;

/// Rejection of a stock command; its message is safe to show to callers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("not enough of {sku} is available")]
    OutOfStock { sku: Sku, available: i64 },
    #[error("the hold expired before it was committed, and not enough of {sku} is available")]
    StockGone { sku: Sku },
    #[error("there is no such hold")]
    UnknownHold,
    #[error("the hold is already {}", .0.as_str())]
    HoldEnded(HoldState),
    #[error("this hold id was already used with other lines or for another order")]
    HoldIdReused,
    #[error("this reference was already used with other lines")]
    RestockReferenceReused,
    #[error("only {returnable} units of {sku} sold with this hold can be restocked")]
    NotReturnable { sku: Sku, returnable: i64 },
    #[error("only {on_hand} units are on hand")]
    InsufficientOnHand { on_hand: i64 },
    #[error("the quantity exceeds the most units a location can have")]
    QuantityOverflow,
    #[error("{sku} is already in {} locations, the most allowed", super::LOCATIONS_MAX)]
    TooManyLocations { sku: Sku },
}
