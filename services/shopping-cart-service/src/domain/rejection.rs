//! Why a cart says no. Each variant is an answer a shopper could be given.

use kernel::Uuid;

/// Why a cart says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such cart")]
    Unknown,
    #[error("a quantity is a whole number from {min} to {max}")]
    Quantity { field: String, min: i64, max: i64 },
    #[error("a cart has at most {max} units of one article; {sku} would have {quantity}")]
    TooManyUnits { sku: String, quantity: i64, max: i64 },
    #[error("a cart has at most {max} lines")]
    TooManyLines { max: usize },
    #[error("{sku} is not in the cart")]
    NotInCart { sku: String },
    #[error("the cart has changed since; it is at version {actual} now")]
    VersionChanged { actual: u64 },
    #[error("the cart is empty; put something in first")]
    Empty,
    #[error("the cart expired; change it to bring it back at today's prices")]
    Expired,
    #[error("the cart is being checked out at this moment; wait for the answer")]
    CheckingOut,
    #[error("the cart has become an order; begin a new cart")]
    Ordered { order_id: Uuid },
    #[error("the order was given up before it took the cart")]
    GivenUp,
    #[error("the cart is not being checked out for this order")]
    NotInCheckout,
}
