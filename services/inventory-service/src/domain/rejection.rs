//! Why the business says no.

use super::{Sku, Status};

/// A refusal that a caller can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("not enough of {sku} is available")]
    OutOfStock { sku: Sku, available: i64 },
    #[error("the hold ended before it was confirmed, and not enough of {sku} is left")]
    GoodsGone { sku: Sku },
    #[error("there is no such hold")]
    UnknownHold,
    #[error("the hold is {} already", .0.word())]
    HoldEnded(Status),
    #[error("this id came before, with other lines or for another order")]
    OtherHold,
    #[error("this reference came before, with other lines")]
    OtherRestock,
    #[error("{sku}: only {returnable} units were sold with this hold and have not come back")]
    NotSold { sku: Sku, returnable: i64 },
    #[error("only {on_hand} units are on hand")]
    NotOnHand { on_hand: i64 },
    #[error("this would be more units than the books can hold")]
    TooMany,
    #[error("{sku} lies in {} locations already", super::LOCATIONS_MAX)]
    TooManyLocations { sku: Sku },
}
