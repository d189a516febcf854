//! Why the business said no to a change of a product.

/// Each variant is an answer an operator could be given; `field` is where in the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("there is no such product")]
    UnknownProduct,
    #[error("the product has no variant {sku}")]
    UnknownVariant { sku: String },
    #[error("must not be empty")]
    Empty { field: String },
    #[error("has {actual} {unit}; at most {max} are taken")]
    TooMany { field: String, unit: &'static str, actual: usize, max: usize },
    #[error("must be between 0 and {max}")]
    OutOfRange { field: String, max: i64 },
    #[error("{reason}")]
    Malformed { field: String, reason: &'static str },
    #[error("{value:?} is there already")]
    Repeated { field: String, value: String },
    #[error("{value:?} is not among the product's {of}")]
    Unlisted { field: String, value: String, of: &'static str },
    #[error("needs a value for {option:?}")]
    OptionMissing { field: String, option: String },
    #[error("all prices of a product are in one currency; here {one} meets {other}")]
    CurrencyMismatch { field: String, one: &'static str, other: &'static str },
    #[error("an archived product cannot be changed; publish it first")]
    Archived,
    #[error("the product is at version {actual} by now")]
    VersionChanged { actual: u64 },
    #[error("the same request made another product before")]
    MadeOtherwise,
}

impl Rejection {
    /// Where in the request, for rejections that are about a field.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Empty { field }
            | Self::TooMany { field, .. }
            | Self::OutOfRange { field, .. }
            | Self::Malformed { field, .. }
            | Self::Repeated { field, .. }
            | Self::Unlisted { field, .. }
            | Self::OptionMissing { field, .. }
            | Self::CurrencyMismatch { field, .. } => Some(field),
            Self::UnknownProduct
            | Self::UnknownVariant { .. }
            | Self::Archived
            | Self::VersionChanged { .. }
            | Self::MadeOtherwise => None,
        }
    }
}
