//! Rejections of changes to a product.

use identifiers::{InvalidSku, Sku};

/// Reason why a change was rejected; `field` is the path of the field in the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such product")]
    UnknownProduct,
    #[error("the product has no variant {sku}")]
    UnknownVariant { sku: Sku },
    #[error("the product has a variant {sku} already")]
    SkuInUse { sku: Sku },
    #[error("{sku} is the last variant of the product; archive the product instead")]
    LastVariant { sku: Sku },
    #[error("must not be empty")]
    Empty { field: String },
    #[error("has {actual} {unit}; at most {max} are allowed")]
    TooMany { field: String, unit: &'static str, actual: usize, max: usize },
    #[error("must be between 0 and {max}")]
    OutOfRange { field: String, max: i64 },
    #[error("{reason}")]
    Malformed { field: String, reason: &'static str },
    #[error("{reason}")]
    InvalidSku { field: String, reason: InvalidSku },
    #[error("{value:?} is a duplicate")]
    Duplicate { field: String, value: String },
    #[error("{value:?} is not among the product's {of}")]
    Unlisted { field: String, value: String, of: &'static str },
    #[error("needs a value for {option:?}")]
    OptionMissing { field: String, option: String },
    #[error("all prices of a product must be in one currency, but found {one} and {other}")]
    CurrencyMismatch { field: String, one: &'static str, other: &'static str },
    #[error("an archived product cannot be changed; publish it first")]
    Archived,
    #[error("the product is now at version {actual}")]
    VersionChanged { actual: u64 },
    #[error("the same idempotency key was used to create a different product")]
    CreatedDifferently,
}

impl Rejection {
    /// Path of the field in the request, for rejections that concern one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Empty { field }
            | Self::TooMany { field, .. }
            | Self::OutOfRange { field, .. }
            | Self::Malformed { field, .. }
            | Self::InvalidSku { field, .. }
            | Self::Duplicate { field, .. }
            | Self::Unlisted { field, .. }
            | Self::OptionMissing { field, .. }
            | Self::CurrencyMismatch { field, .. } => Some(field),
            Self::UnknownProduct
            | Self::UnknownVariant { .. }
            | Self::SkuInUse { .. }
            | Self::LastVariant { .. }
            | Self::Archived
            | Self::VersionChanged { .. }
            | Self::CreatedDifferently => None,
        }
    }
}
