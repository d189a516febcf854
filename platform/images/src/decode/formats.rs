//! Decoder of each format. Dimensions are read and checked before pixels are.

use super::{DecodeLimits, ImageError};
use crate::{Raster, orientation::Orientation};
use gif::{ColorOutput, MemoryLimit};
use image_webp::WebPDecoder;
use png::{ColorType, Transformations};
use std::{io::Cursor, num::NonZeroU64};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

type Decoded = Result<Raster, ImageError>;

/// Memory of a decoder beside the image itself, in bytes for each pixel allowed.
const WORKING_BYTES_PER_PIXEL: u64 = 8;

pub(super) fn jpeg(
    file: &[u8],
    limits: &DecodeLimits,
) -> Result<(Raster, Orientation), ImageError> {
    let side = limits.side_pixels_max as usize;
    let options = DecoderOptions::default()
        // One more than allowed, so that the error names the dimensions.
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX).max(side))
        .jpeg_set_max_scans(limits.scans_max)
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or(ImageError::Damaged)?;
    let (width, height) = limits.check(width as u64, height as u64)?;
    let samples = decoder.decode().map_err(damaged)?;
    let orientation = decoder.exif().map_or(Orientation::UPRIGHT, |it| Orientation::of_exif(it));
    Ok((Raster::new(width, height, samples).ok_or(ImageError::Damaged)?, orientation))
}

pub(super) fn png(file: &[u8], limits: &DecodeLimits) -> Decoded {
    let bytes = usize::try_from(working_bytes(limits)).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = limits.check(header.width.into(), header.height.into())?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let mut samples = vec![0; reader.output_buffer_size().ok_or(ImageError::Damaged)?];
    let frame = reader.next_frame(&mut samples).map_err(damaged)?;
    samples.truncate(frame.buffer_size());
    let samples = match frame.color_type {
        ColorType::Rgb | ColorType::Rgba => samples,
        ColorType::Grayscale => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::GrayscaleAlpha => samples
            .chunks_exact(2)
            .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
            .collect(),
        ColorType::Indexed => return Err(ImageError::Damaged),
    };
    Raster::new(width, height, samples).ok_or(ImageError::Damaged)
}

pub(super) fn webp(file: &[u8], limits: &DecodeLimits) -> Decoded {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = limits.check(width.into(), height.into())?;
    decoder.set_memory_limit(usize::try_from(working_bytes(limits)).unwrap_or(usize::MAX));
    let mut samples = vec![0; decoder.output_buffer_size().ok_or(ImageError::Damaged)?];
    decoder.read_image(&mut samples).map_err(damaged)?;
    Raster::new(width, height, samples).ok_or(ImageError::Damaged)
}

pub(super) fn gif(file: &[u8], limits: &DecodeLimits) -> Decoded {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.check_frame_consistency(true);
    let bytes = NonZeroU64::new(working_bytes(limits)).unwrap_or(NonZeroU64::MIN);
    options.set_memory_limit(MemoryLimit::Bytes(bytes));
    let mut decoder = options.read_info(Cursor::new(file)).map_err(damaged)?;
    let (width, height) = limits.check(decoder.width().into(), decoder.height().into())?;
    let frame = decoder.read_next_frame().map_err(damaged)?.ok_or(ImageError::Damaged)?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let row_bytes = usize::from(frame.width) * 4;
    // Transparent where the first frame does not cover the canvas.
    let canvas_row_bytes = width as usize * 4;
    let mut samples = vec![0; canvas_row_bytes * height as usize];
    if row_bytes > 0 {
        let rows = frame.buffer.chunks_exact(row_bytes).take(frame.height.into());
        for (row, pixels) in rows.enumerate() {
            let at = (top + row) * canvas_row_bytes + left * 4;
            let target = samples.get_mut(at..at + row_bytes).ok_or(ImageError::Damaged)?;
            target.copy_from_slice(pixels);
        }
    }
    Raster::new(width, height, samples).ok_or(ImageError::Damaged)
}

fn working_bytes(limits: &DecodeLimits) -> u64 {
    limits.pixels_max.saturating_mul(WORKING_BYTES_PER_PIXEL)
}

/// The decoder's own message names positions in the file, which help nobody who sees it.
fn damaged<E>(_: E) -> ImageError {
    ImageError::Damaged
}
