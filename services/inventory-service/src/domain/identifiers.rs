//! Identifiers and value objects: SKU, location, hold, order, line.

use std::{cmp::Ordering, fmt, sync::Arc};

kernel::id! {
    /// Identifier of a hold, chosen by the caller.
    HoldId
}
kernel::id! {
    /// Identifier of the order that a hold is for.
    OrderId
}

/// Default location.
pub(crate) const DEFAULT_LOCATION: &str = "main";

const SKU_BYTES_MAX: usize = 200;
const LOCATION_BYTES_MAX: usize = 64;

/// Stock keeping unit: the business's own name of a variant. Compared ignoring ASCII case; shown as first written.
#[derive(Clone, Debug)]
pub(crate) struct Sku(Arc<str>);

impl Sku {
    /// A SKU, unless the text is empty, too long, padded or contains control characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_valid_name(text, SKU_BYTES_MAX).then(|| Self(Arc::from(text)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Canonical spelling, used as storage key.
    pub(crate) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn case_folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Sku {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Sku {}

impl PartialOrd for Sku {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sku {
    fn cmp(&self, other: &Self) -> Ordering {
        self.case_folded().cmp(other.case_folded())
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Stock location.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location(Arc<str>);

impl Location {
    /// A location, unless the text is empty, too long, padded or contains control characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_valid_name(text, LOCATION_BYTES_MAX).then(|| Self(Arc::from(text)))
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

/// Line of a hold: a SKU and a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldLine {
    pub(crate) sku: Sku,
    /// At least 1.
    pub(crate) quantity: i64,
}

fn is_valid_name(text: &str, bytes_max: usize) -> bool {
    let printable = !text.chars().any(char::is_control);
    !text.is_empty() && text.len() <= bytes_max && text.trim() == text && printable
}
