//! Messages of an import: batches of products, and their outcomes.

use super::NewProduct;
use crate::shared::Sku;
use kernel::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A batch of an import, at most [`IMPORT_PRODUCTS_MAX`] products, found again by slug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBatch {
    /// The products.
    pub products: Vec<NewProduct>,
    /// Whether to only report the outcomes.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether variants that a product of the batch does not have stay on sale; otherwise they leave it.
    #[serde(default)]
    pub keep_variants: bool,
}

/// Maximum number of products of one import batch.
pub const IMPORT_PRODUCTS_MAX: usize = 200;

/// Outcomes of an import batch, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// One for each product.
    pub outcomes: Vec<ImportOutcome>,
}

/// Outcome of one product of an import. A product that existed has the variants of the import afterwards and no others;
/// a variant that cannot be taken is refused by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ImportOutcome {
    /// It is new.
    Created {
        /// Variants that were not taken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<RefusedVariant>,
        /// Pictures that were not taken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused_pictures: Vec<RefusedPicture>,
    },
    /// It existed and was changed.
    Updated {
        /// Variants that are new, or that came back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<Sku>,
        /// Variants that left the sale, because the import does not have them. They are kept for old orders.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withdrawn: Vec<Sku>,
        /// Variants that have another SKU now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        renamed: Vec<RenamedSku>,
        /// Variants that were not taken; those that existed stay as they were.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<RefusedVariant>,
        /// Pictures that were not taken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused_pictures: Vec<RefusedPicture>,
    },
    /// It existed without a difference.
    Unchanged {
        /// Variants that were not taken; those that existed stay as they were.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<RefusedVariant>,
        /// Pictures that were not taken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused_pictures: Vec<RefusedPicture>,
    },
    /// It was refused and not stored.
    Rejected {
        /// The field.
        field: String,
        /// Reason.
        message: String,
        /// Code of the problem.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Code>,
        /// What the problem is about, such as the SKU that another product has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
    },
}

/// Variant of an import that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedVariant {
    /// Its place among the variants of the product in the request, from 0.
    pub index: usize,
    /// Its SKU.
    pub sku: Sku,
    /// Problem code, such as `sku_taken`.
    pub code: String,
    /// The field, such as `price`.
    pub field: String,
    /// Reason.
    pub message: String,
}

/// Picture of an import that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedPicture {
    /// Its place among the pictures of the product in the request, from 0.
    pub index: usize,
    /// The field, such as `image.url` or `skus`.
    pub field: String,
    /// Reason.
    pub message: String,
}

/// Variant with a corrected SKU: it has the same option values as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RenamedSku {
    /// SKU before.
    pub from: Sku,
    /// SKU now.
    pub to: Sku,
}
