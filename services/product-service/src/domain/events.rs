//! Events of a product, a stored format: variants and optional fields may be added, nothing may be changed.

use identifiers::Sku;
use kernel::{Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

/// Event of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductEvent {
    /// Creation, as a draft without variants.
    Created(Box<ProductCreated>),
    /// Change of name, description or brand; absent fields stayed.
    DetailsChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Brand; empty if it was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brand: Option<String>,
    },
    /// New slug; the old one still leads to the product.
    SlugChanged {
        slug: String,
    },
    CategoriesChanged {
        categories: Vec<String>,
    },
    TagsChanged {
        tags: Vec<String>,
    },
    OptionsChanged {
        options: Vec<ProductOption>,
    },
    MediaChanged {
        media: Vec<Media>,
    },
    /// Own copy of a picture elsewhere.
    PictureStored {
        source: String,
        picture: StoredPicture,
    },
    /// Picture elsewhere that could not be fetched.
    PictureFailed {
        source: String,
        reason: String,
    },
    /// Another attempt at all pictures that could not be fetched.
    PicturesRetried {},
    /// Addition of variants, with prices from `at` on.
    VariantsAdded {
        at: Timestamp,
        variants: Vec<VariantAdded>,
    },
    /// End of sale of variants. They are kept, with their price history.
    VariantsWithdrawn {
        at: Timestamp,
        skus: Vec<Sku>,
    },
    /// Return of withdrawn variants, as they were.
    VariantsRestored {
        at: Timestamp,
        skus: Vec<Sku>,
    },
    /// Corrected SKU of a variant; everything else stays.
    VariantRenamed {
        from: Sku,
        to: Sku,
        /// Stock of the new SKU; absent carries over what is available of the old one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stock: Option<DeclaredStock>,
    },
    /// New name of an option, in the product and in its variants.
    OptionRenamed {
        option: String,
        to: String,
    },
    /// New name of an option value, in the product and in its variants.
    OptionValueRenamed {
        option: String,
        value: String,
        to: String,
    },
    /// Rank among the featured products; absent if it was removed.
    FeaturedChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<u32>,
    },
    /// Change of a variant's facts other than its price; the event carries all of them.
    VariantChanged {
        sku: Sku,
        facts: VariantFacts,
    },
    /// New price, from an instant on.
    PriceChanged {
        sku: Sku,
        from: Timestamp,
        old: UnitPrice,
        price: UnitPrice,
    },
    /// Units on hand declared by the merchant and counted by the inventory.
    StockDeclared {
        sku: Sku,
        units: DeclaredStock,
    },
    /// Start of sale.
    Published {
        at: Timestamp,
    },
    /// End of sale.
    Archived {
        at: Timestamp,
    },
}

/// Initial state of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProductCreated {
    pub(crate) at: Timestamp,
    pub(crate) slug: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) brand: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) categories: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<ProductOption>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) media: Vec<Media>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) featured: Option<u32>,
}

/// Option with its possible values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProductOption {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// Picture of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) alt: String,
    #[serde(default)]
    pub(crate) width: u32,
    #[serde(default)]
    pub(crate) height: u32,
    /// SKUs that the picture shows; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) skus: Vec<Sku>,
}

/// Picture that the shop keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPicture {
    /// SHA-256 of the file, in hexadecimal.
    pub(crate) digest: String,
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// Whether parts of it are transparent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) transparent: bool,
}

/// Variant as it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariantAdded {
    pub(crate) sku: Sku,
    pub(crate) price: UnitPrice,
    /// Prices before the variant was added, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<PricePoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stock: Option<DeclaredStock>,
    #[serde(flatten)]
    pub(crate) facts: VariantFacts,
}

/// Stock of a variant as the merchant declared it: a number of units, or the word `untracked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum DeclaredStock {
    /// Units on hand.
    Units(i64),
    /// Not a number.
    Policy(StockPolicy),
}

/// Stock policy that is declared in place of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StockPolicy {
    /// Any quantity can be bought.
    Untracked,
}

impl DeclaredStock {
    /// Stock without limit.
    pub(crate) const UNTRACKED: Self = Self::Policy(StockPolicy::Untracked);
}

/// Facts about a variant other than its price and its stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariantFacts {
    /// Option names and values, in the order of the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compare_at_price: Option<UnitPrice>,
    #[serde(default)]
    pub(crate) weight_grams: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) barcode: Option<String>,
}

/// Price from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PricePoint {
    pub(crate) from: Timestamp,
    pub(crate) price: UnitPrice,
}

impl ProductEvent {
    /// Event name, part of the stored format.
    pub(crate) fn event_name(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::DetailsChanged { .. } => "details_changed",
            Self::SlugChanged { .. } => "slug_changed",
            Self::CategoriesChanged { .. } => "categories_changed",
            Self::TagsChanged { .. } => "tags_changed",
            Self::OptionsChanged { .. } => "options_changed",
            Self::MediaChanged { .. } => "media_changed",
            Self::PictureStored { .. } => "picture_stored",
            Self::PictureFailed { .. } => "picture_failed",
            Self::PicturesRetried {} => "pictures_retried",
            Self::VariantsAdded { .. } => "variants_added",
            Self::VariantsWithdrawn { .. } => "variants_withdrawn",
            Self::VariantsRestored { .. } => "variants_restored",
            Self::VariantRenamed { .. } => "variant_renamed",
            Self::OptionRenamed { .. } => "option_renamed",
            Self::OptionValueRenamed { .. } => "option_value_renamed",
            Self::FeaturedChanged { .. } => "featured_changed",
            Self::VariantChanged { .. } => "variant_changed",
            Self::PriceChanged { .. } => "price_changed",
            Self::StockDeclared { .. } => "stock_declared",
            Self::Published { .. } => "published",
            Self::Archived { .. } => "archived",
        }
    }
}
