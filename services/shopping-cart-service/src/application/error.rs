//! Error type of the cart use cases, and its mapping to problem responses.

use crate::domain::rejection::Rejection;
use contracts::codes;
use journal::ExecuteError;
use kernel::{MoneyError, Problem, codes as general};

/// Error of a cart use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CartError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("{field}: {message}")]
    Field { field: String, message: String },
    #[error("{sku} is not for sale")]
    UnknownSku { sku: String, field: String },
    #[error("{sku} has no price in {currency}")]
    NotSoldInCurrency { sku: String, currency: kernel::Currency },
    #[error("no shipping method delivers these items to {country}")]
    NotDeliverable { country: String },
    #[error("the total exceeds the largest amount the shop supports")]
    Sum(#[from] MoneyError),
    #[error(transparent)]
    Storage(#[from] storage::StorageError),
    #[error("{0}")]
    Catalogue(Problem),
}

impl From<ExecuteError<Rejection>> for CartError {
    fn from(error: ExecuteError<Rejection>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::Rejected(rejection),
            ExecuteError::Storage(error) => Self::Storage(error),
        }
    }
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        let title = error.to_string();
        match error {
            CartError::Rejected(rejection) => rejected(&rejection, title),
            CartError::Field { field, message } => Self::field(field, message),
            CartError::UnknownSku { sku, field } => {
                let mut problem = Self::new(422, codes::UNKNOWN_SKU, title.clone()).subject(sku);
                problem.errors.push(kernel::FieldError { field, message: title });
                problem
            }
            CartError::NotSoldInCurrency { sku, .. } => {
                Self::new(422, codes::NOT_SOLD_IN_CURRENCY, title).subject(sku)
            }
            CartError::NotDeliverable { .. } => Self::new(422, codes::NOT_DELIVERABLE, title),
            CartError::Sum(_) => Self::new(422, general::INVALID_FIELD, title),
            CartError::Storage(storage::StorageError::Full) => {
                Self::new(503, general::STORAGE_FULL, title).retry_after(30)
            }
            CartError::Storage(error) => {
                tracing::error!(%error, "cart storage failed");
                Self::unavailable("the shopping cart")
            }
            CartError::Catalogue(problem) => problem,
        }
    }
}

fn rejected(rejection: &Rejection, title: String) -> Problem {
    match rejection {
        Rejection::Unknown => Problem::new(404, general::NOT_FOUND, title),
        Rejection::NotInCart { sku } => Problem::new(404, general::NOT_FOUND, title).subject(sku),
        Rejection::Quantity { field, .. } => Problem::field(field, title),
        Rejection::TooManyUnits { sku, .. } => {
            Problem::new(422, codes::QUANTITY_LIMIT, title).subject(sku)
        }
        Rejection::TooManyLines { .. } => Problem::new(422, codes::LINE_LIMIT, title),
        Rejection::VersionChanged { actual } => {
            Problem::new(412, general::PRECONDITION_FAILED, title).fact("version", actual)
        }
        Rejection::Empty => Problem::new(422, codes::CART_EMPTY, title),
        Rejection::Expired => Problem::new(409, codes::CART_EXPIRED, title),
        Rejection::CheckingOut => Problem::new(409, codes::CHECKING_OUT, title).retry_after(1),
        Rejection::Ordered { order_id } => {
            Problem::new(409, codes::ALREADY_ORDERED, title).subject(order_id.to_string())
        }
        Rejection::CheckoutAbandoned => Problem::new(409, codes::ORDER_CANCELLED, title),
        Rejection::NotInCheckout => Problem::new(409, codes::CHECKING_OUT, title),
    }
}
