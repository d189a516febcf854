//! Pictures in the contract of the product service: those of a product, uploads, and the sizes they are served in.

use super::ProductClient;
use crate::shared::{Image, ProductId, Sku};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::CallError;

/// Widths in pixels that a picture is served in, as far as it is wider than them.
pub const PICTURE_WIDTHS: [u32; 7] = [160, 320, 480, 640, 960, 1280, 1920];

/// A picture of a product, or of some of its variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Image. In a request its `url` may be an `https` or `http` address elsewhere: the shop then fetches a copy of its own
    /// and shows that one.
    pub image: Image,
    /// The SKUs it shows; empty means all.
    #[serde(default)]
    pub skus: Vec<Sku>,
    /// The address elsewhere that the shop's copy comes from; shown to operators. In a request it takes precedence over the
    /// image's `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// State of the shop's copy; shown to operators, ignored in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MediaState>,
    /// Why the copy failed; shown to operators, ignored in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Media {
    /// Picture of these SKUs; of all where there are none.
    pub fn new(image: Image, skus: Vec<Sku>) -> Self {
        Self { image, skus, source: None, state: None, reason: None }
    }
}

/// State of the shop's own copy of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// It is being fetched, or will be.
    Pending,
    /// It is there.
    Stored,
    /// It could not be fetched. Writing the product again tries again.
    Failed,
}

/// Picture that the shop keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredMedia {
    /// SHA-256 of the file, in hexadecimal: its identity. The same file always has the same one.
    pub digest: String,
    /// Path on the shop edge, for the `media` of a product.
    pub url: String,
    /// Width of the picture at that path, in pixels.
    pub width: u32,
    /// Height of the picture at that path, in pixels.
    pub height: u32,
}

/// Copies of pictures that the shop keeps of those elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaReport {
    /// Whether the shop fetches them; a setting.
    pub fetching: bool,
    /// Number that are yet to be fetched.
    pub pending: u64,
    /// Number that are there.
    pub stored: u64,
    /// Number that could not be fetched.
    pub failed: u64,
    /// The first failures, at most 100.
    pub failures: Vec<MediaFailure>,
}

/// Picture that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaFailure {
    /// The product.
    pub product_id: ProductId,
    /// The slug of the product.
    pub slug: String,
    /// Address of the picture.
    pub source: String,
    /// Why it could not be fetched.
    pub reason: String,
}

impl ProductClient {
    /// State of the copies of pictures.
    pub async fn media_report(&self) -> Result<MediaReport, CallError> {
        self.0.get("/api/v1/media").send().await
    }
}
