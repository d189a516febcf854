//! What an operator asks for, in the domain's own types.

use super::events::{Media, PricePoint, ProductOption, VariantFacts};
use kernel::UnitPrice;

/// A whole product, as it is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// Harmless HTML: whoever takes it in sanitises it.
    pub(crate) description: String,
    pub(crate) brand: Option<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) options: Vec<ProductOption>,
    pub(crate) variants: Vec<VariantDraft>,
    pub(crate) media: Vec<Media>,
    pub(crate) status: StatusWish,
}

/// A variant, as it is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariantDraft {
    pub(crate) sku: String,
    pub(crate) price: UnitPrice,
    /// Prices from before it came in; taken when it is new.
    pub(crate) earlier: Vec<PricePoint>,
    pub(crate) stock: Option<i64>,
    pub(crate) facts: VariantFacts,
}

/// Where a product should stand afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StatusWish {
    /// Where it stands; a new one is a draft.
    #[default]
    AsItIs,
    /// On sale.
    Active,
    /// Off sale.
    Archived,
}

/// Changes to a product; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Empty: no brand.
    pub(crate) brand: Option<String>,
    pub(crate) categories: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) options: Option<Vec<ProductOption>>,
    /// Added, or changed by SKU.
    pub(crate) variants: Option<Vec<VariantDraft>>,
    pub(crate) media: Option<Vec<Media>>,
    pub(crate) status: StatusWish,
}

/// What may be asked of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Make it.
    Create(Draft),
    /// Make it, or make it so.
    Upsert(Draft),
    Change(Changes),
    SetPrice {
        sku: String,
        price: UnitPrice,
    },
    Publish,
    Archive,
}

impl Draft {
    /// The changes that make an existing product so. Its address stays: it was found by it.
    pub(crate) fn into_changes(self) -> Changes {
        Changes {
            slug: None,
            name: Some(self.name),
            description: Some(self.description),
            brand: Some(self.brand.unwrap_or_default()),
            categories: Some(self.categories),
            tags: Some(self.tags),
            options: Some(self.options),
            variants: Some(self.variants),
            media: Some(self.media),
            status: self.status,
        }
    }
}
