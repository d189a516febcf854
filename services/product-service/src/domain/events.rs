//! Events of a product, a stored format: variants and optional fields may be added, nothing may be changed.

use identifiers::Sku;
use kernel::{Timestamp, UnitPrice};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Event of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum ProductEvent {
    /// Creation, as a draft without variants.
    #[n(0)]
    Created(#[n(0)] Box<ProductCreated>),
    /// Change of name, description or brand; absent fields stayed.
    #[n(1)]
    DetailsChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(0)]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(1)]
        description: Option<String>,
        /// Brand; empty if it was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(2)]
        brand: Option<String>,
    },
    /// New slug; the old one still leads to the product.
    #[n(2)]
    SlugChanged {
        #[n(0)]
        slug: String,
    },
    #[n(3)]
    CategoriesChanged {
        #[n(0)]
        categories: Vec<String>,
    },
    #[n(4)]
    TagsChanged {
        #[n(0)]
        tags: Vec<String>,
    },
    #[n(5)]
    OptionsChanged {
        #[n(0)]
        options: Vec<ProductOption>,
    },
    #[n(6)]
    MediaChanged {
        #[n(0)]
        media: Vec<Media>,
    },
    /// Own copy of a picture elsewhere.
    #[n(7)]
    PictureStored {
        #[n(0)]
        source: String,
        #[n(1)]
        picture: StoredPicture,
    },
    /// Picture elsewhere that could not be fetched.
    #[n(8)]
    PictureFailed {
        #[n(0)]
        source: String,
        #[n(1)]
        reason: String,
    },
    /// Another attempt at all pictures that could not be fetched.
    #[n(9)]
    PicturesRetried {},
    /// Addition of variants, with prices from `at` on.
    #[n(10)]
    VariantsAdded {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        #[n(1)]
        variants: Vec<VariantAdded>,
    },
    /// End of sale of variants. They are kept, with their price history.
    #[n(11)]
    VariantsWithdrawn {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        #[n(1)]
        skus: Vec<Sku>,
    },
    /// Return of withdrawn variants, as they were.
    #[n(12)]
    VariantsRestored {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
        #[n(1)]
        skus: Vec<Sku>,
    },
    /// Corrected SKU of a variant; everything else stays.
    #[n(13)]
    VariantRenamed {
        #[n(0)]
        from: Sku,
        #[n(1)]
        to: Sku,
        /// Stock of the new SKU; absent carries over what is available of the old one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cbor(n(2), with = "kernel::cbor::known_variant", has_nil)]
        stock: Option<DeclaredStock>,
    },
    /// New name of an option, in the product and in its variants.
    #[n(14)]
    OptionRenamed {
        #[n(0)]
        option: String,
        #[n(1)]
        to: String,
    },
    /// New name of an option value, in the product and in its variants.
    #[n(15)]
    OptionValueRenamed {
        #[n(0)]
        option: String,
        #[n(1)]
        value: String,
        #[n(2)]
        to: String,
    },
    /// Rank among the featured products; absent if it was removed.
    #[n(16)]
    FeaturedChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(0)]
        rank: Option<u32>,
    },
    /// Change of a variant's facts other than its price; the event carries all of them.
    #[n(17)]
    VariantChanged {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        facts: VariantFacts,
    },
    /// New price, from an instant on.
    #[n(18)]
    PriceChanged {
        #[n(0)]
        sku: Sku,
        #[cbor(n(1), with = "kernel::cbor")]
        from: Timestamp,
        #[n(2)]
        old: UnitPrice,
        #[n(3)]
        price: UnitPrice,
    },
    /// Units on hand declared by the merchant and counted by the inventory.
    #[n(19)]
    StockDeclared {
        #[n(0)]
        sku: Sku,
        #[n(1)]
        units: DeclaredStock,
    },
    /// Start of sale.
    #[n(20)]
    Published {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
    /// End of sale.
    #[n(21)]
    Archived {
        #[cbor(n(0), with = "kernel::cbor")]
        at: Timestamp,
    },
}

/// Initial state of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct ProductCreated {
    #[cbor(n(0), with = "kernel::cbor")]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) slug: String,
    #[n(2)]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cbor(n(3), skip_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(4)]
    pub(crate) brand: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(5), skip_if = "Vec::is_empty")]
    pub(crate) categories: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(6), skip_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(7), skip_if = "Vec::is_empty")]
    pub(crate) options: Vec<ProductOption>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(8), skip_if = "Vec::is_empty")]
    pub(crate) media: Vec<Media>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(9)]
    pub(crate) featured: Option<u32>,
}

/// Option with its possible values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct ProductOption {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) values: Vec<String>,
}

/// Picture of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct Media {
    #[n(0)]
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cbor(n(1), skip_if = "String::is_empty")]
    pub(crate) alt: String,
    #[serde(default)]
    #[cbor(n(2), default)]
    pub(crate) width: u32,
    #[serde(default)]
    #[cbor(n(3), default)]
    pub(crate) height: u32,
    /// SKUs that the picture shows; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(4), skip_if = "Vec::is_empty")]
    pub(crate) skus: Vec<Sku>,
}

/// Picture that the shop keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct StoredPicture {
    /// SHA-256 of the file, in hexadecimal.
    #[n(0)]
    pub(crate) digest: String,
    /// Width in pixels.
    #[n(1)]
    pub(crate) width: u32,
    /// Height in pixels.
    #[n(2)]
    pub(crate) height: u32,
    /// Whether parts of it are transparent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cbor(n(3), skip_if = "std::ops::Not::not")]
    pub(crate) transparent: bool,
}

/// Variant as it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct VariantAdded {
    #[n(0)]
    pub(crate) sku: Sku,
    #[n(1)]
    pub(crate) price: UnitPrice,
    /// Prices before the variant was added, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(2), skip_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<PricePoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cbor(n(3), with = "kernel::cbor::known_variant", has_nil)]
    pub(crate) stock: Option<DeclaredStock>,
    #[serde(flatten)]
    #[n(4)]
    pub(crate) facts: VariantFacts,
}

/// Stock of a variant as the merchant declared it: a number of units, or the word `untracked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(untagged)]
#[cbor(flat)]
pub(crate) enum DeclaredStock {
    /// Units on hand.
    #[n(0)]
    Units(#[n(0)] i64),
    /// Not a number.
    #[n(1)]
    Policy(#[n(0)] StockPolicy),
}

/// Stock policy that is declared in place of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum StockPolicy {
    /// Any quantity can be bought.
    #[n(0)]
    Untracked,
}

impl DeclaredStock {
    /// Stock without limit.
    pub(crate) const UNTRACKED: Self = Self::Policy(StockPolicy::Untracked);
}

/// Facts about a variant other than its price and its stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct VariantFacts {
    /// Option names and values, in the order of the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(0), skip_if = "Vec::is_empty")]
    pub(crate) options: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(1)]
    pub(crate) compare_at_price: Option<UnitPrice>,
    #[serde(default)]
    #[cbor(n(2), default)]
    pub(crate) weight_grams: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(3)]
    pub(crate) barcode: Option<String>,
}

/// Price from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct PricePoint {
    #[cbor(n(0), with = "kernel::cbor")]
    pub(crate) from: Timestamp,
    #[n(1)]
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
