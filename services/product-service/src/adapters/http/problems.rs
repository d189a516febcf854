//! Mapping of errors to problem responses.

use crate::application::{CatalogueError, PictureError};
use crate::domain::Rejection;
use crate::index::NameConflict;
use crate::ports::StockError;
use contracts::codes;
use images::ImageError;
use kernel::{FieldError, Problem};
use storage::StorageError;

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Rejected(rejection) => rejected(&rejection),
            CatalogueError::NameConflict(conflict) => name_conflict(&conflict),
            CatalogueError::Stock(StockError::Refused(reason)) => {
                Self::field("variants", format!("the inventory rejected the stock: {reason}"))
            }
            CatalogueError::Stock(error @ StockError::Unavailable(_)) => {
                tracing::warn!(error = %std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default(), "stock count failed");
                Self::unavailable("inventory-service")
            }
            CatalogueError::Storage(StorageError::TooLarge { bytes, limit }) => Self::field(
                "variants",
                format!("the whole product takes {bytes} bytes; at most {limit} are allowed"),
            ),
            CatalogueError::Storage(error) => error.into(),
        }
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Unusable(error @ ImageError::TooManyBytes { .. }) => {
                Self::new(413, kernel::codes::BODY_TOO_LARGE, format!("the picture {error}"))
            }
            PictureError::Unusable(error @ ImageError::UnknownFormat) => {
                let title = format!("the body {error}");
                Self::new(415, kernel::codes::UNSUPPORTED_MEDIA_TYPE, title)
            }
            PictureError::Unusable(error) => {
                Self::new(422, codes::PICTURE_UNUSABLE, format!("the picture {error}"))
            }
            PictureError::Overloaded => {
                Self::new(503, kernel::codes::OVERLOADED, error.to_string()).retry_after(1)
            }
            PictureError::Storage(error) => error.into(),
            PictureError::Failed => Self::internal(),
        }
    }
}

fn rejected(rejection: &Rejection) -> Problem {
    let message = rejection.to_string();
    if let Some(field) = rejection.field() {
        let mut problem = Problem::field(field, message);
        problem.title = format!("{field}: {}", problem.title);
        if matches!(rejection, Rejection::CurrencyMismatch { .. }) {
            problem.code = codes::CURRENCY_MISMATCH;
        }
        return problem;
    }
    let (status, code) = match rejection {
        Rejection::LastVariant { .. } => (409, codes::LAST_VARIANT),
        Rejection::SkuInUse { .. } => (409, codes::SKU_TAKEN),
        Rejection::Archived => (409, codes::PRODUCT_ARCHIVED),
        Rejection::VersionChanged { .. } => (412, kernel::codes::PRECONDITION_FAILED),
        Rejection::CreatedDifferently => (422, kernel::codes::IDEMPOTENCY_KEY_REUSED),
        _ => (404, kernel::codes::NOT_FOUND),
    };
    let problem = Problem::new(status, code, message);
    match rejection {
        Rejection::UnknownVariant { sku }
        | Rejection::LastVariant { sku }
        | Rejection::SkuInUse { sku } => problem.subject(sku.as_str()),
        Rejection::VersionChanged { actual } => problem.fact("version", actual),
        _ => problem,
    }
}

fn name_conflict(conflict: &NameConflict) -> Problem {
    let (code, field, what, name) = match conflict {
        NameConflict::Slug(slug) => (codes::SLUG_TAKEN, "slug", "slug", slug.as_str()),
        NameConflict::Sku(sku) => (codes::SKU_TAKEN, "variants", "SKU", sku.as_str()),
    };
    let title = format!("another product has the {what} {name:?}");
    let mut problem = Problem::new(409, code, title.clone()).subject(name);
    problem.errors.push(FieldError { field: field.to_owned(), message: title });
    problem
}
