//! What things are called: SKUs, locations, holds, orders.

use std::{cmp::Ordering, fmt, sync::Arc};

kernel::id! {
    /// Units of stock set aside, under the caller's own id.
    HoldId
}
kernel::id! {
    /// The order they are set aside for.
    OrderId
}

/// The location that is meant when none is named.
pub(crate) const DEFAULT_LOCATION: &str = "main";

const SKU_BYTES_MAX: usize = 200;
const LOCATION_BYTES_MAX: usize = 64;

/// The business's own name of a variant. Compared without regard to case (of ASCII letters); shown as first written.
#[derive(Clone, Debug)]
pub(crate) struct Sku(Arc<str>);

impl Sku {
    /// A SKU, unless the text is empty, too long, padded or unprintable.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_name(text, SKU_BYTES_MAX).then(|| Self(Arc::from(text)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// One spelling for all spellings: what it is stored under.
    pub(crate) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn folded(&self) -> impl Iterator<Item = u8> {
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
        self.folded().cmp(other.folded())
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Where stock lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location(Arc<str>);

impl Location {
    /// A location, unless the text is empty, too long, padded or unprintable.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_name(text, LOCATION_BYTES_MAX).then(|| Self(Arc::from(text)))
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

/// A SKU in a location.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) sku: Sku,
    pub(crate) location: Location,
}

/// A SKU and how many units of it somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    /// At least 1.
    pub(crate) quantity: i64,
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    let printable = !text.chars().any(char::is_control);
    !text.is_empty() && text.len() <= bytes_max && text.trim() == text && printable
}
