//! Target of pictures.

use images::{DecodeLimits, decode};

/// Small limits, so that an input takes milliseconds.
const LIMITS: DecodeLimits =
    DecodeLimits { bytes_max: 1 << 16, pixels_max: 10_000, side_pixels_max: 200, scans_max: 8 };

/// JPEG, PNG, `WebP` and GIF: what is decoded is within the limits, and has a sample for each channel of each pixel.
pub fn picture(bytes: &[u8]) {
    let Ok(raster) = decode(bytes, &LIMITS) else { return };
    let (width, height) = (raster.width(), raster.height());
    assert!((1..=LIMITS.side_pixels_max).contains(&width));
    assert!((1..=LIMITS.side_pixels_max).contains(&height));
    let pixels = u64::from(width) * u64::from(height);
    assert!(pixels <= LIMITS.pixels_max);
    assert_eq!(raster.samples().len() as u64, pixels * raster.channels() as u64);
}
