//! Decoding within limits.

mod formats;

use crate::{Raster, orientation::Orientation};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Format of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// JPEG (JFIF, EXIF).
    Jpeg,
    /// PNG; of an animation its first frame.
    Png,
    /// WebP, lossy or lossless; of an animation its first frame.
    WebP,
    /// GIF; of an animation its first frame.
    Gif,
}

impl ImageFormat {
    /// Format of a file by its first bytes; `None` for everything that cannot be decoded here.
    pub fn sniff(file: &[u8]) -> Option<Self> {
        match file {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// Limits of a decoding. Work and memory are bounded by them: nothing is allocated for an image that is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Size of the file, in bytes.
    pub bytes_max: usize,
    /// Pixels of the image.
    pub pixels_max: u64,
    /// Width and height, in pixels each.
    pub side_pixels_max: u32,
    /// Scans of a progressive JPEG, each of which costs as much time as the whole image.
    pub scans_max: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { bytes_max: 16 << 20, pixels_max: 50_000_000, side_pixels_max: 16_384, scans_max: 32 }
    }
}

/// Reason why a file was not decoded. The sentences are for people and quote nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not a format that can be decoded.
    #[error("is not a JPEG, PNG, WebP or GIF image")]
    UnknownFormat,
    /// File above its limit.
    #[error("has more than {max} bytes")]
    TooManyBytes {
        /// The limit.
        max: usize,
    },
    /// Image above the limit of pixels, or of one of its sides.
    #[error(
        "is {width} by {height} pixels; at most {side_max} a side and {pixels_max} in all are taken"
    )]
    TooManyPixels {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// Limit of a side.
        side_max: u32,
        /// Limit of all pixels.
        pixels_max: u64,
    },
    /// File that breaks off or contradicts its format.
    #[error("is damaged, or not what its first bytes say")]
    Damaged,
}

/// Decodes an image: upright, in RGB or, where a pixel is not opaque, in RGBA.
///
/// # Errors
///
/// [`ImageError`], by variant. A decoder that panics counts as `Damaged`: the file made it do so.
pub fn decode(file: &[u8], limits: &DecodeLimits) -> Result<Raster, ImageError> {
    if file.len() > limits.bytes_max {
        return Err(ImageError::TooManyBytes { max: limits.bytes_max });
    }
    let format = ImageFormat::sniff(file).ok_or(ImageError::UnknownFormat)?;
    let (raster, orientation) = catch_unwind(AssertUnwindSafe(|| match format {
        ImageFormat::Jpeg => formats::jpeg(file, limits),
        ImageFormat::Png => formats::png(file, limits).map(upright),
        ImageFormat::WebP => formats::webp(file, limits).map(upright),
        ImageFormat::Gif => formats::gif(file, limits).map(upright),
    }))
    .unwrap_or(Err(ImageError::Damaged))?;
    Ok(orientation.upright(raster.without_opaque_alpha()))
}

/// Image of a format that records no orientation that browsers honour.
fn upright(raster: Raster) -> (Raster, Orientation) {
    (raster, Orientation::UPRIGHT)
}

impl DecodeLimits {
    /// Dimensions, if they are within the limits.
    fn check(&self, width: u64, height: u64) -> Result<(u32, u32), ImageError> {
        let side_max = u64::from(self.side_pixels_max);
        let too_large =
            width > side_max || height > side_max || width.saturating_mul(height) > self.pixels_max;
        if too_large {
            let (side_max, pixels_max) = (self.side_pixels_max, self.pixels_max);
            return Err(ImageError::TooManyPixels { width, height, side_max, pixels_max });
        }
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width @ 1..), Ok(height @ 1..)) => Ok((width, height)),
            _ => Err(ImageError::Damaged),
        }
    }
}
