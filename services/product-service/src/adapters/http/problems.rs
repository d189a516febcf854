//! Mapping of errors to problem responses.

use crate::application::{CatalogueError, PictureError};
use crate::domain::Rejection;
use crate::index::NameConflict;
use crate::ports::StockError;
use contracts::codes;
use images::ImageError;
use kernel::{Problem, codes as general};
use storage::StorageError;

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Rejected(rejection) => rejected(&rejection),
            CatalogueError::NameConflict(conflict) => name_conflict(&conflict),
            CatalogueError::Stock(StockError::Refused(reason)) => {
                Self::field("variants", format!("the inventory rejected the stock: {reason}"))
            }
            CatalogueError::Stock(StockError::Unavailable(error)) => {
                tracing::warn!(%error, "stock count failed");
                Self::unavailable("inventory-service")
            }
            CatalogueError::Storage(StorageError::TooLarge { bytes, limit }) => {
                let size = format!("the whole product takes {bytes} bytes");
                Self::field("variants", format!("{size}; at most {limit} are allowed"))
            }
            CatalogueError::Storage(error) => error.into(),
        }
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Unusable(error @ ImageError::TooManyBytes { .. }) => {
                Self::of(general::BODY_TOO_LARGE, format!("the picture {error}"))
            }
            PictureError::Unusable(error @ ImageError::UnknownFormat) => {
                Self::of(general::UNSUPPORTED_MEDIA_TYPE, format!("the body {error}"))
            }
            PictureError::Unusable(error) => {
                Self::of(codes::PICTURE_UNUSABLE, format!("the picture {error}"))
            }
            PictureError::Overloaded => Self::of(general::OVERLOADED, error).retry_after(1),
            PictureError::Storage(error) => error.into(),
            PictureError::Failed => Self::internal(),
        }
    }
}

fn rejected(why: &Rejection) -> Problem {
    let problem = |code| Problem::of(code, why);
    match why {
        Rejection::CurrencyMismatch { field, .. } => {
            Problem::input(codes::CURRENCY_MISMATCH, field, why)
        }
        Rejection::LastVariant { sku } => problem(codes::LAST_VARIANT).subject(sku.as_str()),
        Rejection::SkuInUse { sku } => problem(codes::SKU_TAKEN).subject(sku.as_str()),
        Rejection::Archived => problem(codes::PRODUCT_ARCHIVED),
        Rejection::VersionChanged { actual } => {
            problem(general::PRECONDITION_FAILED).fact("version", actual)
        }
        Rejection::CreatedDifferently => problem(general::IDEMPOTENCY_KEY_REUSED),
        Rejection::UnknownVariant { sku } => problem(general::NOT_FOUND).subject(sku.as_str()),
        _ => why.field().map_or_else(
            || problem(general::NOT_FOUND),
            |field| Problem::input(general::INVALID_FIELD, field, why),
        ),
    }
}

fn name_conflict(conflict: &NameConflict) -> Problem {
    let (code, field, what, name) = match conflict {
        NameConflict::Slug(slug) => (codes::SLUG_TAKEN, "slug", "slug", slug.as_str()),
        NameConflict::Sku(sku) => (codes::SKU_TAKEN, "variants", "SKU", sku.as_str()),
    };
    let title = format!("another product has the {what} {name:?}");
    let errors = Problem::field(field, &*title).errors;
    Problem { errors, ..Problem::of(code, title).subject(name) }
}
