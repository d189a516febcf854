//! Commands to a product, and the drafts they carry.

use super::events::{DeclaredStock, Media, PricePoint, ProductOption, VariantFacts};
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
    /// Rank among the featured products; `None` leaves that of an existing product as it is.
    pub(crate) featured: Option<u32>,
    pub(crate) status: TargetStatus,
}

/// Draft of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariantDraft {
    pub(crate) sku: Sku,
    pub(crate) price: UnitPrice,
    /// Prices before the variant was added, oldest first; ignored for an existing variant.
    pub(crate) earlier: Vec<PricePoint>,
    pub(crate) stock: Option<DeclaredStock>,
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

/// Draft of a variant that was refused. What it was before is known by its SKU, or else by its option values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedDraft {
    pub(crate) sku: Sku,
    pub(crate) options: Vec<(String, String)>,
}

/// Treatment of the variants on sale that a list of variants does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum MissingVariants {
    /// They stay on sale.
    #[default]
    Kept,
    /// They leave the sale, except those that the request has and that were refused.
    Withdrawn { except: Vec<RefusedDraft> },
}

/// New name of an option, or of one of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OptionRename {
    pub(crate) option: String,
    /// Value to rename; `None` renames the option itself.
    pub(crate) value: Option<String>,
    pub(crate) to: String,
}

/// Changes to a product; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProductChanges {
    /// Renamed options and values; the other changes use the new names.
    pub(crate) renames: Vec<OptionRename>,
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
    pub(crate) missing: MissingVariants,
    /// Variants that leave the sale.
    pub(crate) withdraw: Vec<Sku>,
    pub(crate) media: Option<Vec<Media>>,
    /// Rank among the featured products.
    pub(crate) featured: FieldChange<u32>,
    pub(crate) status: TargetStatus,
}

/// Change of an optional field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FieldChange<T> {
    #[default]
    Unchanged,
    Cleared,
    Set(T),
}

impl<T: Clone> FieldChange<T> {
    /// Field after the change.
    pub(super) fn of(&self, current: Option<&T>) -> Option<T> {
        match self {
            Self::Unchanged => current.cloned(),
            Self::Cleared => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// Changes to a variant; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VariantChanges {
    pub(crate) sku: Option<Sku>,
    pub(crate) options: Option<Vec<(String, String)>>,
    pub(crate) price: Option<UnitPrice>,
    pub(crate) compare_at_price: FieldChange<UnitPrice>,
    pub(crate) stock: Option<DeclaredStock>,
    pub(crate) weight_grams: Option<u32>,
    pub(crate) barcode: FieldChange<String>,
}

/// Command to a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProductCommand {
    /// Creation; repeated with the same draft it leads to nothing.
    Create(ProductDraft),
    /// Creation, or the changes that make an existing product equal to the draft.
    Upsert {
        draft: ProductDraft,
        missing: MissingVariants,
    },
    Change(ProductChanges),
    AddVariant(VariantDraft),
    ChangeVariant {
        sku: Sku,
        changes: VariantChanges,
    },
    /// End of sale of a variant, which is kept and can come back.
    WithdrawVariant {
        sku: Sku,
    },
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
    pub(crate) fn into_changes(self, missing: MissingVariants) -> ProductChanges {
        ProductChanges {
            renames: Vec::new(),
            slug: None,
            name: Some(self.name),
            description: Some(self.description),
            brand: Some(self.brand.unwrap_or_default()),
            categories: Some(self.categories),
            tags: Some(self.tags),
            options: Some(self.options),
            variants: Some(self.variants),
            missing,
            withdraw: Vec::new(),
            media: Some(self.media),
            featured: self.featured.map_or(FieldChange::Unchanged, FieldChange::Set),
            status: self.status,
        }
    }
}
