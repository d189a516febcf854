//! What can happen to a product, as it is stored for ever. Variants and optional fields are added; nothing is changed.

use kernel::{Timestamp, UnitPrice};
use serde::{Deserialize, Serialize};

/// Something that happened to a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductEvent {
    /// It came into being, as a draft without variants.
    Created(Box<Created>),
    /// Its words changed; what is absent stayed.
    DetailsChanged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Empty: it has no brand any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brand: Option<String>,
    },
    /// It got a new address; the old one leads on.
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
    /// Variants came in, priced from `at` on.
    VariantsAdded {
        at: Timestamp,
        variants: Vec<VariantAdded>,
    },
    /// A variant's facts other than its price changed; all of them are told.
    VariantChanged {
        sku: String,
        facts: VariantFacts,
    },
    /// A price was set, from an instant on.
    PriceChanged {
        sku: String,
        from: Timestamp,
        old: UnitPrice,
        price: UnitPrice,
    },
    /// The merchant declared units on hand for a variant; the inventory counted them.
    StockDeclared {
        sku: String,
        units: i64,
    },
    /// It went on sale.
    Published {
        at: Timestamp,
    },
    /// It was taken off sale.
    Archived {
        at: Timestamp,
    },
}

/// What a product begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Created {
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
}

/// An option and the values it can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProductOption {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) alt: String,
    #[serde(default)]
    pub(crate) width: u32,
    #[serde(default)]
    pub(crate) height: u32,
    /// The SKUs it shows; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) skus: Vec<String>,
}

/// A variant that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariantAdded {
    pub(crate) sku: String,
    pub(crate) price: UnitPrice,
    /// Prices from before it came in, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<PricePoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stock: Option<i64>,
    #[serde(flatten)]
    pub(crate) facts: VariantFacts,
}

/// What is told of a variant besides its price and its stock.
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

/// A price that was asked from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PricePoint {
    pub(crate) from: Timestamp,
    pub(crate) price: UnitPrice,
}

impl ProductEvent {
    /// What happened, in one word that is part of the stored format.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::DetailsChanged { .. } => "details_changed",
            Self::SlugChanged { .. } => "slug_changed",
            Self::CategoriesChanged { .. } => "categories_changed",
            Self::TagsChanged { .. } => "tags_changed",
            Self::OptionsChanged { .. } => "options_changed",
            Self::MediaChanged { .. } => "media_changed",
            Self::VariantsAdded { .. } => "variants_added",
            Self::VariantChanged { .. } => "variant_changed",
            Self::PriceChanged { .. } => "price_changed",
            Self::StockDeclared { .. } => "stock_declared",
            Self::Published { .. } => "published",
            Self::Archived { .. } => "archived",
        }
    }
}
