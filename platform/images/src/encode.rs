//! Encoding for browsers.

use crate::Raster;
use jpeg_encoder::{ColorType, SamplingFactor};
use png::{BitDepth, Compression};

/// Quality of lossy `WebP`: at this one the differences are invisible beside the original at its size.
const WEBP_QUALITY: f32 = 80.0;
/// Quality of JPEG, for browsers without `WebP`.
const JPEG_QUALITY: u8 = 82;

/// Encoding of an image for browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `WebP`, lossy, with alpha where the image has it.
    WebP,
    /// JPEG, progressive. Transparent parts become white.
    Jpeg,
    /// PNG.
    Png,
}

impl Encoding {
    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::WebP => "image/webp",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// File name extension, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Encoding with this extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        [Self::WebP, Self::Jpeg, Self::Png].into_iter().find(|it| it.extension() == extension)
    }

    /// Encoding of an image for browsers without `WebP`: PNG where it has transparent parts, JPEG otherwise.
    pub fn fallback(raster: &Raster) -> Self {
        if raster.channels() == 4 { Self::Png } else { Self::Jpeg }
    }
}

/// Failure of an encoder: the image is larger than the format can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image cannot be encoded: {0}")]
pub struct EncodeError(String);

/// Encodes an image.
///
/// # Errors
///
/// [`EncodeError`] where a side exceeds what the format can describe (16,383 pixels for `WebP`, 65,535 for JPEG).
pub fn encode(raster: &Raster, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    match encoding {
        Encoding::WebP => webp(raster),
        Encoding::Jpeg => jpeg(raster),
        Encoding::Png => png(raster),
    }
}

fn webp(raster: &Raster) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (raster.width(), raster.height());
    let encoder = match raster.channels() {
        4 => webp::Encoder::from_rgba(raster.samples(), width, height),
        _ => webp::Encoder::from_rgb(raster.samples(), width, height),
    };
    let file = encoder.encode_simple(false, WEBP_QUALITY);
    file.map(|it| it.to_vec()).map_err(|error| EncodeError(format!("{error:?}")))
}

fn jpeg(raster: &Raster) -> Result<Vec<u8>, EncodeError> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(error);
    let (width, height) = (side(raster.width())?, side(raster.height())?);
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, JPEG_QUALITY);
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if raster.channels() == 3 {
        encoder.encode(raster.samples(), width, height, ColorType::Rgb).map_err(error)?;
    } else {
        let on_white: Vec<u8> = raster.samples().chunks_exact(4).flat_map(on_white).collect();
        encoder.encode(&on_white, width, height, ColorType::Rgb).map_err(error)?;
    }
    Ok(file)
}

/// Pixel on a white ground.
fn on_white(pixel: &[u8]) -> [u8; 3] {
    let alpha = u32::from(pixel[3]);
    [0, 1, 2].map(|channel| {
        let mixed = (u32::from(pixel[channel]) * alpha + 255 * (255 - alpha) + 127) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    })
}

fn png(raster: &Raster) -> Result<Vec<u8>, EncodeError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, raster.width(), raster.height());
    let has_alpha = raster.channels() == 4;
    encoder.set_color(if has_alpha { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().map_err(error)?;
    writer.write_image_data(raster.samples()).map_err(error)?;
    writer.finish().map_err(error)?;
    Ok(file)
}

fn error(error: impl std::fmt::Display) -> EncodeError {
    EncodeError(error.to_string())
}
