//! Commands to a product, and the drafts they carry.

use super::events::{Media, PricePoint, ProductOption, VariantFacts};
use super::pictures::PictureCopy;
use identifiers::Sku;
use kernel::UnitPrice;

/// Draft of a whole product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProductDraft {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// HTML, sanitised by the adapter that accepts it.
    pub(crate) description: String,
    pub(crate) brand: Option<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) options: Vec<ProductOption>,
    pub(crate) variants: Vec<VariantDraft>,
    pub(crate) media: Vec<Media>,
    pub(crate) status: TargetStatus,
}

/// Draft of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariantDraft {
    pub(crate) sku: Sku,
    pub(crate) price: UnitPrice,
    /// Prices before the variant was added, oldest first; ignored for an existing variant.
    pub(crate) earlier: Vec<PricePoint>,
    pub(crate) stock: Option<i64>,
    pub(crate) facts: VariantFacts,
}

/// Status that a product should have afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TargetStatus {
    /// The current status; a new product is a draft.
    #[default]
    Unchanged,
    /// On sale.
    Active,
    /// Off sale.
    Archived,
}

/// Changes to a product; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProductChanges {
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Brand; the empty string removes it.
    pub(crate) brand: Option<String>,
    pub(crate) categories: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) options: Option<Vec<ProductOption>>,
    /// Variants to add, or to change by SKU.
    pub(crate) variants: Option<Vec<VariantDraft>>,
    pub(crate) media: Option<Vec<Media>>,
    pub(crate) status: TargetStatus,
}

/// Command to a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProductCommand {
    /// Creation; repeated with the same draft it leads to nothing.
    Create(ProductDraft),
    /// Creation, or the changes that make an existing product equal to the draft.
    Upsert(ProductDraft),
    Change(ProductChanges),
    SetPrice {
        sku: Sku,
        price: UnitPrice,
    },
    /// Outcome of fetching a picture elsewhere.
    RecordPicture {
        source: String,
        outcome: PictureCopy,
    },
    Publish,
    Archive,
}

impl ProductDraft {
    /// Changes that make an existing product equal to the draft. The slug stays: the product was found by it.
    pub(crate) fn into_changes(self) -> ProductChanges {
        ProductChanges {
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
