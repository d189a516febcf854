//! Mapping of errors to problem responses.

use crate::application::CatalogueError;
use crate::domain::Rejection;
use crate::index::NameConflict;
use crate::ports::StockError;
use contracts::codes;
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
            CatalogueError::Storage(error) => storage_problem(&error),
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
    match rejection {
        Rejection::UnknownVariant { sku } => {
            Problem::new(404, kernel::codes::NOT_FOUND, message).subject(sku.clone())
        }
        Rejection::Archived => Problem::new(409, codes::PRODUCT_ARCHIVED, message),
        Rejection::VersionChanged { actual } => {
            Problem::new(412, kernel::codes::PRECONDITION_FAILED, message).fact("version", actual)
        }
        Rejection::CreatedDifferently => {
            Problem::new(422, kernel::codes::IDEMPOTENCY_KEY_REUSED, message)
        }
        _ => Problem::new(404, kernel::codes::NOT_FOUND, message),
    }
}

fn name_conflict(conflict: &NameConflict) -> Problem {
    let (code, field, what, name) = match conflict {
        NameConflict::Slug(slug) => (codes::SLUG_TAKEN, "slug", "slug", slug),
        NameConflict::Sku(sku) => (codes::SKU_TAKEN, "variants", "SKU", sku),
    };
    let title = format!("another product has the {what} {name:?}");
    let mut problem = Problem::new(409, code, title.clone()).subject(name.clone());
    problem.errors.push(FieldError { field: field.to_owned(), message: title });
    problem
}

fn storage_problem(error: &StorageError) -> Problem {
    match error {
        StorageError::TooLarge { bytes, limit } => {
            let message =
                format!("the whole product takes {bytes} bytes; at most {limit} are allowed");
            Problem::field("variants", message)
        }
        StorageError::Full => {
            Problem::new(503, kernel::codes::STORAGE_FULL, error.to_string()).retry_after(30)
        }
        StorageError::Unavailable(_) => {
            tracing::error!(%error, "the catalogue's store did not answer");
            Problem::new(
                503,
                kernel::codes::UNAVAILABLE,
                "the catalogue cannot answer at the moment",
            )
            .retry_after(1)
        }
        StorageError::Corrupt(_) => {
            tracing::error!(%error, "the catalogue's store cannot be read");
            Problem::internal()
        }
    }
}
