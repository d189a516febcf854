//! Decoding of files as they come from outside: whole, damaged, of another kind, and too large.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use images::{DecodeLimits, Encoding, ImageError, ImageFormat, Raster, decode, encode};
use proptest::prelude::*;
use std::sync::LazyLock;

const LIMITS: DecodeLimits =
    DecodeLimits { bytes_max: 1 << 20, pixels_max: 100_000, side_pixels_max: 1_000, scans_max: 32 };

/// A picture with gradients, edges and, with four channels, transparent parts.
fn drawn(width: u32, height: u32, channels: usize) -> Raster {
    gradient(width, height, channels, 40)
}

/// A picture with gradients and, with four channels, transparent parts, on a chequered ground of this contrast.
fn gradient(width: u32, height: u32, channels: usize, contrast: u32) -> Raster {
    let mut samples = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let edge = if (x / 8 + y / 8).is_multiple_of(2) { contrast } else { 0 };
        let pixel = [x * 200 / width + edge, y * 200 / height + edge, 120, (x * 255) / width];
        samples.extend(pixel.iter().take(channels).map(|it| u8::try_from(*it).unwrap()));
    }
    Raster::new(width, height, samples).unwrap()
}

fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let palette = [200, 10, 20, 10, 200, 20];
    let mut encoder = gif::Encoder::new(&mut file, width, height, &palette).unwrap();
    let pixels: Vec<u8> =
        (0..usize::from(width) * usize::from(height)).map(|it| u8::from(it % 2 == 1)).collect();
    for _ in 0..3 {
        let frame = gif::Frame::from_indexed_pixels(width, height, pixels.clone(), None);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

/// A file of every kind that is decoded.
fn files() -> Vec<(ImageFormat, Vec<u8>)> {
    let (opaque, transparent) = (drawn(96, 64, 3), drawn(50, 70, 4));
    let file = |raster: &Raster, encoding| encode(raster, encoding).unwrap();
    let mut baseline = Vec::new();
    jpeg_encoder::Encoder::new(&mut baseline, 70)
        .encode(opaque.samples(), 96, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let mut lossless = Vec::new();
    image_webp::WebPEncoder::new(&mut lossless)
        .encode(transparent.samples(), 50, 70, image_webp::ColorType::Rgba8)
        .unwrap();
    vec![
        (ImageFormat::Jpeg, file(&opaque, Encoding::Jpeg)),
        (ImageFormat::Jpeg, baseline),
        (ImageFormat::Png, file(&opaque, Encoding::Png)),
        (ImageFormat::Png, file(&transparent, Encoding::Png)),
        (ImageFormat::WebP, file(&opaque, Encoding::WebP)),
        (ImageFormat::WebP, file(&transparent, Encoding::WebP)),
        (ImageFormat::WebP, lossless),
        (ImageFormat::Gif, gif(33, 21)),
    ]
}

#[test]
fn every_format_is_recognised_by_its_bytes_and_decoded() {
    for (format, file) in files() {
        assert_eq!(ImageFormat::sniff(&file), Some(format));
        let raster = decode(&file, &LIMITS).unwrap();
        let expected = [(96, 64), (50, 70), (33, 21)];
        assert!(expected.contains(&(raster.width(), raster.height())), "{format:?} {raster:?}");
    }
}

#[test]
fn what_is_encoded_looks_like_what_was_drawn() {
    for (channels, encoding, difference_max) in [
        (3, Encoding::Png, 0),
        (4, Encoding::Png, 0),
        (3, Encoding::WebP, 2),
        (3, Encoding::Jpeg, 2),
    ] {
        let drawn = gradient(200, 120, channels, 0);
        let shown = decode(&encode(&drawn, encoding).unwrap(), &LIMITS).unwrap();
        let differences = drawn.samples().iter().zip(shown.samples());
        let sum: u64 = differences.map(|(one, two)| u64::from(one.abs_diff(*two))).sum();
        let average = sum / drawn.samples().len() as u64;
        assert!(average <= difference_max, "{encoding:?} differs by {average}");
    }
}

#[test]
fn lossy_webp_and_jpeg_of_a_picture_are_far_smaller_than_its_pixels() {
    let drawn = drawn(400, 240, 3);
    for encoding in [Encoding::WebP, Encoding::Jpeg] {
        assert!(encode(&drawn, encoding).unwrap().len() * 10 < drawn.samples().len());
    }
}

#[test]
fn transparent_pictures_stay_transparent_and_opaque_ones_lose_their_alpha() {
    let transparent = drawn(50, 70, 4);
    assert_eq!(Encoding::fallback(&transparent), Encoding::Png);
    for encoding in [Encoding::WebP, Encoding::Png] {
        let shown = decode(&encode(&transparent, encoding).unwrap(), &LIMITS).unwrap();
        assert_eq!(shown.channels(), 4, "{encoding:?}");
    }
    let opaque = Raster::new(2, 1, vec![1, 2, 3, 255, 4, 5, 6, 255]).unwrap();
    let shown = decode(&encode(&opaque, Encoding::Png).unwrap(), &LIMITS).unwrap();
    assert_eq!(shown.samples(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(Encoding::fallback(&shown), Encoding::Jpeg);
}

#[test]
fn what_is_no_picture_is_named_so() {
    for file in [
        &b""[..],
        b"\xff\xd8",
        b"GIF88a",
        b"RIFF....WAVE",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>",
        b"\0\0\0\x20ftypavif",
        b"BM\0\0\0\0",
        b"%PDF-1.7",
    ] {
        assert_eq!(decode(file, &LIMITS), Err(ImageError::UnknownFormat), "{file:?}");
    }
    assert_eq!(decode(b"\x89PNG\r\n\x1a\n", &LIMITS), Err(ImageError::Damaged));
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let wide = encode(&drawn(999, 3, 3), Encoding::Png).unwrap();
    assert!(decode(&wide, &LIMITS).is_ok());
    for (width, height) in [(1_001, 3), (3, 1_001), (400, 251)] {
        for encoding in [Encoding::Png, Encoding::Jpeg, Encoding::WebP] {
            let file = encode(&drawn(width, height, 3), encoding).unwrap();
            let refused = decode(&file, &LIMITS).unwrap_err();
            assert!(matches!(refused, ImageError::TooManyPixels { .. }), "{encoding:?} {refused}");
        }
        let refused =
            decode(&gif(u16::try_from(width).unwrap(), u16::try_from(height).unwrap()), &LIMITS)
                .unwrap_err();
        assert!(matches!(refused, ImageError::TooManyPixels { .. }), "{refused}");
    }
    let long = vec![0; LIMITS.bytes_max + 1];
    assert_eq!(decode(&long, &LIMITS), Err(ImageError::TooManyBytes { max: LIMITS.bytes_max }));
}

/// A PNG and a GIF that claim four thousand million pixels in a few bytes.
#[test]
fn a_claim_of_many_pixels_takes_no_memory() {
    let mut png = encode(&drawn(8, 8, 3), Encoding::Png).unwrap();
    png[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(decode(&png, &LIMITS).is_err());
    let mut gif = gif(8, 8);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert!(matches!(decode(&gif, &LIMITS), Err(ImageError::TooManyPixels { .. })));
}

static FILES: LazyLock<Vec<(ImageFormat, Vec<u8>)>> = LazyLock::new(files);

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Fuzzing: a real file with some bytes changed, a part removed or doubled, or its end cut off, is decoded within the
    /// limits or refused; it never panics past `decode`, and what comes out can be encoded.
    #[test]
    fn a_mutated_file_is_decoded_within_the_limits_or_refused(
        which in 0..8_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
        doubled in prop::option::of((any::<prop::sample::Index>(), 1..64_usize)),
    ) {
        let mut file = FILES[which].1.clone();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some((at, length)) = doubled {
            let at = at.index(file.len());
            let part = file[at..file.len().min(at + length)].to_vec();
            file.splice(at..at, part);
        }
        if let Some(end) = cut {
            file.truncate(end.index(file.len()) + 1);
        }
        if let Ok(raster) = decode(&file, &LIMITS) {
            prop_assert!(u64::from(raster.width()) * u64::from(raster.height()) <= LIMITS.pixels_max);
            let small = raster.reduced_to_width(16);
            prop_assert!(encode(&small, Encoding::WebP).is_ok());
        }
    }

    #[test]
    fn arbitrary_bytes_after_a_signature_are_decoded_or_refused(
        signature in prop::sample::select(vec![
            &b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 ", b"RIFF\x20\0\0\0WEBPVP8L", b"GIF89a",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let file = [signature, &rest].concat();
        if let Ok(raster) = decode(&file, &LIMITS) {
            prop_assert!(raster.width() <= LIMITS.side_pixels_max);
        }
    }
}
