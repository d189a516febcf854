//! Error type of the cart use cases, and its mapping to problem responses.

use crate::domain::rejection::Rejection;
use contracts::{codes, shared::Sku};
use journal::ExecuteError;
use kernel::{Code, FieldError, MoneyError, Problem, codes as general};
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

impl<R: Into<Self>> From<ExecuteError<R>> for CartError {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => rejection.into(),
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
            CartError::Fields(errors) => Self::fields(errors),
            CartError::UnknownSku { sku, field } => {
                let errors = vec![FieldError { field, message: title.clone() }];
                let problem = Self::new(422, codes::UNKNOWN_SKU, title).subject(sku.to_string());
                Self { errors, ..problem }
            }
            CartError::NotSoldInCurrency { sku, .. } => {
                Self::new(422, codes::NOT_SOLD_IN_CURRENCY, title).subject(sku.to_string())
            }
            CartError::NotDeliverable { .. } => Self::new(422, codes::NOT_DELIVERABLE, title),
            CartError::AmountLimit | CartError::Sum(_) => {
                Self::new(422, codes::AMOUNT_LIMIT, title)
            }
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

fn rejected(rejection: &Rejection, title: String) -> Problem {
    let (status, code): (u16, Code) = match rejection {
        Rejection::Quantity { field, .. } => return Problem::field(field, title),
        Rejection::Unknown | Rejection::NotInCart { .. } => (404, general::NOT_FOUND),
        Rejection::TooManyUnits { .. } => (422, codes::QUANTITY_LIMIT),
        Rejection::TooManyLines { .. } => (422, codes::LINE_LIMIT),
        Rejection::VersionChanged { .. } => (412, general::PRECONDITION_FAILED),
        Rejection::Empty => (422, codes::CART_EMPTY),
        Rejection::Expired => (409, codes::CART_EXPIRED),
        Rejection::CheckingOut | Rejection::NotInCheckout => (409, codes::CHECKING_OUT),
        Rejection::TooManyChanges { .. } => (422, codes::CHANGE_LIMIT),
        Rejection::Ordered => (409, codes::ALREADY_ORDERED),
        Rejection::CheckoutAbandoned => (409, codes::ORDER_CANCELLED),
    };
    let problem = Problem::new(status, code, title);
    match rejection {
        Rejection::NotInCart { sku } | Rejection::TooManyUnits { sku, .. } => {
            problem.subject(sku.to_string())
        }
        Rejection::VersionChanged { actual } => problem.fact("version", actual),
        Rejection::CheckingOut => problem.retry_after(1),
        _ => problem,
    }
}
