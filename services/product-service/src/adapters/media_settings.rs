//! Settings of pictures.

use images::DecodeLimits;
use serde::{Deserialize, Serialize};

/// Settings of the pictures of products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MediaSettings {
    /// Whether the shop fetches copies of pictures elsewhere. Without them, those pictures are not shown.
    pub(crate) fetch: bool,
    /// Products whose pictures are fetched at the same time.
    pub(crate) fetches_max: usize,
    /// Time for one picture, in seconds, with all redirects.
    pub(crate) fetch_seconds_max: u64,
    /// Whether pictures may be fetched from this machine, for tests.
    pub(crate) fetch_loopback: bool,
    /// Largest picture, in pixels. Decoding takes four bytes for each.
    pub(crate) pixels_max: u64,
    /// Disk space for pictures in the sizes of the pages, in bytes. They are made again when they are needed.
    pub(crate) rendition_bytes_max: u64,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            fetch: true,
            fetches_max: 4,
            fetch_seconds_max: 20,
            fetch_loopback: false,
            pixels_max: DecodeLimits::default().pixels_max,
            rendition_bytes_max: 1 << 30,
        }
    }
}

impl MediaSettings {
    /// Limits of decoding a picture.
    pub(crate) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            bytes_max: super::http::UPLOAD_BYTES_MAX,
            pixels_max: self.pixels_max,
            ..DecodeLimits::default()
        }
    }
}
