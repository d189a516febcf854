//! Error type of the cart use cases, and its mapping to problem responses.

use crate::domain::rejection::Rejection;
use contracts::{codes, shared::Sku};
use journal::ExecuteError;
use kernel::{FieldError, MoneyError, Problem, codes as general};
use rpc::CallError;

/// Error of a cart use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CartError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("{field}: {message}")]
    Field { field: String, message: String },
    #[error("the destination cannot be as it was given")]
    Fields(Vec<FieldError>),
    #[error("{sku} is not for sale")]
    UnknownSku { sku: Sku, field: String },
    #[error("{sku} has no price in {currency}")]
    NotSoldInCurrency { sku: Sku, currency: kernel::Currency },
    #[error("no shipping method delivers these items to {country}")]
    NotDeliverable { country: String },
    #[error("the lines cost more than a cart may")]
    AmountLimit,
    #[error("the total exceeds the largest amount the shop supports")]
    Sum(#[from] MoneyError),
    #[error(transparent)]
    Storage(#[from] storage::StorageError),
    #[error("{0}")]
    Catalogue(CallError),
}

impl<R> From<ExecuteError<R>> for CartError
where
    Self: From<R>,
{
    fn from(error: ExecuteError<R>) -> Self {
        error.into_error()
    }
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        match error {
            CartError::Rejected(rejection) => rejected(&rejection),
            CartError::Field { field, message } => Self::field(field, message),
            CartError::Fields(errors) => Self::fields(errors),
            CartError::UnknownSku { ref sku, ref field } => {
                let errors = vec![FieldError { field: field.clone(), message: error.to_string() }];
                let problem = Self::of(codes::UNKNOWN_SKU, &error).subject(sku.as_str());
                Self { errors, ..problem }
            }
            CartError::NotSoldInCurrency { ref sku, .. } => {
                Self::of(codes::NOT_SOLD_IN_CURRENCY, &error).subject(sku.as_str())
            }
            CartError::NotDeliverable { .. } => Self::of(codes::NOT_DELIVERABLE, error),
            CartError::AmountLimit | CartError::Sum(_) => Self::of(codes::AMOUNT_LIMIT, error),
            CartError::Storage(error) => error.into(),
            CartError::Catalogue(error) => error.into(),
        }
    }
}

impl From<CartError> for CallError {
    fn from(error: CartError) -> Self {
        Problem::from(error).into()
    }
}

fn rejected(why: &Rejection) -> Problem {
    let problem = |code| Problem::of(code, why);
    match why {
        Rejection::Quantity { field, .. } => Problem::field(field, why.to_string()),
        // Its id is of no use any more, and says nothing about the customer's cart.
        Rejection::Unknown | Rejection::Merged => {
            Problem::of(general::NOT_FOUND, Rejection::Unknown)
        }
        Rejection::NotInCart { sku } => problem(general::NOT_FOUND).subject(sku.as_str()),
        Rejection::TooManyUnits { sku, .. } => problem(codes::QUANTITY_LIMIT).subject(sku.as_str()),
        Rejection::TooManyLines { .. } => problem(codes::LINE_LIMIT),
        Rejection::TooManyWishes { .. } => problem(codes::WISH_LIST_LIMIT),
        Rejection::VersionChanged { actual } => {
            problem(general::PRECONDITION_FAILED).fact("version", actual)
        }
        Rejection::Empty => problem(codes::CART_EMPTY),
        Rejection::Expired => problem(codes::CART_EXPIRED),
        Rejection::CheckingOut => problem(codes::CHECKING_OUT).retry_after(1),
        Rejection::NotInCheckout => problem(codes::CHECKING_OUT),
        Rejection::TooManyChanges { .. } => problem(codes::CHANGE_LIMIT),
        Rejection::Ordered => problem(codes::ALREADY_ORDERED),
        Rejection::CheckoutAbandoned => problem(codes::ORDER_CANCELLED),
    }
}
