//! Business rejections of cart commands.

use identifiers::Sku;

/// Rejection of a cart command; its message is safe to show to shoppers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such cart")]
    Unknown,
    #[error("the quantity must be a whole number from {min} to {max}")]
    Quantity { field: String, min: i64, max: i64 },
    #[error("a cart can have at most {max} units of a SKU; {sku} would have {quantity}")]
    TooManyUnits { sku: Sku, quantity: i64, max: i64 },
    #[error("a cart can have at most {max} lines")]
    TooManyLines { max: usize },
    #[error("a cart can be changed at most {max} times; create a new one")]
    TooManyChanges { max: u64 },
    #[error("{sku} is not in the cart")]
    NotInCart { sku: Sku },
    #[error("the cart has changed in the meantime; it is now at version {actual}")]
    VersionChanged { actual: u64 },
    #[error("the cart is empty; add something first")]
    Empty,
    #[error("the cart has expired; change it to renew it at current prices")]
    Expired,
    #[error("the cart is being checked out; wait for the result")]
    CheckingOut,
    /// Without the order: knowing a cart is not the right to see what became of it.
    #[error("the cart has already been ordered; create a new one")]
    Ordered,
    #[error("a wish list can have at most {max} articles; remove one first")]
    TooManyWishes { max: usize },
    #[error("the cart was merged into that of its customer")]
    Merged,
    #[error("the checkout was abandoned before it began")]
    CheckoutAbandoned,
    #[error("the cart is not being checked out for this order")]
    NotInCheckout,
}
