//! Stock location, and a SKU at one.

use identifiers::Sku;
use std::sync::Arc;

/// Default location.
pub(crate) const DEFAULT_LOCATION: &str = "main";

const LOCATION_BYTES_MAX: usize = 64;

/// Stock location.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location(Arc<str>);

impl Location {
    /// A location, unless the text is empty, too long, padded or contains control characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let is_printable = !text.chars().any(char::is_control);
        let fits = !text.is_empty() && text.len() <= LOCATION_BYTES_MAX;
        (fits && is_printable && text.trim() == text).then(|| Self(Arc::from(text)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_default(&self) -> bool {
        &*self.0 == DEFAULT_LOCATION
    }
}

impl Default for Location {
    fn default() -> Self {
        Self(Arc::from(DEFAULT_LOCATION))
    }
}

/// SKU at a location.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SkuLocation {
    pub(crate) sku: Sku,
    pub(crate) location: Location,
}
